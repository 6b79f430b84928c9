//! Signing in, with the token API and in a browser. [`next`] decides what is still required from the user of a
//! browser; each factor is checked in its own file.

mod browser;
mod new_device;
mod passkey;
mod password;
mod remembered;
mod second_factor;
mod signed_in;
mod step;

pub use passkey::{Asked, PasskeyChallenge};
pub use password::SignInError;
pub use second_factor::{Challenge, CodeError};
pub use signed_in::SignedIn;
pub use step::{
    ConsentDemand, Demand, Freshness, Identified, SecondFactorDemand, Since, Step, Unmet, next,
    next_unless_done,
};

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use jeton_jose::Timestamp;

use crate::keyring::Keys;
use crate::password::{HashKinds, Hashing};
use crate::random::Random;
use crate::settings::{PasswordSettings, Settings};
use crate::store::{Store, StoreError};
use crate::tally::Tally;
use crate::throttle::{Rates, Throttle};

/// How many kinds of password hashes are read.
const MOST_HASH_KINDS: u32 = 64;
/// How often, in seconds, the remaining kinds are read again. New kinds are noticed when another process adds them.
const HASH_KINDS_READ_EVERY: i64 = 60;

/// Signs users in, and knows who is signed in.
pub struct SignIn {
    tally: Arc<Tally>,
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
    #[expect(clippy::too_many_arguments, reason = "the parts that it rests on, named once")]
    pub(crate) async fn open(
        tally: Arc<Tally>,
        store: Arc<dyn Store>,
        settings: Arc<Settings>,
        random: Arc<dyn Random>,
        rates: Arc<Rates>,
        keys: Arc<Keys>,
        hashing: Arc<dyn Hashing>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let hash_kinds = ArcSwap::from_pointee(hash_kinds(&*store, &settings.password).await?);
        let throttle = Mutex::new(Throttle::over(hashing.places()));
        let hash_kinds_read_at = AtomicI64::new(now.unix());
        Ok(Self {
            tally,
            store,
            settings,
            random,
            rates,
            keys,
            hashing,
            throttle,
            hash_kinds,
            hash_kinds_read_at,
        })
    }

    /// Shares what may be tried among this many nodes, this one included.
    pub(crate) fn share(&self, nodes: u32) {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner).share(nodes);
        self.rates.share(nodes);
    }

    /// Reads again which kinds of hashes users have, if the last time was a while ago.
    pub(crate) async fn tick(&self, now: Timestamp) -> Result<(), StoreError> {
        let since = now.unix().saturating_sub(self.hash_kinds_read_at.load(Ordering::Relaxed));
        if (0..HASH_KINDS_READ_EVERY).contains(&since) { Ok(()) } else { self.reload(now).await }
    }

    /// Reads which kinds of hashes users have.
    pub(crate) async fn reload(&self, now: Timestamp) -> Result<(), StoreError> {
        self.hash_kinds.store(Arc::new(hash_kinds(&*self.store, &self.settings.password).await?));
        self.hash_kinds_read_at.store(now.unix(), Ordering::Relaxed);
        Ok(())
    }
}

async fn hash_kinds(store: &dyn Store, settings: &PasswordSettings) -> Result<HashKinds, StoreError> {
    let samples = store.sample_password_hashes(MOST_HASH_KINDS).await?;
    Ok(HashKinds::of(&samples, &settings.argon2))
}
