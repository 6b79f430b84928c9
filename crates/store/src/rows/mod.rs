//! Rows as backups and migrations carry them: the same for every backend.
//!
//! [`tables`] says which tables and columns a database consists of. A [`Source`] gives their rows, a [`Target`] takes them, and
//! [`copy`] leads from one to the other. What a backend stores in a way of its own (a user's number, the halves of a grant's
//! identifier) is translated by the backend.

mod block;
mod copying;
mod sum;
mod table;
mod value;

pub(crate) use block::Block;
pub(crate) use copying::{Sink, Source, Target, copy, sum_up};
pub(crate) use sum::TableSum;
#[cfg(test)]
pub(crate) use table::LEFT_OUT;
pub(crate) use table::{Column, Kind, Table, tables};
pub(crate) use value::{Malformed, Value};
