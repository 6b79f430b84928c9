//! Leading rows from a source to a target.

use async_trait::async_trait;
use jeton_authority::keys::MasterKey;

use super::block::Block;
use super::sum::TableSum;
use super::table::Table;
use crate::inspection::{Inspector, TableFindings};
use crate::move_error::MoveError;
use crate::progress::{OnProgress, Progress};

/// Gives the rows of a database, or of a backup, as of one moment.
#[async_trait]
pub(crate) trait Source: Send {
    /// The tables, in the order in which their rows come.
    fn tables(&self) -> &[Table];

    /// How many rows each of them has.
    fn counts(&self) -> &[u64];

    /// What tells this source from others.
    fn origin(&self) -> &str;

    /// The next rows; none after the last ones. The rows of a table come in the order of its key, split into the same blocks each time.
    async fn next(&mut self) -> Result<Option<Block>, MoveError>;
}

/// Takes rows.
#[async_trait]
pub(crate) trait Sink: Send {
    /// How many rows of each table it has from an earlier run that did not finish.
    fn done(&self) -> &[u64];

    /// Writes rows, all of them or none.
    async fn write(&mut self, block: &Block, table: &Table) -> Result<(), MoveError>;
}

/// A new database that takes rows. No server uses it before it is published.
#[async_trait]
pub(crate) trait Target: Sink {
    /// Does what is left to do once all rows are there.
    async fn complete(&mut self) -> Result<(), MoveError>;

    /// What was written.
    async fn reread(&mut self, tables: Vec<Table>) -> Result<Box<dyn Source>, MoveError>;

    /// Brings the database from the schema of its rows to the one that this program works with, and binds it to the master key.
    async fn modernise(&mut self, key: Option<&MasterKey>) -> Result<(), MoveError>;

    /// Reads all rows through the code that servers read them with.
    async fn inspect(&mut self, inspector: Inspector) -> Result<Vec<TableFindings>, MoveError>;

    /// Lets servers use the database.
    async fn publish(self: Box<Self>) -> Result<(), MoveError>;
}

/// Copies what the target does not have yet, and sums up everything that the source has.
pub(crate) async fn copy(
    source: &mut dyn Source,
    target: &mut dyn Sink,
    progress: &OnProgress,
) -> Result<Vec<TableSum>, MoveError> {
    let tables = source.tables().to_vec();
    let mut sums = vec![TableSum::default(); tables.len()];
    let mut steps = Steps::of(source, "copying");
    let done = target.done().to_vec();
    while let Some(block) = source.next().await? {
        let table = &tables[block.table];
        let sum = &mut sums[block.table];
        let before = sum.rows;
        add(&block, table, sum)?;
        let done = done.get(block.table).copied().unwrap_or(0);
        if sum.rows > done {
            // A block is written as a whole, and the source splits its rows into the same blocks as before.
            if before < done {
                return Err(MoveError::SourceChanged);
            }
            target.write(&block, table).await?;
        }
        steps.report(&block, table, progress);
    }
    Ok(sums)
}

/// Sums up everything that a source has.
pub(crate) async fn sum_up(
    source: &mut dyn Source,
    step: &'static str,
    progress: &OnProgress,
) -> Result<Vec<TableSum>, MoveError> {
    let tables = source.tables().to_vec();
    let mut sums = vec![TableSum::default(); tables.len()];
    let mut steps = Steps::of(source, step);
    while let Some(block) = source.next().await? {
        let table = &tables[block.table];
        add(&block, table, &mut sums[block.table])?;
        steps.report(&block, table, progress);
    }
    Ok(sums)
}

fn add(block: &Block, table: &Table, sum: &mut TableSum) -> Result<(), MoveError> {
    let (mut rows, mut row) = (block.reader(table), Vec::new());
    while let Some(bytes) = rows.next(&mut row)? {
        sum.add(bytes);
    }
    Ok(())
}

struct Steps {
    step: &'static str,
    rows: u64,
    total: u64,
}

impl Steps {
    fn of(source: &dyn Source, step: &'static str) -> Self {
        Self { step, rows: 0, total: source.counts().iter().sum() }
    }

    fn report(&mut self, block: &Block, table: &Table, progress: &OnProgress) {
        self.rows += u64::from(block.rows);
        progress(Progress { step: self.step, table: &table.name, rows: self.rows, total: self.total });
    }
}
