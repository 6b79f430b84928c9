//! Blocks of encoded rows: what is read, checked and written at a time.

use super::table::{Column, Table};
use super::value::{Malformed, Value, decode, encode};

/// How many bytes a block has, unless its last row is longer.
const BLOCK_BYTES: usize = 256 * 1024;

/// Rows of one table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Block {
    /// The place of the table in its source.
    pub(crate) table: usize,
    pub(crate) rows: u32,
    pub(crate) bytes: Vec<u8>,
}

impl Block {
    /// An empty block.
    pub(crate) fn of(table: usize) -> Self {
        Self { table, rows: 0, bytes: Vec::with_capacity(BLOCK_BYTES + 4096) }
    }

    /// Appends a row.
    pub(crate) fn push(&mut self, row: &[Value<'_>]) {
        encode(row, &mut self.bytes);
        self.rows += 1;
    }

    /// Whether the block is to be handed on.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() >= BLOCK_BYTES
    }

    /// Its rows.
    pub(crate) fn reader<'a>(&'a self, table: &'a Table) -> RowReader<'a> {
        RowReader { columns: &table.columns, rows: self.rows, bytes: &self.bytes }
    }
}

/// Reads the rows of a block one after the other.
#[derive(Debug)]
pub(crate) struct RowReader<'a> {
    columns: &'a [Column],
    rows: u32,
    bytes: &'a [u8],
}

impl<'a> RowReader<'a> {
    /// The next row: its values, which take the place of what is in `row`, and its bytes. None after the last one.
    pub(crate) fn next(&mut self, row: &mut Vec<Value<'a>>) -> Result<Option<&'a [u8]>, Malformed> {
        if self.rows == 0 {
            return if self.bytes.is_empty() { Ok(None) } else { Err(Malformed) };
        }
        let before = self.bytes;
        decode(self.columns, &mut self.bytes, row)?;
        self.rows -= 1;
        Ok(Some(&before[..before.len() - self.bytes.len()]))
    }
}
