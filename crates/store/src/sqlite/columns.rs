//! How the authority's types are stored in columns.

use std::fmt;
use std::str::FromStr;

use jeton_authority::{GrantId, Network, UserId};
use jeton_jose::Timestamp;
use rusqlite::Row;
use rusqlite::types::Type;

/// The two integers in which a grant's identifier is stored. The first ones sort like the identifiers' bytes.
pub(super) fn halves(grant: GrantId) -> (i64, i64) {
    let bits = u128::from_be_bytes(*grant.as_bytes());
    let [high, low] = [(bits >> 64) as u64, bits as u64];
    ((high ^ SIGN).cast_signed(), low.cast_signed())
}

/// The identifier in these [`halves`].
pub(super) fn grant_id(high: i64, low: i64) -> GrantId {
    let bits = u128::from(high.cast_unsigned() ^ SIGN) << 64 | u128::from(low.cast_unsigned());
    GrantId::from_bytes(bits.to_be_bytes())
}

const SIGN: u64 = 1 << 63;

pub(super) fn user_id(row: &Row<'_>, column: usize) -> rusqlite::Result<UserId> {
    row.get(column).map(UserId::from_bytes)
}

pub(super) fn timestamp(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    row.get(column).map(Timestamp::from_unix)
}

pub(super) fn optional_timestamp(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_unix))
}

pub(super) fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<Box<str>> {
    Ok(row.get_ref(column)?.as_str()?.into())
}

pub(super) fn optional_text(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Box<str>>> {
    Ok(row.get_ref(column)?.as_str_or_null()?.map(Into::into))
}

pub(super) fn network(row: &Row<'_>, column: usize) -> rusqlite::Result<Network> {
    let bytes = row.get_ref(column)?.as_blob()?;
    Network::from_bytes(bytes).ok_or_else(|| unreadable(column, Type::Blob))
}

/// A value that `parse` returns for its stored name.
pub(super) fn named<T>(
    row: &Row<'_>,
    column: usize,
    parse: impl Fn(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    parse(row.get_ref(column)?.as_str()?).ok_or_else(|| unreadable(column, Type::Text))
}

/// A value that is stored as its text.
pub(super) fn parsed<T: FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    named(row, column, |text| text.parse().ok())
}

/// A counter.
pub(super) fn counted(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value = row.get::<_, i64>(column)?;
    value.try_into().map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}

/// A counter as a parameter. SQLite has half of the range, which no counter exhausts.
pub(super) fn count(value: u64) -> rusqlite::Result<i64> {
    i64::try_from(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// The column contains a value that this program never writes.
pub(super) fn unreadable(column: usize, found: Type) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, found, Box::new(Unreadable))
}

#[derive(Debug)]
struct Unreadable;

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a stored value makes no sense")
    }
}

impl std::error::Error for Unreadable {}
