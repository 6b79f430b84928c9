//! Filling a new SQLite database with rows.
//!
//! The database is made under another name in the same folder, and gets its own when everything in it was read again. Until then a
//! table of it says where the rows come from and how many were written, so that a run that was killed can go on.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use jeton_authority::keys::MasterKey;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, ToSql};

use super::columns::halves;
use super::error::store_error;
use super::header::{self, Header};
use super::inspection::inspect;
use super::place::Place;
use super::source::SqliteSource;
use super::{connection, schema};
use crate::database_url::DatabaseUrl;
use crate::inspection::{Inspector, TableFindings};
use crate::mode::{Access, OpenMode};
use crate::move_error::MoveError;
use crate::open_error::OpenError;
use crate::rows::{Block, Kind, Sink, Source, Table, Target, Value};
use jeton_authority::GrantId;

/// A database that is being filled.
pub(crate) struct SqliteTarget {
    path: PathBuf,
    unfinished: PathBuf,
    // Closed before its place is left.
    connection: Option<Connection>,
    done: Vec<u64>,
    _place: Place,
    /// Of what is at `path`, which is empty.
    _claimed: Option<Place>,
}

impl SqliteTarget {
    /// Makes a database for `path` with a schema, or goes on with an unfinished one of the same origin.
    ///
    /// # Errors
    /// [`MoveError::NotEmpty`] where there is data at `path`, [`OpenError::Served`] where a server uses it,
    /// [`MoveError::OtherUnfinished`] where there is an unfinished database of another origin. Nothing is changed then.
    pub(crate) fn begin(path: &Path, schema: u32, tables: &[Table], origin: &str) -> Result<Self, MoveError> {
        let path = std::path::absolute(path).map_err(|source| unusable(path, source))?;
        let claimed = refuse_data(&path, tables)?;
        let unfinished = beside(&path, ".unfinished");
        let (connection, place) = open(&unfinished, schema, origin)?;
        let failed = |error: rusqlite::Error| MoveError::Store(store_error(&error, &unfinished));
        let done = begin_rows(&connection, tables, origin).map_err(failed)?;
        Ok(Self { path, unfinished, connection: Some(connection), done, _place: place, _claimed: claimed })
    }

    /// Closes the connection, after something that is done last.
    fn close(&mut self, last: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> Result<(), MoveError> {
        let Some(connection) = self.connection.take() else { return Ok(()) };
        let closed = last(&connection).and_then(|()| connection.close().map_err(|(_, error)| error));
        closed.map_err(|error| MoveError::Store(store_error(&error, &self.unfinished)))
    }

    fn insert(&mut self, block: &Block, table: &Table) -> Result<(), MoveError> {
        let failed = |error: rusqlite::Error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::ConstraintViolation | rusqlite::ErrorCode::TypeMismatch) => {
                MoveError::Unwritable { table: table.name.clone(), reason: error.to_string() }
            }
            _ => MoveError::Store(store_error(&error, &self.unfinished)),
        };
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let transaction = connection.transaction().map_err(failed)?;
        let mut insert = transaction.prepare_cached(&insert(table)).map_err(failed)?;
        let (mut rows, mut row) = (block.reader(table), Vec::new());
        while rows.next(&mut row)?.is_some() {
            let mut parameters = Vec::with_capacity(row.len() + 1);
            for (value, column) in row.iter().zip(&table.columns) {
                match (column.kind, value) {
                    (Kind::Grant, Value::Id(id)) => {
                        let (high, low) = halves(GrantId::from_bytes(*id));
                        parameters.extend([Parameter(Value::Integer(high)), Parameter(Value::Integer(low))]);
                    }
                    _ => parameters.push(Parameter(*value)),
                }
            }
            insert.execute(rusqlite::params_from_iter(parameters)).map_err(failed)?;
        }
        drop(insert);
        let noted = transaction
            .prepare_cached("UPDATE unfinished SET rows = rows + ?2 WHERE kind = 'table' AND text = ?1");
        noted.and_then(|mut noted| noted.execute((&table.name, block.rows))).map_err(failed)?;
        transaction.commit().map_err(failed)
    }
}

#[async_trait]
impl Target for SqliteTarget {
    async fn complete(&mut self) -> Result<(), MoveError> {
        let completed = self.connection.as_mut().map_or(Ok(()), |connection| {
            let transaction = connection.transaction()?;
            for (sql, _) in noted(&transaction, "index")? {
                transaction.execute_batch(&sql)?;
            }
            transaction.execute("DELETE FROM unfinished WHERE kind = 'index'", [])?;
            transaction.commit()
        });
        completed.map_err(|error| MoveError::Store(store_error(&error, &self.unfinished)))
    }

    async fn reread(&mut self, tables: Vec<Table>) -> Result<Box<dyn Source>, MoveError> {
        Ok(Box::new(SqliteSource::open_unfinished(&self.unfinished, tables).await?))
    }

    async fn modernise(&mut self, key: Option<&MasterKey>) -> Result<(), MoveError> {
        self.close(|_| Ok(()))?;
        let (connection, _) =
            schema::open(&self.unfinished, OpenMode::CreateOrMigrate, Access::Command, key, &|_| {})?;
        self.connection = Some(connection);
        Ok(())
    }

    async fn inspect(&mut self, inspector: Inspector) -> Result<Vec<TableFindings>, MoveError> {
        Ok(inspect(&self.unfinished, inspector).await?.0)
    }

    async fn publish(mut self: Box<Self>) -> Result<(), MoveError> {
        self.close(|connection| {
            connection.execute_batch("DROP TABLE unfinished;")?;
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        })?;
        for log in ["-wal", "-shm"] {
            remove(&beside(&self.unfinished, log))?;
        }
        let synced = File::open(&self.unfinished).and_then(|file| file.sync_all());
        synced.map_err(|source| unusable(&self.unfinished, source))?;
        // The log of a database that was there before would be applied to this one.
        for log in ["-wal", "-shm"] {
            remove(&beside(&self.path, log))?;
        }
        fs::rename(&self.unfinished, &self.path).map_err(|source| unusable(&self.path, source))?;
        sync_folder(&self.path)
    }
}

#[async_trait]
impl Sink for SqliteTarget {
    fn done(&self) -> &[u64] {
        &self.done
    }

    async fn write(&mut self, block: &Block, table: &Table) -> Result<(), MoveError> {
        self.insert(block, table)
    }
}

/// Makes sure that nothing is lost when another file takes this path, and keeps servers away from what is there.
fn refuse_data(path: &Path, tables: &[Table]) -> Result<Option<Place>, MoveError> {
    match header::read(path).map_err(|source| unusable(path, source))? {
        Header::Absent => return Ok(None),
        Header::Foreign => return Err(OpenError::Foreign { database: DatabaseUrl::sqlite(path) }.into()),
        Header::Ours { schema: found } if found > schema::KNOWN => {
            return Err(OpenError::Newer { found, known: schema::KNOWN }.into());
        }
        Header::Unclaimed | Header::Ours { .. } => {}
    }
    let place = Place::claim(path)?;
    let failed = |error: rusqlite::Error| MoveError::Store(store_error(&error, path));
    let connection = connection::open_writer(path).map_err(failed)?;
    for table in tables {
        let exists = connection
            .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1")
            .and_then(|mut select| select.exists([&table.name]));
        let has_rows =
            |()| connection.prepare(&format!("SELECT 1 FROM \"{}\" LIMIT 1", table.name))?.exists([]);
        if exists.map_err(failed)? && has_rows(()).map_err(failed)? {
            let database = DatabaseUrl::sqlite(path);
            return Err(MoveError::NotEmpty { database, table: table.name.clone() });
        }
    }
    Ok(Some(place))
}

/// Opens an unfinished database, or makes one.
fn open(path: &Path, schema: u32, origin: &str) -> Result<(Connection, Place), MoveError> {
    let other = || MoveError::OtherUnfinished { place: path.display().to_string() };
    let failed = |error: rusqlite::Error| MoveError::Store(store_error(&error, path));
    match header::read(path).map_err(|source| unusable(path, source))? {
        Header::Absent | Header::Unclaimed => {}
        Header::Foreign => return Err(other()),
        Header::Ours { schema: found } => {
            let place = Place::claim(path)?;
            let connection = connection::open_writer(path).map_err(failed)?;
            let of = connection.query_row("SELECT text FROM unfinished WHERE kind = 'origin'", [], |row| {
                row.get::<_, String>(0)
            });
            match of.optional() {
                Ok(Some(of)) if of == origin && found == schema => return Ok((connection, place)),
                // All rows were there, and it was about to be brought up to date: they are copied again.
                Ok(Some(of)) if of == origin => {}
                // Killed before the first row, or about to be published: there is no more in it than in the source.
                Ok(None) => {}
                Err(rusqlite::Error::SqliteFailure(..) | rusqlite::Error::SqlInputError { .. }) => {}
                Ok(Some(_)) => return Err(other()),
                Err(error) => return Err(failed(error)),
            }
            drop(connection);
            drop(place);
        }
    }
    for suffix in ["", "-wal", "-shm"] {
        remove(&beside(path, suffix))?;
    }
    let connection = schema::create_at(path, schema)?;
    Ok((connection, Place::claim(path)?))
}

/// Notes where the rows come from, and takes down the indexes, which are made faster once the rows are there.
fn begin_rows(db: &Connection, tables: &[Table], origin: &str) -> rusqlite::Result<Vec<u64>> {
    // A power failure may cost the last rows, not the database; and the whole file is synced before it gets its name.
    db.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;")?;
    let began: bool =
        db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'unfinished'")?.exists([])?;
    if !began {
        let transaction = db.unchecked_transaction()?;
        transaction.execute_batch(
            "CREATE TABLE unfinished (kind TEXT NOT NULL, text TEXT NOT NULL, rows INTEGER NOT NULL) STRICT;",
        )?;
        let mut note = transaction.prepare("INSERT INTO unfinished (kind, text, rows) VALUES (?1, ?2, 0)")?;
        note.execute(("origin", origin))?;
        for table in tables {
            // What a migration put there is part of what the rows were written beside.
            transaction.execute(&format!("DELETE FROM \"{}\"", table.name), [])?;
            note.execute(("table", &table.name))?;
        }
        let mut indexes = transaction.prepare(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql LIKE 'CREATE INDEX%'",
        )?;
        let found = indexes
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        drop(indexes);
        for (name, sql) in found {
            transaction.execute_batch(&format!("DROP INDEX \"{name}\""))?;
            note.execute(("index", sql))?;
        }
        drop(note);
        transaction.commit()?;
    }
    let noted = noted(db, "table")?;
    let rows =
        |table: &Table| noted.iter().find(|(name, _)| *name == table.name).map_or(0, |(_, rows)| *rows);
    Ok(tables.iter().map(rows).collect())
}

fn noted(db: &Connection, kind: &str) -> rusqlite::Result<Vec<(String, u64)>> {
    db.prepare("SELECT text, rows FROM unfinished WHERE kind = ?1")?
        .query_map([kind], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?
        .collect()
}

fn insert(table: &Table) -> String {
    let (mut columns, mut values) = (Vec::new(), Vec::new());
    for column in &table.columns {
        match column.kind {
            Kind::Grant => {
                columns.extend(["id_high".to_owned(), "id_low".to_owned()]);
                values.extend(["?".to_owned(), "?".to_owned()]);
            }
            Kind::User => {
                columns.push(format!("\"{}\"", column.name));
                values.push("(SELECT number FROM users WHERE id = ?)".to_owned());
            }
            _ => {
                columns.push(format!("\"{}\"", column.name));
                values.push("?".to_owned());
            }
        }
    }
    let mut sql =
        format!("INSERT INTO \"{}\" ({}) VALUES ({})", table.name, columns.join(", "), values.join(", "));
    if table.name == "master_key_check" {
        sql = "INSERT INTO master_key_check (only, value) VALUES (0, ?)".to_owned();
    }
    sql
}

struct Parameter<'a>(Value<'a>);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match &self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(value) => ValueRef::Integer(*value),
            Value::Flag(value) => ValueRef::Integer(i64::from(*value)),
            Value::Id(id) => ValueRef::Blob(id),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn remove(path: &Path) -> Result<(), MoveError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unusable(path, error)),
        _ => Ok(()),
    }
}

fn sync_folder(path: &Path) -> Result<(), MoveError> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|source| unusable(folder, source))
}

fn unusable(path: &Path, source: io::Error) -> MoveError {
    OpenError::Io { path: path.to_path_buf(), source }.into()
}
