//! A store that fails when it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jeton_authority::audit::AuditRecord;
use jeton_authority::grant::{GrantStanding, GrantSummary, NewGrant};
use jeton_authority::keys::{KeyId, StoredKey};
use jeton_authority::password::PasswordHash;
use jeton_authority::refresh_token::{Presented, RefreshPolicy};
use jeton_authority::store::{
    GrantFilter, GrantOpening, KeyAddition, KeyWithdrawal, NewUser, Refresh, Revocation, Store, StoreError,
    SweepStep, UserAddition, UserChange,
};
use jeton_authority::user::{User, Username};
use jeton_authority::{GrantId, UserId};
use jeton_jose::Timestamp;

/// What is wrong with the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Fault {
    None = 0,
    /// The disk is full: reads go on.
    CannotWrite = 1,
    /// Nothing works.
    Broken = 2,
}

pub(crate) struct FailingStore {
    inner: Arc<dyn Store>,
    fault: AtomicU8,
}

impl FailingStore {
    pub(crate) fn over(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { inner, fault: AtomicU8::new(Fault::None as u8) })
    }

    pub(crate) fn set(&self, fault: Fault) {
        self.fault.store(fault as u8, Ordering::SeqCst);
    }

    fn check(&self, writes: bool) -> Result<(), StoreError> {
        match self.fault.load(Ordering::SeqCst) {
            1 if writes => Err(StoreError::Unavailable("disk full".to_owned())),
            2 => Err(StoreError::Failed("broken".to_owned())),
            _ => Ok(()),
        }
    }
}

macro_rules! delegate {
    ($($writes:literal $name:ident($($arg:ident: $type:ty),*) -> $ok:ty;)*) => {
        #[async_trait]
        impl Store for FailingStore {
            $(
                async fn $name(&self, $($arg: $type),*) -> Result<$ok, StoreError> {
                    self.check($writes)?;
                    self.inner.$name($($arg),*).await
                }
            )*

            fn grant_standing(&self, grant: GrantId) -> Result<Option<GrantStanding>, StoreError> {
                self.check(false)?;
                self.inner.grant_standing(grant)
            }

            fn external_changes(&self) -> Result<u64, StoreError> {
                self.check(false)?;
                self.inner.external_changes()
            }
        }
    };
}

delegate! {
    true add_user(user: NewUser) -> UserAddition;
    false find_user(username: &Username) -> Option<User>;
    false list_users(after: Option<&Username>, limit: u32) -> Vec<User>;
    true disable_user(user: UserId, now: Timestamp) -> UserChange;
    true enable_user(user: UserId, now: Timestamp) -> UserChange;
    true change_password(user: UserId, password: PasswordHash, keep: Option<GrantId>, now: Timestamp) -> UserChange;
    true rehash_password(user: UserId, from: &PasswordHash, to: PasswordHash) -> ();
    true open_grant(grant: NewGrant) -> GrantOpening;
    true refresh_grant(grant: GrantId, presented: Presented, policy: RefreshPolicy, now: Timestamp) -> Refresh;
    true revoke_grant(grant: GrantId, now: Timestamp) -> Revocation;
    true revoke_user_grants(user: UserId, now: Timestamp) -> Option<u64>;
    false list_grants(filter: GrantFilter, after: Option<GrantId>, limit: u32, idle_lifetime: Duration, now: Timestamp) -> Vec<GrantSummary>;
    true sweep_grants(from: Option<GrantId>, limit: u32, idle_lifetime: Duration, now: Timestamp) -> SweepStep;
    true sweep_audit(before: Timestamp, limit: u32) -> u64;
    false list_audit(limit: u32) -> Vec<AuditRecord>;
    false list_keys() -> Vec<StoredKey>;
    true add_keys(keys: Vec<StoredKey>, newest: Option<KeyId>) -> KeyAddition;
    true withdraw_key(key: &KeyId, now: Timestamp) -> KeyWithdrawal;
    true probe() -> ();
}
