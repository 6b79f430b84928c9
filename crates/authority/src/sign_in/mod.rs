//! Signing in, with the token API and at a browser. What is still wanted of somebody at a browser is decided by [`next`]; each factor is
//! checked in a file of its own.

mod browser;
mod password;
mod signed_in;
mod step;

pub use password::SignInError;
pub use signed_in::SignedIn;
pub use step::{ConsentDemand, Demand, Freshness, Identified, Since, Step, Unmet, next};

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use jeton_jose::Timestamp;

use crate::keyring::Keys;
use crate::password::{HashKinds, Hashing};
use crate::random::Random;
use crate::settings::Settings;
use crate::store::{Store, StoreError};
use crate::throttle::{Rates, Throttle};

/// How many kinds of password hashes are looked for.
const MOST_HASH_KINDS: u32 = 64;
/// How often, in seconds, it is looked which kinds are left. Those that came are seen when another process adds them.
const HASH_KINDS_READ_EVERY: i64 = 60;

/// Signs people in, and knows who is signed in.
pub struct SignIn {
    store: Arc<dyn Store>,
    settings: Arc<Settings>,
    random: Arc<dyn Random>,
    rates: Arc<Rates>,
    keys: Arc<Keys>,
    hashing: Arc<dyn Hashing>,
    throttle: Mutex<Throttle>,
    /// The kinds of password hashes that users have.
    hash_kinds: ArcSwap<HashKinds>,
    hash_kinds_read_at: AtomicI64,
}

impl SignIn {
    pub(crate) async fn open(
        store: Arc<dyn Store>,
        settings: Arc<Settings>,
        random: Arc<dyn Random>,
        rates: Arc<Rates>,
        keys: Arc<Keys>,
        hashing: Arc<dyn Hashing>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let hash_kinds = ArcSwap::from_pointee(hash_kinds(&*store, &settings).await?);
        let throttle = Mutex::new(Throttle::over(hashing.places()));
        let hash_kinds_read_at = AtomicI64::new(now.unix());
        Ok(Self { store, settings, random, rates, keys, hashing, throttle, hash_kinds, hash_kinds_read_at })
    }

    /// Looks again which kinds of hashes users have, if that was a while ago.
    pub(crate) async fn tick(&self, now: Timestamp) -> Result<(), StoreError> {
        let since = now.unix().saturating_sub(self.hash_kinds_read_at.load(Ordering::Relaxed));
        if (0..HASH_KINDS_READ_EVERY).contains(&since) { Ok(()) } else { self.reload(now).await }
    }

    /// Looks which kinds of hashes users have.
    pub(crate) async fn reload(&self, now: Timestamp) -> Result<(), StoreError> {
        self.hash_kinds.store(Arc::new(hash_kinds(&*self.store, &self.settings).await?));
        self.hash_kinds_read_at.store(now.unix(), Ordering::Relaxed);
        Ok(())
    }
}

async fn hash_kinds(store: &dyn Store, settings: &Settings) -> Result<HashKinds, StoreError> {
    let samples = store.sample_password_hashes(MOST_HASH_KINDS).await?;
    Ok(HashKinds::of(&samples, &settings.argon2))
}
