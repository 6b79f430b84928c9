//! The answer to an authorization request, on its way to the redirect URI.

use std::fmt;
use std::sync::Arc;

use jeton_oauth::authorization::ResponseMode;
use jeton_oauth::{Parameters, RedirectUri};

use crate::client::Client;
use crate::one_time::Handle;
use crate::refusal::Refusal;

/// What an answer says.
#[derive(Clone)]
pub enum ResponseParameters {
    /// Here is a code.
    Code(Handle),
    /// No: a code of an error, and why.
    Error {
        /// The code.
        code: &'static str,
        /// Why, for developers.
        description: Box<str>,
    },
}

impl ResponseParameters {
    pub(super) fn error(refusal: &Refusal) -> Self {
        Self::Error { code: refusal.code.as_str(), description: refusal.description.as_str().into() }
    }
}

impl fmt::Debug for ResponseParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(_) => f.write_str("Code(…)"),
            Self::Error { code, .. } => write!(f, "Error({code})"),
        }
    }
}

/// The answer to an authorization request.
#[derive(Debug, Clone)]
pub struct AuthorizationResponse {
    /// Whose request it was.
    pub client: Arc<Client>,
    /// Where it goes.
    pub redirect_uri: RedirectUri,
    /// How it travels.
    pub mode: ResponseMode,
    /// What the client wanted to get back as it is.
    pub state: Option<Box<str>>,
    /// What it says.
    pub parameters: ResponseParameters,
}

impl AuthorizationResponse {
    /// The parameters as they travel when they are not signed, with `iss` against mix-up (RFC 9207 §2).
    pub fn to_parameters(&self, issuer: &str) -> Parameters {
        let mut pairs: Vec<(&str, String)> = match &self.parameters {
            ResponseParameters::Code(code) => vec![("code", code.expose().to_owned())],
            ResponseParameters::Error { code, description } => {
                vec![("error", (*code).to_owned()), ("error_description", description.to_string())]
            }
        };
        if let Some(state) = &self.state {
            pairs.push(("state", state.to_string()));
        }
        pairs.push(("iss", issuer.to_owned()));
        pairs.into_iter().collect()
    }
}
