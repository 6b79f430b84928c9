//! What the cases share: an empty store, and short words for what they do with it.

use std::any::Any;
use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jeton_authority::audit::{Actor, AuditEvent};
use jeton_authority::client::{Client, ClientPolicy, NewClient};
use jeton_authority::grant::{Grant, NewGrant};
use jeton_authority::keys::{KeyId, KeyPurpose, SealedKey, StoredKey};
use jeton_authority::one_time::{Presentation, Presenter};
use jeton_authority::password::PasswordHash;
use jeton_authority::refresh_token::Presented;
use jeton_authority::settings::RefreshPolicy;
use jeton_authority::store::{GrantFilter, GrantOpening, NewUser, Refresh, Store, UserAddition};
use jeton_authority::sweep::SweepLifetimes;
use jeton_authority::user::{Attributes, Role, User, UserStatus, Username};
use jeton_authority::{GrantId, Network, UserId};
use jeton_jose::{Algorithm, Timestamp};
use jeton_oauth::RedirectUri;
use jeton_oauth::client::{ClientId, ClientMetadata, TokenEndpointAuthMethod};
use tokio::sync::Barrier;

/// How many callers contend.
pub(super) const CALLERS: usize = 100;

/// Where users of the cases are at home.
pub(super) const HOME: Network = Network::V4([192, 0, 2]);

/// Another network than [`HOME`].
pub(super) const ELSEWHERE: Network = Network::V6([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1]);

/// Who does what the cases ask for.
pub(super) const OPERATOR: Actor = Actor::Operator;

/// The grace and the excuses of the cases.
pub(super) const POLICY: RefreshPolicy = RefreshPolicy { grace: Duration::from_secs(30), excuses: 3 };

/// The absolute lifetime of grants in the cases, in seconds.
pub(super) const LIFETIME: i64 = 10_000;

/// The idle lifetime of grants in the cases.
pub(super) const IDLE: Duration = Duration::from_secs(1_000);

/// The lifetimes that the sweep goes by in the cases.
pub(super) const LIFETIMES: SweepLifetimes = SweepLifetimes {
    idle: IDLE,
    access: Duration::from_secs(300),
    audit: Duration::from_secs(400 * 24 * 3600),
};

/// Counts the rows of every table.
type CountRows = dyn Fn() -> BTreeMap<String, u64> + Send + Sync;

/// An empty store, together with what has to live as long as it.
pub struct Fresh {
    store: Arc<dyn Store>,
    count_rows: Option<Box<CountRows>>,
    _guard: Box<dyn Any + Send + Sync>,
}

impl Fresh {
    /// Takes a store, and whatever has to be dropped after it (a scratch folder, say).
    pub fn new(store: impl Store, guard: impl Any + Send + Sync) -> Self {
        Self::shared(Arc::new(store), guard)
    }

    /// The same for a store as [`open`](crate::open) gives it.
    pub fn shared(store: Arc<dyn Store>, guard: impl Any + Send + Sync) -> Self {
        Self { store, count_rows: None, _guard: Box::new(guard) }
    }

    /// Takes what counts the rows of every table that the catalogue of the backend lists, by the name of the table.
    #[must_use]
    pub fn counting_rows(
        mut self,
        count_rows: impl Fn() -> BTreeMap<String, u64> + Send + Sync + 'static,
    ) -> Self {
        self.count_rows = Some(Box::new(count_rows));
        self
    }

    /// How many rows each table has, where the backend counts them.
    pub(super) fn rows(&self) -> Option<BTreeMap<String, u64>> {
        self.count_rows.as_ref().map(|count_rows| count_rows())
    }

    /// Adds a user with this name.
    pub(super) async fn user(&self, name: &str) -> UserId {
        let user = new_user(name);
        let id = user.id;
        assert_eq!(self.add_user(user, OPERATOR).await.expect("adding a user"), UserAddition::Added);
        id
    }

    /// The user with this name.
    pub(super) async fn found(&self, name: &str) -> User {
        self.find_user(&username(name)).await.expect("finding a user").expect("the user exists")
    }

    /// Opens a grant of a user whose epoch is 0, at time 0.
    pub(super) async fn grant(&self, user: UserId) -> GrantId {
        let grant = new_grant(user);
        let id = grant.id;
        assert_eq!(self.open_grant(grant).await.expect("opening a grant"), GrantOpening::Opened);
        id
    }

    /// Opens a grant and advances it to generation `generation`, a second later each time, from second 1 on.
    pub(super) async fn grant_at(&self, user: UserId, generation: u64) -> GrantId {
        let grant = self.grant(user).await;
        for before in 0..generation {
            let strict = RefreshPolicy { grace: Duration::ZERO, excuses: 0 };
            let at = at(1 + before.cast_signed());
            let answer =
                self.refresh_grant(grant, token(before, HOME), strict, at).await.expect("refreshing");
            assert_eq!(granted(answer).state.generation, before + 1);
        }
        grant
    }

    /// Presents the token of a generation under [`POLICY`].
    pub(super) async fn present(
        &self,
        grant: GrantId,
        generation: u64,
        network: Network,
        at: Timestamp,
    ) -> Refresh {
        self.refresh_grant(grant, token(generation, network), POLICY, at).await.expect("refreshing")
    }

    /// Whether a grant still holds.
    pub(super) async fn stands(&self, grant: GrantId) -> bool {
        self.grant_standing(grant)
            .await
            .expect("looking at a grant")
            .expect("the grant exists")
            .revoked_at
            .is_none()
    }

    /// Which of these grants still hold.
    pub(super) async fn which_stand<const N: usize>(&self, grants: [GrantId; N]) -> [bool; N] {
        let mut standing = [false; N];
        for (standing, grant) in standing.iter_mut().zip(grants) {
            *standing = self.stands(grant).await;
        }
        standing
    }

    /// The live grants of everybody at `at`, in one page.
    pub(super) async fn live(&self, at: Timestamp) -> Vec<GrantId> {
        let grants = self.list_grants(GrantFilter::All, None, 1000, IDLE, at).await.expect("listing grants");
        grants.into_iter().map(|summary| summary.grant.id).collect()
    }

    /// What was audited apart from sign-ins, oldest first.
    pub(super) async fn audited(&self) -> Vec<AuditEvent> {
        let records = self.list_audit(1000).await.expect("listing the audit trail");
        let events = records.into_iter().rev().map(|record| record.event);
        events.filter(|event| *event != AuditEvent::SignedIn).collect()
    }

    /// Lets [`CALLERS`] tasks do something at the same moment and collects their answers.
    pub(super) async fn at_once<T, F>(&self, call: impl Fn(Arc<dyn Store>, usize) -> F) -> Vec<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let barrier = Arc::new(Barrier::new(CALLERS));
        let tasks = (0..CALLERS).map(|caller| {
            let (barrier, call) = (Arc::clone(&barrier), call(Arc::clone(&self.store), caller));
            tokio::spawn(async move {
                barrier.wait().await;
                call.await
            })
        });
        let mut answers = Vec::new();
        for task in tasks.collect::<Vec<_>>() {
            answers.push(task.await.expect("no caller panics"));
        }
        answers
    }
}

impl Deref for Fresh {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        &*self.store
    }
}

/// A point in time, so many seconds into the case.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(1_700_000_000 + seconds)
}

pub(super) fn username(name: &str) -> Username {
    Username::parse(name).expect("the case names a user properly")
}

pub(super) fn hash(text: &str) -> PasswordHash {
    PasswordHash::from_stored(text)
}

/// An active user without an imported key.
pub(super) fn new_user(name: &str) -> NewUser {
    NewUser {
        id: UserId::from_bytes(random()),
        imported_key: None,
        username: username(name),
        email: None,
        password: hash("first"),
        role: Role::Member,
        status: UserStatus::Active,
        created_at: at(0),
        attributes: Attributes::default(),
    }
}

/// A grant of a user whose epoch is 0, opened at time 0.
pub(super) fn new_grant(user: UserId) -> NewGrant {
    NewGrant {
        id: unknown_grant(),
        user,
        epoch: 0,
        client: "web".into(),
        scope: jeton_oauth::Scope::default(),
        session: None,
        told_of: None,
        detail: None,
        network: HOME,
        opened_at: at(0),
        expires_at: at(LIFETIME),
    }
}

/// A code as its owner presents it, under the grace of [`POLICY`].
pub(super) fn by_owner(seconds: i64) -> Presentation {
    presented(Presenter::Owner, seconds)
}

/// A code as somebody presents it, under the grace of [`POLICY`].
pub(super) fn presented(by: Presenter, seconds: i64) -> Presentation {
    Presentation { by, at: at(seconds), grace: POLICY.grace }
}

/// An identifier that no grant has.
pub(super) fn unknown_grant() -> GrantId {
    GrantId::from_bytes(random())
}

/// An identifier that no user has.
pub(super) fn unknown_user() -> UserId {
    UserId::from_bytes(random())
}

/// A token of a generation, minted at time 0.
pub(super) fn token(generation: u64, network: Network) -> Presented {
    Presented::new(generation, at(0), network)
}

/// A client of this name that cannot keep a secret.
pub(super) fn public_client(id: &str) -> Arc<Client> {
    let metadata = ClientMetadata {
        token_endpoint_auth_method: Some(TokenEndpointAuthMethod::None),
        redirect_uris: vec![RedirectUri::parse("https://app.example/").expect("a redirect URI")],
        authorization_details_types: vec!["payment".to_owned()],
        ..ClientMetadata::default()
    };
    let client = Client::new(NewClient {
        id: ClientId::parse(id).expect("an identifier"),
        metadata,
        policy: ClientPolicy::default(),
        secret: None,
        registration_token: None,
        created_at: at(0),
    });
    Arc::new(client.expect("a client"))
}

/// The grant that a refresh was granted for.
pub(super) fn granted(refresh: Refresh) -> Grant {
    match refresh {
        Refresh::Granted(live, _) => live.grant,
        other => panic!("the refresh was not granted: {other:?}"),
    }
}

/// A key that signs from the moment it is made.
pub(super) fn key(kid: &str, purpose: KeyPurpose, made: Timestamp) -> StoredKey {
    StoredKey {
        id: KeyId::new(kid),
        purpose,
        algorithm: Algorithm::ES256,
        sealed: SealedKey::new(format!("sealed {kid}")),
        created_at: made,
        signs_from: made,
        withdrawn_at: None,
    }
}

/// Sixteen bytes that differ each time and are spread evenly (SplitMix64 of a counter).
pub(super) fn random() -> [u8; 16] {
    static DRAWN: AtomicU64 = AtomicU64::new(1);
    let drawn = DRAWN.fetch_add(1, Ordering::Relaxed);
    (u128::from(mix(drawn)) << 64 | u128::from(mix(!drawn))).to_be_bytes()
}

/// A number that looks as if drawn at random, the same one for the same `number`.
pub(super) fn mix(number: u64) -> u64 {
    let mut bits = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
