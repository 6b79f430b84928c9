//! The part of the authority that has the keys in use.

use std::sync::Arc;

use arc_swap::ArcSwap;
use jeton_jose::Timestamp;
use zeroize::Zeroizing;

use super::{KeyChangeError, KeyOverview, KeyPairs, KeyRing, KeyRingError, PublishedKeys, missing_keys};
use crate::audit::Actor;
use crate::keys::{MasterKey, newest};
use crate::mail::{QueuedMail, open_secret};
use crate::random::Random;
use crate::settings::Settings;
use crate::store::{KeyAddition, Store, StoreError};

/// How often the first start tries again when another process adds keys at the same time.
const FIRST_KEYS_ATTEMPTS: usize = 4;

/// The keys in use.
pub struct Keys {
    pub(super) store: Arc<dyn Store>,
    settings: Arc<Settings>,
    pub(super) master: MasterKey,
    pub(super) pairs: KeyPairs,
    ring: ArcSwap<KeyRing>,
}

/// The authority cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The keys cannot be used; most often the master key is another one.
    #[error(transparent)]
    Keys(#[from] KeyRingError),
    /// The first keys could not be made.
    #[error(transparent)]
    FirstKeys(#[from] KeyChangeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Keys {
    /// Opens the keys of a store. A store without keys gets its first ones.
    pub(crate) async fn open(
        store: Arc<dyn Store>,
        settings: Arc<Settings>,
        master: MasterKey,
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<Self, OpenError> {
        let mut attempts = FIRST_KEYS_ATTEMPTS;
        let stored = loop {
            let stored = store.list_keys().await?;
            // A wrong master key shows here, before anything is written under it.
            if !stored.is_empty() {
                KeyRing::check(&stored, &master)?;
            }
            let missing = missing_keys(&stored, &master, &settings, random, now)?;
            if missing.is_empty() {
                break stored;
            }
            attempts -= 1;
            let newest = newest(&stored, &missing);
            if store.add_keys(missing, newest, Actor::Authority).await? == KeyAddition::Superseded
                && attempts == 0
            {
                return Err(KeyChangeError::Superseded.into());
            }
        };
        let ring = ArcSwap::from_pointee(KeyRing::open(&stored, &master, &settings, now)?);
        Ok(Self { store, settings, master, pairs: KeyPairs::default(), ring })
    }

    /// The JWK Set to publish. The same `Bytes` until the keys change.
    pub fn published(&self) -> PublishedKeys {
        self.ring.load().published.clone()
    }

    /// The published keys and their states, for monitoring.
    pub fn overview(&self) -> Vec<KeyOverview> {
        self.ring.load().overview.clone()
    }

    /// The key that seals what the store keeps.
    /// What is secret in a mail, if anything is and can be decrypted.
    pub fn mail_secret(&self, mail: &QueuedMail) -> Option<Zeroizing<Vec<u8>>> {
        open_secret(self.master(), mail.id, mail.sealed.as_ref()?)
    }

    pub(crate) fn master(&self) -> &MasterKey {
        &self.master
    }

    /// Calls `with` with the keys in use.
    pub(crate) fn with_ring<T>(&self, with: impl FnOnce(&KeyRing) -> T) -> T {
        with(&self.ring.load())
    }

    /// A text that only this authority can have made of these parts, for one purpose.
    pub(crate) fn seal(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        self.with_ring(|ring| ring.seal(purpose, parts))
    }

    /// Whether time moved a key on since the keys were read.
    pub(crate) fn are_outdated(&self, now: Timestamp) -> bool {
        self.ring.load().is_outdated(now)
    }

    /// Takes up the keys that the store has now. Answers whether the published set changed.
    pub(crate) async fn reload(&self, now: Timestamp) -> Result<bool, OpenError> {
        let stored = self.store.list_keys().await?;
        let ring = KeyRing::open(&stored, &self.master, &self.settings, now)?;
        let changed = self.ring.load().published != ring.published;
        self.ring.store(Arc::new(ring));
        Ok(changed)
    }
}
