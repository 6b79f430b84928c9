//! Making a database ours and bringing it up to date, whichever node comes first.

use jeton_authority::keys::{KeyFit, MasterKey};
use jeton_authority::store::StoreError;
use tokio::time::{Duration, sleep};

use super::columns::{params, value};
use super::connection::Connection;
use super::error::Failed;
use super::lease::{LOOK_AGAIN, Lease};
use super::master_key;
use super::migrations::{KNOWN, MIGRATIONS, Migration};
use super::transaction::Database;
use super::tuning;
use crate::migration::{MigratedBy, MigrationStep, WatchMigration, step};
use crate::mode::OpenMode;
use crate::open_error::OpenError;
use crate::postgres_url::PostgresUrl;

/// How long a step of a migration may take.
const STEP: Duration = Duration::from_secs(600);

/// What there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    /// Tables of somebody else.
    Foreign,
    /// Ours, and rows are being written into it that are not complete.
    Unfinished,
    /// Ours, with so many migrations.
    Ours {
        schema: u32,
    },
}

/// Makes the database what this program works with. Whatever is refused is refused before anything is changed.
pub(super) async fn prepare(
    database: &Database,
    url: &PostgresUrl,
    mode: OpenMode,
    key: Option<&MasterKey>,
    watch: WatchMigration<'_>,
) -> Result<(), OpenError> {
    let found = look(database).await?;
    match (found, mode) {
        (Found::Foreign, _) => return Err(OpenError::Foreign { database: url.clone().into() }),
        (Found::Unfinished, _) => return Err(OpenError::Unfinished { database: url.clone().into() }),
        (Found::Nothing, OpenMode::AsIs) => return Err(OpenError::Missing { database: url.clone().into() }),
        (Found::Ours { schema: found }, OpenMode::AsIs) if found < KNOWN => {
            return Err(OpenError::Older { found, known: KNOWN });
        }
        _ => {}
    }
    if let (Found::Ours { schema: BINDING.. }, Some(key)) = (found, key) {
        refuse_other_key(database, url, key).await?;
    }
    if found != (Found::Ours { schema: KNOWN }) {
        migrate(database, url, watch).await?;
    }
    if mode == OpenMode::CreateOrMigrate {
        tuning::tune(database).await;
    }
    bind(database, url, key).await
}

/// Binds a database to a master key, unless it is bound to it or has nothing that is sealed.
pub(super) async fn bind(
    database: &Database,
    url: &PostgresUrl,
    key: Option<&MasterKey>,
) -> Result<(), OpenError> {
    match key {
        Some(key) if refuse_other_key(database, url, key).await? == KeyFit::Proved => {
            let check = key.check().clone();
            Ok(database.write(check, |db, check| Box::pin(master_key::bind_to(db, check))).await?)
        }
        _ => Ok(()),
    }
}

/// The migration since which a database is bound to a key.
const BINDING: u32 = 14;

async fn refuse_other_key(
    database: &Database,
    url: &PostgresUrl,
    key: &MasterKey,
) -> Result<KeyFit, OpenError> {
    match database.read((), |db, ()| Box::pin(master_key::things(db))).await?.fit(key) {
        KeyFit::Other => Err(OpenError::OtherMasterKey { database: url.clone().into() }),
        fit => Ok(fit),
    }
}

pub(super) async fn look(database: &Database) -> Result<Found, OpenError> {
    let found = database.read((), |db, ()| Box::pin(found(db))).await?;
    match found {
        Found::Ours { schema } if schema > KNOWN => Err(OpenError::Newer { found: schema, known: KNOWN }),
        found => Ok(found),
    }
}

async fn found(db: &Connection) -> Result<Found, Failed> {
    let sql = "SELECT count(*), count(*) FILTER (WHERE table_name = 'jeton'),
                      count(*) FILTER (WHERE table_name = 'unfinished')
               FROM information_schema.tables WHERE table_schema = current_schema()";
    let row = db.row(sql, params![]).await?.ok_or(Failed::Unreadable)?;
    match (value::<i64>(&row, 0)?, value::<i64>(&row, 1)?, value::<i64>(&row, 2)?) {
        (0, ..) => return Ok(Found::Nothing),
        (_, 0, _) => return Ok(Found::Foreign),
        (_, _, 0) => {}
        _ => return Ok(Found::Unfinished),
    }
    Ok(Found::Ours { schema: schema(db).await? })
}

/// The number of the last migration.
pub(super) async fn schema(db: &Connection) -> Result<u32, Failed> {
    let row = db.row("SELECT coalesce(max(number), 0) FROM migrations", params![]).await?;
    let schema = row.ok_or(Failed::Unreadable)?;
    value::<i64>(&schema, 0)?.try_into().map_err(|_| Failed::Unreadable)
}

/// Applies what is missing, or waits for the node that does.
async fn migrate(database: &Database, url: &PostgresUrl, watch: WatchMigration<'_>) -> Result<(), OpenError> {
    claim(database).await?;
    let lease = Lease::new();
    let mut from = None;
    loop {
        let found = look(database).await?;
        match found {
            Found::Ours { schema: KNOWN } => return Ok(()),
            Found::Unfinished => return Err(OpenError::Unfinished { database: url.clone().into() }),
            _ => {}
        }
        let Found::Ours { schema } = found else { continue };
        let from = *from.get_or_insert(schema);
        let tell = |migration: &Migration, by| {
            let (number, of) = step(migration.number, from, KNOWN);
            watch(MigrationStep { number, of, name: migration.name, by });
        };
        if !lease.take(database).await? {
            if let Some(next) = MIGRATIONS.iter().find(|migration| migration.number > schema) {
                tell(next, MigratedBy::AnotherNode);
            }
            sleep(LOOK_AGAIN).await;
            continue;
        }
        let Found::Ours { schema } = look(database).await? else { continue };
        // Where somebody else took over, it is seen to what they did.
        apply_all(database, lease, schema, KNOWN, &|migration| tell(migration, MigratedBy::ThisNode)).await?;
        lease.give_back(database).await?;
    }
}

/// Applies the migrations after one up to another, as the holder of a lease. False if the lease is somebody else's.
pub(super) async fn apply_all(
    database: &Database,
    lease: Lease,
    after: u32,
    up_to: u32,
    tell: &(dyn Fn(&Migration) + Sync),
) -> Result<bool, StoreError> {
    let missing = |migration: &&Migration| migration.number > after && migration.number <= up_to;
    for migration in MIGRATIONS.iter().filter(missing) {
        tell(migration);
        let applied = database
            .write((migration, lease), |db, (migration, lease)| Box::pin(apply(db, migration, *lease)));
        if !applied.await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes an empty database ours. Nodes may do so at once: one of them does.
pub(super) async fn claim(database: &Database) -> Result<(), StoreError> {
    database
        .write((), |db, ()| {
            Box::pin(async move {
                db.batch(
                    "CREATE TABLE IF NOT EXISTS migrations (number bigint PRIMARY KEY, name text NOT NULL);
                     CREATE TABLE IF NOT EXISTS jeton (
                         one smallint PRIMARY KEY CHECK (one = 0), lease_holder uuid, lease_until timestamptz
                     );
                     INSERT INTO jeton (one) VALUES (0) ON CONFLICT DO NOTHING;",
                    STEP,
                )
                .await
            })
        })
        .await
}

/// Applies one migration, in a transaction. False if the lease is somebody else's.
async fn apply(db: &Connection, migration: &Migration, lease: Lease) -> Result<bool, Failed> {
    if !lease.prolong(db).await? {
        return Ok(false);
    }
    let sql = "INSERT INTO migrations (number, name) VALUES ($1, $2)";
    db.execute(sql, params![i64::from(migration.number), migration.name]).await?;
    db.batch(&format!("SET LOCAL statement_timeout = 0; {}", migration.sql), STEP).await?;
    Ok(true)
}
