//! The response to an authorization request, for the redirect URI.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jeton_jose::Timestamp;
use jeton_oauth::authorization::ResponseMode;
use jeton_oauth::{Parameters, RedirectUri};
use serde_json::{Map, Value};

use super::Authorization;
use super::identifying::IdentifyError;
use super::received::PageError;
use crate::client::Client;
use crate::client_directory::Content;
use crate::oauth_error::OAuthError;
use crate::one_time::Handle;
use crate::refusal::Refusal;

/// The content of a response.
#[derive(Clone)]
pub enum ResponseParameters {
    /// A code.
    Code(Handle),
    /// An error code and a description.
    Error {
        /// The error code.
        code: &'static str,
        /// The description, for developers.
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

/// The response to an authorization request.
#[derive(Debug, Clone)]
pub struct AuthorizationResponse {
    /// The client of the request.
    pub client: Arc<Client>,
    /// Where it goes.
    pub redirect_uri: RedirectUri,
    /// How it is sent.
    pub mode: ResponseMode,
    /// The value that the client gets back unchanged.
    pub state: Option<Box<str>>,
    /// The content.
    pub parameters: ResponseParameters,
}

impl AuthorizationResponse {
    /// The parameters of an unsigned response, with `iss` against mix-up (RFC 9207 §2).
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

/// How long a signed response is valid: the client receives it immediately (JARM §2.1).
const SIGNED_LIFETIME: Duration = Duration::from_secs(10 * 60);

impl Authorization {
    /// The parameters of a response on the wire: plain, or as one JWT (JARM §2.1) that is signed and, if the client
    /// registered for it, then encrypted (JARM §2.2).
    ///
    /// # Errors
    /// [`PageError::EncryptionKeyMissing`] if it cannot be encrypted to the client; and if it cannot be signed.
    pub async fn answer_parameters(
        &self,
        response: &AuthorizationResponse,
        now: Timestamp,
    ) -> Result<Parameters, IdentifyError> {
        let parameters = response.to_parameters(&self.base.settings.issuer);
        if !response.mode.is_signed() {
            return Ok(parameters);
        }
        let client = &response.client;
        let text = |(name, value): (&str, &str)| (name.to_owned(), Value::from(value));
        let mut claims: Map<String, Value> = parameters.iter().map(text).collect();
        claims.insert("aud".to_owned(), client.id.as_str().into());
        claims.insert("exp".to_owned(), now.saturating_add(SIGNED_LIFETIME).unix().into());
        claims.insert("iat".to_owned(), now.unix().into());
        let algorithms = client.algorithms();
        let algorithm = algorithms.authorization.unwrap_or_else(|| client.id_token_algorithm());
        let signed = self.base.clients.sign_for(algorithm, "JWT", &claims, now).await?;
        let response = match algorithms.authorization_encryption {
            None => signed,
            Some(encryption) => {
                let encrypted =
                    self.base.clients.encrypt_for(client, encryption, Content::Token(&signed)).await;
                encrypted.map_err(|error| match error {
                    OAuthError::Refused(_) => PageError::EncryptionKeyMissing.into(),
                    error => IdentifyError::Failed(error),
                })?
            }
        };
        Ok([("response", response)].into_iter().collect())
    }
}
