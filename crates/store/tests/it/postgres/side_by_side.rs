//! The program before, beside this one on one database: servers are replaced one after the other, and the first new one migrates.
//!
//! `tests/before/postgres.sql` is a database of the release before, with rows in every table, and `tests/before/postgres.jsonl` has the
//! statements of that release with the types of their parameters. Each of them has to work before, while and after this program migrates
//! the database. When a release is made, `cargo xtask baseline` writes both down for the next one.

use std::error::Error;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use jeton_authority::audit::{AuditEnd, AuditEvent, AuditFilter};
use jeton_authority::store::GrantFilter;
use jeton_oauth::client::ClientId;
use jeton_store::check;
use serde_json::Value;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{IsNull, Kind, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Statement};

use super::scratch::{Database, database};
use crate::moving::{key, quiet};
use crate::scratch::{ada_with_a_refreshed_grant, add, at, knows, refresh_at, username};

const TABLES: &str = include_str!("../../before/postgres.sql");
const STATEMENTS: &str = include_str!("../../before/postgres.jsonl");

/// What is sent for every parameter of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    Null,
    /// A value of its type; of a list, a list with one.
    Sample,
}

impl ToSql for Given {
    fn to_sql(&self, of: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        if *self == Self::Null {
            return Ok(IsNull::Yes);
        }
        match of.kind() {
            Kind::Array(element) => {
                let one = sample(element);
                // One dimension, no NULL in it; its length and its first index.
                for number in [1, 0, i32::try_from(element.oid())?, 1, 1, i32::try_from(one.len())?] {
                    out.put_i32(number);
                }
                out.put_slice(&one);
            }
            _ => out.put_slice(&sample(of)),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn sample(of: &Type) -> Vec<u8> {
    match *of {
        Type::INT8 => 1_i64.to_be_bytes().to_vec(),
        Type::INT2 => 1_i16.to_be_bytes().to_vec(),
        Type::BOOL => vec![1],
        Type::TEXT => b"x".to_vec(),
        Type::BYTEA | Type::UUID => vec![7; 16],
        _ => panic!("the program before has a parameter of the type {of}"),
    }
}

/// A statement as the program before has it.
struct Before {
    sql: &'static str,
    statement: Statement,
    gives: Vec<Type>,
}

/// A node of the program before, which has used each of its statements.
struct OldNode {
    db: Client,
    statements: Vec<Before>,
}

impl OldNode {
    async fn start(database: &Database) -> Self {
        let db = database.raw().await;
        let mut statements = vec![];
        for line in STATEMENTS.lines() {
            let line: Value = serde_json::from_str(line).expect("a line of JSON");
            let sql: &'static str = line["sql"].as_str().expect("a statement").to_owned().leak();
            let takes = line["takes"].as_array().expect("a list").iter().map(|oid| {
                let oid = oid.as_u64().and_then(|oid| u32::try_from(oid).ok());
                oid.and_then(Type::from_oid).expect("a built-in type")
            });
            let statement = db.prepare_typed(sql, &takes.collect::<Vec<_>>()).await;
            let statement = statement.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
            let gives = gives(&statement);
            statements.push(Before { sql, statement, gives });
        }
        assert!(statements.len() > 100, "{} statements", statements.len());
        Self { db, statements }
    }

    /// What does not work any more.
    async fn problems(&mut self) -> Vec<String> {
        let mut problems = vec![];
        for Before { sql, statement, gives } in &mut self.statements {
            for given in [Given::Sample, Given::Null] {
                if let Err(problem) = works(&mut self.db, sql, statement, gives, given).await {
                    problems.push(format!("{problem}: {sql}"));
                }
            }
        }
        problems
    }
}

fn gives(statement: &Statement) -> Vec<Type> {
    statement.columns().iter().map(|column| column.type_().clone()).collect()
}

/// Runs a statement in a transaction that is undone. Where it was prepared for other tables it is prepared again, once, as the program
/// does.
async fn works(
    db: &mut Client,
    sql: &str,
    statement: &mut Statement,
    gave: &[Type],
    given: Given,
) -> Result<(), String> {
    let takes = statement.params().to_vec();
    let values: Vec<&(dyn ToSql + Sync)> = takes.iter().map(|_| &given as &(dyn ToSql + Sync)).collect();
    let refused = match run(db, statement, &values).await {
        Err(error) if error.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED) => {
            *statement = db.prepare_typed(sql, &takes).await.map_err(|error| format!("{error:?}"))?;
            run(db, statement, &values).await
        }
        done => done,
    };
    if gives(statement) != gave {
        return Err(format!("it gives {:?} and gave {gave:?}", gives(statement)));
    }
    let Err(refused) = refused else { return Ok(()) };
    let Some(answer) = refused.as_db_error() else { return Err(format!("{refused:?}")) };
    // Samples make little sense, and the tables refuse many, as they did before.
    let was_refused_before = match *answer.code() {
        SqlState::NOT_NULL_VIOLATION => answer.column().is_some_and(|column| sql.contains(column)),
        ref code if code.code().starts_with("23") => {
            answer.constraint().is_some_and(|constraint| TABLES.contains(constraint))
        }
        ref code => code.code().starts_with("22"),
    };
    if was_refused_before { Ok(()) } else { Err(format!("{} {}", answer.code().code(), answer.message())) }
}

async fn run(
    db: &mut Client,
    statement: &Statement,
    values: &[&(dyn ToSql + Sync)],
) -> Result<(), tokio_postgres::Error> {
    let transaction = db.transaction().await?;
    let done = transaction.query(statement, values).await;
    transaction.rollback().await?;
    done.map(drop)
}

/// A database as the release before left it.
async fn before() -> Option<Database> {
    let database = database().await?;
    database.raw().await.batch_execute(TABLES).await.expect("the tables of the release before");
    Some(database)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_before_goes_on_while_this_one_migrates_and_nothing_that_it_wrote_is_lost() {
    let Some(database) = before().await else { return };
    let mut old = OldNode::start(&database).await;
    assert_eq!(old.problems().await, Vec::<String>::new(), "before anything was done");

    let store = database.open("").await;
    assert_eq!(old.problems().await, Vec::<String>::new(), "after the migration");

    let checked = check(&database.url_with(""), key(), &quiet()).await.expect("checking");
    let wrong: Vec<_> =
        checked.findings.iter().filter(|found| found.wrong > 0).map(|found| &*found.table).collect();
    // The one user has a hash of no kind, and so has one client a description and one device an approval.
    assert_eq!(wrong, ["users", "clients", "devices"], "{checked:?}");
    assert!(knows(&*store, "ada").await);
    let web = ClientId::parse("web").expect("an identifier");
    assert!(store.find_client(&web).await.expect("looking").is_some());
    assert!(!store.list_keys().await.expect("listing").is_empty());
    let grants = store.list_grants(GrantFilter::All, None, 100, Duration::from_secs(1_000), at(2)).await;
    assert!(!grants.expect("listing").is_empty());
    add(&*store, "eve").await.expect("adding");
    drop(store);
    assert_eq!(old.problems().await, Vec::<String>::new(), "after this program has written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_breaks_the_program_before_is_noticed_and_one_that_adds_is_not() {
    let Some(database) = before().await else { return };
    let mut old = OldNode::start(&database).await;
    let db = database.raw().await;
    let change = async |sql: &str| db.batch_execute(sql).await.expect("a change");
    for (breaks, mends) in [
        ("ALTER TABLE users RENAME COLUMN email TO mail", "ALTER TABLE users RENAME COLUMN mail TO email"),
        ("ALTER TABLE audit RENAME TO trail", "ALTER TABLE trail RENAME TO audit"),
        (
            "ALTER TABLE grants ALTER COLUMN excuses TYPE integer",
            "ALTER TABLE grants ALTER COLUMN excuses TYPE smallint",
        ),
        (
            "ALTER TABLE users ADD COLUMN tenant text, ADD CONSTRAINT of_a_tenant CHECK (tenant IS NOT NULL) NOT VALID",
            "ALTER TABLE users DROP COLUMN tenant",
        ),
    ] {
        change(breaks).await;
        assert!(!old.problems().await.is_empty(), "nobody noticed: {breaks}");
        change(mends).await;
        assert_eq!(old.problems().await, Vec::<String>::new(), "{mends}");
    }
    for table in ["users", "grants", "sessions", "audit", "keys", "clients"] {
        change(&format!(
            "ALTER TABLE {table} ADD COLUMN later text, ADD COLUMN counted bigint NOT NULL DEFAULT 0"
        ))
        .await;
    }
    assert_eq!(old.problems().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_has_prepared_its_statements_goes_on_when_columns_are_added() {
    let Some(database) = database().await else { return };
    let store = database.open("pool_size=1").await;
    let grant = ada_with_a_refreshed_grant(&*store).await;
    let records = store.list_audit(10).await.expect("listing").len();
    let db = database.raw().await;
    for table in ["users", "grants", "audit", "keys"] {
        db.batch_execute(&format!("ALTER TABLE {table} ADD COLUMN later text")).await.expect("a migration");
    }
    assert!(knows(&*store, "ada").await);
    assert_eq!(refresh_at(&*store, grant, 1, 100).await.expect("refreshing"), 2);
    add(&*store, "eve").await.expect("adding");
    assert_eq!(store.list_audit(10).await.expect("listing").len(), records + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_a_newer_program_knows_is_passed_over() {
    let Some(database) = before().await else { return };
    let store = database.open("").await;
    let keys = store.list_keys().await.expect("listing").len();
    let records = store.list_audit(1000).await.expect("listing").len();
    let newer = "
        UPDATE audit SET event = 'moon_landed', actor = 77, actor_id = NULL WHERE number = (SELECT max(number) FROM audit);
        INSERT INTO revocations (at, kind, subject) VALUES (1700000001, 'moon', 'x');
        INSERT INTO keys (position, id, purpose, algorithm, sealed, created_at, signs_from, withdrawn_at)
            SELECT 1000, 'newer', 'moon', algorithm, sealed, created_at, signs_from, NULL FROM keys LIMIT 1;
        INSERT INTO keys (position, id, purpose, algorithm, sealed, created_at, signs_from, withdrawn_at)
            SELECT 1001, 'newest', purpose, 'MOON1', sealed, created_at, signs_from, NULL FROM keys LIMIT 1;
        INSERT INTO marks (subject, value) VALUES ('moons', 1);";
    database.raw().await.batch_execute(newer).await.expect("what a newer program writes");
    assert_eq!(store.list_keys().await.expect("listing").len(), keys);
    let listed = store.list_audit(1000).await.expect("listing");
    assert_eq!(listed.len(), records);
    let unknown: Vec<_> = listed.iter().filter(|record| record.event == AuditEvent::Unknown).collect();
    assert!(matches!(unknown[..], [record] if record.actor.is_none()), "{unknown:?}");
    let filter = AuditFilter { end: AuditEnd::Oldest, ..AuditFilter::default() };
    assert_eq!(store.read_audit(filter, 1000).await.expect("reading").len(), records);
    store.changes().await.expect("the marks");
    store.revocations_since(at(0)).await.expect("the feed");
    assert!(store.find_user(&username("ada")).await.expect("looking").is_some());
}
