//! A database of an older schema is brought up to date, and nothing in it is lost.

use std::time::Duration;

use jeton_authority::audit::{Actor, AuditEvent, AuditRecord, AuditSubject};
use jeton_authority::one_time::{OneTimeHash, OneTimeKind};
use jeton_authority::store::{
    AuditStore, ClientStore, GrantFilter, GrantStore, KeyAddition, KeyStore, OneTimeStore, Redemption,
    SignInStore, UserStore,
};
use jeton_authority::user::{Role, UserStatus};
use jeton_authority::{GrantId, Network, UserId};
use jeton_oauth::client::ClientId;
use jeton_store::{DatabaseUrl, OpenError, OpenMode, SqliteStore, check};
use rusqlite::Connection;

use crate::moving::{key, quiet};
use crate::scratch::{HOME, Scratch, at, new_grant, refresh, username};

const SECOND: &str = include_str!("../../migrations/sqlite/0002_clients_sessions_codes.sql");
const FIRST: &str = include_str!("../../migrations/sqlite/0001_users_grants_keys.sql");

/// Makes a database of schema 1, empty.
pub(crate) fn make_first(db: &Connection) {
    db.execute_batch("PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; BEGIN;").expect("a new database");
    db.execute_batch("CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;")
        .expect("a table");
    db.execute_batch(FIRST).expect("the first migration");
    db.execute_batch(
        "INSERT INTO migrations VALUES (1, 'users_grants_keys');
         PRAGMA application_id = 0x4a544f4e; PRAGMA user_version = 1; COMMIT;",
    )
    .expect("a header");
}

/// A database of schema 1 with something in each table: `ada`, an administrator with two grants, one of them ended, `bob`
/// who is disabled, a key, and an audit record.
fn first_with_data() -> Scratch {
    let scratch = Scratch::new();
    let db = scratch.raw();
    make_first(&db);
    db.execute_batch(
        "INSERT INTO users VALUES
             (1, x'0a000000000000000000000000000001', 'ada', '17', 'ada@example.org', 'x', 3, 0, 1, 1700000000),
             (2, x'0a000000000000000000000000000002', 'bob', NULL, NULL, 'y', 1, 1, 0, 1700000001);
         INSERT INTO grants VALUES
             (0, 5, 1, 'web', 'orders', 7, 1700000000, NULL, x'c00002', 2, 1, 1700010000, NULL),
             (9, 6, 1, 'web', '', 0, 1700000000, 1700000000, x'20010db800000001', 0, 0, 1700010000, 1700000005);
         INSERT INTO keys VALUES (1, 'kid', 'access', 'ES256', 'sealed', 1700000000, 1700000000, NULL);
         INSERT INTO audit VALUES (1, 1700000000, 'user_added', x'0a000000000000000000000000000001', NULL, NULL, NULL);
         UPDATE probe SET count = 41;",
    )
    .expect("data");
    drop(db);
    scratch
}

/// The identifier that schema 1 keeps as these two integers.
fn grant(high: u64, low: u64) -> GrantId {
    GrantId::from_bytes((u128::from(high ^ (1 << 63)) << 64 | u128::from(low)).to_be_bytes())
}

#[tokio::test]
async fn the_first_schema_is_brought_up_to_date_with_nothing_lost() {
    let scratch = first_with_data();
    let refused = SqliteStore::open(scratch.database(), OpenMode::AsIs).expect_err("it is older");
    assert!(matches!(refused, OpenError::Older { found: 1, .. }), "{refused}");

    let store = scratch.open();
    let users = store.list_users(None, 10).await.expect("listing");
    let [ada, bob] = &users[..] else { panic!("there are two users: {users:?}") };
    assert_eq!(ada.id, UserId::from_bytes(0x0a00_0000_0000_0000_0000_0000_0000_0001_u128.to_be_bytes()));
    assert_eq!((ada.imported_key.as_deref(), ada.email.as_deref()), (Some("17"), Some("ada@example.org")));
    assert_eq!((ada.epoch, ada.role, ada.status), (3, Role::Owner, UserStatus::Active));
    assert_eq!((&bob.username, bob.epoch, bob.status), (&username("bob"), 1, UserStatus::Disabled));
    assert!(users.iter().all(|user| user.attributes.is_empty()));

    let (live, _) = store.find_grant(grant(0, 5)).await.expect("finding").expect("it exists");
    let live = live.grant;
    assert_eq!((&*live.client, live.scope.as_str(), live.detail), ("web", "orders", None));
    assert_eq!((live.state.generation, live.state.excuses, live.state.clean), (7, 2, 1));
    assert_eq!((live.state.network, live.expires_at), (HOME, at(10_000)));
    let (ended, _) = store.find_grant(grant(9, 6)).await.expect("finding").expect("it exists");
    assert_eq!(ended.grant.revoked_at, Some(at(5)));
    assert_eq!(ended.grant.state.grace_from, Some(at(0)));
    assert_eq!(ended.grant.state.network, Network::V6([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1]));

    let keys = store.list_keys().await.expect("listing");
    assert_eq!(keys.iter().map(|key| key.id.as_str()).collect::<Vec<_>>(), ["kid"]);
    let audit = store.list_audit(10).await.expect("listing");
    assert_eq!(
        audit.iter().map(|record| (record.event, record.at)).collect::<Vec<_>>(),
        [(AuditEvent::UserAdded, at(0))]
    );
    let probed: u32 =
        scratch.raw().query_row("SELECT count FROM probe", [], |row| row.get(0)).expect("reading");
    assert_eq!(probed, 41);
}

/// What a program of schema 20 writes into the audit trail, before the migration or beside a newer program.
fn write_records_of_before(db: &Connection) {
    db.execute_batch(
        "INSERT INTO audit (at, event, user_id, grant_id, network, key_id) VALUES
             (1700000001, 'signed_in', x'0a000000000000000000000000000001', x'00000000000000000000000000000005',
              x'c00002', 'web'),
             (1700000002, 'client_changed', NULL, NULL, NULL, 'web'),
             (1700000003, 'key_withdrawn', NULL, NULL, NULL, 'kid');",
    )
    .expect("records");
}

/// Those records as they are read.
fn records_of_before() -> Vec<AuditRecord> {
    let record = |seconds, event, subject| AuditRecord {
        at: at(seconds),
        event,
        actor: None,
        subject,
        network: None,
        changes: None,
    };
    let ada = UserId::from_bytes(0x0a00_0000_0000_0000_0000_0000_0000_0001_u128.to_be_bytes());
    let signed_in = AuditSubject::user(ada).with_grant(GrantId::from_bytes(5_u128.to_be_bytes()));
    vec![
        record(3, AuditEvent::KeyWithdrawn, AuditSubject::key("kid")),
        record(2, AuditEvent::ClientChanged, AuditSubject::client("web")),
        AuditRecord { network: Some(HOME), ..record(1, AuditEvent::SignedIn, signed_in.with_client("web")) },
    ]
}

#[tokio::test]
async fn records_from_before_there_were_actors_name_their_client_and_are_by_nobody_known() {
    let scratch = first_with_data();
    write_records_of_before(&scratch.raw());
    let store = scratch.open();
    assert_eq!(store.list_audit(3).await.expect("listing"), records_of_before());
    assert_eq!(store.list_audit(10).await.expect("listing").len(), 4);
}

#[tokio::test]
async fn a_program_from_before_there_were_actors_goes_on_recording_beside_a_newer_one() {
    let scratch = first_with_data();
    let store = scratch.open();
    write_records_of_before(&scratch.raw());
    assert_eq!(store.list_audit(3).await.expect("listing"), records_of_before());
}

#[tokio::test]
async fn a_database_that_was_brought_up_to_date_works() {
    let scratch = first_with_data();
    let store = scratch.open();
    assert_eq!(refresh(&store, grant(0, 5), 7).await.expect("refreshing"), 8);
    let ada = store.find_user(&username("ada")).await.expect("finding").expect("she exists");
    let mut new = new_grant("another");
    (new.user, new.epoch) = (ada.id, ada.epoch);
    store.open_grant(new).await.expect("opening");
    let listed = store
        .list_grants(GrantFilter::OfUser(ada.id), None, 10, std::time::Duration::from_secs(1000), at(1))
        .await
        .expect("listing");
    assert_eq!(listed.len(), 2);
    assert_eq!(store.list_clients(None, 10).await.expect("listing"), []);
    assert_eq!(
        store.add_keys(vec![], None, Actor::Operator).await.expect("adding nothing"),
        KeyAddition::Added
    );
    let ended = store.revoke_user_grants(ada.id, None, Actor::Operator, at(2)).await.expect("signing out");
    assert_eq!(ended.map(|ended| ended.count), Some(2));
    store.close().expect("closing");
    SqliteStore::open(scratch.database(), OpenMode::AsIs).expect("it is up to date");
}

#[tokio::test]
async fn names_from_before_are_found_however_they_are_typed() {
    let scratch = first_with_data();
    let store = scratch.open();
    let found = store.find_users_alike(&username("ADA")).await.expect("finding");
    assert_eq!(found.iter().map(|user| user.username.as_str()).collect::<Vec<_>>(), ["ada"]);
}

#[tokio::test]
async fn where_users_signed_in_from_before_is_known_after_the_migration() {
    let scratch = first_with_data();
    let store = scratch.open();
    let ada = store.find_user(&username("ada")).await.expect("finding").expect("she exists").id;
    for network in [HOME, Network::V6([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1])] {
        assert_eq!(store.find_known_network(ada, network).await.expect("looking"), Some(at(0)), "{network}");
    }
    assert_eq!(store.find_known_network(ada, Network::V4([203, 0, 113])).await.expect("looking"), None);
}

#[tokio::test]
async fn what_may_be_used_once_outlives_the_third_migration() {
    let scratch = first_with_data();
    let db = scratch.raw();
    db.execute_batch(SECOND).expect("the second migration");
    db.pragma_update(None, "user_version", 2).expect("a header");
    let (kind, [fresh, spent]) = (OneTimeKind::PushedRequest, ["fresh", "spent"].map(OneTimeHash::of));
    for (hash, redeemed_at) in [(fresh, None), (spent, Some(1_700_000_001_i64))] {
        db.execute(
            "INSERT INTO one_time VALUES (?1, ?2, 'a request', 1700000060, ?3, NULL)",
            (kind.as_str(), hash.as_bytes(), redeemed_at),
        )
        .expect("a row");
    }
    drop(db);

    let store = scratch.open();
    let peeked = store.peek(kind, fresh).await.expect("looking").expect("it is there");
    assert_eq!((&*peeked.content, peeked.expires_at, peeked.redeemed_at), ("a request", at(60), None));
    let redeemed = store.redeem(kind, fresh, at(2)).await.expect("using");
    assert_eq!(redeemed, Redemption::Redeemed { content: "a request".into() });
    for hash in [fresh, spent] {
        assert_eq!(store.redeem(kind, hash, at(2)).await.expect("using"), Redemption::Replayed);
    }
}

#[tokio::test]
async fn what_users_allowed_before_details_and_resources_were_remembered_stays_and_allows_none_of_them() {
    let scratch = first_with_data();
    let db = scratch.raw();
    db.execute_batch(SECOND).expect("the second migration");
    db.execute_batch(
        "INSERT INTO migrations VALUES (2, 'clients_sessions_codes');
         INSERT INTO consents VALUES (1, 'web', 'openid email', 1700000000);
         PRAGMA user_version = 2;",
    )
    .expect("data");
    drop(db);
    let store = scratch.open();
    let ada = store.find_user(&username("ada")).await.expect("finding").expect("she exists");
    let web = ClientId::parse("web").expect("an identifier");
    let consent = store.find_consent(ada.id, &web).await.expect("finding").expect("she allowed something");
    assert_eq!(consent.scope.as_str(), "openid email");
    assert!(consent.authorization_details.is_empty() && consent.resources.is_empty());
}

/// Its excuses were counted for each presentation of the same parent, so all of them are gone.
#[tokio::test]
async fn a_client_that_never_stored_the_new_token_stays_signed_in_after_its_row_is_migrated() {
    let scratch = first_with_data();
    let db = scratch.raw();
    db.execute_batch("UPDATE grants SET excuses = 3, clean = 0, grace_from = 1690000000 WHERE id_high = 0")
        .expect("data");
    drop(db);
    let store = scratch.open();
    for _ in 0..5 {
        assert_eq!(refresh(&store, grant(0, 5), 6).await.expect("refreshing"), 7);
    }
}

#[test]
fn whoever_waits_for_a_migration_is_told_each_step() {
    let scratch = first_with_data();
    let steps = std::sync::Mutex::new(Vec::new());
    let watch = |step: jeton_store::MigrationStep| steps.lock().expect("no panic").push(step);
    let open = || {
        SqliteStore::open_watched(
            scratch.database(),
            OpenMode::CreateOrMigrate,
            jeton_store::Access::Command,
            None,
            &watch,
        )
    };
    drop(open().expect("a database"));
    let seen = std::mem::take(&mut *steps.lock().expect("no panic"));
    assert_eq!((seen[0].number, seen[0].name), (1, "clients_sessions_codes"));
    let numbers: Vec<u32> = seen.iter().map(|step| step.number).collect();
    assert_eq!(numbers, (1..=seen[0].of).collect::<Vec<_>>(), "each step once, and the last is the last");
    drop(open().expect("a database"));
    assert!(steps.lock().expect("no panic").is_empty(), "nothing is left to be done");
}

/// A database of the release before, with rows in every table, as `cargo xtask baseline` wrote it down.
const BEFORE: &str = include_str!("../before/sqlite.sql");

#[tokio::test]
async fn what_the_release_before_wrote_is_brought_up_to_date_with_nothing_lost() {
    let scratch = Scratch::new();
    let db = scratch.raw();
    db.execute_batch("PRAGMA page_size = 1024; PRAGMA journal_mode = WAL;").expect("a new database");
    db.execute_batch(BEFORE).expect("the release before");
    drop(db);
    let store = scratch.open();
    let ada = store.find_user(&username("ada")).await.expect("finding").expect("she exists");
    let web = ClientId::parse("web").expect("an identifier");
    assert!(store.find_client(&web).await.expect("finding").is_some());
    assert!(store.find_consent(ada.id, &web).await.expect("finding").is_some());
    assert!(!store.list_keys().await.expect("listing").is_empty());
    let grants = store.list_grants(GrantFilter::OfUser(ada.id), None, 100, Duration::from_secs(1_000), at(2));
    assert!(!grants.await.expect("listing").is_empty());
    store.close().expect("closing");
    let checked = check(&DatabaseUrl::sqlite(scratch.database()), key(), &quiet()).await.expect("checking");
    let wrong: Vec<_> =
        checked.findings.iter().filter(|found| found.wrong > 0).map(|found| &*found.table).collect();
    // The one user has a hash of no kind, and so has one client a description and one device an approval.
    assert_eq!(wrong, ["users", "clients", "devices"], "{checked:?}");
}

#[tokio::test]
async fn a_server_goes_on_while_another_program_adds_columns_and_passes_over_what_only_that_one_knows() {
    let scratch = Scratch::new();
    let db = scratch.raw();
    db.execute_batch("PRAGMA page_size = 1024; PRAGMA journal_mode = WAL;").expect("a new database");
    db.execute_batch(BEFORE).expect("the release before");
    let store = scratch.open();
    let (keys, records) = (store.list_keys().await.expect("listing").len(), store.list_audit(1_000).await);
    let records = records.expect("listing").len();
    for table in ["users", "grants", "audit", "keys"] {
        db.execute_batch(&format!("ALTER TABLE {table} ADD COLUMN later TEXT")).expect("a migration");
    }
    db.execute_batch(
        "UPDATE audit SET event = 'moon_landed', actor = 77, actor_id = NULL WHERE number = (SELECT max(number) FROM audit);
         INSERT INTO keys (position, id, purpose, algorithm, sealed, created_at, signs_from, withdrawn_at)
             SELECT 1000, 'newer', 'moon', algorithm, sealed, created_at, signs_from, NULL FROM keys LIMIT 1;",
    )
    .expect("what a newer program writes");
    crate::scratch::add(&store, "eve").await.expect("adding");
    assert!(crate::scratch::knows(&store, "ada").await);
    assert_eq!(store.list_keys().await.expect("listing").len(), keys);
    let listed = store.list_audit(1_000).await.expect("listing");
    assert_eq!(listed.len(), records + 1);
    assert_eq!(listed.iter().filter(|record| record.event == AuditEvent::Unknown).count(), 1);
}
