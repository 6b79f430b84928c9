//! The keys in use at a certain time: which sign, verify and are published.

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use jeton_jose::jwk::{Jwk, JwkSet};
use jeton_jose::jws;
use jeton_jose::jwt::{Audience, Issuer, RegisteredClaims, Remembered, Signer, Verifier};
use jeton_jose::{
    Algorithm, KeyError, KeySet, PrivateKey, SharedSecret, SigningKey, Timestamp, VerifyingKey, base64url,
};
use sha2::{Digest, Sha256};

use crate::keys::lifecycle::{KeyState, lifecycle, of_purpose, signing_keys};
use crate::keys::{KeyId, KeyPurpose, StoredKey};
use crate::keys::{MasterKey, WrongMasterKey};
use crate::known_token::Recognised;
use crate::settings::{AccessAlgorithm, AccessTyp, Ed25519Name, ID_TOKEN_ALGORITHM, Settings};
use crate::typ;

/// The keys cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// The master key is not the one that encrypted the keys.
    #[error(transparent)]
    WrongMasterKey(#[from] WrongMasterKey),
    /// A stored key cannot be read.
    #[error("a stored key cannot be read: {0}")]
    Unreadable(#[from] KeyError),
    /// There is no key for this purpose.
    #[error("no key can sign {} tokens", .0.as_str())]
    NoKey(KeyPurpose),
}

/// The published JWK Set (RFC 7517 §5), ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedKeys {
    /// The set as JSON.
    pub json: Bytes,
    /// Its entity tag, in quotes (RFC 9110 §8.8.3).
    pub etag: String,
    /// Whether it contains the key that signs ID tokens of new clients. That key is generated shortly after the first
    /// start and signs immediately, so a set without it must not be cached.
    pub is_complete: bool,
}

/// A stored key, for monitoring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOverview {
    /// Its identifier.
    pub id: KeyId,
    /// Its algorithm.
    pub algorithm: Algorithm,
    /// Its purpose.
    pub purpose: KeyPurpose,
    /// When it was generated.
    pub created_at: Timestamp,
    /// From when it signs, unless a newer key does.
    pub signs_from: Timestamp,
    /// Its state.
    pub state: KeyState,
}

/// The keys in use at a certain time.
///
/// The verifiers check the authority's own tokens, so the only clock that can differ is its own at another time: if it
/// was ahead and has been set back, it must not refuse tokens that it issued. They therefore ignore `iat`, and callers
/// check `exp` to the second with [`expired`].
pub(crate) struct KeyRing {
    pub(crate) access_signer: Signer,
    /// The verifiers for published keys and for a shared secret, if there is one, because a set must not mix kinds of
    /// keys. One for each accepted `typ`.
    pub(crate) access_verifiers: Vec<Verifier>,
    /// The access tokens that these keys have recently verified.
    pub(crate) remembered: Option<Remembered<Recognised>>,
    pub(crate) refresh_signer: Signer,
    pub(crate) refresh_verifier: Verifier,
    /// The keys that sign for clients, by algorithm: first the one for access tokens, if it is a key.
    client_keys: Vec<SigningKey>,
    /// The public keys of all keys that sign or have ever signed, except withdrawn ones.
    hint_keys: Vec<VerifyingKey>,
    ed25519_name: Ed25519Name,
    internal: SharedSecret,
    pub(crate) published: PublishedKeys,
    /// The keys that sign or are published.
    pub(crate) overview: Vec<KeyOverview>,
    /// The time for which the states of the keys were calculated.
    sorted_at: Timestamp,
    /// When this ring becomes outdated merely by time.
    changes_at: Option<Timestamp>,
}

impl KeyRing {
    /// Checks that the master key decrypts every stored key.
    pub(crate) fn check(keys: &[StoredKey], master: &MasterKey) -> Result<(), KeyRingError> {
        for stored in keys {
            open_jwk(stored, master)?;
        }
        Ok(())
    }

    /// Decrypts the stored keys and calculates their states at `now`.
    pub(crate) fn open(
        keys: &[StoredKey],
        master: &MasterKey,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Self, KeyRingError> {
        let published = Published::open(keys, master, settings, now)?;
        let mut sets = Vec::new();
        if !published.verifying.is_empty() {
            sets.push(KeySet::new(published.verifying.clone())?);
        }
        let mut signing = published.access.clone();
        if let AccessAlgorithm::SharedSecret(secret) = &settings.access.algorithm {
            sets.push(KeySet::new([secret.clone()])?);
            signing = Some(secret.clone().into());
        }
        let signing = signing.ok_or(KeyRingError::NoKey(KeyPurpose::Access))?;
        let secrets = secrets(keys, KeyPurpose::Refresh, master)?;
        let newest = secrets.last().cloned().ok_or(KeyRingError::NoKey(KeyPurpose::Refresh))?;
        let internal = internal_secret(keys, master)?;

        let client_keys: Vec<_> = published.access.into_iter().chain(published.id_token).collect();
        let is_complete = client_keys.iter().any(|key| key.algorithm() == ID_TOKEN_ALGORITHM);

        let issuer = || Issuer::new(settings.issuer.as_str());
        // Tokens from before the setting was changed are taken, too.
        let taken: &[&'static str] = match settings.access.typ {
            AccessTyp::AtJwt => &[typ::ACCESS_TOKEN],
            AccessTyp::Jwt => &[typ::PLAIN, typ::ACCESS_TOKEN],
        };
        let access_verifier = |(keys, typ): (KeySet, &&'static str)| {
            // Whatever resource a token is for, the authority that issued it may look at it.
            Verifier::new(issuer(), Audience::any(), keys).typ(*typ).allow_future_iat()
        };
        let access_verifiers = sets
            .into_iter()
            .flat_map(|keys| taken.iter().map(move |typ| (keys.clone(), typ)))
            .map(access_verifier)
            .collect();
        Ok(Self {
            access_signer: named(Signer::new(signing), settings.access.ed25519_name).typ(taken[0]),
            access_verifiers,
            remembered: (settings.access.remember > 0)
                .then(|| Remembered::with_capacity(settings.access.remember)),
            refresh_signer: Signer::new(newest).typ(typ::REFRESH_TOKEN),
            refresh_verifier: Verifier::new(
                issuer(),
                Audience::any(),
                KeySet::new(secrets.into_iter().map(VerifyingKey::from))?,
            )
            .typ(typ::REFRESH_TOKEN)
            .allow_future_iat(),
            client_keys,
            hint_keys: published.verifying.into_iter().chain(published.retired).collect(),
            ed25519_name: settings.access.ed25519_name,
            internal,
            published: publish(published.public, is_complete),
            overview: published.overview,
            sorted_at: now,
            changes_at: published.changes_at,
        })
    }

    /// Whether a key's state may differ at `now`: a key's time has come, or the clock was set back to before this ring
    /// was made, so that a key that signs in it may have to wait again.
    pub(crate) fn is_outdated(&self, now: Timestamp) -> bool {
        now < self.sorted_at || self.changes_at.is_some_and(|at| at <= now)
    }

    /// Whether a key signs for clients with this algorithm.
    pub(crate) fn signs_for_clients(&self, algorithm: Algorithm) -> bool {
        self.client_keys.iter().any(|key| key.algorithm() == algorithm)
    }

    /// The signer for clients with this algorithm and `typ`; `None` if there is no key for it.
    pub(crate) fn client_signer(&self, algorithm: Algorithm, typ: &str) -> Option<Signer> {
        let key = self.client_keys.iter().find(|key| key.algorithm() == algorithm)?;
        Some(named(Signer::new(key.clone()), self.ed25519_name).typ(typ))
    }

    /// Verifies only the signature of a token that was signed for a client: an ID token that returns as a hint may
    /// have expired (OpenID Connect RP-Initiated Logout §2), and its key may have been retired.
    pub(crate) fn client_verifier(&self) -> Option<jws::Verifier> {
        Some(jws::Verifier::new(KeySet::new(self.hint_keys.clone()).ok()?).typ("JWT"))
    }

    /// A text that only this authority can have made from these parts, for one purpose.
    pub(crate) fn seal(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.internal.expose()).expect("HMAC takes keys of any length");
        for part in std::iter::once(&purpose.as_bytes()).chain(parts) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// The keys that are published.
struct Published {
    access: Option<SigningKey>,
    id_token: Vec<SigningKey>,
    verifying: Vec<VerifyingKey>,
    /// The keys that are no longer published, although nobody withdrew them.
    retired: Vec<VerifyingKey>,
    public: Vec<Jwk>,
    overview: Vec<KeyOverview>,
    changes_at: Option<Timestamp>,
}

impl Published {
    fn open(
        keys: &[StoredKey],
        master: &MasterKey,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Self, KeyRingError> {
        let mut this = Self {
            access: None,
            id_token: vec![],
            verifying: vec![],
            retired: vec![],
            public: vec![],
            overview: vec![],
            changes_at: None,
        };
        for group in signing_keys(keys) {
            let life = lifecycle(&group, settings.access.lifetime, now);
            this.changes_at = [this.changes_at, life.changes_at].into_iter().flatten().min();
            for (stored, state) in group.iter().zip(&life.states) {
                let jwk = open_jwk(stored, master)?;
                if *state == KeyState::Withdrawn {
                    continue;
                }
                let key = PrivateKey::from_jwk(&jwk)?.with_kid(stored.id.as_str());
                if state.is_published() {
                    this.overview.push(KeyOverview {
                        id: stored.id.clone(),
                        algorithm: stored.algorithm,
                        purpose: stored.purpose,
                        created_at: stored.created_at,
                        signs_from: stored.signs_from,
                        state: *state,
                    });
                    this.add(stored, *state, key, settings);
                } else {
                    this.retired.push(key.public_key().into());
                }
            }
        }
        Ok(this)
    }

    fn add(&mut self, stored: &StoredKey, state: KeyState, key: PrivateKey, settings: &Settings) {
        let jwk = key.public_key().to_jwk();
        self.public.push(match settings.access.ed25519_name {
            Ed25519Name::EdDsa if key.algorithm() == Algorithm::Ed25519 => jwk.with_alg("EdDSA"),
            _ => jwk,
        });
        self.verifying.push(key.public_key().into());
        match (state, stored.purpose) {
            (KeyState::Signing, KeyPurpose::Access) => self.access = Some(key.into()),
            (KeyState::Signing, _) => self.id_token.push(key.into()),
            _ => {}
        }
    }
}

fn named(signer: Signer, name: Ed25519Name) -> Signer {
    match name {
        Ed25519Name::Ed25519 => signer,
        Ed25519Name::EdDsa => signer.ed25519_as_eddsa(),
    }
}

/// The secrets for a purpose, the oldest first.
fn secrets(
    keys: &[StoredKey],
    purpose: KeyPurpose,
    master: &MasterKey,
) -> Result<Vec<SharedSecret>, KeyRingError> {
    of_purpose(keys, purpose)
        .into_iter()
        .filter(|key| key.withdrawn_at.is_none())
        .map(|stored| Ok(SharedSecret::from_jwk(&open_jwk(stored, master)?)?.with_kid(stored.id.as_str())))
        .collect()
}

/// The secret for recognising the authority's own texts. It is the first one, because pairwise subjects made with it
/// must never change.
fn internal_secret(keys: &[StoredKey], master: &MasterKey) -> Result<SharedSecret, KeyRingError> {
    let first = secrets(keys, KeyPurpose::Internal, master)?.into_iter().next();
    first.ok_or(KeyRingError::NoKey(KeyPurpose::Internal))
}

/// The `exp` of these claims, if it has passed (RFC 7519 §4.1.4), without leeway.
pub(crate) fn expired(claims: &RegisteredClaims, now: Timestamp) -> Option<Timestamp> {
    claims.exp().filter(|exp| now >= *exp)
}

/// Checks that the master key decrypts a stored key, and that it is a key.
///
/// # Errors
/// [`KeyRingError::WrongMasterKey`] if another master key encrypted it, [`KeyRingError::Unreadable`] if it is no key.
pub fn check_key(stored: &StoredKey, master: &MasterKey) -> Result<(), KeyRingError> {
    open_jwk(stored, master).map(drop)
}

fn open_jwk(stored: &StoredKey, master: &MasterKey) -> Result<Jwk, KeyRingError> {
    Ok(Jwk::parse(&master.open(&stored.id, &stored.sealed)?)?)
}

fn publish(keys: Vec<Jwk>, is_complete: bool) -> PublishedKeys {
    let json = Bytes::copy_from_slice(JwkSet::new(keys).to_json().as_bytes());
    let digest: [u8; 32] = Sha256::digest(&json).into();
    let etag = format!("\"{}\"", base64url::encode(&digest[..16]));
    PublishedKeys { json, etag, is_complete }
}
