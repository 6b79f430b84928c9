//! The first bytes of a database file, read without SQLite.
//!
//! Even SQLite's reading leaves traces (it makes files beside the database and replays a log), so whether a file is ours
//! at all is looked up in its bytes.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// What a database calls itself in its header: the ASCII letters `JTON`.
pub(super) const APPLICATION_ID: u32 = u32::from_be_bytes(*b"JTON");

/// What a file shows itself to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Header {
    /// There is no file, or nothing in it.
    Absent,
    /// A SQLite database that has not been given an owner or a version: one whose making was interrupted, perhaps.
    Unclaimed,
    /// A database of ours, of this schema.
    Ours {
        /// The number of its last migration.
        schema: u32,
    },
    /// Something else.
    Foreign,
}

/// Looks at the file at `path`.
pub(super) fn read(path: &Path) -> io::Result<Header> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Header::Absent),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::with_capacity(100);
    file.take(100).read_to_end(&mut bytes)?;
    Ok(parse(&bytes))
}

/// The header's layout is §1.3 of SQLite's file format.
fn parse(bytes: &[u8]) -> Header {
    if bytes.is_empty() {
        return Header::Absent;
    }
    let (Some(user_version), Some(application_id)) = (integer(bytes, 60), integer(bytes, 68)) else {
        return Header::Foreign;
    };
    match (bytes.starts_with(b"SQLite format 3\0"), application_id, user_version) {
        (true, APPLICATION_ID, schema) => Header::Ours { schema },
        (true, 0, 0) => Header::Unclaimed,
        _ => Header::Foreign,
    }
}

fn integer(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}
