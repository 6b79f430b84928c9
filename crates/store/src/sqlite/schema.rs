//! The schema and its migrations.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use jeton_authority::keys::{KeyFit, MasterKey};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::connection::{self, BUSY_TIMEOUT, PAGE_SIZE};
use super::header::{self, APPLICATION_ID, Header};
use super::master_key;
use super::place::Place;
use super::users;
use crate::database_url::DatabaseUrl;
use crate::migration::{MigratedBy, MigrationStep, WatchMigration, step};
use crate::mode::{Access, OpenMode};
use crate::open_error::OpenError;

/// One step of the schema. Its number and name are the same in every backend.
struct Migration {
    number: u32,
    name: &'static str,
    sql: &'static str,
}

macro_rules! migration {
    ($number:literal, $name:literal, $file:literal) => {
        Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("../../migrations/sqlite/", $file)),
        }
    };
}

/// All migrations in their order, numbered from 1.
const MIGRATIONS: &[Migration] = &[
    migration!(1, "users_grants_keys", "0001_users_grants_keys.sql"),
    migration!(2, "clients_sessions_codes", "0002_clients_sessions_codes.sql"),
    migration!(3, "one_time_rows", "0003_one_time_rows.sql"),
    migration!(4, "consented_details", "0004_consented_details.sql"),
    migration!(5, "consented_resources", "0005_consented_resources.sql"),
    migration!(6, "redeemed_devices", "0006_redeemed_devices.sql"),
    migration!(7, "sweep_indexes", "0007_sweep_indexes.sql"),
    migration!(8, "removed_clients", "0008_removed_clients.sql"),
    migration!(9, "excused_generations", "0009_excused_generations.sql"),
    migration!(10, "decided_devices", "0010_decided_devices.sql"),
    migration!(11, "session_lines", "0011_session_lines.sql"),
    migration!(12, "known_networks", "0012_known_networks.sql"),
    migration!(13, "consented_appearance", "0013_consented_appearance.sql"),
    migration!(14, "master_key_check", "0014_master_key_check.sql"),
    migration!(15, "accounts", "0015_accounts.sql"),
    migration!(16, "session_clients", "0016_session_clients.sql"),
    migration!(17, "token_api_clients", "0017_token_api_clients.sql"),
    migration!(18, "folded_names", "0018_folded_names.sql"),
    migration!(19, "marks", "0019_marks.sql"),
    migration!(20, "claimed_logouts", "0020_claimed_logouts.sql"),
    migration!(21, "audit_actors", "0021_audit_actors.sql"),
    migration!(22, "revocations", "0022_revocations.sql"),
    migration!(23, "grants_outside_sessions", "0023_grants_outside_sessions.sql"),
    migration!(24, "nodes", "0024_nodes.sql"),
    migration!(25, "audit_chain", "0025_audit_chain.sql"),
    migration!(26, "status_indexes", "0026_status_indexes.sql"),
    migration!(27, "authenticators", "0027_authenticators.sql"),
    migration!(28, "account", "0028_account.sql"),
    migration!(29, "mails", "0029_mails.sql"),
    migration!(30, "password_resets", "0030_password_resets.sql"),
    migration!(31, "roles", "0031_roles.sql"),
];

/// The schema that this program works with.
pub(crate) const KNOWN: u32 = MIGRATIONS[MIGRATIONS.len() - 1].number;

/// The migration since which users have folded names.
const FOLDING: u32 = 18;

/// Why a step came to nothing.
enum Failed {
    Opening(OpenError),
    Sqlite(rusqlite::Error),
}

impl From<OpenError> for Failed {
    fn from(error: OpenError) -> Self {
        Self::Opening(error)
    }
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Opens the database for writing, with the schema that this program works with. Whatever is refused is refused before anything is
/// changed.
pub(super) fn open(
    path: &Path,
    mode: OpenMode,
    access: Access,
    key: Option<&MasterKey>,
    watch: WatchMigration<'_>,
) -> Result<(Connection, Option<Place>), OpenError> {
    prepare(path, mode, access, key, watch).map_err(|failed| match failed {
        Failed::Opening(error) => error,
        Failed::Sqlite(error) => OpenError::of_sqlite(&error, path),
    })
}

fn prepare(
    path: &Path,
    mode: OpenMode,
    access: Access,
    key: Option<&MasterKey>,
    watch: WatchMigration<'_>,
) -> Result<(Connection, Option<Place>), Failed> {
    let unusable = |source| OpenError::Io { path: path.to_path_buf(), source };
    let header = header::read(path).map_err(unusable)?;
    match (header, mode) {
        (Header::Foreign, _) => return Err(OpenError::Foreign { database: DatabaseUrl::sqlite(path) }.into()),
        (Header::Ours { schema: found }, _) if found > KNOWN => {
            return Err(OpenError::Newer { found, known: KNOWN }.into());
        }
        (Header::Ours { schema: found }, OpenMode::AsIs) if found < KNOWN => {
            return Err(OpenError::Older { found, known: KNOWN }.into());
        }
        (Header::Absent, OpenMode::AsIs) => {
            return Err(OpenError::Missing { database: DatabaseUrl::sqlite(path) }.into());
        }
        (Header::Unclaimed, OpenMode::AsIs) => {
            return Err(OpenError::Foreign { database: DatabaseUrl::sqlite(path) }.into());
        }
        (Header::Absent, OpenMode::CreateOrMigrate) => create_file(path).map_err(unusable)?,
        (Header::Unclaimed | Header::Ours { .. }, _) => {}
    }
    let place = match access {
        Access::Server => Some(Place::claim(path)?),
        Access::Command => None,
    };
    let mut connection = connection::open_writer(path)?;
    let fit = match (header, key) {
        (Header::Ours { .. }, Some(key)) => master_key::fit(&connection, key)?,
        _ => KeyFit::Unbound,
    };
    if fit == KeyFit::Other {
        // Not even the log is moved into the file.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        return Err(OpenError::OtherMasterKey { database: DatabaseUrl::sqlite(path) }.into());
    }
    if !matches!(header, Header::Ours { schema: KNOWN }) {
        migrate(&mut connection, path, KNOWN, watch)?;
    }
    if let (KeyFit::Proved, Some(key)) = (fit, key) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        master_key::adopt(&transaction, key)?;
        transaction.commit()?;
    }
    Ok((connection, place))
}

/// Makes a new database with an older schema, for rows that were written under it.
pub(super) fn create_at(path: &Path, schema: u32) -> Result<Connection, OpenError> {
    let unusable = |source| OpenError::Io { path: path.to_path_buf(), source };
    create_file(path).map_err(unusable)?;
    let created = connection::open_writer(path).map_err(Failed::from).and_then(|mut connection| {
        migrate(&mut connection, path, schema, &|_| {})?;
        Ok(connection)
    });
    created.map_err(|failed| match failed {
        Failed::Opening(error) => error,
        Failed::Sqlite(error) => OpenError::of_sqlite(&error, path),
    })
}

/// Makes an empty file that only its owner can read. SQLite gives the files beside it the same mode.
fn create_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Applies what is missing up to a schema, in one transaction. Two programs may do this to one file at once.
fn migrate(
    connection: &mut Connection,
    path: &Path,
    schema: u32,
    watch: WatchMigration<'_>,
) -> Result<(), Failed> {
    // Before the database is made ours, so that a foreign one is refused while nothing of it has changed.
    refuse_foreign(connection, path)?;
    connection.pragma_update(None, "page_size", PAGE_SIZE)?;
    // Changing the journal mode does not wait for others by itself.
    patiently(|| connection.pragma_update(None, "journal_mode", "wal"))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    refuse_foreign(&transaction, path)?;
    let found: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > KNOWN {
        return Err(OpenError::Newer { found, known: KNOWN }.into());
    }
    if found == 0 {
        transaction.execute_batch(
            "CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;",
        )?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    let missing = |migration: &&Migration| migration.number > found && migration.number <= schema;
    for migration in MIGRATIONS.iter().filter(missing) {
        let (number, of) = step(migration.number, found, schema);
        watch(MigrationStep { number, of, name: migration.name, by: MigratedBy::ThisNode });
        transaction.execute_batch(migration.sql)?;
        transaction.execute("INSERT INTO migrations VALUES (?1, ?2)", (migration.number, migration.name))?;
    }
    // SQLite folds the letters of ASCII alone.
    if schema >= FOLDING {
        users::fold_names(&transaction)?;
    }
    transaction.pragma_update(None, "user_version", schema.max(found))?;
    transaction.commit()?;
    // The header is looked at without SQLite, so it must not stay behind in the log.
    patiently(|| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())))?;
    Ok(())
}

/// A database without an owner is ours to make only while there is nothing in it.
fn refuse_foreign(connection: &Connection, path: &Path) -> Result<(), Failed> {
    let owner: u32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: u32 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if owner == APPLICATION_ID || (owner == 0 && tables == 0) {
        Ok(())
    } else {
        Err(OpenError::Foreign { database: DatabaseUrl::sqlite(path) }.into())
    }
}

/// Tries again while another process has the file to itself.
fn patiently(mut step: impl FnMut() -> rusqlite::Result<()>) -> rusqlite::Result<()> {
    let started = Instant::now();
    loop {
        match step() {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && started.elapsed() < BUSY_TIMEOUT =>
            {
                thread::sleep(Duration::from_millis(5));
            }
            outcome => return outcome,
        }
    }
}
