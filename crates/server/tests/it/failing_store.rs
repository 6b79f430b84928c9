//! A store that fails, and fails over, when it is told to, and whose replica lags.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use jeton_authority::audit::{Actor, AuditFilter, AuditNumber, AuditRecord, AuditSegment, LinkedRecord};
use jeton_authority::authenticators::{
    Attempt, AuthenticatorChange, Authenticators, AuthenticatorsChanged, CodeVerdict,
};
use jeton_authority::client::{Consent, GivenConsent, StoredClient};
use jeton_authority::device::{DeviceAuthorization, DeviceDecision, NewDeviceAuthorization};
use jeton_authority::grant::{GrantStanding, GrantSummary, LiveGrant, NewGrant};
use jeton_authority::keys::{KeyId, SealedThings, StoredKey};
use jeton_authority::mail::{ListedMail, MailAdmission, MailSettled, NewMail, Notices, QueuedMail};
use jeton_authority::one_time::{NewAnswer, RequestAnswer};
use jeton_authority::one_time::{OneTime, OneTimeHash, OneTimeKind, Presentation};
use jeton_authority::password::PasswordHash;
use jeton_authority::refresh_token::Presented;
use jeton_authority::reset::{ResetId, ResetProof, ResetVerdict, StoredReset};
use jeton_authority::revocation::{NewPlace, Places, Recent, RevocationEvent};
use jeton_authority::session::{LapsedSession, NewSession, Session, SessionSecretHash, SessionSummary};
use jeton_authority::settings::RefreshPolicy;
use jeton_authority::store::{
    AccountStore, AccountsUpdated, AuditStore, AuthenticatorStore, ClientChange, ClientRemoval, ClientStore,
    CodeRedemption, DeviceDecided, DevicePoll, DeviceStore, ExpiredSession, GrantFilter, GrantOpening,
    GrantStore, GrantsEnded, KeyAddition, KeyStore, KeyWithdrawal, LogoutDelivery, LogoutStore, MailStore,
    Marks, Needless, NewUser, OneTimeStore, Placement, Redemption, Refresh, ResetStore, Revocation,
    RevocationStore, SessionEnding, SessionOpening, SessionStore, SignInStore, StatusStore, Store,
    StoreError, SweepStep, SweepStore, UserAddition, UserChange, UserStore,
};
use jeton_authority::user::{Attributes, User, UserEdit, UserEdited, UserStanding, UserStatus, Username};
use jeton_authority::user::{ImportedUser, LastImport, Leaving, LeavingChange};
use jeton_authority::{GrantId, MailId, Network, NodeId, SessionId, ShownDigest, UserId};
use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;

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
    inner: RwLock<Arc<dyn Store>>,
    fault: AtomicU8,
    clock: AtomicI64,
    /// What the replica has: nothing is replicated again after it was looked at.
    replica: Mutex<HashMap<GrantId, (LiveGrant, UserStatus)>>,
}

/// The store has no clock of its own.
const NO_CLOCK: i64 = i64::MIN;

impl FailingStore {
    pub(crate) fn over(inner: Arc<dyn Store>) -> Arc<Self> {
        let (fault, clock) = (AtomicU8::new(Fault::None as u8), AtomicI64::new(NO_CLOCK));
        Arc::new(Self { inner: RwLock::new(inner), fault, clock, replica: Mutex::default() })
    }

    /// Has the replica receive a grant as it is now.
    pub(crate) async fn replicate(&self, grant: GrantId) {
        let found = self.inner().find_grant(grant).await.expect("a store").expect("a grant");
        self.replica.lock().expect("the replica").insert(grant, found);
    }

    /// Continues from another store, as after a failover.
    pub(crate) fn fail_over(&self, to: Arc<dyn Store>) {
        *self.inner.write().expect("the store") = to;
    }

    fn inner(&self) -> Arc<dyn Store> {
        Arc::clone(&self.inner.read().expect("the store"))
    }

    pub(crate) fn set(&self, fault: Fault) {
        self.fault.store(fault as u8, Ordering::SeqCst);
    }

    /// Sets the store's own clock.
    pub(crate) fn set_clock(&self, now: i64) {
        self.clock.store(now, Ordering::SeqCst);
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
    ($trait:ident { $($writes:literal $name:ident($($arg:ident: $type:ty),*) -> $ok:ty;)* } $($more:item)*) => {
        #[async_trait]
        impl $trait for FailingStore {
            $($more)*
            $(
                async fn $name(&self, $($arg: $type),*) -> Result<$ok, StoreError> {
                    self.check($writes)?;
                    self.inner().$name($($arg),*).await
                }
            )*
        }
    };
}

delegate! { UserStore {
    true add_user(user: NewUser, by: Actor) -> UserAddition;
    false find_user(username: &Username) -> Option<User>;
    false find_users_alike(username: &Username) -> Vec<User>;
    false find_user_by_id(user: UserId) -> Option<User>;
    false list_users(after: Option<&Username>, limit: u32) -> Vec<User>;
    false search_users(prefix: &str, after: Option<&Username>, limit: u32) -> Vec<User>;
    false list_administrators(limit: u32) -> Vec<User>;
    true edit_user(user: UserId, edit: UserEdit, by: Actor, now: Timestamp) -> UserEdited;
    true disable_user(user: UserId, by: Actor, now: Timestamp) -> UserChange;
    true enable_user(user: UserId, by: Actor, now: Timestamp) -> UserChange;
    true end_again(last: UserStanding, by: Actor, now: Timestamp) -> UserChange;
    true change_password(user: UserId, password: PasswordHash, keep: Option<SessionId>, by: Actor, now: Timestamp) -> UserChange;
    true change_attributes(user: UserId, attributes: Attributes, by: Actor, now: Timestamp) -> UserChange;
    true rehash_password(user: UserId, from: &PasswordHash, to: PasswordHash) -> ();
} }

delegate! { GrantStore {
    true open_grant(grant: NewGrant) -> GrantOpening;
    true refresh_grant(grant: GrantId, presented: Presented, policy: RefreshPolicy, now: Timestamp) -> Refresh;
    false grant_standing(grant: GrantId) -> Option<GrantStanding>;
    false find_grant(grant: GrantId) -> Option<(LiveGrant, UserStatus)>;
    true revoke_grant(grant: GrantId, by: Actor, now: Timestamp) -> Revocation;
    true end_grant(grant: GrantId, by: Actor, now: Timestamp) -> Revocation;
    true revoke_user_grants(user: UserId, keep: Option<SessionId>, by: Actor, now: Timestamp) -> Option<GrantsEnded>;
    false list_grants(filter: GrantFilter, after: Option<GrantId>, limit: u32, idle_lifetime: Duration, now: Timestamp) -> Vec<GrantSummary>;
}
async fn find_replicated_grant(&self, grant: GrantId) -> Option<(LiveGrant, UserStatus)> {
    self.replica.lock().expect("the replica").get(&grant).cloned()
} }

delegate! { AuditStore {
    true record_audit(record: AuditRecord) -> ();
    false list_audit(limit: u32) -> Vec<AuditRecord>;
    false list_audit_of(user: UserId, limit: u32) -> Vec<AuditRecord>;
    false read_audit(filter: AuditFilter, limit: u32) -> Vec<(AuditNumber, AuditRecord)>;
    false audit_segments() -> Vec<AuditSegment>;
    false read_audit_chain(after: Option<AuditNumber>, limit: u32) -> Vec<LinkedRecord>;
} }

delegate! { KeyStore {
    false list_keys() -> Vec<StoredKey>;
    false sealed_things() -> SealedThings;
    true add_keys(keys: Vec<StoredKey>, newest: Option<KeyId>, by: Actor) -> KeyAddition;
    true withdraw_key(key: &KeyId, by: Actor, now: Timestamp) -> KeyWithdrawal;
} }

#[async_trait]
impl Store for FailingStore {
    async fn changes(&self) -> Result<Marks, StoreError> {
        self.check(false)?;
        self.inner().changes().await
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.check(true)?;
        self.inner().probe().await
    }

    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        self.check(false)?;
        let seconds = self.clock.load(Ordering::SeqCst);
        Ok((seconds != NO_CLOCK).then(|| Timestamp::from_unix(seconds)))
    }

    async fn count_nodes(&self, node: NodeId, now: Timestamp) -> Result<u32, StoreError> {
        self.check(true)?;
        self.inner().count_nodes(node, now).await
    }
}

delegate! { AccountStore {
    true add_imported_users(users: Vec<(NewUser, LastImport)>, by: Actor) -> Vec<UserAddition>;
    true update_imported_users(users: Vec<(UserId, ImportedUser)>, by: Actor, now: Timestamp) -> AccountsUpdated;
    true change_email(user: UserId, email: Option<Box<str>>, by: Actor, now: Timestamp) -> UserChange;
    true remove_user(user: UserId, by: Actor, now: Timestamp) -> UserChange;
    false find_removal(user: UserId) -> Option<Timestamp>;
    true change_removal(user: UserId, wish: Leaving, network: Option<Network>, now: Timestamp) -> LeavingChange;
} }

delegate! { ClientStore {
    true note_token_api_client(id: &str) -> ();
    true add_client(client: StoredClient, by: Actor) -> ClientChange;
    true change_client(client: StoredClient, by: Actor, now: Timestamp) -> ClientChange;
    true change_client_version(client: StoredClient, expected: ShownDigest, by: Actor, now: Timestamp) -> ClientChange;
    true remove_client(client: &ClientId, by: Actor, now: Timestamp) -> ClientRemoval;
    true end_removed_client(client: &ClientId) -> u64;
    false find_client(client: &ClientId) -> Option<StoredClient>;
    false list_clients(after: Option<&ClientId>, limit: u32) -> Vec<StoredClient>;
    false find_consent(user: UserId, client: &ClientId) -> Option<Consent>;
    true give_consent(user: UserId, client: &ClientId, consent: &Consent, now: Timestamp) -> ();
    false list_consents(user: UserId, limit: u32) -> Vec<GivenConsent>;
    true withdraw_consent(user: UserId, client: &ClientId, network: Network, now: Timestamp) -> GrantsEnded;
} }

delegate! { SessionStore {
    true open_session(session: NewSession, replaces: Option<SessionSecretHash>) -> SessionOpening;
    false find_session(secret: &SessionSecretHash, idle_lifetime: Duration, now: Timestamp) -> Option<(Session, User)>;
    false find_lapsed_session(secret: &SessionSecretHash) -> Option<LapsedSession>;
    false find_session_of_sid(sid: GrantId) -> Option<(SessionId, UserId)>;
    false find_grant_of_sid(sid: GrantId, client: &ClientId, now: Timestamp) -> Option<GrantId>;
    true touch_session(session: SessionId, now: Timestamp) -> ();
    true end_session(session: SessionId, by: Actor, now: Timestamp) -> SessionEnding;
    false list_all_sessions(after: Option<SessionId>, limit: u32, idle_lifetime: Duration, now: Timestamp) -> Vec<SessionSummary>;
    false list_sessions(user: UserId, limit: u32, idle_lifetime: Duration, now: Timestamp) -> Vec<Session>;
} }

delegate! { StatusStore {
    true take_status_place(place: NewPlace) -> u64;
    false status_places(since: Timestamp, now: Timestamp) -> Places;
} }

delegate! { AuthenticatorStore {
    false find_authenticators(user: UserId) -> Authenticators;
    true change_authenticators(user: UserId, change: AuthenticatorChange, by: Actor, network: Option<Network>, now: Timestamp) -> AuthenticatorsChanged;
    true present_authenticator(user: UserId, attempt: Attempt, now: Timestamp) -> CodeVerdict;
} }

delegate! { SignInStore {
    false find_known_network(user: UserId, network: Network) -> Option<Timestamp>;
    true note_known_network(user: UserId, network: Network, keep: u32, now: Timestamp) -> ();
    false sample_password_hashes(limit: u32) -> Vec<PasswordHash>;
} }

delegate! { OneTimeStore {
    true place(kind: OneTimeKind, hash: OneTimeHash, content: Box<str>, expires_at: Timestamp, now: Timestamp) -> Placement;
    true revoke_token(jti: &str, expires_at: Timestamp, now: Timestamp) -> Placement;
    false peek(kind: OneTimeKind, hash: OneTimeHash) -> Option<OneTime>;
    true redeem(kind: OneTimeKind, hash: OneTimeHash, now: Timestamp) -> Redemption;
    true prolong_request(request: OneTimeHash, until: Timestamp) -> ();
    true answer_request(answer: NewAnswer, now: Timestamp) -> RequestAnswer;
    true redeem_code(code: OneTimeHash, grant: NewGrant, presentation: Presentation) -> CodeRedemption;
} }

delegate! { DeviceStore {
    true add_device_authorization(device: NewDeviceAuthorization, now: Timestamp) -> Placement;
    false find_device_authorization(user_code: &str, now: Timestamp) -> Option<DeviceAuthorization>;
    true decide_device_authorization(user_code: &str, by: UserId, decision: DeviceDecision, now: Timestamp) -> DeviceDecided;
    true poll_device_authorization(device_code: OneTimeHash, client: &ClientId, now: Timestamp) -> DevicePoll;
    true redeem_device_code(device_code: OneTimeHash, grant: NewGrant, presentation: Presentation) -> CodeRedemption;
    true spend_device_code(device_code: OneTimeHash, now: Timestamp) -> bool;
} }

delegate! { LogoutStore {
    false due_logouts(now: Timestamp, per_client: u32, limit: u32) -> Vec<LogoutDelivery>;
    true claim_logouts(numbers: Vec<i64>, until: Timestamp, now: Timestamp) -> Vec<i64>;
    true finish_logout(number: i64) -> ();
    true postpone_logout(number: i64, due_at: Timestamp, now: Timestamp) -> ();
} }

delegate! { MailStore {
    true want_notices(notices: Notices) -> ();
    true queue_mail(mail: NewMail) -> MailAdmission;
    false due_mails(now: Timestamp, limit: u32) -> Vec<QueuedMail>;
    true claim_mail(id: MailId, until: Timestamp, now: Timestamp) -> bool;
    true settle_mail(id: MailId, settled: MailSettled, now: Timestamp) -> ();
    false list_mails(limit: u32) -> Vec<ListedMail>;
    true retry_mail(id: MailId, now: Timestamp) -> bool;
    true drop_mail(id: MailId) -> bool;
} }

delegate! { ResetStore {
    false find_users_by_email(email: &str) -> Vec<User>;
    true begin_reset(reset: StoredReset, mail: NewMail) -> ();
    false find_reset(id: ResetId) -> Option<StoredReset>;
    true prove_reset(id: ResetId, browser: &str, proof: ResetProof, now: Timestamp) -> ResetVerdict;
    true complete_reset(id: ResetId, browser: &str, password: PasswordHash, now: Timestamp) -> Option<UserId>;
} }

delegate! { RevocationStore {
    false revocations_since(since: Timestamp) -> Recent;
}
fn take_written_revocations(&self) -> Vec<RevocationEvent> {
    self.inner().take_written_revocations()
} }

delegate! { SweepStore {
    true sweep_one_time(kind: OneTimeKind, needless: Needless, limit: u32) -> u64;
    true sweep_devices(needless: Needless, limit: u32) -> u64;
    true sweep_sessions(from: Option<ExpiredSession>, expired_by: Timestamp, limit: u32) -> SweepStep<ExpiredSession>;
    true sweep_grants(from: Option<GrantId>, limit: u32, idle_lifetime: Duration, now: Timestamp) -> SweepStep<GrantId>;
    true end_removed_clients() -> u64;
    true sweep_known_networks(before: Timestamp, limit: u32) -> u64;
    true remove_leaving_users(now: Timestamp, limit: u32) -> u64;
    true sweep_revocations(before: Timestamp, limit: u32) -> u64;
    true sweep_status_places(now: Timestamp, limit: u32) -> u64;
    true sweep_resets(now: Timestamp, limit: u32) -> u64;
    true sweep_mails(sent: Timestamp, failed: Timestamp, limit: u32) -> u64;
    true sweep_audit(before: Timestamp, limit: u32) -> u64;
} }
