//! Identifiers: 128 random bits, written as 32 lower-case hex digits.
//!
//! They are random, so that no database needs a sequence and no identifier reveals how many there are. They are hex,
//! so that they can be pasted into a shell, a URL or a `uuid` column without quoting.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The text is not 32 hex digits (hyphens are allowed, as in a UUID).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an identifier must be 32 hex digits")]
pub struct ParseIdError;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The identifier with these random bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// Its 16 bytes, as the store keeps them.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(hex(&self.0, &mut [0; 32]))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <Cow<'de, str>>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                parse_hex(text).map(Self)
            }
        }
    };
}

identifier!(
    /// A user, for as long as the account exists. It does not change with the username.
    UserId
);
identifier!(
    /// A grant: what a user allowed one client. It is the `sid` of the grant's access tokens.
    GrantId
);
identifier!(
    /// A node: a server of the authority, for as long as its process lives.
    NodeId
);
identifier!(
    /// A browser session. It never leaves the authority.
    SessionId
);
identifier!(
    /// A segment of the audit trail.
    SegmentId
);
identifier!(
    /// A mail, from when it is queued until it is forgotten.
    MailId
);

/// Writes `bytes` as lower-case hex into `buffer` and returns it as text.
pub(crate) fn hex<'a>(bytes: &[u8; 16], buffer: &'a mut [u8; 32]) -> &'a str {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (pair, byte) in buffer.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    std::str::from_utf8(buffer).expect("hex digits are ASCII")
}

pub(crate) fn parse_hex(text: &str) -> Result<[u8; 16], ParseIdError> {
    let mut bytes = [0; 16];
    let mut digits = text.bytes().filter(|byte| *byte != b'-');
    for byte in &mut bytes {
        let (high, low) = (digits.next().ok_or(ParseIdError)?, digits.next().ok_or(ParseIdError)?);
        *byte = digit(high)? << 4 | digit(low)?;
    }
    if digits.next().is_some() { Err(ParseIdError) } else { Ok(bytes) }
}

fn digit(byte: u8) -> Result<u8, ParseIdError> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        b'A'..=b'F' => Ok(byte - b'A' + 10),
        _ => Err(ParseIdError),
    }
}
