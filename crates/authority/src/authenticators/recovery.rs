//! Recovery codes: they stand in for a second factor that is lost, each once.
//!
//! The codes of a set are not stored, only their keyed hashes. They have 60 random bits, so that nobody guesses one at any rate
//! that the tries allow.

use std::fmt;

use jeton_jose::{Timestamp, base64url};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use unicode_normalization::UnicodeNormalization as _;

/// How many recovery codes a set has.
pub const RECOVERY_CODES: usize = 10;

/// How many characters a code has.
const LENGTH: usize = 12;
/// How many of them stand together.
const GROUP: usize = 4;
/// The characters, five bits each: those that nobody takes for others.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A recovery code, as its user writes it: `k3mf-7q2x-9w4t`. Never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(Box<str>);

impl RecoveryCode {
    /// The code of these random bits.
    pub(crate) fn from_bits(bits: u64) -> Self {
        let digit = |place: usize| char::from(ALPHABET[(bits >> (5 * place)) as usize % ALPHABET.len()]);
        Self((0..LENGTH).map(digit).collect())
    }

    /// Parses what somebody typed; `None` if it cannot be a code. Case, spaces and dashes do not count, and letters that are
    /// mistaken for a digit are that digit.
    pub fn parse(typed: &str) -> Option<Self> {
        let meant = |letter: char| match letter.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        };
        let code: Box<str> = typed.nfkc().filter(|letter| !is_separator(*letter)).map(meant).collect();
        let is_code = code.len() == LENGTH && code.bytes().all(|letter| ALPHABET.contains(&letter));
        is_code.then_some(Self(code))
    }

    /// The code without dashes, for hashing.
    pub(crate) fn plain(&self) -> &str {
        &self.0
    }
}

/// What people and apps write between the parts of a code.
pub(crate) fn is_separator(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(letter, '-' | '\u{2010}'..='\u{2015}' | '\u{200b}' | '\u{2060}' | '\u{feff}' | '.')
}

impl fmt::Display for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, letter) in self.0.chars().enumerate() {
            if place > 0 && place.is_multiple_of(GROUP) {
                f.write_str("-")?;
            }
            write!(f, "{letter}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

/// The keyed hash of a recovery code, of one user and set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RecoveryCodeHash([u8; 32]);

impl RecoveryCodeHash {
    /// From its bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for RecoveryCodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCodeHash(…)")
    }
}

impl Serialize for RecoveryCodeHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for RecoveryCodeHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<str>::deserialize(deserializer)?;
        let bytes = base64url::decode(&*text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| de::Error::custom("not a hash"))
    }
}

/// The recovery codes of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoverySet {
    /// What its codes are made from, together with a key of the authority: sixteen random bytes.
    pub id: [u8; 16],
    /// When it was made.
    pub made_at: Timestamp,
    /// The hashes of the codes that were not used.
    pub left: Vec<RecoveryCodeHash>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_written() {
        let code = RecoveryCode::from_bits(0x0123_4567_89ab_cdef);
        let shown = code.to_string();
        assert_eq!(shown.len(), 14);
        let upper = shown.to_uppercase();
        for typed in [
            shown.clone(),
            upper.clone(),
            shown.replace('-', ""),
            shown.replace('-', " "),
            format!("  {} ", shown.replace('-', "\u{2013}")),
            upper.replace('0', "O").replace('1', "l"),
            // Full-width letters, as an input method writes them.
            shown
                .chars()
                .map(|letter| match letter {
                    '-' => '-',
                    letter => char::from_u32(letter as u32 + 0xfee0).expect("a letter"),
                })
                .collect(),
        ] {
            assert_eq!(RecoveryCode::parse(&typed).as_ref(), Some(&code), "{typed}");
        }
        for wrong in ["", "123456", &shown[1..], &format!("{shown}0"), "uuuu-uuuu-uuuu", "k3mf-7q2x-9w4\0"] {
            assert_eq!(RecoveryCode::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn every_bit_counts() {
        for bit in 0..60 {
            assert_ne!(RecoveryCode::from_bits(0), RecoveryCode::from_bits(1 << bit), "{bit}");
        }
    }
}
