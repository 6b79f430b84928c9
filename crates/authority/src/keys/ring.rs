//! The keys in use at a moment: what signs, what verifies, what is published.

use bytes::Bytes;
use jeton_jose::jwk::{Jwk, JwkSet};
use jeton_jose::jwt::{Audience, Issuer, RegisteredClaims, Signer, Verifier};
use jeton_jose::{
    Algorithm, KeyError, KeySet, PrivateKey, SharedSecret, SigningKey, Timestamp, VerifyingKey, base64url,
};

use super::lifecycle::{KeyState, lifecycle, of_purpose};
use super::master::{MasterKey, WrongMasterKey};
use super::stored::{KeyPurpose, StoredKey};
use crate::settings::{AccessAlgorithm, Ed25519Name, Settings};
use crate::{access_token, refresh_token};

/// The keys cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// The master key is not the one that the keys are sealed under.
    #[error(transparent)]
    WrongMasterKey(#[from] WrongMasterKey),
    /// A stored key cannot be read.
    #[error("a stored key cannot be read: {0}")]
    Unreadable(#[from] KeyError),
    /// There is no key for this purpose.
    #[error("there is no key that could sign {} tokens", .0.as_str())]
    NoKey(KeyPurpose),
}

/// The JWK Set as it is published (RFC 7517 §5), ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedKeys {
    /// The set as JSON.
    pub json: Bytes,
    /// Its entity tag, in quotes (RFC 9110 §8.8.3).
    pub etag: String,
}

/// The keys in use at a moment.
///
/// The verifiers check the authority's own tokens, where the only clock that can differ is its own at another time: one
/// that stepped back must not refuse what it issued a moment ago, so they take the largest leeway, and whoever uses them
/// checks `exp` to the second with [`expired`].
pub(crate) struct KeyRing {
    pub(crate) access_signer: Signer,
    /// One for the published keys and one for a shared secret, where there are such: kinds of keys do not mix in a set.
    pub(crate) access_verifiers: Vec<Verifier>,
    pub(crate) refresh_signer: Signer,
    pub(crate) refresh_verifier: Verifier,
    pub(crate) published: PublishedKeys,
    /// When time alone makes this ring outdated.
    pub(crate) changes_at: Option<Timestamp>,
}

impl KeyRing {
    /// Makes sure that the master key opens every stored key.
    pub(crate) fn check(keys: &[StoredKey], master: &MasterKey) -> Result<(), KeyRingError> {
        for stored in keys {
            open_jwk(stored, master)?;
        }
        Ok(())
    }

    /// Opens the stored keys and sorts them by what they do at `now`.
    pub(crate) fn open(
        keys: &[StoredKey],
        master: &MasterKey,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Self, KeyRingError> {
        let access = of_purpose(keys, KeyPurpose::Access);
        let life = lifecycle(&access, settings.access_lifetime, now);
        let mut signing = None;
        let mut verifying: Vec<VerifyingKey> = Vec::new();
        let mut public: Vec<Jwk> = Vec::new();
        for (stored, state) in access.iter().zip(&life.states) {
            let jwk = open_jwk(stored, master)?;
            if !state.is_published() {
                continue;
            }
            let key = PrivateKey::from_jwk(&jwk)?.with_kid(stored.id.as_str());
            let jwk = key.public_key().to_jwk();
            public.push(match settings.ed25519_name {
                Ed25519Name::EdDsa if key.algorithm() == Algorithm::Ed25519 => jwk.with_alg("EdDSA"),
                _ => jwk,
            });
            verifying.push(key.public_key().into());
            if *state == KeyState::Signing {
                signing = Some(SigningKey::from(key));
            }
        }
        let mut sets = Vec::new();
        if !verifying.is_empty() {
            sets.push(KeySet::new(verifying)?);
        }
        if let AccessAlgorithm::SharedSecret(secret) = &settings.access_algorithm {
            sets.push(KeySet::new([secret.clone()])?);
            signing = Some(secret.clone().into());
        }
        let signing = signing.ok_or(KeyRingError::NoKey(KeyPurpose::Access))?;

        let secrets = of_purpose(keys, KeyPurpose::Refresh)
            .into_iter()
            .filter(|key| key.withdrawn_at.is_none())
            .map(
                |stored| Ok(SharedSecret::from_jwk(&open_jwk(stored, master)?)?.with_kid(stored.id.as_str())),
            )
            .collect::<Result<Vec<_>, KeyRingError>>()?;
        let newest = secrets.last().cloned().ok_or(KeyRingError::NoKey(KeyPurpose::Refresh))?;

        let issuer = || Issuer::new(settings.issuer.as_str());
        let access_verifier = |keys: KeySet| {
            Verifier::new(issuer(), Audience::new(settings.audience.as_str()), keys)
                .typ(access_token::TYP)
                .leeway(Verifier::MAX_LEEWAY)
        };
        let access_signer = Signer::new(signing).typ(access_token::TYP);
        Ok(Self {
            access_signer: match settings.ed25519_name {
                Ed25519Name::Ed25519 => access_signer,
                Ed25519Name::EdDsa => access_signer.ed25519_as_eddsa(),
            },
            access_verifiers: sets.into_iter().map(access_verifier).collect(),
            refresh_signer: Signer::new(newest).typ(refresh_token::TYP),
            refresh_verifier: Verifier::new(
                issuer(),
                Audience::any(),
                KeySet::new(secrets.into_iter().map(VerifyingKey::from))?,
            )
            .typ(refresh_token::TYP)
            .leeway(Verifier::MAX_LEEWAY),
            published: publish(public),
            changes_at: life.changes_at,
        })
    }
}

/// The `exp` of these claims, if it has passed (RFC 7519 §4.1.4), without leeway.
pub(crate) fn expired(claims: &RegisteredClaims, now: Timestamp) -> Option<Timestamp> {
    claims.exp().filter(|exp| now >= *exp)
}

fn open_jwk(stored: &StoredKey, master: &MasterKey) -> Result<Jwk, KeyRingError> {
    Ok(Jwk::parse(&master.open(&stored.id, &stored.sealed)?)?)
}

fn publish(keys: Vec<Jwk>) -> PublishedKeys {
    use sha2::{Digest, Sha256};
    let json = Bytes::copy_from_slice(JwkSet::new(keys).to_json().as_bytes());
    let digest: [u8; 32] = Sha256::digest(&json).into();
    let etag = format!("\"{}\"", base64url::encode(&digest[..16]));
    PublishedKeys { json, etag }
}
