//! Strings: where they end, and what their escapes stand for.

use std::borrow::Cow;

use super::Fault;

/// Where a string ended.
pub(super) struct End {
    /// The offset of the closing quote.
    pub(super) quote: usize,
    /// How many escapes stand before it.
    pub(super) escapes: usize,
}

/// Finds the end of the string whose first letter stands at `start`, checking every escape on the way.
#[inline(always)]
pub(super) fn scan(bytes: &[u8], start: usize) -> Result<End, Fault> {
    let at = plain(bytes, start);
    if bytes.get(at) == Some(&b'"') {
        return Ok(End { quote: at, escapes: 0 });
    }
    scan_escaped(bytes, at)
}

/// Goes on at what is not plain.
#[cold]
fn scan_escaped(bytes: &[u8], mut at: usize) -> Result<End, Fault> {
    let mut escapes = 0;
    loop {
        at = plain(bytes, at);
        match bytes.get(at) {
            Some(b'"') => return Ok(End { quote: at, escapes }),
            Some(b'\\') => {
                escapes += 1;
                at = escape(bytes, at)?.1;
            }
            _ => return Err(Fault::syntax(at)),
        }
    }
}

/// The offset of the next quote, backslash or control character at or after `at`.
#[inline(always)]
pub(super) fn plain(bytes: &[u8], mut at: usize) -> usize {
    let is_special = |byte: u8| (byte == b'"') | (byte == b'\\') | (byte < 0x20);
    // Eight at a time: a byte is special exactly where one of three subtractions borrows.
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = ONES << 7;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let quote = word ^ (ONES * b'"' as u64);
        let backslash = word ^ (ONES * b'\\' as u64);
        let found = (quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        // Borrows only disturb the bytes above the first hit, so the lowest one is exact.
        let found = found & HIGHS;
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|&byte| !is_special(byte)) {
        at += 1;
    }
    at
}

/// The character that the escape at `at` stands for, and the offset after it.
fn escape(bytes: &[u8], at: usize) -> Result<(char, usize), Fault> {
    let letter = match bytes.get(at + 1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode_escape(bytes, at),
        _ => return Err(Fault::syntax(at + 1)),
    };
    Ok((letter, at + 2))
}

fn unicode_escape(bytes: &[u8], at: usize) -> Result<(char, usize), Fault> {
    let unit = hex4(bytes, at + 2)?;
    if let Some(letter) = char::from_u32(unit) {
        return Ok((letter, at + 6));
    }
    let lone = Fault::LoneSurrogate(u32::try_from(at).unwrap_or(u32::MAX));
    if unit >= 0xdc00 || bytes.get(at + 6) != Some(&b'\\') || bytes.get(at + 7) != Some(&b'u') {
        return Err(lone);
    }
    let low = hex4(bytes, at + 8)?;
    if !(0xdc00..0xe000).contains(&low) {
        return Err(lone);
    }
    match char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00)) {
        Some(letter) => Ok((letter, at + 12)),
        None => Err(lone),
    }
}

fn hex4(bytes: &[u8], at: usize) -> Result<u32, Fault> {
    let mut value = 0;
    for offset in at..at + 4 {
        let digit = bytes.get(offset).and_then(|&byte| char::from(byte).to_digit(16));
        value = value * 16 + digit.ok_or(Fault::syntax(offset))?;
    }
    Ok(value)
}

/// What a string stands for whose escapes [`scan`] has checked.
pub(crate) fn unescape(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    while let Some(step) = memchr::memchr(b'\\', bytes.get(done..).unwrap_or_default()) {
        out.push_str(text.get(done..done + step).unwrap_or_default());
        let Ok((letter, after)) = escape(bytes, done + step) else { break };
        out.push(letter);
        done = after;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Cow::Owned(out)
}
