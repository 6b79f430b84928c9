//! What somebody reads off a device and types at a browser (RFC 8628 §6.1).

use std::fmt;

use crate::random::Random;

/// The code that a device shows: eight letters. There are no vowels among them, so that no words come about, and no digits,
/// so that nothing looks like a letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserCode(Box<str>);

/// The text is no user code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a user code is {} letters out of {}", UserCode::LETTERS, UserCode::ALPHABET)]
pub struct UserCodeError;

impl UserCode {
    /// How many letters it has.
    pub const LETTERS: usize = 8;
    /// The letters that it is made of.
    pub const ALPHABET: &'static str = "BCDFGHJKLMNPQRSTVWXZ";
    /// The longest text that is looked at, in bytes: people put spaces and hyphens anywhere.
    const LONGEST_TYPED: usize = 64;

    /// Draws one.
    pub fn draw(random: &dyn Random) -> Self {
        let alphabet = Self::ALPHABET.as_bytes();
        // Bytes beyond the last whole multiple would make the first letters likelier.
        let fair = 256 - 256 % alphabet.len();
        let mut code = String::with_capacity(Self::LETTERS);
        while code.len() < Self::LETTERS {
            let mut bytes = [0; 16];
            random.fill(&mut bytes);
            let fair = bytes.into_iter().map(usize::from).filter(|byte| *byte < fair);
            let letters = fair.map(|byte| char::from(alphabet[byte % alphabet.len()]));
            code.extend(letters.take(Self::LETTERS - code.len()));
        }
        Self(code.into())
    }

    /// Reads what somebody typed: neither case nor hyphens and white space matter.
    ///
    /// # Errors
    /// [`UserCodeError`] where it is something else.
    pub fn parse(typed: &str) -> Result<Self, UserCodeError> {
        if typed.len() > Self::LONGEST_TYPED {
            return Err(UserCodeError);
        }
        let letters =
            typed.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '‐' | '‑' | '–' | '—'));
        let code: String = letters.map(|c| c.to_ascii_uppercase()).collect();
        let known = code.chars().all(|c| Self::ALPHABET.contains(c));
        if known && code.len() == Self::LETTERS { Ok(Self(code.into())) } else { Err(UserCodeError) }
    }

    /// The letters alone, as the store keeps them.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserCode {
    /// As people read it: with a hyphen in the middle.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at(Self::LETTERS / 2);
        write!(f, "{first}-{second}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    #[test]
    fn what_is_drawn_is_read_back_however_it_is_typed() {
        let code = UserCode::draw(&SystemRandom);
        let shown = code.to_string();
        for typed in
            [shown.clone(), shown.to_lowercase(), shown.replace('-', " "), format!(" {} ", code.as_str())]
        {
            assert_eq!(UserCode::parse(&typed), Ok(code.clone()), "{typed}");
        }
    }

    #[test]
    fn other_texts_are_no_codes() {
        for typed in ["", "BCDF", "BCDF-GHJKL", "BCDFGHJA", "BCDFGHJ0", "ＢCDFGHJK", &"-".repeat(65)] {
            assert_eq!(UserCode::parse(typed), Err(UserCodeError), "{typed}");
        }
    }

    #[test]
    fn every_letter_comes_about_as_often_as_any_other() {
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..5000 {
            for letter in UserCode::draw(&SystemRandom).as_str().chars() {
                *counts.entry(letter).or_insert(0_u32) += 1;
            }
        }
        assert_eq!(counts.len(), UserCode::ALPHABET.len());
        // 2000 are expected, with a standard deviation of 44.
        assert!(counts.values().all(|count| (1700..2300).contains(count)), "{counts:?}");
    }
}
