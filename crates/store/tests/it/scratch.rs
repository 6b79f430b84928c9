//! A scratch database, and short words for what tests do with it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jeton_authority::audit::Actor;
use jeton_authority::grant::NewGrant;
use jeton_authority::password::PasswordHash;
use jeton_authority::refresh_token::Presented;
use jeton_authority::settings::RefreshPolicy;
use jeton_authority::store::{GrantOpening, NewUser, Refresh, Store, StoreError, UserAddition};
use jeton_authority::user::{Attributes, Role, UserStatus, Username};
use jeton_authority::{GrantId, Network, UserId};
use jeton_jose::Timestamp;
use jeton_store::{OpenMode, SqliteStore};
use rusqlite::Connection;
use tempfile::TempDir;

pub(crate) struct Scratch {
    folder: TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a scratch folder") }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn database(&self) -> PathBuf {
        database(self.folder())
    }

    pub(crate) fn open(&self) -> SqliteStore {
        open(self.folder())
    }

    /// A connection that knows nothing of the store.
    pub(crate) fn raw(&self) -> Connection {
        Connection::open(self.database()).expect("the database opens")
    }

    /// The names of the files in the folder.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder()).expect("the folder can be read");
        let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        let mut names = names.collect::<Vec<_>>();
        names.sort();
        names
    }
}

pub(crate) fn database(folder: &Path) -> PathBuf {
    folder.join("jeton.db")
}

pub(crate) fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(database(folder), OpenMode::CreateOrMigrate).expect("the database opens")
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(1_700_000_000 + seconds)
}

pub(crate) fn username(name: &str) -> Username {
    Username::parse(name).expect("a proper name")
}

/// A user whose identifier follows from the name.
pub(crate) fn new_user(name: &str) -> NewUser {
    NewUser {
        id: UserId::from_bytes(id(name)),
        imported_key: None,
        username: username(name),
        email: None,
        password: PasswordHash::from_stored("x"),
        role: Role::Member,
        status: UserStatus::Active,
        created_at: at(0),
        attributes: Attributes::default(),
    }
}

/// A grant of the user `ada`, with an identifier that follows from `name`.
pub(crate) fn new_grant(name: &str) -> NewGrant {
    NewGrant {
        id: GrantId::from_bytes(id(name)),
        user: UserId::from_bytes(id("ada")),
        epoch: 0,
        client: "web".into(),
        scope: jeton_oauth::Scope::default(),
        session: None,
        told_of: None,
        detail: None,
        network: HOME,
        opened_at: at(0),
        expires_at: at(10_000),
    }
}

pub(crate) const HOME: Network = Network::V4([192, 0, 2]);

/// Adds a user.
pub(crate) async fn add(store: &dyn Store, name: &str) -> Result<(), StoreError> {
    assert_eq!(store.add_user(new_user(name), Actor::Operator).await?, UserAddition::Added);
    Ok(())
}

/// Whether there is a user of this name.
pub(crate) async fn knows(store: &dyn Store, name: &str) -> bool {
    store.find_user(&username(name)).await.expect("reading goes on").is_some()
}

/// Adds `ada` with a grant that has just been refreshed.
pub(crate) async fn ada_with_a_refreshed_grant(store: &dyn Store) -> GrantId {
    add(store, "ada").await.expect("adding");
    let grant = new_grant("grant");
    let id = grant.id;
    assert_eq!(store.open_grant(grant).await.expect("opening"), GrantOpening::Opened);
    assert_eq!(refresh(store, id, 0).await.expect("refreshing"), 1);
    id
}

/// Presents the token of a generation at time 1, and answers the generation then.
pub(crate) async fn refresh(store: &dyn Store, grant: GrantId, generation: u64) -> Result<u64, StoreError> {
    refresh_at(store, grant, generation, 1).await
}

/// The same at another time.
pub(crate) async fn refresh_at(
    store: &dyn Store,
    grant: GrantId,
    generation: u64,
    seconds: i64,
) -> Result<u64, StoreError> {
    let presented = Presented::new(generation, at(0), HOME);
    let policy = RefreshPolicy { grace: Duration::from_secs(30), excuses: 3 };
    match store.refresh_grant(grant, presented, policy, at(seconds)).await? {
        Refresh::Granted(live, _) => Ok(live.grant.state.generation),
        other => panic!("the refresh was answered {other:?}"),
    }
}

pub(crate) fn unavailable<T: std::fmt::Debug>(outcome: Result<T, StoreError>) {
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
}

/// Sixteen bytes that differ for each name and are spread evenly.
fn id(name: &str) -> [u8; 16] {
    let mut bits = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
    for byte in name.bytes() {
        bits = (bits ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    }
    (bits ^ bits.rotate_left(64).wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_be_bytes()
}
