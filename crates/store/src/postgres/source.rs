//! Reading all rows of a PostgreSQL database as of one moment, while others go on writing.
//!
//! One transaction sees one state of the database. It delays nobody, but vacuum removes no row that it may still see.

use async_trait::async_trait;
use tokio::time::sleep;
use tokio_postgres::Row;

use super::columns::{Uuid, params, value};
use super::connection::{Connection, Scan};
use super::connector::Connector;
use super::error::Failed;
use super::lease::LOOK_AGAIN;
use super::migrations::KNOWN;
use super::pool::{Lease, Pool};
use super::schema::{self, Found};
use super::transaction::Database;
use crate::mode::Access;
use crate::move_error::MoveError;
use crate::open_error::OpenError;
use crate::postgres_url::PostgresUrl;
use crate::rows::{Block, Column, Kind, Source, Table, Value};
use jeton_authority::store::StoreError;

/// The rows of a database.
pub(crate) struct PostgresSource {
    tables: Vec<Table>,
    counts: Vec<u64>,
    origin: String,
    connection: Lease,
    /// The table that is being read, and what is left of it.
    reading: (usize, Option<Scan>),
}

impl PostgresSource {
    /// Opens a database and begins to read these tables. With [`Access::Server`], a database that servers use is refused.
    pub(crate) async fn open(
        url: &PostgresUrl,
        tables: Vec<Table>,
        access: Access,
    ) -> Result<Self, MoveError> {
        let database = database(url)?;
        if access == Access::Server {
            refuse_nodes(&database, url).await?;
        }
        refuse_unreadable(schema::look(&database).await?, url)?;
        Self::of(&database, tables).await
    }

    /// The same for a database that this process is about to finish.
    pub(super) async fn of(database: &Database, tables: Vec<Table>) -> Result<Self, MoveError> {
        let connection = snapshot(database).await?;
        let counts = counts(&connection, &tables).await.map_err(StoreError::from)?;
        let origin = connection.scan("SELECT name FROM history").await.map_err(StoreError::from)?;
        let origin = history(origin).await.map_err(StoreError::from)?;
        Ok(Self { tables, counts, origin, connection, reading: (0, None) })
    }

    async fn read(&mut self) -> Result<Option<Block>, Failed> {
        while let Some(table) = self.tables.get(self.reading.0) {
            let mut scan = match self.reading.1.take() {
                Some(scan) => scan,
                None => self.connection.scan(&select(table)).await?,
            };
            let mut block = Block::of(self.reading.0);
            while !block.is_full() {
                match scan.next().await? {
                    Some(row) => block.push(&values(&row, table)?),
                    None => {
                        self.reading = (self.reading.0 + 1, None);
                        break;
                    }
                }
            }
            if self.reading.0 == block.table {
                self.reading.1 = Some(scan);
            }
            if block.rows > 0 {
                return Ok(Some(block));
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl Source for PostgresSource {
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
        Ok(self.read().await.map_err(StoreError::from)?)
    }
}

/// A database with one connection.
pub(super) fn database(url: &PostgresUrl) -> Result<Database, MoveError> {
    let connector =
        Connector::new(url).map_err(|reason| OpenError::Unusable { database: url.clone().into(), reason })?;
    Ok(Database::new(Pool::new(connector, 1, url.pool_wait)))
}

/// A connection that sees one state of the database.
pub(super) async fn snapshot(database: &Database) -> Result<Lease, MoveError> {
    let connection = database.connection().await.map_err(StoreError::from)?;
    connection.begin_snapshot().await.map_err(StoreError::from)?;
    Ok(connection)
}

/// Refuses a database whose rows this program does not read.
pub(super) fn refuse_unreadable(found: Found, url: &PostgresUrl) -> Result<(), OpenError> {
    let database = url.clone().into();
    match found {
        Found::Nothing => Err(OpenError::Missing { database }),
        Found::Foreign => Err(OpenError::Foreign { database }),
        Found::Unfinished => Err(OpenError::Unfinished { database }),
        Found::Ours { schema: KNOWN } => Ok(()),
        Found::Ours { schema: found } => Err(OpenError::Older { found, known: KNOWN }),
    }
}

async fn history(mut scan: Scan) -> Result<String, Failed> {
    let row = scan.next().await?.ok_or(Failed::Unreadable)?;
    scan.next().await?;
    value(&row, 0)
}

/// Refuses a database that servers use: those that connect as we do.
pub(super) async fn refuse_nodes(database: &Database, url: &PostgresUrl) -> Result<(), MoveError> {
    let mut looks = 0;
    loop {
        let nodes = database.read((), |db, ()| Box::pin(nodes(db))).await?;
        looks += 1;
        match (nodes, looks) {
            (0, _) => return Ok(()),
            (nodes, LOOKS) => return Err(MoveError::InUse { database: url.clone().into(), nodes }),
            // It takes the server a moment to notice that a connection has ended.
            _ => sleep(LOOK_AGAIN).await,
        }
    }
}

/// How often it is looked whether servers use a database.
const LOOKS: u32 = 20;

async fn nodes(db: &Connection) -> Result<u64, Failed> {
    let sql =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user
               AND application_name = current_setting('application_name') AND pid <> pg_backend_pid()";
    let row = db.row(sql, params![]).await?.ok_or(Failed::Unreadable)?;
    Ok(value::<i64>(&row, 0)?.unsigned_abs())
}

/// How many rows tables have.
pub(super) async fn counts(db: &Connection, tables: &[Table]) -> Result<Vec<u64>, Failed> {
    let mut counts = Vec::new();
    for table in tables {
        let mut scan = db.scan(&format!("SELECT count(*) FROM \"{}\"", table.name)).await?;
        let row = scan.next().await?.ok_or(Failed::Unreadable)?;
        counts.push(value::<i64>(&row, 0)?.unsigned_abs());
        // The answer is read to its end before the next question.
        scan.next().await?;
    }
    Ok(counts)
}

/// What a column is called here.
pub(super) fn name(column: &Column) -> String {
    match column.kind {
        Kind::User => format!("\"{}_id\"", column.name),
        _ => format!("\"{}\"", column.name),
    }
}

fn select(table: &Table) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| match column.kind {
            Kind::Integer => format!("{}::bigint", name(column)),
            _ => name(column),
        })
        .collect();
    let key: Vec<String> = table.key_columns().iter().map(name).collect();
    format!("SELECT {} FROM \"{}\" ORDER BY {}", columns.join(", "), table.name, key.join(", "))
}

fn values<'a>(row: &'a Row, table: &Table) -> Result<Vec<Value<'a>>, Failed> {
    let mut values = Vec::with_capacity(table.columns.len());
    for (place, column) in table.columns.iter().enumerate() {
        let value = match column.kind {
            Kind::Integer => value::<Option<i64>>(row, place)?.map(Value::Integer),
            Kind::Flag => value::<Option<bool>>(row, place)?.map(Value::Flag),
            Kind::Id | Kind::User | Kind::Grant => {
                value::<Option<Uuid>>(row, place)?.map(|id| Value::Id(id.to_bytes()))
            }
            Kind::Text => row.try_get::<_, Option<&str>>(place)?.map(Value::Text),
            Kind::Bytes => row.try_get::<_, Option<&[u8]>>(place)?.map(Value::Bytes),
        };
        values.push(value.unwrap_or(Value::Null));
    }
    Ok(values)
}
