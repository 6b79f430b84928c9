//! Request identifiers, which connect a response to its log lines.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};

/// The header with the request identifier, in both directions.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest identifier accepted from a proxy, in bytes.
const MAX_LENGTH: usize = 64;

#[derive(Clone)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    /// The identifier from a trusted proxy, if there is exactly one and it is well-formed: 1 to 64 letters, digits,
    /// `-`, `_` or `.`, so that it needs no quotes in a log line.
    pub(crate) fn from_proxy(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(&X_REQUEST_ID).iter();
        let (value, None) = (values.next()?, values.next()) else { return None };
        let bytes = value.as_bytes();
        let well_formed = (1..=MAX_LENGTH).contains(&bytes.len())
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte));
        well_formed.then(|| Self(value.clone()))
    }

    /// The identifier as a header value.
    pub(crate) fn as_header(&self) -> &HeaderValue {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}

/// Generates request identifiers: eight random hex digits per process, then a counter.
///
/// The identifiers must be distinct, not unguessable, so drawing random bytes for each would be a waste.
#[derive(Debug)]
pub(crate) struct RequestIds {
    prefix: u32,
    count: AtomicU64,
}

impl RequestIds {
    /// A generator with a random prefix.
    pub(crate) fn new() -> Self {
        // The standard library seeds its hashers from the system's randomness.
        let seed = RandomState::new().hash_one(0_u8);
        Self { prefix: (seed >> 32) as u32, count: AtomicU64::new(0) }
    }

    /// The next identifier, 17 bytes or longer.
    pub(crate) fn next(&self) -> RequestId {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let digit = |number: u64, place: usize| DIGITS[(number >> (4 * place) & 15) as usize];
        let places = (16 - count.leading_zeros() as usize / 4).max(8);
        let mut text = [b'-'; 25];
        for place in 0..8 {
            text[7 - place] = digit(u64::from(self.prefix), place);
        }
        for place in 0..places {
            text[8 + places - place] = digit(count, place);
        }
        RequestId(HeaderValue::from_bytes(&text[..9 + places]).expect("hex digits are a header's value"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_identifiers_count_up_and_keep_growing() {
        let ids = RequestIds { prefix: 0x00ab_cdef, count: AtomicU64::new(41) };
        assert_eq!(ids.next().to_string(), "00abcdef-00000029");
        assert_eq!(ids.next().to_string(), "00abcdef-0000002a");
        ids.count.store(0x1_2345_6789, Ordering::Relaxed);
        assert_eq!(ids.next().to_string(), "00abcdef-123456789");
        ids.count.store(u64::MAX, Ordering::Relaxed);
        assert_eq!(ids.next().to_string(), "00abcdef-ffffffffffffffff");
    }
}
