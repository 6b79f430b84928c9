//! The code that a user reads from a device and types in a browser (RFC 8628 §6.1).

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::random::Random;

/// A user code: eight letters. There are no vowels, so that it forms no words, and no digits, so that nothing looks
/// like a letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserCode(Box<str>);

/// The text cannot be a user code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UserCodeError {
    /// The text is empty.
    #[error("the user code is missing")]
    Missing,
    /// The text has the wrong form.
    #[error("a user code must be {} letters out of {}", UserCode::LETTERS, UserCode::ALPHABET)]
    Malformed,
}

impl UserCode {
    /// The number of letters.
    pub const LETTERS: usize = 8;
    /// The alphabet.
    pub const ALPHABET: &'static str = "BCDFGHJKLMNPQRSTVWXZ";
    /// The longest text that is parsed, in bytes, without surrounding white space. A URL with a code is shorter.
    const LONGEST_TYPED: usize = 4096;
    /// What precedes the code in a URL.
    const PARAMETER: &'static str = "user_code";

    /// Generates a code.
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

    /// Parses what somebody typed or pasted. Characters outside the alphabet are ignored (RFC 8628 §6.1), and so are
    /// case and width. The text may be the URL that the device shows.
    ///
    /// # Errors
    /// [`UserCodeError`] if the text cannot be a code.
    pub fn parse(typed: &str) -> Result<Self, UserCodeError> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(UserCodeError::Missing);
        }
        if typed.len() > Self::LONGEST_TYPED {
            return Err(UserCodeError::Malformed);
        }
        // Full-width letters and the like become plain ones.
        let typed: String = typed.nfkc().collect();
        let typed = match in_address(&typed) {
            InAddress::Code(code) => return Self::letters(&code).ok_or(UserCodeError::Malformed),
            InAddress::None => return Err(UserCodeError::Malformed),
            InAddress::NoAddress => typed,
        };
        // "Code: BCDF-GHJK" has more letters than the code alone, which is one of its words then.
        let whole = std::iter::once(typed.as_str());
        let words = typed.split_whitespace().filter(|word| !word.ends_with(':'));
        match whole.chain(words).find_map(Self::letters) {
            Some(code) => Ok(code),
            None if typed.chars().any(char::is_alphanumeric) => Err(UserCodeError::Malformed),
            // Dashes, or something that nobody sees.
            None => Err(UserCodeError::Missing),
        }
    }

    /// The code in a text, without all other characters.
    fn letters(text: &str) -> Option<Self> {
        let letters = text.chars().map(|c| c.to_ascii_uppercase()).filter(|c| Self::ALPHABET.contains(*c));
        let code: String = letters.collect();
        (code.len() == Self::LETTERS).then(|| Self(code.into()))
    }

    /// The letters, as the store keeps them.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserCode {
    /// The code for people, with a hyphen in the middle.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at(Self::LETTERS / 2);
        write!(f, "{first}-{second}")
    }
}

/// The code in a text that may be a URL.
enum InAddress {
    /// The value of the URL's parameter.
    Code(String),
    /// The text is a URL without a code.
    None,
    /// The text is not a URL.
    NoAddress,
}

/// Finds the code in a URL, which may be encoded within another URL.
fn in_address(text: &str) -> InAddress {
    let lower = text.to_ascii_lowercase();
    for (equals, ends) in [("=", &["&", "#"][..]), ("%3d", &["%26", "%23", "&", "#"])] {
        let Some(at) = lower.find(&format!("{}{equals}", UserCode::PARAMETER)) else { continue };
        let start = at + UserCode::PARAMETER.len() + equals.len();
        let rest = &lower[start..];
        let end = ends.iter().filter_map(|end| rest.find(end)).chain(rest.find(char::is_whitespace)).min();
        let value = &rest[..end.unwrap_or(rest.len())];
        let decoded = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
        // Twice encoded in an encoded address.
        let decoded = percent_encoding::percent_decode_str(&decoded).decode_utf8_lossy().into_owned();
        return InAddress::Code(decoded.nfkc().collect());
    }
    if lower.contains("://") || lower.contains("%3a%2f%2f") { InAddress::None } else { InAddress::NoAddress }
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
    fn a_code_is_read_as_people_paste_it() {
        let code = UserCode::parse("BCDFGHJK").expect("a code");
        let long = format!("BCDF-GHJK{}", " ".repeat(60_000));
        for typed in [
            "ＢＣＤＦ－ＧＨＪＫ",
            "ｂｃｄｆｇｈｊｋ",
            "BCDF\u{200b}GHJK\u{feff}",
            "\u{202a}BCDF-GHJK\u{202c}",
            "BCDF\u{2010}GHJK",
            "BCDF\u{2212}GHJK",
            "BCDF~GHJK",
            "BCDF_GHJK",
            "„BCDF-GHJK“",
            "'BCDF-GHJK'",
            "`BCDF-GHJK`",
            "(BCDF-GHJK).",
            "B C D F - G H J K",
            "BCDF\u{a0}GHJK\r\n",
            "𝐁𝐂𝐃𝐅-𝐆𝐇𝐉𝐊",
            "Code: BCDF-GHJK",
            "code BCDF-GHJK",
            long.as_str(),
            "https://auth.example/device?user_code=BCDF-GHJK",
            "https://auth.example/device?user_code=BCDF-GHJK&lang=de#top",
            "https://auth.example/device?lang=de&USER_CODE=bcdfghjk",
            "https://auth.example/device?user_code=BCDF%2DGHJK",
            "https://auth.example/device?user_code=BCDF%E2%80%90GHJK",
            "auth.example/device?user_code=BCDF-GHJK",
            "?user_code=BCDF-GHJK",
            "user_code=BCDF-GHJK",
            "Go to https://auth.example/device?user_code=BCDF-GHJK now",
            "https://go.example/?to=https%3A%2F%2Fauth.example%2Fdevice%3Fuser_code%3DBCDF-GHJK%26x%3Dy",
            "ｈｔｔｐｓ：／／auth.example/device？user_code＝BCDF-GHJK",
        ] {
            assert_eq!(UserCode::parse(typed), Ok(code.clone()), "{typed}");
        }
    }

    #[test]
    fn other_texts_are_no_codes() {
        for typed in [
            "BCDF",
            "BCDF-GHJKL",
            "BCDFGHJA",
            "BCDFGHJ0",
            "https://auth.example/device",
            "https://bcdf.example/",
            "https://auth.example/device?user_code=",
            "https://auth.example/device?user_code=BCDF",
            "12345678",
            "БЦДФГХЙК",
            &"B".repeat(5000),
        ] {
            assert_eq!(UserCode::parse(typed), Err(UserCodeError::Malformed), "{typed}");
        }
        for typed in ["", "  ", "-", "\u{200b}", "\u{3000}\u{feff}"] {
            assert_eq!(UserCode::parse(typed), Err(UserCodeError::Missing), "{typed:?}");
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
