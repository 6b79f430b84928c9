//! The authority: the rules together with the keys in use and a place to remember things.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use arc_swap::{ArcSwap, ArcSwapOption};
use jeton_jose::Timestamp;
use jeton_jose::x509::TrustRoots;

use crate::audited::Recorded;
use crate::client::{ClientDocuments, ClientKeys, ClientSectors};
use crate::client_auth::CertificatesSeen;
use crate::clients::ClientCache;
use crate::keys::{
    KeyChangeError, KeyPairs, KeyRing, KeyRingError, MasterKey, PublishedKeys, missing_keys, newest,
};
use crate::password::{HashKinds, Hashing};
use crate::random::Random;
use crate::settings::Settings;
use crate::store::{KeyAddition, Store, StoreError};
use crate::throttle::{Rates, Throttle};

/// How often the first start tries again when another process adds keys at the same time.
const FIRST_KEYS_ATTEMPTS: usize = 4;

/// How many kinds of password hashes are looked for.
const MOST_HASH_KINDS: u32 = 64;
/// How often, in seconds, it is looked which kinds are left. Those that came are seen when another process adds them.
const HASH_KINDS_READ_EVERY: i64 = 60;

/// A token authority. Share it by `Arc`.
///
/// Its operations stand each in a file of their own: `sign_in`, `refresh`, `verify`, `sign_out`, `sweep`.
pub struct Authority {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: Settings,
    pub(crate) hashing: Arc<dyn Hashing>,
    /// The kinds of password hashes that users have.
    pub(crate) hash_kinds: ArcSwap<HashKinds>,
    hash_kinds_read_at: AtomicI64,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) throttle: Mutex<Throttle>,
    pub(crate) rates: Rates,
    pub(crate) recorded: Recorded,
    pub(crate) master: MasterKey,
    pub(crate) key_pairs: KeyPairs,
    pub(crate) clients: ClientCache,
    pub(crate) client_keys: OnceLock<Arc<dyn ClientKeys>>,
    pub(crate) client_documents: OnceLock<Arc<dyn ClientDocuments>>,
    pub(crate) client_sectors: OnceLock<Arc<dyn ClientSectors>>,
    /// Set where clients may name addresses at this machine for the authority to ask.
    pub(crate) asks_this_machine: OnceLock<()>,
    pub(crate) certificates: OnceLock<CertificatesSeen>,
    pub(crate) client_roots: ArcSwapOption<TrustRoots>,
    ring: ArcSwap<Known>,
}

/// The key ring, and which state of the store it was made from.
struct Known {
    ring: KeyRing,
    store_changes: u64,
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

impl Authority {
    /// Opens the authority over a store. A store without keys gets its first ones.
    ///
    /// # Errors
    /// [`OpenError::Keys`] with a wrong master key: nothing was changed then.
    pub async fn open(
        store: Arc<dyn Store>,
        master: MasterKey,
        settings: Settings,
        hashing: Arc<dyn Hashing>,
        random: Arc<dyn Random>,
        now: Timestamp,
    ) -> Result<Self, OpenError> {
        let mut attempts = FIRST_KEYS_ATTEMPTS;
        let (stored, store_changes) = loop {
            let store_changes = store.external_changes()?;
            let stored = store.list_keys().await?;
            // A wrong master key shows here, before anything is written under it.
            if !stored.is_empty() {
                KeyRing::check(&stored, &master)?;
            }
            let missing = missing_keys(&stored, &master, &settings, &*random, now)?;
            if missing.is_empty() {
                break (stored, store_changes);
            }
            attempts -= 1;
            let newest = newest(&stored, &missing);
            if store.add_keys(missing, newest).await? == KeyAddition::Superseded && attempts == 0 {
                return Err(KeyChangeError::Superseded.into());
            }
        };
        match store.note_token_api_client(&settings.client_id).await {
            // A disk that is full for the moment keeps nobody from starting.
            Ok(()) | Err(StoreError::Unavailable(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let ring = KeyRing::open(&stored, &master, &settings, now)?;
        let hash_kinds = hash_kinds(&*store, &settings).await?;
        Ok(Self {
            store,
            throttle: Mutex::new(Throttle::over(hashing.places())),
            rates: Rates::new(settings.registration_rate),
            recorded: Recorded::default(),
            hash_kinds: ArcSwap::from_pointee(hash_kinds),
            hash_kinds_read_at: AtomicI64::new(now.unix()),
            settings,
            hashing,
            random,
            master,
            key_pairs: KeyPairs::default(),
            clients: ClientCache::default(),
            client_keys: OnceLock::new(),
            client_documents: OnceLock::new(),
            client_sectors: OnceLock::new(),
            asks_this_machine: OnceLock::new(),
            certificates: OnceLock::new(),
            client_roots: ArcSwapOption::empty(),
            ring: ArcSwap::from_pointee(Known { ring, store_changes }),
        })
    }

    /// Lets clients that register themselves name plain http addresses at this machine, since whatever fetches for the authority asks
    /// there.
    pub fn let_clients_be_at_this_machine(&self) {
        let _ = self.asks_this_machine.set(());
    }

    /// The settings that are in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The store, for what needs no rules of its own: lists, and the readiness check.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The JWK Set to publish. The same `Bytes` until the keys change.
    pub fn published_keys(&self) -> PublishedKeys {
        self.ring.load().ring.published.clone()
    }

    /// Calls `with` with the keys in use.
    pub(crate) fn with_ring<T>(&self, with: impl FnOnce(&KeyRing) -> T) -> T {
        with(&self.ring.load().ring)
    }

    /// Brings the keys up to date if another process changed the store or time moved a key on. Cheap otherwise: to be
    /// called every second.
    ///
    /// Answers whether the published set changed.
    ///
    /// # Errors
    /// When the store fails or a key cannot be opened; the keys known so far stay in use.
    pub async fn tick(&self, now: Timestamp) -> Result<bool, OpenError> {
        let store_changes = self.store.external_changes()?;
        let outdated = {
            let known = self.ring.load();
            known.store_changes != store_changes || known.ring.is_outdated(now)
        };
        if outdated {
            return self.reload(now).await;
        }
        let since = now.unix().saturating_sub(self.hash_kinds_read_at.load(Ordering::Relaxed));
        if !(0..HASH_KINDS_READ_EVERY).contains(&since) {
            self.read_hash_kinds(now).await?;
        }
        Ok(false)
    }

    /// Reads the keys from the store at once. Answers whether the published set changed.
    ///
    /// # Errors
    /// When the store fails or a key cannot be opened; the keys known so far stay in use.
    pub async fn reload(&self, now: Timestamp) -> Result<bool, OpenError> {
        // Asked before the keys are read: a change in between is then noticed by the next tick.
        let store_changes = self.store.external_changes()?;
        let stored = self.store.list_keys().await?;
        let ring = KeyRing::open(&stored, &self.master, &self.settings, now)?;
        self.clients.forget();
        self.read_hash_kinds(now).await?;
        let changed = self.ring.load().ring.published != ring.published;
        self.ring.store(Arc::new(Known { ring, store_changes }));
        Ok(changed)
    }

    async fn read_hash_kinds(&self, now: Timestamp) -> Result<(), StoreError> {
        self.hash_kinds.store(Arc::new(hash_kinds(&*self.store, &self.settings).await?));
        self.hash_kinds_read_at.store(now.unix(), Ordering::Relaxed);
        Ok(())
    }
}

async fn hash_kinds(store: &dyn Store, settings: &Settings) -> Result<HashKinds, StoreError> {
    let samples = store.sample_password_hashes(MOST_HASH_KINDS).await?;
    Ok(HashKinds::of(&samples, &settings.argon2))
}
