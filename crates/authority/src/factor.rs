//! The factors that somebody proves who they are with, and what tokens say of them.

use serde::{Deserialize, Serialize};

/// A factor that somebody proved who they are with. One that is added is offered by [`Factor::OFFERED`], has a name, a step of
/// [`sign_in`](crate::sign_in) that checks it, and a page of the server that asks for it; what tokens say follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Factor {
    /// A password.
    #[serde(rename = "pwd")]
    Password,
}

/// What `acr` says of a sign-in with one factor that is not resistant to phishing (RFC 8485 and others number from 0; this is the
/// value that ISO/IEC 29115 calls level 1).
const SINGLE_FACTOR: &str = "1";

impl Factor {
    /// What people may sign in with, what is asked for first before the others.
    pub const OFFERED: &[Self] = &[Self::Password];

    /// Its name in `amr` (RFC 8176 §2), which is also what the store keeps.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "pwd",
        }
    }

    /// The factor of this name.
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
