//! Why an OAuth request is refused: the code that goes over the wire, and a fixed text for developers.

use jeton_oauth::{ErrorCode, ErrorDescription};

/// A refusal in the words of the standards (RFC 6749 §5.2). It echoes nothing of the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {description}")]
pub struct Refusal {
    /// The code.
    pub code: ErrorCode,
    /// What is wrong, for developers.
    pub description: ErrorDescription,
    /// What is behind it, for the log alone: whoever asks is not told.
    pub cause: Option<Box<str>>,
}

impl Refusal {
    /// A refusal with a text that is known when the program is compiled.
    pub const fn new(code: ErrorCode, description: &'static str) -> Self {
        Self { code, description: ErrorDescription::from_static(description), cause: None }
    }

    /// The same with what is behind it, which the log says and the answer does not. It must hold no secret.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<str>>) -> Self {
        self.cause = Some(cause.into());
        self
    }
}
