//! How the authority's types are kept in columns, and parameters that say their type: so statements need no preparation, and none of
//! them is left to the server to guess.

use std::error::Error;
use std::str::FromStr;

use bytes::{BufMut, BytesMut};
use jeton_authority::audit::SegmentId;
use jeton_authority::{GrantId, MailId, Network, NodeId, SessionId, UserId};
use jeton_jose::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, FromSqlOwned, IsNull, ToSql, Type, to_sql_checked};

use super::error::Failed;

/// A value for a statement, and its type.
pub(super) type Param<'a> = (&'a (dyn ToSql + Sync), Type);

/// The values for a statement's `$1`, `$2` and so on.
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::postgres::columns::param(&$value)),*] };
}
pub(super) use params;

/// A value with its type.
pub(super) fn param<T: Typed>(value: &T) -> Param<'_> {
    (value, T::TYPE)
}

/// What a statement can be given. All types are built in: others would have to be asked for first.
pub(super) trait Typed: ToSql + Sync + Sized {
    const TYPE: Type;
}

macro_rules! typed {
    ($($rust:ty => $one:ident, $many:ident;)*) => {
        $(
            impl Typed for $rust {
                const TYPE: Type = Type::$one;
            }
            impl Typed for Option<$rust> {
                const TYPE: Type = Type::$one;
            }
            impl Typed for Vec<$rust> {
                const TYPE: Type = Type::$many;
            }
            impl Typed for Vec<Option<$rust>> {
                const TYPE: Type = Type::$many;
            }
        )*
    };
}

typed! {
    i64 => INT8, INT8_ARRAY;
    i16 => INT2, INT2_ARRAY;
    bool => BOOL, BOOL_ARRAY;
    &str => TEXT, TEXT_ARRAY;
    String => TEXT, TEXT_ARRAY;
    &[u8] => BYTEA, BYTEA_ARRAY;
    Uuid => UUID, UUID_ARRAY;
}

/// An identifier: sixteen bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Uuid([u8; 16]);

impl Uuid {
    pub(super) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(super) const fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

impl ToSql for Uuid {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(found: &Type) -> bool {
        *found == Type::UUID
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Uuid {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw.try_into()?))
    }

    fn accepts(found: &Type) -> bool {
        *found == Type::UUID
    }
}

macro_rules! identifiers {
    ($($id:ident)*) => {
        $(
            impl From<$id> for Uuid {
                fn from(id: $id) -> Self {
                    Self(*id.as_bytes())
                }
            }
            impl From<Uuid> for $id {
                fn from(Uuid(bytes): Uuid) -> Self {
                    $id::from_bytes(bytes)
                }
            }
        )*
    };
}

identifiers!(UserId GrantId SessionId NodeId SegmentId MailId);

/// An identifier as a parameter.
pub(super) fn uuid(id: impl Into<Uuid>) -> Uuid {
    id.into()
}

/// Identifiers as a parameter.
pub(super) fn uuids<I: Into<Uuid>>(ids: impl IntoIterator<Item = I>) -> Vec<Uuid> {
    ids.into_iter().map(Into::into).collect()
}

/// Bytes as a parameter.
pub(super) fn bytes<const N: usize>(bytes: &[u8; N]) -> &[u8] {
    bytes
}

/// What a column holds.
pub(super) fn value<T: FromSqlOwned>(row: &Row, column: usize) -> Result<T, Failed> {
    Ok(row.try_get(column)?)
}

pub(super) fn id<I: From<Uuid>>(row: &Row, column: usize) -> Result<I, Failed> {
    value::<Uuid>(row, column).map(I::from)
}

pub(super) fn optional_id<I: From<Uuid>>(row: &Row, column: usize) -> Result<Option<I>, Failed> {
    Ok(value::<Option<Uuid>>(row, column)?.map(I::from))
}

pub(super) fn timestamp(row: &Row, column: usize) -> Result<Timestamp, Failed> {
    value(row, column).map(Timestamp::from_unix)
}

pub(super) fn optional_timestamp(row: &Row, column: usize) -> Result<Option<Timestamp>, Failed> {
    Ok(value::<Option<i64>>(row, column)?.map(Timestamp::from_unix))
}

pub(super) fn text(row: &Row, column: usize) -> Result<Box<str>, Failed> {
    Ok(str(row, column)?.into())
}

pub(super) fn optional_text(row: &Row, column: usize) -> Result<Option<Box<str>>, Failed> {
    Ok(optional_str(row, column)?.map(Into::into))
}

pub(super) fn str(row: &Row, column: usize) -> Result<&str, Failed> {
    Ok(row.try_get(column)?)
}

pub(super) fn optional_str(row: &Row, column: usize) -> Result<Option<&str>, Failed> {
    Ok(row.try_get(column)?)
}

pub(super) fn network(row: &Row, column: usize) -> Result<Network, Failed> {
    Network::from_bytes(row.try_get(column)?).ok_or(Failed::Unreadable)
}

/// A value that `parse` finds by its stored name.
pub(super) fn named<T>(row: &Row, column: usize, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Failed> {
    parse(str(row, column)?).ok_or(Failed::Unreadable)
}

/// A value that is kept as it is written.
pub(super) fn parsed<T: FromStr>(row: &Row, column: usize) -> Result<T, Failed> {
    named(row, column, |text| text.parse().ok())
}

/// A number that counts something.
pub(super) fn counted(row: &Row, column: usize) -> Result<u64, Failed> {
    value::<i64>(row, column)?.try_into().map_err(|_| Failed::Unreadable)
}

/// A small number that counts something.
pub(super) fn small(row: &Row, column: usize) -> Result<u8, Failed> {
    value::<i16>(row, column)?.try_into().map_err(|_| Failed::Unreadable)
}

/// A number that counts something, as a parameter. The column holds half of the range, which no counting exhausts.
pub(super) fn count(value: u64) -> Result<i64, Failed> {
    value.try_into().map_err(|_| Failed::Unreadable)
}
