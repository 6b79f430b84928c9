//! What a certificate says of its holder: names, and until when.

use std::fmt;
use std::net::IpAddr;

use crate::der::{self, Malformed, Reader};
use crate::encoding::certificate::Certificate;
use crate::material::CertificateError;
use crate::timestamp::Timestamp;

const UTF8_STRING: u8 = 0x0c;
const NUMERIC_STRING: u8 = 0x12;
const PRINTABLE_STRING: u8 = 0x13;
const IA5_STRING: u8 = 0x16;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SET: u8 = 0x31;

/// `id-ce-subjectAltName` (RFC 5280 §4.2.1.6).
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 17];

/// An attribute of a distinguished name (RFC 5280 §4.1.2.4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameAttribute {
    /// Its type, as an object identifier in dots: `2.5.4.3` is the common name.
    pub oid: String,
    /// Its value.
    pub value: String,
}

/// A subject alternative name (RFC 5280 §4.2.1.6).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AlternativeName {
    /// The name of a host.
    Dns(Box<str>),
    /// A URI.
    Uri(Box<str>),
    /// An e-mail address.
    Email(Box<str>),
    /// An address of a host.
    Ip(IpAddr),
}

impl Certificate<'_> {
    /// The subject's name: its parts in the order of the certificate, each with its attributes.
    ///
    /// # Errors
    /// [`CertificateError::Malformed`]; where a value is no text, too.
    pub fn subject(&self) -> Result<Vec<Vec<NameAttribute>>, CertificateError> {
        subject(self.subject).map_err(malformed)
    }

    /// The subject's alternative names; names of other kinds than those of [`AlternativeName`] are left out.
    ///
    /// # Errors
    /// [`CertificateError::Malformed`].
    pub fn alternative_names(&self) -> Result<Vec<AlternativeName>, CertificateError> {
        let Some(value) = self.extension(SUBJECT_ALT_NAME).map_err(malformed)? else { return Ok(vec![]) };
        alternative_names(value).map_err(malformed)
    }

    /// The last second at which it is valid.
    ///
    /// # Errors
    /// [`CertificateError::Malformed`].
    pub fn not_after(&self) -> Result<Timestamp, CertificateError> {
        let (tag, text) = second_of(self.validity.clone()).map_err(malformed)?;
        time(tag, text).ok_or(CertificateError::Malformed)
    }
}

impl fmt::Debug for Certificate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("subject", &self.subject().ok()).finish_non_exhaustive()
    }
}

fn malformed(_: Malformed) -> CertificateError {
    CertificateError::Malformed
}

fn subject(name: &[u8]) -> Result<Vec<Vec<NameAttribute>>, Malformed> {
    let (mut name, mut parts) = (Reader::new(name), vec![]);
    while !name.is_at_end() {
        let (mut part, mut attributes) = (Reader::new(name.element(SET)?), vec![]);
        while !part.is_at_end() {
            let mut attribute = part.sequence()?;
            let oid = dotted(attribute.element(der::OBJECT_IDENTIFIER)?)?;
            let (UTF8_STRING | NUMERIC_STRING | PRINTABLE_STRING | IA5_STRING, value) = attribute.any()?
            else {
                return Err(Malformed);
            };
            attribute.end()?;
            attributes.push(NameAttribute { oid, value: text(value)?.to_owned() });
        }
        parts.push(attributes);
    }
    Ok(parts)
}

fn alternative_names(value: &[u8]) -> Result<Vec<AlternativeName>, Malformed> {
    let mut outer = Reader::new(value);
    let mut names = outer.sequence()?;
    outer.end()?;
    let mut known = vec![];
    while !names.is_at_end() {
        let (tag, name) = names.any()?;
        // They are in ASCII, each in its own way.
        let ascii = || text(name).ok().filter(|name| name.is_ascii()).map(Box::from);
        known.extend(match tag {
            0x81 => ascii().map(AlternativeName::Email),
            0x82 => ascii().map(AlternativeName::Dns),
            0x86 => ascii().map(AlternativeName::Uri),
            0x87 => address(name).map(AlternativeName::Ip),
            _ => None,
        });
    }
    Ok(known)
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(bytes).map_err(|_| Malformed)
}

/// An object identifier in dots (X.690 §8.19).
fn dotted(oid: &[u8]) -> Result<String, Malformed> {
    let (mut arcs, mut arc) = (vec![], 0u64);
    for byte in oid {
        arc = arc.checked_mul(128).ok_or(Malformed)? | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            arcs.push(arc);
            arc = 0;
        }
    }
    if oid.last().is_none_or(|last| last & 0x80 != 0) {
        return Err(Malformed);
    }
    // The first two are written as one.
    let first = arcs.first().map_or(0, |both| (both / 40).min(2));
    let second = arcs.first().map_or(0, |both| both - 40 * first);
    let rest = arcs.iter().skip(1).copied();
    let arcs: Vec<_> = [first, second].into_iter().chain(rest).map(|arc| arc.to_string()).collect();
    Ok(arcs.join("."))
}

/// The second one of two elements.
fn second_of(mut two: Reader<'_>) -> Result<(u8, &[u8]), Malformed> {
    two.any()?;
    let second = two.any()?;
    two.end()?;
    Ok(second)
}

/// A point in time as certificates write it (RFC 5280 §4.1.2.5): in UTC, to the second. One before 1970 is 1970.
fn time(tag: u8, text: &[u8]) -> Option<Timestamp> {
    let text = text.strip_suffix(b"Z")?;
    let number = |digits: &[u8]| -> Option<i64> {
        let mut digits = digits.iter().map(|digit| char::from(*digit).to_digit(10));
        digits.try_fold(0, |number, digit| Some(number * 10 + i64::from(digit?)))
    };
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let year = number(year)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (number(year)?, rest)
        }
        _ => return None,
    };
    let fields: Vec<i64> = rest.chunks(2).map(number).collect::<Option<_>>()?;
    let [month @ 1..=12, day @ 1..=31, hour @ 0..=23, minute @ 0..=59, second @ 0..=59] = *fields else {
        return None;
    };
    if rest.len() != 10 {
        return None;
    }
    // Years begin in March here, so that the day that some have more is their last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month + 2) / 5
        + day
        - 719_469;
    Some(Timestamp::from_unix(((days * 24 + hour) * 60 + minute) * 60 + second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_rfc_5280_writes_them() {
        for (tag, text, unix) in [
            (UTC_TIME, "700101000000Z", 0),
            (UTC_TIME, "491231235959Z", 2_524_607_999),
            (GENERALIZED_TIME, "20500101000000Z", 2_524_608_000),
            (UTC_TIME, "000229120000Z", 951_825_600),
            (UTC_TIME, "240301000000Z", 1_709_251_200),
            (GENERALIZED_TIME, "99991231235959Z", Timestamp::MAX.unix()),
            (UTC_TIME, "500101000000Z", 0),
        ] {
            assert_eq!(time(tag, text.as_bytes()).map(Timestamp::unix), Some(unix), "{text}");
        }
        for text in [
            "",
            "Z",
            "7001010000Z",
            "700101000000",
            "70010100000Z",
            "701301000000Z",
            "700101240000Z",
            "7x0101000000Z",
        ] {
            assert_eq!(time(UTC_TIME, text.as_bytes()), None, "{text}");
        }
        assert_eq!(time(IA5_STRING, b"700101000000Z"), None);
    }

    #[test]
    fn object_identifiers_are_written_in_dots() {
        for (bytes, text) in [
            (&[0x55, 4, 3][..], "2.5.4.3"),
            (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1], "1.2.840.113549.1.9.1"),
            (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25], "0.9.2342.19200300.100.1.25"),
            (&[0x88, 0x37], "2.999"),
        ] {
            assert_eq!(dotted(bytes).ok().as_deref(), Some(text));
        }
        for bytes in [&[][..], &[0x55, 0x84], &[0xff; 12]] {
            assert!(dotted(bytes).is_err(), "{bytes:?}");
        }
    }
}
