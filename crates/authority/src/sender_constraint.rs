//! Sender-constrained tokens: what they are bound to, and how they are used.

use jeton_oauth::Confirmation;
use serde::{Serialize, Serializer};

/// What a client proved possession of in its request: tokens are bound to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SenderConstraint {
    /// The thumbprint of the key in a verified DPoP proof (RFC 9449 §5).
    pub jkt: Option<Box<str>>,
    /// The thumbprint of the certificate of the TLS connection (RFC 8705 §3).
    pub x5t_s256: Option<Box<str>>,
}

impl SenderConstraint {
    /// The `cnf` claim (RFC 7800 §3.1); `None` if nothing was proved.
    pub fn confirmation(&self) -> Option<Confirmation> {
        if self.jkt.is_none() && self.x5t_s256.is_none() {
            return None;
        }
        let mut confirmation = Confirmation::default();
        confirmation.jkt = self.jkt.as_deref().map(Into::into);
        confirmation.x5t_s256 = self.x5t_s256.as_deref().map(Into::into);
        Some(confirmation)
    }

    /// Whether everything that a token is bound to was proved. True for an unbound token.
    pub fn proves(&self, bound: Option<&Confirmation>) -> bool {
        let Some(bound) = bound else { return true };
        let proved = |wanted: &Option<String>, shown: &Option<Box<str>>| {
            wanted.is_none() || wanted.as_deref() == shown.as_deref()
        };
        proved(&bound.jkt, &self.jkt) && proved(&bound.x5t_s256, &self.x5t_s256)
    }

    /// The type of tokens with this binding.
    pub fn token_type(&self) -> TokenType {
        if self.jkt.is_some() { TokenType::Dpop } else { TokenType::Bearer }
    }
}

/// How an access token is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenType {
    /// A bearer token: anyone who has it can use it (RFC 6750).
    Bearer,
    /// With a proof of the key that it is bound to (RFC 9449).
    Dpop,
    /// It is not an access token (RFC 8693 §2.2.1).
    NotApplicable,
}

impl TokenType {
    /// The value on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
            Self::NotApplicable => "N_A",
        }
    }
}

impl Serialize for TokenType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
