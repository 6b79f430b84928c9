//! Numbers: their grammar, and what they are worth without loss.

use super::{Fault, JsonError};

/// The offset after the number that begins at `start` (RFC 8259 §6).
pub(super) fn scan(bytes: &[u8], start: usize) -> Result<usize, Fault> {
    let mut at = start;
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    at = match bytes.get(at) {
        Some(b'0') => at + 1,
        Some(b'1'..=b'9') => digits(bytes, at + 1),
        _ => return Err(Fault::syntax(at)),
    };
    if bytes.get(at) == Some(&b'.') {
        at = some_digits(bytes, at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = bytes.get(at) {
            at += 1;
        }
        at = some_digits(bytes, at)?;
    }
    Ok(at)
}

/// What a number is worth that has at most 19 digits and nothing else, and so never is too large, and the offset after it;
/// nothing where another kind of number, or none, stands there.
#[inline]
pub(super) fn small_integer(bytes: &[u8], start: usize) -> Option<(u64, usize)> {
    const MOST: usize = 19;
    let (mut value, mut at) = (0u64, start);
    if let Some(first) = bytes.get(start..).and_then(|rest| rest.first_chunk()).and_then(eight_digits) {
        (value, at) = (first, start + 8);
    }
    while let Some(digit) = bytes.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        if at - start == MOST {
            return None;
        }
        value = value * 10 + u64::from(digit);
        at += 1;
    }
    let starts_well = bytes.get(start) != Some(&b'0') || at == start + 1;
    let ends_well = !matches!(bytes.get(at), Some(b'.' | b'e' | b'E'));
    (at > start && starts_well && ends_well).then_some((value, at))
}

/// What eight digits are worth, each pair of neighbours added up at once.
fn eight_digits(bytes: &[u8; 8]) -> Option<u64> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let digits = u64::from_le_bytes(*bytes) ^ (ONES * b'0' as u64);
    // A byte above nine has a bit of its high half set, or gets one when six is added.
    if (digits | digits.wrapping_add(ONES * 6)) & (ONES * 0xf0) != 0 {
        return None;
    }
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
}

fn digits(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

fn some_digits(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    let end = digits(bytes, at);
    if end == at { Err(Fault::syntax(at)) } else { Ok(end) }
}

/// Whether a number is written without fraction and exponent.
pub(super) fn is_integer(text: &str) -> bool {
    !text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
}

/// The double that is nearest to the number; the largest one for what lies beyond it, so that there is no infinity in JSON.
pub(super) fn nearest_f64(text: &str) -> Result<f64, JsonError> {
    let value: f64 = text.parse().map_err(|_| JsonError::Number)?;
    Ok(value.clamp(f64::MIN, f64::MAX))
}

/// Which way a fraction of a second goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// To the past: `exp`, so that a token never lives longer than it says.
    Down,
    /// To the future: `nbf` and `iat`, so that it never lives earlier.
    Up,
}

/// A `NumericDate` (RFC 7519 §2) in whole seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NumericDate(pub(crate) i64);

impl NumericDate {
    /// Reads the number; `None` where it lies far outside of what a date can be.
    pub(crate) fn read(text: &str, rounding: Rounding) -> Option<Self> {
        if is_integer(text) {
            return text.parse().ok().map(Self);
        }
        // A double holds seconds up to the year 9999 to within 40 microseconds, far below any clock's precision.
        let value: f64 = text.parse().ok()?;
        let seconds = match rounding {
            Rounding::Down => value.floor(),
            Rounding::Up => value.ceil(),
        };
        if !(-9.0e15..9.0e15).contains(&seconds) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "whole, and checked to lie within 2^53")]
        Some(Self(seconds as i64))
    }
}
