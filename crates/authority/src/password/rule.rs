//! Which texts can be passwords.

use super::{MAX_PASSWORD_BYTES, Password};

/// Why a text cannot be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// The text is empty or only white space.
    #[error("the password is empty")]
    Empty,
    /// The text is longer than [`MAX_PASSWORD_BYTES`].
    #[error("the password is too long: it has {found} bytes, at most {MAX_PASSWORD_BYTES} are allowed")]
    TooLong {
        /// Its length in bytes.
        found: usize,
    },
    /// The text contains U+0000.
    #[error("the password contains a null character")]
    Null,
    /// The text has more than one line.
    #[error("the password contains a line break")]
    LineBreak,
}

impl PasswordError {
    /// The stable name of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "password_empty",
            Self::TooLong { .. } => "password_too_long",
            Self::Null => "password_null",
            Self::LineBreak => "password_line_break",
        }
    }
}

impl Password {
    /// Parses a password as it was typed. The same rule applies everywhere, when a password is set and at sign-in, so
    /// that no accepted password is refused later.
    ///
    /// Line breaks at either end are not part of the password: a password field accepts none, and pasted or piped text
    /// often ends with one.
    ///
    /// # Errors
    /// [`PasswordError`] says what is wrong, without the text.
    pub fn parse(typed: &str) -> Result<Self, PasswordError> {
        const LINE_BREAKS: [char; 2] = ['\r', '\n'];
        let text = typed.trim_matches(LINE_BREAKS);
        if text.trim().is_empty() {
            Err(PasswordError::Empty)
        } else if text.len() > MAX_PASSWORD_BYTES {
            Err(PasswordError::TooLong { found: text.len() })
        } else if text.contains('\0') {
            Err(PasswordError::Null)
        } else if text.contains(LINE_BREAKS) {
            Err(PasswordError::LineBreak)
        } else {
            Ok(Self::new(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line_of_bounded_length() {
        let longest = "x".repeat(MAX_PASSWORD_BYTES);
        for (typed, kept) in [
            ("correct horse", "correct horse"),
            (" outer space ", " outer space "),
            ("pasted\n", "pasted"),
            ("piped\r\n", "piped"),
            ("tab\tand\u{7f}", "tab\tand\u{7f}"),
            ("пароль🔑", "пароль🔑"),
            (&longest, &longest),
        ] {
            assert_eq!(Password::parse(typed).map(|it| it.expose().to_owned()).as_deref(), Ok(kept));
        }
        let found = MAX_PASSWORD_BYTES + 1;
        for (typed, error) in [
            ("", PasswordError::Empty),
            (" \t ", PasswordError::Empty),
            ("\r\n", PasswordError::Empty),
            (&"x".repeat(found), PasswordError::TooLong { found }),
            ("a\0b", PasswordError::Null),
            ("\0", PasswordError::Null),
            ("one\ntwo", PasswordError::LineBreak),
            ("one\rtwo", PasswordError::LineBreak),
        ] {
            assert_eq!(Password::parse(typed).err(), Some(error));
        }
    }
}
