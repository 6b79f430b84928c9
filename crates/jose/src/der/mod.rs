//! Just enough of DER (X.690) to read and write keys: definite lengths in their shortest form, integers that are not negative.

pub(crate) mod oid;
mod sec1;

pub(crate) use sec1::{PARAMETERS, PUBLIC_KEY, ec_private_key};
use zeroize::Zeroizing;

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;

/// The bytes are not DER, or not of the structure wanted.
#[derive(Debug)]
pub(crate) struct Malformed;

/// Reads one element after the other.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(der: &'a [u8]) -> Self {
        Self { rest: der }
    }

    pub(crate) fn next_is(&self, tag: u8) -> bool {
        self.rest.first() == Some(&tag)
    }

    /// Nothing may be left.
    pub(crate) fn end(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed) }
    }

    /// The contents of the next element, which has this tag.
    pub(crate) fn element(&mut self, tag: u8) -> Result<&'a [u8], Malformed> {
        if self.next_is(tag) { Ok(self.any()?.1) } else { Err(Malformed) }
    }

    /// The tag and the contents of the next element.
    pub(crate) fn any(&mut self) -> Result<(u8, &'a [u8]), Malformed> {
        let (&tag, rest) = self.rest.split_first().ok_or(Malformed)?;
        let (&first, rest) = rest.split_first().ok_or(Malformed)?;
        let (len, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let count = usize::from(first & 0x7f);
            if count == 0 || count > 3 {
                return Err(Malformed);
            }
            let (digits, rest) = rest.split_at_checked(count).ok_or(Malformed)?;
            let len = digits.iter().fold(0, |len, &digit| len << 8 | usize::from(digit));
            if digits.first() == Some(&0) || len < 0x80 {
                return Err(Malformed);
            }
            (len, rest)
        };
        let (contents, rest) = rest.split_at_checked(len).ok_or(Malformed)?;
        self.rest = rest;
        Ok((tag, contents))
    }

    #[cfg(feature = "x509")]
    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Malformed> {
        if self.next_is(tag) { self.element(tag).map(Some) } else { Ok(None) }
    }

    pub(crate) fn sequence(&mut self) -> Result<Reader<'a>, Malformed> {
        self.element(SEQUENCE).map(Reader::new)
    }

    /// An integer that is not negative, without leading zeros: nothing at all for zero.
    pub(crate) fn integer(&mut self) -> Result<&'a [u8], Malformed> {
        match self.element(INTEGER)? {
            [] => Err(Malformed),
            [0] => Ok(&[]),
            [0, digits @ ..] if digits.first().is_some_and(|&digit| digit >= 0x80) => Ok(digits),
            [first, ..] if *first == 0 || *first >= 0x80 => Err(Malformed),
            digits => Ok(digits),
        }
    }

    /// A bit string of whole bytes.
    pub(crate) fn bit_string(&mut self) -> Result<&'a [u8], Malformed> {
        match self.element(BIT_STRING)? {
            [0, bytes @ ..] => Ok(bytes),
            _ => Err(Malformed),
        }
    }
}

/// One element. What it is made from may be secret, so the result is wiped when dropped.
pub(crate) fn element(tag: u8, contents: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let len: usize = contents.iter().map(|part| part.len()).sum();
    let mut out = Zeroizing::new(Vec::with_capacity(len + 6));
    out.push(tag);
    if let Some(short) = u8::try_from(len).ok().filter(|&len| len < 0x80) {
        out.push(short);
    } else {
        let digits = len.to_be_bytes();
        let skip = digits.iter().take_while(|&&digit| digit == 0).count();
        let digits = digits.get(skip..).unwrap_or_default();
        out.push(0x80 | u8::try_from(digits.len()).unwrap_or(8));
        out.extend_from_slice(digits);
    }
    for part in contents {
        out.extend_from_slice(part);
    }
    out
}

/// An integer that is not negative, from big-endian digits.
pub(crate) fn integer(digits: &[u8]) -> Zeroizing<Vec<u8>> {
    let skip = digits.iter().take_while(|&&digit| digit == 0).count();
    let digits = digits.get(skip..).unwrap_or_default();
    match digits.first() {
        Some(&first) if first < 0x80 => element(INTEGER, &[digits]),
        _ => element(INTEGER, &[&[0], digits]),
    }
}
