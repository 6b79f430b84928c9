//! Reading all rows of a SQLite database as of one moment, while others go on writing.
//!
//! One reading transaction sees one state of the database. It delays nobody: the log grows meanwhile, and is moved into the database
//! afterwards.

use std::path::{Path, PathBuf};
use std::thread;

use async_trait::async_trait;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use tokio::sync::{mpsc, oneshot};

use super::columns::grant_id;
use super::connection;
use super::error::store_error;
use super::place::Place;
use super::schema;
use crate::mode::{Access, OpenMode};
use crate::move_error::MoveError;
use crate::open_error::OpenError;
use crate::rows::{Block, Kind, Source, Table, Value};

/// How many blocks are read ahead.
const AHEAD: usize = 4;

/// The rows of a database.
pub(crate) struct SqliteSource {
    tables: Vec<Table>,
    counts: Vec<u64>,
    origin: String,
    blocks: mpsc::Receiver<Result<Block, MoveError>>,
}

impl SqliteSource {
    /// Opens the database at `path` and begins to read these tables. With [`Access::Server`], no server uses it meanwhile.
    pub(crate) async fn open(path: &Path, tables: Vec<Table>, access: Access) -> Result<Self, MoveError> {
        let (path, read) = (path.to_path_buf(), tables.clone());
        Self::start(path.clone(), tables, move |opened, blocks| {
            let database =
                schema::open(&path, OpenMode::AsIs, access, None, &|_| {}).map_err(MoveError::from);
            serve(&path, database, &read, opened, &blocks);
        })
        .await
    }

    /// The same for a database that this process is about to finish.
    pub(super) async fn open_unfinished(path: &Path, tables: Vec<Table>) -> Result<Self, MoveError> {
        let (path, read) = (path.to_path_buf(), tables.clone());
        Self::start(path.clone(), tables, move |opened, blocks| {
            let database = connection::open_writer(&path)
                .map(|connection| (connection, None))
                .map_err(|error| OpenError::of_sqlite(&error, &path).into());
            serve(&path, database, &read, opened, &blocks);
        })
        .await
    }

    async fn start(
        path: PathBuf,
        tables: Vec<Table>,
        work: impl FnOnce(Opened, mpsc::Sender<Result<Block, MoveError>>) + Send + 'static,
    ) -> Result<Self, MoveError> {
        let (sender, blocks) = mpsc::channel(AHEAD);
        let (opened, counts) = oneshot::channel();
        let thread = thread::Builder::new().name("jeton-rows".into()).spawn(move || work(opened, sender));
        thread.map_err(|source| OpenError::Io { path, source })?;
        let (counts, origin) = counts.await.map_err(|_| stopped())??;
        Ok(Self { tables, counts, origin, blocks })
    }
}

/// How many rows the tables have, and the name of the history.
type Opened = oneshot::Sender<Result<(Vec<u64>, String), MoveError>>;

fn stopped() -> MoveError {
    MoveError::Store(jeton_authority::store::StoreError::Failed("the thread that reads rows stopped".into()))
}

#[async_trait]
impl Source for SqliteSource {
    fn tables(&self) -> &[Table] {
        &self.tables
    }

    fn counts(&self) -> &[u64] {
        &self.counts
    }

    fn origin(&self) -> &str {
        &self.origin
    }

    async fn next(&mut self) -> Result<Option<Block>, MoveError> {
        self.blocks.recv().await.transpose()
    }
}

fn serve(
    path: &Path,
    database: Result<(Connection, Option<Place>), MoveError>,
    tables: &[Table],
    opened: Opened,
    blocks: &mpsc::Sender<Result<Block, MoveError>>,
) {
    let failed = |error: rusqlite::Error| MoveError::Store(store_error(&error, path));
    // The place is left after the connection is closed.
    let (connection, _place) = match database {
        Ok(database) => database,
        Err(error) => return drop(opened.send(Err(error))),
    };
    let begun = begin(&connection, tables).map_err(failed);
    let is_open = begun.is_ok();
    if opened.send(begun).is_err() || !is_open {
        return;
    }
    for (place, table) in tables.iter().enumerate() {
        match read(&connection, place, table, blocks) {
            Ok(Wanted::More) => {}
            Ok(Wanted::Nothing) => return,
            Err(error) => return drop(blocks.blocking_send(Err(failed(error)))),
        }
    }
}

fn begin(db: &Connection, tables: &[Table]) -> rusqlite::Result<(Vec<u64>, String)> {
    db.execute_batch("BEGIN")?;
    Ok((count(db, tables)?, db.query_row("SELECT name FROM history", [], |row| row.get(0))?))
}

fn count(db: &Connection, tables: &[Table]) -> rusqlite::Result<Vec<u64>> {
    let count = |table: &Table| {
        db.query_row(&format!("SELECT count(*) FROM \"{}\"", table.name), [], |row| {
            row.get::<_, i64>(0).map(i64::unsigned_abs)
        })
    };
    tables.iter().map(count).collect()
}

enum Wanted {
    More,
    Nothing,
}

fn read(
    db: &Connection,
    place: usize,
    table: &Table,
    blocks: &mpsc::Sender<Result<Block, MoveError>>,
) -> rusqlite::Result<Wanted> {
    let mut select = db.prepare(&select(table))?;
    let mut rows = select.query([])?;
    let mut block = Block::of(place);
    while let Some(row) = rows.next()? {
        block.push(&values(row, table)?);
        if block.is_full() {
            let full = std::mem::replace(&mut block, Block::of(place));
            if blocks.blocking_send(Ok(full)).is_err() {
                return Ok(Wanted::Nothing);
            }
        }
    }
    match block.rows == 0 || blocks.blocking_send(Ok(block)).is_ok() {
        true => Ok(Wanted::More),
        false => Ok(Wanted::Nothing),
    }
}

fn select(table: &Table) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| match column.kind {
            Kind::Grant => "id_high, id_low".to_owned(),
            Kind::User => format!("(SELECT u.id FROM users u WHERE u.number = t.\"{}\")", column.name),
            _ => format!("t.\"{}\"", column.name),
        })
        .collect();
    let key: Vec<String> = table
        .key_columns()
        .iter()
        .map(|column| match column.kind {
            Kind::Grant => "id_high".to_owned(),
            _ => format!("t.\"{}\"", column.name),
        })
        .collect();
    format!("SELECT {} FROM \"{}\" t ORDER BY {}", columns.join(", "), table.name, key.join(", "))
}

fn values<'a>(row: &'a Row<'_>, table: &Table) -> rusqlite::Result<Vec<Value<'a>>> {
    let mut place = 0;
    let mut values = Vec::with_capacity(table.columns.len());
    for column in &table.columns {
        let stored = row.get_ref(place)?;
        place += 1;
        values.push(match (column.kind, stored) {
            (Kind::Grant, ValueRef::Integer(high)) => {
                place += 1;
                Value::Id(*grant_id(high, row.get(place - 1)?).as_bytes())
            }
            (_, ValueRef::Null) => Value::Null,
            (Kind::Integer, ValueRef::Integer(value)) => Value::Integer(value),
            (Kind::Flag, ValueRef::Integer(value @ (0 | 1))) => Value::Flag(value == 1),
            (Kind::Text, ValueRef::Text(_)) => Value::Text(stored.as_str()?),
            (Kind::Bytes, ValueRef::Blob(bytes)) => Value::Bytes(bytes),
            (Kind::Id | Kind::User, ValueRef::Blob(bytes)) => {
                let id = bytes
                    .try_into()
                    .map_err(|_| super::columns::unreadable(place - 1, stored.data_type()))?;
                Value::Id(id)
            }
            _ => return Err(super::columns::unreadable(place - 1, stored.data_type())),
        });
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::sweep::tests::opened;
    use super::*;
    use crate::rows::{LEFT_OUT, tables};

    /// The names of things that the catalogue lists.
    fn names(db: &Connection, sql: &str) -> BTreeSet<String> {
        let mut names = db.prepare(sql).expect("the catalogue");
        let names = names.query_map([], |row| row.get(0)).expect("the catalogue");
        names.collect::<Result<_, _>>().expect("names")
    }

    #[test]
    fn every_column_of_every_table_is_carried() {
        let (_folder, db) = opened();
        let mut catalogue = BTreeMap::new();
        for table in
            names(&db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        {
            if !LEFT_OUT.contains(&table.as_str()) {
                let columns = names(&db, &format!("SELECT name FROM pragma_table_info('{table}')"));
                catalogue.insert(table, columns);
            }
        }
        // What identifies rows here alone.
        for (table, column) in [("users", "number"), ("one_time", "number"), ("master_key_check", "only")] {
            assert!(catalogue.get_mut(table).expect("a table").remove(column), "{table}");
        }
        let carried = tables().into_iter().map(|table| {
            let columns = table.columns.into_iter().flat_map(|column| match column.kind {
                Kind::Grant => vec!["id_high".to_owned(), "id_low".to_owned()],
                _ => vec![column.name],
            });
            (table.name, columns.collect())
        });
        assert_eq!(carried.collect::<BTreeMap<_, _>>(), catalogue);
    }

    #[test]
    fn grants_and_what_is_in_order_already_are_read_without_sorting() {
        let (_folder, db) = opened();
        // One row needs no order.
        for table in tables().into_iter().filter(|table| table.name != "master_key_check") {
            let plan = super::super::sweep::tests::plan(&db, &select(&table));
            assert!(!plan.contains("TEMP B-TREE"), "{}: {plan}", table.name);
        }
    }
}
