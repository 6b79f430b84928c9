//! Why an OAuth request is refused: the error code on the wire, and a fixed description for developers.

use jeton_oauth::{ErrorCode, ErrorDescription};

/// A refusal with an error code of the standards (RFC 6749 §5.2). It repeats nothing of the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {description}")]
pub struct Refusal {
    /// The code.
    pub code: ErrorCode,
    /// The description, for developers.
    pub description: ErrorDescription,
    /// The cause, only for the log: the caller is not told.
    pub cause: Option<Box<str>>,
}

impl Refusal {
    /// A refusal with a constant description.
    pub const fn new(code: ErrorCode, description: &'static str) -> Self {
        Self { code, description: ErrorDescription::from_static(description), cause: None }
    }

    /// The same with a cause, which is logged but not sent. It must not contain secrets.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<str>>) -> Self {
        self.cause = Some(cause.into());
        self
    }
}
