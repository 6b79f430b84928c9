//! The values of a row, and their bytes.
//!
//! A row is a bit for each column, set where the column is NULL (the first column is the lowest bit of the first byte), and then the
//! other columns: integers as variable-length integers (7 bits to a byte, lowest first, signs folded in), identifiers as their 16
//! bytes, flags as a byte, texts and bytes after their length. One row has one encoding, so equal rows have equal checksums.

use super::table::{Column, Kind};
use crate::move_error::MoveError;

/// A value of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Null,
    Integer(i64),
    Flag(bool),
    Id([u8; 16]),
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// Bytes that are no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it contains something that is not a row")]
pub(crate) struct Malformed;

impl From<Malformed> for MoveError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// Appends a row.
pub(crate) fn encode(row: &[Value<'_>], out: &mut Vec<u8>) {
    let nulls = out.len();
    out.resize(nulls + row.len().div_ceil(8), 0);
    for (place, value) in row.iter().enumerate() {
        match value {
            Value::Null => out[nulls + place / 8] |= 1 << (place % 8),
            Value::Integer(value) => unsigned(fold(*value), out),
            Value::Flag(value) => out.push(u8::from(*value)),
            Value::Id(bytes) => out.extend_from_slice(bytes),
            Value::Text(text) => sized(text.as_bytes(), out),
            Value::Bytes(bytes) => sized(bytes, out),
        }
    }
}

/// Takes a row from the front of `bytes`.
pub(crate) fn decode<'a>(
    columns: &[Column],
    bytes: &mut &'a [u8],
    row: &mut Vec<Value<'a>>,
) -> Result<(), Malformed> {
    row.clear();
    let nulls = take(bytes, columns.len().div_ceil(8))?;
    for (place, column) in columns.iter().enumerate() {
        let is_null = nulls[place / 8] & 1 << (place % 8) != 0;
        row.push(if is_null { Value::Null } else { value(column.kind, bytes)? });
    }
    Ok(())
}

fn value<'a>(kind: Kind, bytes: &mut &'a [u8]) -> Result<Value<'a>, Malformed> {
    Ok(match kind {
        Kind::Integer => Value::Integer(unfold(take_unsigned(bytes)?)),
        Kind::Flag => match take(bytes, 1)?[0] {
            0 => Value::Flag(false),
            1 => Value::Flag(true),
            _ => return Err(Malformed),
        },
        Kind::Id | Kind::User | Kind::Grant => Value::Id(take(bytes, 16)?.try_into().map_err(|_| Malformed)?),
        Kind::Text => Value::Text(std::str::from_utf8(take_sized(bytes)?).map_err(|_| Malformed)?),
        Kind::Bytes => Value::Bytes(take_sized(bytes)?),
    })
}

fn sized(bytes: &[u8], out: &mut Vec<u8>) {
    unsigned(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn take_sized<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], Malformed> {
    let length = take_unsigned(bytes)?;
    take(bytes, usize::try_from(length).map_err(|_| Malformed)?)
}

fn unsigned(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take_unsigned(bytes: &mut &[u8]) -> Result<u64, Malformed> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)?[0];
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits || (byte == 0 && shift > 0) {
            return Err(Malformed);
        }
        value |= bits << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Malformed)
}

/// Small numbers of either sign become small numbers.
fn fold(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

fn unfold(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8], Malformed> {
    let (taken, rest) = bytes.split_at_checked(length).ok_or(Malformed)?;
    *bytes = rest;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(kinds: &[Kind]) -> Vec<Column> {
        kinds.iter().map(|kind| Column { name: "c".to_owned(), kind: *kind }).collect()
    }

    #[test]
    fn a_row_comes_back_as_it_was_written() {
        use Kind::{Bytes, Flag, Grant, Id, Integer, Text, User};
        let kinds = [Integer, Flag, Id, User, Grant, Text, Bytes, Integer, Text, Flag];
        let long = "é".repeat(70_000);
        for integer in [0, 1, -1, 63, 64, -64, -65, 1_700_000_000, i64::MAX, i64::MIN] {
            let row = [
                Value::Integer(integer),
                Value::Flag(true),
                Value::Id([1; 16]),
                Value::Id([0xff; 16]),
                Value::Null,
                Value::Text(&long),
                Value::Bytes(&[0, 1, 2]),
                Value::Null,
                Value::Text(""),
                Value::Flag(false),
            ];
            let mut bytes = Vec::new();
            encode(&row, &mut bytes);
            encode(&row, &mut bytes);
            let (mut rest, mut read) = (bytes.as_slice(), Vec::new());
            for _ in 0..2 {
                decode(&columns(&kinds), &mut rest, &mut read).expect("a row");
                assert_eq!(read, row);
            }
            assert!(rest.is_empty());
        }
    }

    #[test]
    fn what_no_row_is_encoded_as_is_refused() {
        for (kind, bytes) in [
            (Kind::Integer, &[0][..]),
            (Kind::Integer, &[0, 0x80]),
            (Kind::Integer, &[0, 0x80, 0]),
            (Kind::Integer, &[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]),
            (Kind::Flag, &[0, 2]),
            (Kind::Id, &[0, 1, 2, 3]),
            (Kind::Text, &[0, 2, b'a']),
            (Kind::Text, &[0, 1, 0xff]),
            (Kind::Bytes, &[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
        ] {
            let mut row = Vec::new();
            let decoded = decode(&columns(&[kind]), &mut &*bytes, &mut row);
            assert_eq!(decoded, Err(Malformed), "{kind:?} {bytes:?}");
        }
    }
}
