//! The description of an error for people: `error_description` (RFC 6749 §5.2, RFC 6750 §3).

use std::borrow::Cow;
use std::fmt;

/// A valid `error_description`: printable ASCII and spaces, without quotes and backslashes, not empty.
///
/// With this alphabet, it can be used in JSON, in a query and in a quoted string of a challenge without escaping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorDescription(Cow<'static, str>);

/// The text is not a valid `error_description`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an error description is printable ASCII without quotes and backslashes, and not empty")]
pub struct ErrorDescriptionError;

impl ErrorDescriptionError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "error_description"
    }
}

impl ErrorDescription {
    /// From a constant text. In a `const`, an invalid one does not compile.
    ///
    /// ```
    /// use jeton_oauth::ErrorDescription;
    ///
    /// const EXPIRED: ErrorDescription = ErrorDescription::from_static("the access token has expired");
    /// ```
    ///
    /// ```compile_fail
    /// const QUOTED: jeton_oauth::ErrorDescription = jeton_oauth::ErrorDescription::from_static("\"exp\"");
    /// ```
    ///
    /// # Panics
    /// Outside a `const`, if the text contains anything that this type does not allow.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        assert!(is_allowed(text), "an error description is printable ASCII without quotes and backslashes");
        Self(Cow::Borrowed(text))
    }

    /// From a text made at run time. It should contain nothing that the caller sent.
    ///
    /// # Errors
    /// [`ErrorDescriptionError`] if it contains anything that this type does not allow.
    pub fn parse(text: impl Into<Cow<'static, str>>) -> Result<Self, ErrorDescriptionError> {
        let text = text.into();
        if is_allowed(&text) { Ok(Self(text)) } else { Err(ErrorDescriptionError) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const fn is_allowed(text: &str) -> bool {
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        if !matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~') {
            return false;
        }
        rest = tail;
    }
    !text.is_empty()
}

impl fmt::Display for ErrorDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
