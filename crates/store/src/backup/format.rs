//! The format of a backup.
//!
//! ```text
//! jeton backup 1 ⏎
//! H  length  header      JSON: what made the backup, and the tables with their columns
//! R  length  rows        the place of the table (2 bytes), the number of rows (4 bytes), the rows; compressed (DEFLATE)
//! …
//! E  length  end         JSON: the number of rows and the checksum of each table, and which master key is needed
//! where E begins         8 bytes
//! SHA-256                32 bytes, of everything before
//! ```
//!
//! Numbers are big-endian; a length has 4 bytes. How rows are encoded is told in `rows/value.rs`. The header describes the tables, so a
//! backup can be restored by any later version: into the schema that it names, from which the database is then migrated. The first line
//! changes when an older program cannot read a backup.

use jeton_authority::keys::MasterKeyId;
use serde::{Deserialize, Serialize};

use crate::rows::{Column, Kind, Table, TableSum};

/// How every backup begins; the number of the format and a line break follow.
pub(super) const MAGIC: &[u8] = b"jeton backup ";

/// The format that this program writes, and the newest one that it reads.
pub(super) const FORMAT: u32 = 1;

pub(super) const HEADER: u8 = b'H';
pub(super) const ROWS: u8 = b'R';
pub(super) const END: u8 = b'E';

/// The bytes of a part before its contents: its kind and its length.
pub(super) const PART: usize = 5;

/// The bytes after the last part.
pub(super) const TRAILER: usize = 8 + 32;

/// The most bytes that a part may have, compressed or not. A row is far shorter.
pub(super) const LARGEST_PART: usize = 256 * 1024 * 1024;

/// The most tables that a backup may have.
const MOST_TABLES: usize = 256;

/// What a backup says of itself at its beginning.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Header {
    /// The program that wrote it.
    pub(super) program: String,
    /// The schema of its rows.
    pub(super) schema: u32,
    /// The kind of the database that it was made from. It can be restored into any.
    pub(super) database: String,
    /// When it was made.
    pub(super) created_at: i64,
    tables: Vec<HeaderTable>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct HeaderTable {
    name: String,
    /// How many of the first columns identify a row.
    key: usize,
    /// Names and kinds.
    columns: Vec<(String, String)>,
}

/// What a backup says of itself at its end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct End {
    master_key: Option<String>,
    tables: Vec<EndTable>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct EndTable {
    name: String,
    rows: u64,
    checksum: String,
}

impl Header {
    pub(super) fn new(
        program: String,
        schema: u32,
        database: &str,
        created_at: i64,
        tables: &[Table],
    ) -> Self {
        let table = |table: &Table| HeaderTable {
            name: table.name.clone(),
            key: table.key,
            columns: table
                .columns
                .iter()
                .map(|column| (column.name.clone(), column.kind.as_str().to_owned()))
                .collect(),
        };
        let tables = tables.iter().map(table).collect();
        Self { program, schema, database: database.to_owned(), created_at, tables }
    }

    /// The tables; none if something about them makes no sense.
    pub(super) fn tables(&self) -> Option<Vec<Table>> {
        (self.tables.len() <= MOST_TABLES).then_some(())?;
        self.tables.iter().map(HeaderTable::parse).collect()
    }
}

impl HeaderTable {
    fn parse(&self) -> Option<Table> {
        // Names become part of statements.
        let is_name = |name: &str| {
            (1..=60).contains(&name.len())
                && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
        };
        let column = |(name, kind): &(String, String)| {
            is_name(name).then_some(())?;
            Some(Column { name: name.clone(), kind: Kind::parse(kind)? })
        };
        let columns = self.columns.iter().map(column).collect::<Option<Vec<_>>>()?;
        let is_sound = is_name(&self.name) && (1..=columns.len()).contains(&self.key);
        is_sound.then(|| Table { name: self.name.clone(), columns, key: self.key })
    }
}

impl End {
    pub(super) fn new(tables: &[Table], sums: &[TableSum], master_key: Option<&MasterKeyId>) -> Self {
        let table = |(table, sum): (&Table, &TableSum)| EndTable {
            name: table.name.clone(),
            rows: sum.rows,
            checksum: sum.checksum(),
        };
        let tables = tables.iter().zip(sums).map(table).collect();
        Self { master_key: master_key.map(ToString::to_string), tables }
    }

    /// The counts and checksums of these tables; none if it has not exactly theirs.
    pub(super) fn sums(&self, tables: &[Table]) -> Option<Vec<TableSum>> {
        (self.tables.len() == tables.len()).then_some(())?;
        let sum = |(end, table): (&EndTable, &Table)| {
            (end.name == table.name).then(|| TableSum::parse(end.rows, &end.checksum))?
        };
        self.tables.iter().zip(tables).map(sum).collect()
    }

    /// The master key that its secrets are encrypted with.
    pub(super) fn master_key(&self) -> Option<MasterKeyId> {
        self.master_key.as_deref().map(MasterKeyId::from_stored)
    }
}
