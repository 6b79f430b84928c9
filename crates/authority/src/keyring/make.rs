//! Making, rotating and withdrawing keys: what first start and `jeton key` do.

use std::time::Duration;

use jeton_jose::jwk::Jwk;
use jeton_jose::{Algorithm, KeyError, PrivateKey, SharedSecret, Timestamp};

use crate::audit::Actor;
use crate::client::Client;
use crate::keys::lifecycle::{KeyState, lifecycle, of_purpose, signing_keys};
use crate::keys::{KeyId, KeyPurpose, MasterKey, SealedKey, StoredKey, WrongMasterKey, newest};
use crate::random::{Random, sixteen};
use crate::settings::{AccessAlgorithm, FIRST_ALGORITHM, Settings};
use crate::store::{KeyAddition, KeyWithdrawal, Store, StoreError};

/// How often making a key is tried again when somebody else adds keys at the same time.
const ATTEMPTS: usize = 4;

/// Why a key could not be added or withdrawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyChangeError {
    /// The key could not be made or read.
    #[error("the key cannot be used: {0}")]
    Key(#[from] KeyError),
    /// The master key is not the one that the stored keys are sealed under.
    #[error(transparent)]
    WrongMasterKey(#[from] WrongMasterKey),
    /// An algorithm that shares its secret cannot sign with a key of the store's.
    #[error("{0} needs a shared secret: set access.shared_secret instead of rotating")]
    NeedsSharedSecret(Algorithm),
    /// There is no such key.
    #[error("there is no key {0}")]
    UnknownKey(KeyId),
    /// The key had been withdrawn before.
    #[error("key {0} has already been withdrawn")]
    AlreadyWithdrawn(KeyId),
    /// It is the only key that can sign.
    #[error("key {0} is the only signing key; rotate first, then retire it")]
    OnlyKey(KeyId),
    /// It signs refresh tokens; without it every session would end.
    #[error("key {0} signs refresh tokens; withdrawing it would sign out every user")]
    SignsRefreshTokens(KeyId),
    /// Somebody else changed the keys at the same time.
    #[error("the keys were changed concurrently; review them and try again")]
    Superseded,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl KeyChangeError {
    /// The stable name of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Key(error) => error.code(),
            Self::WrongMasterKey(_) => "master_key_mismatch",
            Self::NeedsSharedSecret(_) => "key_needs_shared_secret",
            Self::UnknownKey(_) => "key_unknown",
            Self::AlreadyWithdrawn(_) => "key_already_retired",
            Self::OnlyKey(_) => "key_is_the_only_one",
            Self::SignsRefreshTokens(_) => "key_signs_refresh_tokens",
            Self::Superseded => "keys_changed_meanwhile",
            Self::Store(error) => error.code(),
        }
    }
}

/// Makes a key for access tokens, which is published at once and signs from `signs_from` on.
fn access_key(
    master: &MasterKey,
    algorithm: Algorithm,
    now: Timestamp,
    signs_from: Timestamp,
) -> Result<StoredKey, KeyChangeError> {
    if algorithm.is_symmetric() {
        return Err(KeyChangeError::NeedsSharedSecret(algorithm));
    }
    Ok(sealed_key(master, KeyPurpose::Access, &PrivateKey::generate(algorithm)?, now, signs_from))
}

fn sealed_key(
    master: &MasterKey,
    purpose: KeyPurpose,
    key: &PrivateKey,
    now: Timestamp,
    signs_from: Timestamp,
) -> StoredKey {
    let id = KeyId::new(key.public_key().to_jwk().thumbprint());
    StoredKey {
        sealed: seal(master, &id, &key.to_jwk()),
        id,
        purpose,
        algorithm: key.algorithm(),
        created_at: now,
        signs_from,
        withdrawn_at: None,
    }
}

/// Makes a secret of the authority's own.
fn secret_key(
    master: &MasterKey,
    purpose: KeyPurpose,
    random: &dyn Random,
    now: Timestamp,
) -> Result<StoredKey, KeyChangeError> {
    let secret = SharedSecret::generate(Algorithm::HS256)?;
    let id = KeyId::new(crate::id::hex(&sixteen(random), &mut [0; 32]));
    Ok(StoredKey {
        sealed: seal(master, &id, &secret.to_jwk()),
        id,
        purpose,
        algorithm: Algorithm::HS256,
        created_at: now,
        signs_from: now,
        withdrawn_at: None,
    })
}

/// The keys that a store still lacks for these settings, to be added in one go.
///
/// The very first key for access tokens signs at once: nobody can have fetched an older set. Keys for what is signed for clients are
/// made elsewhere ([`super::KeyPairs`]): a start does not wait for them.
pub(crate) fn missing_keys(
    stored: &[StoredKey],
    master: &MasterKey,
    settings: &Settings,
    random: &dyn Random,
    now: Timestamp,
) -> Result<Vec<StoredKey>, KeyChangeError> {
    let mut missing = Vec::new();
    for purpose in [KeyPurpose::Refresh, KeyPurpose::Internal] {
        if !stored.iter().any(|key| key.purpose == purpose && key.withdrawn_at.is_none()) {
            missing.push(secret_key(master, purpose, random, now)?);
        }
    }
    let newest = stored.iter().rfind(|key| key.purpose == KeyPurpose::Access && key.withdrawn_at.is_none());
    let wanted = match (&settings.access.algorithm, newest) {
        (AccessAlgorithm::SharedSecret(_), _) | (AccessAlgorithm::AsStored, Some(_)) => None,
        (AccessAlgorithm::AsStored, None) => Some((FIRST_ALGORITHM, now)),
        (AccessAlgorithm::Key(algorithm), None) => Some((*algorithm, now)),
        (AccessAlgorithm::Key(algorithm), Some(key)) => (key.algorithm != *algorithm)
            .then(|| (*algorithm, now.saturating_add(settings.keys.publish_wait))),
    };
    if let Some((algorithm, signs_from)) = wanted {
        missing.push(access_key(master, algorithm, now, signs_from)?);
    }
    Ok(missing)
}

/// Whether one of these keys signs for clients by this algorithm.
pub(crate) fn sign_for_clients<'a>(
    keys: impl IntoIterator<Item = &'a StoredKey>,
    algorithm: Algorithm,
) -> bool {
    let for_clients = |purpose| matches!(purpose, KeyPurpose::Access | KeyPurpose::IdToken);
    keys.into_iter()
        .any(|key| for_clients(key.purpose) && key.algorithm == algorithm && key.withdrawn_at.is_none())
}

/// Makes the keys that are still missing for what is signed for a client, so that they are published before the first token
/// comes: not everybody looks for keys again when one is unknown.
///
/// # Errors
/// [`KeyChangeError`] says what stood in the way.
pub async fn make_for_client(
    store: &dyn Store,
    master: &MasterKey,
    client: &Client,
    now: Timestamp,
) -> Result<(), KeyChangeError> {
    for algorithm in client.signing_algorithms() {
        make_id_token_key(store, master, algorithm, now).await?;
    }
    Ok(())
}

async fn make_id_token_key(
    store: &dyn Store,
    master: &MasterKey,
    algorithm: Algorithm,
    now: Timestamp,
) -> Result<(), KeyChangeError> {
    for _ in 0..ATTEMPTS {
        let stored = opened(store, master).await?;
        // The first start makes one for this algorithm, for access tokens.
        let comes = algorithm == FIRST_ALGORITHM && of_purpose(&stored, KeyPurpose::Access).is_empty();
        if comes || sign_for_clients(&stored, algorithm) {
            return Ok(());
        }
        let added = vec![id_token_key(master, &PrivateKey::generate(algorithm)?, now)];
        let newest = newest(&stored, &added);
        if store.add_keys(added, newest, Actor::Authority).await? == KeyAddition::Added {
            return Ok(());
        }
    }
    Err(KeyChangeError::Superseded)
}

fn seal(master: &MasterKey, id: &KeyId, jwk: &Jwk) -> SealedKey {
    master.seal(id, jwk.to_json().as_bytes())
}

/// Makes of a key pair the first key for ID tokens by its algorithm, which signs at once: nobody can have relied on an older one.
pub(crate) fn id_token_key(master: &MasterKey, key: &PrivateKey, now: Timestamp) -> StoredKey {
    sealed_key(master, KeyPurpose::IdToken, key, now, now)
}

/// Adds keys that are published at once and sign after `publish_wait`: one for access tokens, and one for each algorithm that ID tokens
/// are signed with by a key for them alone. With an algorithm, only the one for access tokens, which are signed with that from then on. The very first key for
/// access tokens signs at once: nobody can have fetched an older set.
///
/// The answer begins with the key for access tokens.
///
/// # Errors
/// [`KeyChangeError`] says what stood in the way; nothing was changed.
pub async fn rotate(
    store: &dyn Store,
    master: &MasterKey,
    algorithm: Option<Algorithm>,
    publish_wait: Duration,
    by: Actor,
    now: Timestamp,
) -> Result<Vec<StoredKey>, KeyChangeError> {
    let keys = opened(store, master).await?;
    let newest = of_purpose(&keys, KeyPurpose::Access).last().map(|key| key.algorithm);
    let access = algorithm.or(newest).unwrap_or(FIRST_ALGORITHM);
    let mut added = vec![access_key(master, access, now, signs_from(&keys, publish_wait, now))?];
    if algorithm.is_none() {
        for group in signing_keys(&keys).iter().skip(1) {
            if let Some(key) = group.iter().find(|key| key.withdrawn_at.is_none()) {
                let pair = PrivateKey::generate(key.algorithm)?;
                added.push(sealed_key(
                    master,
                    KeyPurpose::IdToken,
                    &pair,
                    now,
                    now.saturating_add(publish_wait),
                ));
            }
        }
    }
    add(store, added, &keys, by).await
}

/// Adds a private key that was made elsewhere, with the same life as a rotated one.
///
/// # Errors
/// [`KeyChangeError`] says what stood in the way; nothing was changed.
pub async fn import(
    store: &dyn Store,
    master: &MasterKey,
    key: &PrivateKey,
    publish_wait: Duration,
    by: Actor,
    now: Timestamp,
) -> Result<StoredKey, KeyChangeError> {
    let keys = opened(store, master).await?;
    let key = sealed_key(master, KeyPurpose::Access, key, now, signs_from(&keys, publish_wait, now));
    add(store, vec![key.clone()], &keys, by).await?;
    Ok(key)
}

/// When a key that is added signs.
fn signs_from(keys: &[StoredKey], publish_wait: Duration, now: Timestamp) -> Timestamp {
    let is_first = of_purpose(keys, KeyPurpose::Access).iter().all(|key| key.withdrawn_at.is_some());
    if is_first { now } else { now.saturating_add(publish_wait) }
}

/// Withdraws a key for access tokens at once, as after a theft: its tokens are refused from now on, and if it was the
/// one that signs, the next one does.
///
/// # Errors
/// [`KeyChangeError`] says what stood in the way; nothing was changed.
pub async fn retire(
    store: &dyn Store,
    kid: &KeyId,
    access_lifetime: Duration,
    by: Actor,
    now: Timestamp,
) -> Result<(), KeyChangeError> {
    let keys = store.list_keys().await?;
    let key =
        keys.iter().find(|key| key.id == *kid).ok_or_else(|| KeyChangeError::UnknownKey(kid.clone()))?;
    match key.purpose {
        KeyPurpose::Refresh | KeyPurpose::Internal => {
            return Err(KeyChangeError::SignsRefreshTokens(kid.clone()));
        }
        KeyPurpose::Access | KeyPurpose::IdToken => {}
    }
    let access = of_purpose(&keys, KeyPurpose::Access);
    let states = lifecycle(&access, access_lifetime, now).states;
    let another = access.iter().zip(states).any(|(other, state)| other.id != *kid && state.is_published());
    // A running server makes another one for ID tokens at once.
    if key.purpose == KeyPurpose::Access && key.withdrawn_at.is_none() && !another {
        return Err(KeyChangeError::OnlyKey(kid.clone()));
    }
    match store.withdraw_key(kid, by, now).await? {
        KeyWithdrawal::Withdrawn => Ok(()),
        KeyWithdrawal::AlreadyWithdrawn => Err(KeyChangeError::AlreadyWithdrawn(kid.clone())),
        KeyWithdrawal::Unknown => Err(KeyChangeError::UnknownKey(kid.clone())),
    }
}

/// The keys whose public halves are published, with where each is in its life.
///
/// # Errors
/// When the store fails.
pub async fn list(
    store: &dyn Store,
    access_lifetime: Duration,
    now: Timestamp,
) -> Result<Vec<(StoredKey, KeyState)>, StoreError> {
    let keys = store.list_keys().await?;
    let mut listed = Vec::new();
    for keys in signing_keys(&keys) {
        let states = lifecycle(&keys, access_lifetime, now).states;
        listed.extend(keys.into_iter().cloned().zip(states));
    }
    Ok(listed)
}

/// All stored keys, after making sure that the master key opens them.
async fn opened(store: &dyn Store, master: &MasterKey) -> Result<Vec<StoredKey>, KeyChangeError> {
    let keys = store.list_keys().await?;
    for key in &keys {
        master.open(&key.id, &key.sealed)?;
    }
    Ok(keys)
}

async fn add(
    store: &dyn Store,
    added: Vec<StoredKey>,
    stored: &[StoredKey],
    by: Actor,
) -> Result<Vec<StoredKey>, KeyChangeError> {
    let newest = newest(stored, &added);
    match store.add_keys(added.clone(), newest, by).await? {
        KeyAddition::Added => Ok(added),
        KeyAddition::Superseded => Err(KeyChangeError::Superseded),
    }
}
