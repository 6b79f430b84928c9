//! The factors with which users prove their identity, and their values in tokens.

use serde::{Deserialize, Serialize};

/// A factor with which a user proved their identity. A new factor needs an entry in [`Factor::OFFERED`], a name, a
/// step of [`sign_in`](crate::sign_in) that checks it, and a page of the server that asks for it; the claims in tokens
/// follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Factor {
    /// A password.
    #[serde(rename = "pwd")]
    Password,
}

/// The `acr` of a sign-in with one factor that is not resistant to phishing (RFC 8485 and others number from 0; this
/// is the value that ISO/IEC 29115 calls level 1).
const SINGLE_FACTOR: &str = "1";

impl Factor {
    /// The available factors, in the order in which they are asked for.
    pub const OFFERED: &[Self] = &[Self::Password];

    /// Its name in `amr` (RFC 8176 §2), which is also what the store keeps.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "pwd",
        }
    }

    /// The factor with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::OFFERED.iter().copied().find(|factor| factor.as_str() == name)
    }
}

/// The authentication context class of these factors: `acr` (OpenID Connect Core §2).
pub(crate) fn acr(met: &[Factor]) -> &'static str {
    match met {
        // Grants from before factors were noted came from a password.
        [] | [Factor::Password, ..] => SINGLE_FACTOR,
    }
}
