//! Filling an empty PostgreSQL database with rows.
//!
//! While that goes on, a table named `unfinished` is there, and no server takes the database. It says where the rows come from and how
//! many were written, so that a run that was killed can go on.

use std::sync::Arc;

use async_trait::async_trait;
use jeton_authority::keys::MasterKey;
use jeton_authority::store::StoreError;
use tokio::time::sleep;

use super::columns::{Param, Uuid, param, params, str, value};
use super::connection::Connection;
use super::error::Failed;
use super::inspection::{Unfinished, inspect};
use super::lease::{LOOK_AGAIN, Lease};
use super::migrations::KNOWN;
use super::schema::{self, Found};
use super::source::{PostgresSource, database, name, refuse_nodes};
use super::transaction::Database;
use crate::database_url::DatabaseUrl;
use crate::inspection::{Inspector, TableFindings};
use crate::move_error::MoveError;
use crate::open_error::OpenError;
use crate::postgres_url::PostgresUrl;
use crate::rows::{Block, Kind, Malformed, Sink, Source, Table, Target, Value};

/// A database that is being filled.
pub(crate) struct PostgresTarget {
    url: PostgresUrl,
    database: Database,
    done: Vec<u64>,
}

/// What [`note_begin`] writes.
struct Beginning {
    lease: Lease,
    origin: String,
    tables: Vec<String>,
}

impl PostgresTarget {
    /// Makes the tables of a schema in a database, or goes on with an unfinished one of the same origin.
    ///
    /// # Errors
    /// [`MoveError::NotEmpty`] where there is data, [`MoveError::InUse`] where servers use it, [`MoveError::OtherUnfinished`] where there
    /// is unfinished data of another origin. Nothing is changed then.
    pub(crate) async fn begin(
        url: &PostgresUrl,
        schema: u32,
        tables: &[Table],
        origin: &str,
    ) -> Result<Self, MoveError> {
        let database = database(url)?;
        refuse_nodes(&database, url).await?;
        let found = schema::look(&database).await?;
        match found {
            Found::Foreign => return Err(OpenError::Foreign { database: url.clone().into() }.into()),
            Found::Nothing | Found::Unfinished => {}
            Found::Ours { schema: found } => {
                refuse_data(&database, url, tables).await?;
                if found > schema {
                    let reason = format!(
                        "it has the tables of schema {found} already, and the data has schema {schema}"
                    );
                    return Err(OpenError::Unusable { database: url.clone().into(), reason }.into());
                }
            }
        }
        if found == Found::Nothing {
            schema::claim(&database).await?;
        }
        let lease = Lease::new();
        while !lease.take(&database).await? {
            sleep(LOOK_AGAIN).await;
        }
        let begun = Self::begin_under(&database, url, lease, schema, tables, origin).await;
        lease.give_back(&database).await?;
        let done = begun?;
        Ok(Self { url: url.clone(), database, done })
    }

    async fn begin_under(
        database: &Database,
        url: &PostgresUrl,
        lease: Lease,
        schema: u32,
        tables: &[Table],
        origin: &str,
    ) -> Result<Vec<u64>, MoveError> {
        match schema::look(database).await? {
            Found::Unfinished => {}
            _ => {
                // A server may have come meanwhile.
                refuse_data(database, url, tables).await?;
                let tables = tables.iter().map(|table| table.name.clone()).collect();
                let beginning = Beginning { lease, origin: origin.to_owned(), tables };
                database.write(beginning, |db, beginning| Box::pin(note_begin(db, beginning))).await?;
            }
        }
        let noted = database.read((), |db, ()| Box::pin(noted(db))).await?;
        if !noted.iter().any(|(kind, text, _)| kind == "origin" && text == origin) {
            return Err(MoveError::OtherUnfinished { place: DatabaseUrl::from(url.clone()).to_string() });
        }
        let found = database.read((), |db, ()| Box::pin(schema::schema(db))).await?;
        if found > schema {
            // All rows were there, and their tables have been brought up to date.
            return Err(MoveError::OtherUnfinished { place: DatabaseUrl::from(url.clone()).to_string() });
        }
        schema::apply_all(database, lease, found, schema, &|_| {}).await?;
        let rows = |table: &Table| {
            let noted = noted.iter().find(|(kind, text, _)| kind == "table" && *text == table.name);
            noted.map_or(0, |(_, _, rows)| rows.unsigned_abs())
        };
        Ok(tables.iter().map(rows).collect())
    }
}

#[async_trait]
impl Target for PostgresTarget {
    async fn complete(&mut self) -> Result<(), MoveError> {
        Ok(())
    }

    async fn reread(&mut self, tables: Vec<Table>) -> Result<Box<dyn Source>, MoveError> {
        Ok(Box::new(PostgresSource::of(&self.database, tables).await?))
    }

    async fn modernise(&mut self, key: Option<&MasterKey>) -> Result<(), MoveError> {
        let lease = Lease::new();
        while !lease.take(&self.database).await? {
            sleep(LOOK_AGAIN).await;
        }
        let found = self.database.read((), |db, ()| Box::pin(schema::schema(db))).await?;
        let applied = schema::apply_all(&self.database, lease, found, KNOWN, &|_| {}).await;
        lease.give_back(&self.database).await?;
        applied?;
        Ok(schema::bind(&self.database, &self.url, key).await?)
    }

    async fn inspect(&mut self, inspector: Inspector) -> Result<Vec<TableFindings>, MoveError> {
        Ok(inspect(&self.url, Unfinished::Read, inspector).await?.0)
    }

    async fn publish(self: Box<Self>) -> Result<(), MoveError> {
        let published = self.database.write((), |db, ()| {
            Box::pin(async move { db.execute_once("DROP TABLE unfinished", params![]).await.map(drop) })
        });
        Ok(published.await?)
    }
}

#[async_trait]
impl Sink for PostgresTarget {
    fn done(&self) -> &[u64] {
        &self.done
    }

    async fn write(&mut self, block: &Block, table: &Table) -> Result<(), MoveError> {
        // Whoever is told that a row cannot be written wants to know where it is.
        let about = Arc::new((block.clone(), table.clone(), insert(table)));
        let written =
            self.database.write(about, |db, about| Box::pin(write(db, &about.0, &about.1, &about.2)));
        written.await.map_err(|error| match error {
            StoreError::Failed(reason) => MoveError::Unwritable { table: table.name.clone(), reason },
            error => error.into(),
        })
    }
}

/// Refuses a database that has rows.
async fn refuse_data(database: &Database, url: &PostgresUrl, tables: &[Table]) -> Result<(), MoveError> {
    let about: Vec<String> = tables.iter().map(|table| table.name.clone()).collect();
    let filled = database.read(about, |db, tables| Box::pin(filled(db, tables))).await?;
    match filled {
        Some(table) => Err(MoveError::NotEmpty { database: url.clone().into(), table }),
        None => Ok(()),
    }
}

async fn filled(db: &Connection, tables: &[String]) -> Result<Option<String>, Failed> {
    let sql = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()";
    for row in db.rows(sql, params![]).await? {
        let table = str(&row, 0)?;
        if tables.iter().any(|known| known == table) {
            let mut scan = db.scan(&format!("SELECT 1 FROM \"{table}\" LIMIT 1")).await?;
            let found = scan.next().await?.is_some();
            while scan.next().await?.is_some() {}
            if found {
                return Ok(Some(table.to_owned()));
            }
        }
    }
    Ok(None)
}

async fn note_begin(db: &Connection, beginning: &Beginning) -> Result<(), Failed> {
    if !beginning.lease.prolong(db).await? {
        return Err(Failed::Overtaken);
    }
    let sql = "CREATE TABLE unfinished (kind text NOT NULL, text text NOT NULL, rows bigint NOT NULL)";
    db.execute_once(sql, params![]).await?;
    let sql = "INSERT INTO unfinished SELECT 'origin', $1, 0 UNION ALL SELECT 'table', unnest($2), 0";
    let tables: Vec<&str> = beginning.tables.iter().map(String::as_str).collect();
    db.execute_once(sql, params![beginning.origin.as_str(), tables]).await.map(drop)
}

async fn noted(db: &Connection) -> Result<Vec<(String, String, i64)>, Failed> {
    let rows = db.rows("SELECT kind, text, rows FROM unfinished", params![]).await?;
    rows.iter().map(|row| Ok((str(row, 0)?.to_owned(), str(row, 1)?.to_owned(), value(row, 2)?))).collect()
}

async fn write(db: &Connection, block: &Block, table: &Table, sql: &str) -> Result<(), Failed> {
    let columns = columns(block, table).map_err(|_| Failed::Unreadable)?;
    let params: Vec<Param<'_>> = columns.iter().map(Values::param).collect();
    db.execute_once(sql, &params).await?;
    let sql = "UPDATE unfinished SET rows = rows + $2 WHERE kind = 'table' AND text = $1";
    db.execute(sql, params![table.name.as_str(), i64::from(block.rows)]).await.map(drop)
}

fn insert(table: &Table) -> String {
    let names: Vec<String> = table.columns.iter().map(name).collect();
    let arrays: Vec<String> = (1..=names.len()).map(|place| format!("${place}")).collect();
    let values: Vec<String> = (1..=names.len()).map(|place| format!("c{place}")).collect();
    let (mut into, mut from) = (names.join(", "), values.join(", "));
    if table.name == "master_key_check" {
        into.push_str(", one");
        from.push_str(", 0");
    }
    format!(
        "INSERT INTO \"{}\" ({into}) SELECT {from} FROM unnest({}) AS rows ({})",
        table.name,
        arrays.join(", "),
        values.join(", "),
    )
}

/// The values of a column.
enum Values<'a> {
    Integers(Vec<Option<i64>>),
    Flags(Vec<Option<bool>>),
    Ids(Vec<Option<Uuid>>),
    Texts(Vec<Option<&'a str>>),
    Bytes(Vec<Option<&'a [u8]>>),
}

impl<'a> Values<'a> {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Integer => Self::Integers(Vec::new()),
            Kind::Flag => Self::Flags(Vec::new()),
            Kind::Id | Kind::User | Kind::Grant => Self::Ids(Vec::new()),
            Kind::Text => Self::Texts(Vec::new()),
            Kind::Bytes => Self::Bytes(Vec::new()),
        }
    }

    fn push(&mut self, value: Value<'a>) -> Result<(), Malformed> {
        match (self, value) {
            (Self::Integers(values), Value::Integer(value)) => values.push(Some(value)),
            (Self::Integers(values), Value::Null) => values.push(None),
            (Self::Flags(values), Value::Flag(value)) => values.push(Some(value)),
            (Self::Flags(values), Value::Null) => values.push(None),
            (Self::Ids(values), Value::Id(value)) => values.push(Some(Uuid::from_bytes(value))),
            (Self::Ids(values), Value::Null) => values.push(None),
            (Self::Texts(values), Value::Text(value)) => values.push(Some(value)),
            (Self::Texts(values), Value::Null) => values.push(None),
            (Self::Bytes(values), Value::Bytes(value)) => values.push(Some(value)),
            (Self::Bytes(values), Value::Null) => values.push(None),
            _ => return Err(Malformed),
        }
        Ok(())
    }

    fn param(&self) -> Param<'_> {
        match self {
            Self::Integers(values) => param(values),
            Self::Flags(values) => param(values),
            Self::Ids(values) => param(values),
            Self::Texts(values) => param(values),
            Self::Bytes(values) => param(values),
        }
    }
}

fn columns<'a>(block: &'a Block, table: &'a Table) -> Result<Vec<Values<'a>>, Malformed> {
    let mut columns: Vec<Values<'_>> = table.columns.iter().map(|column| Values::of(column.kind)).collect();
    let (mut rows, mut row) = (block.reader(table), Vec::new());
    while rows.next(&mut row)?.is_some() {
        for (column, value) in columns.iter_mut().zip(&row) {
            column.push(*value)?;
        }
    }
    Ok(columns)
}
