//! The first bytes of a database file, read without SQLite.
//!
//! Even reading through SQLite leaves traces: it creates files next to the database and replays a log. So the bytes of
//! the file tell whether it is ours.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The application identifier in the header of our databases: the ASCII letters `JTON`.
pub(super) const APPLICATION_ID: u32 = u32::from_be_bytes(*b"JTON");

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Header {
    /// The file does not exist or is empty.
    Absent,
    /// A SQLite database without an application identifier or a version, for example one whose creation was
    /// interrupted.
    Unclaimed,
    /// One of our databases, with this schema.
    Ours {
        /// The number of its last migration.
        schema: u32,
    },
    /// Something else.
    Foreign,
}

/// Reads the file at `path`.
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
