//! The identifier of a client (RFC 6749 §2.2).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The identifier of a client: 1 to [`ClientId::MAX_LEN`] characters of printable ASCII without spaces. It is not
/// secret.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(Box<str>);

/// The text is not a client identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a client identifier must be 1 to {} printable ASCII characters without spaces", ClientId::MAX_LEN)]
pub struct ClientIdError;

impl ClientIdError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "client_id_malformed"
    }
}

impl ClientId {
    /// The longest identifier, in bytes. It may be a URL (OAuth Client ID Metadata Document).
    pub const MAX_LEN: usize = 512;

    /// Parses an identifier.
    ///
    /// # Errors
    /// [`ClientIdError`] if it is empty, too long, or contains another character.
    pub fn parse(text: impl Into<Box<str>>) -> Result<Self, ClientIdError> {
        let text = text.into();
        let allowed = !text.is_empty()
            && text.len() <= Self::MAX_LEN
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if allowed { Ok(Self(text)) } else { Err(ClientIdError) }
    }

    /// The text.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientId {
    type Err = ClientIdError;

    fn from_str(text: &str) -> Result<Self, ClientIdError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for ClientId {
    type Error = ClientIdError;

    fn try_from(text: String) -> Result<Self, ClientIdError> {
        Self::parse(text)
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.0.into()
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientId({})", self.0)
    }
}
