//! A look at a token before anything about it has been verified.

use std::fmt;

use crate::base64url;
use crate::error::VerifyError;
use crate::json::{Document, Limits};
use crate::jws;
use crate::jws::header::{self, Claimed};
use crate::jwt::{self, Verifier};

/// What a token says about itself, **with nothing verified**: anybody can have written it.
///
/// It serves to choose the verifier (`iss`, `kid`, `typ`), and to show a token to a person. Never decide anything else by it.
#[derive(Clone)]
pub struct Unverified {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    iss: Option<String>,
    header: String,
    claims: String,
}

impl Unverified {
    /// Cuts and decodes a token in compact form. Its parts must be strict JSON objects; nothing else is checked.
    ///
    /// # Errors
    /// [`VerifyError`] where the token is too long (16 KiB) or malformed.
    pub fn parse(token: &str) -> Result<Self, VerifyError> {
        if token.len() > Verifier::DEFAULT_MAX_LEN {
            return Err(VerifyError::TooLarge { limit: Verifier::DEFAULT_MAX_LEN });
        }
        let parts = jws::split(token)?;
        base64url::decode(parts.signature).map_err(|_| VerifyError::Malformed)?;
        let header = utf8(header::decode(parts.header)?)?;
        let claims = utf8(base64url::decode(parts.payload).map_err(|_| VerifyError::Malformed)?)?;

        let document = Document::parse_str(&header, Limits::HEADER).map_err(VerifyError::HeaderJson)?;
        let Claimed { alg, kid, typ } = Claimed::read(document.root())?;
        let (alg, kid, typ) = (String::from(alg), kid.map(String::from), typ.map(String::from));

        let document = Document::parse_str(&claims, Limits::PAYLOAD).map_err(VerifyError::ClaimsJson)?;
        let iss = match document.root().get("iss") {
            None => None,
            Some(iss) => match iss.as_str() {
                Some(iss) => Some(iss.into_owned()),
                None => {
                    let fault = Box::new(jwt::fault("iss", iss));
                    return Err(VerifyError::ClaimMalformed { name: "iss", fault });
                }
            },
        };
        Ok(Self { alg, kid, typ, iss, header, claims })
    }

    /// The `alg` it names, which may be one that nobody accepts.
    #[must_use]
    pub fn alg(&self) -> &str {
        &self.alg
    }

    /// The `kid` it names.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The `typ` it names.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// The issuer it names.
    #[must_use]
    pub fn iss(&self) -> Option<&str> {
        self.iss.as_deref()
    }

    /// The JSON of its header.
    #[must_use]
    pub fn header_json(&self) -> &str {
        &self.header
    }

    /// The JSON of its claims.
    #[must_use]
    pub fn claims_json(&self) -> &str {
        &self.claims
    }
}

impl fmt::Debug for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unverified")
            .field("alg", &self.alg)
            .field("kid", &self.kid)
            .field("typ", &self.typ)
            .field("iss", &self.iss)
            .finish_non_exhaustive()
    }
}

fn utf8(bytes: Vec<u8>) -> Result<String, VerifyError> {
    String::from_utf8(bytes).map_err(|_| VerifyError::Malformed)
}
