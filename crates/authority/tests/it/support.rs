//! An authority over a store of its own, with a clock that the test moves.

use std::sync::Arc;
use std::time::Duration;

use jeton_authority::audit::Actor;
use jeton_authority::keys::MasterKey;
use jeton_authority::password::{Argon2Params, Password, PasswordHash, Scratch};
use jeton_authority::settings::Settings;
use jeton_authority::store::{NewUser, Store, UserAddition};
use jeton_authority::user::{Attributes, Role, UserStatus, Username};
use jeton_authority::{Authority, Network, Ports, SignInError, TokenError, TokenPair, UserId};
use jeton_jose::Timestamp;
use jeton_jose::jwt::Unverified;
use jeton_store::{Access, DatabaseUrl, OpenMode};
use tempfile::TempDir;

/// When every test begins.
pub(crate) const START: i64 = 1_800_000_000;

/// The password of every user that a test adds.
pub(crate) const PASSWORD: &str = "correct horse";

/// An authority with a user named `ada`.
pub(crate) struct TestAuthority {
    pub(crate) authority: Authority,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) now: Timestamp,
    _folder: TempDir,
}

impl TestAuthority {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let database = DatabaseUrl::sqlite(folder.path().join("jeton.db"));
        let store = jeton_store::open(&database, OpenMode::CreateOrMigrate, Access::Command, None);
        let store = store.await.expect("an empty folder takes a store");
        let mut settings = Settings::new("https://auth.example");
        change(&mut settings);
        let now = Timestamp::from_unix(START);
        let authority = open(&store, settings, now).await;
        let test = Self { authority, store, now, _folder: folder };
        test.add_user("ada").await;
        test
    }

    /// The same store under an authority that starts anew.
    pub(crate) async fn restart(&mut self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.authority.settings().clone();
        change(&mut settings);
        self.authority = open(&self.store, settings, self.now).await;
    }

    pub(crate) async fn add_user(&self, name: &str) -> UserId {
        let mut id = [0; 16];
        jeton_jose::random::fill(&mut id);
        self.import_user(name, None, hashed(PASSWORD), id).await
    }

    pub(crate) async fn import_user(
        &self,
        name: &str,
        imported_key: Option<&str>,
        password: PasswordHash,
        id: [u8; 16],
    ) -> UserId {
        let user = NewUser {
            id: UserId::from_bytes(id),
            imported_key: imported_key.map(Into::into),
            username: Username::parse(name).expect("a username"),
            email: None,
            password,
            role: Role::Member,
            status: UserStatus::Active,
            created_at: self.now,
            attributes: Attributes::default(),
        };
        let id = user.id;
        assert_eq!(
            self.store.add_user(user, Actor::Operator).await.expect("the store works"),
            UserAddition::Added
        );
        id
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        self.now = self.now.saturating_add(Duration::from_secs(seconds));
    }

    pub(crate) async fn try_sign_in(&self, name: &str, password: &str) -> Result<TokenPair, SignInError> {
        self.authority.sign_in().with_password(name, Password::new(password), home(), self.now).await
    }

    pub(crate) async fn sign_in(&self, name: &str) -> TokenPair {
        self.try_sign_in(name, PASSWORD).await.expect("the password is right")
    }

    pub(crate) async fn try_refresh(&self, token: &str) -> Result<TokenPair, TokenError> {
        self.authority.tokens().refresh(token, home(), self.now).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> TokenPair {
        self.try_refresh(token).await.expect("the token is current")
    }
}

async fn open(store: &Arc<dyn Store>, settings: Settings, now: Timestamp) -> Authority {
    let store = Arc::clone(store);
    let master = MasterKey::from_bytes([7; 32]);
    Authority::open(store, master, settings, Ports::default(), now).await.expect("the authority opens")
}

/// The network that tests come from.
pub(crate) fn home() -> Network {
    Network::of([192, 0, 2, 1].into())
}

/// The claims of a token, unverified.
pub(crate) fn claims(token: &str) -> serde_json::Value {
    let token = Unverified::parse(token).expect("a well-formed token");
    serde_json::from_str(token.claims_json()).expect("claims are JSON")
}

/// A password as it is stored.
pub(crate) fn hashed(password: &str) -> PasswordHash {
    let params = Argon2Params::default();
    jeton_authority::password::hash(&Password::new(password), [1; 16], &params, &mut Scratch::default())
}
