//! `client_secret_basic` and `client_secret_post` (RFC 6749 §2.3.1).

use base64_turbo::STANDARD;
use jeton_oauth::Parameters;
use jeton_oauth::client::{ClientId, TokenEndpointAuthMethod};
use zeroize::Zeroizing;

use super::NOT_AUTHENTICATED;
use crate::client::Client;
use crate::oauth_error::OAuthError;

/// The content of the header. Both halves are form-encoded, which many libraries forget, so a secret is also tried
/// undecoded.
pub(super) struct Basic {
    pub(super) id: ClientId,
    pub(super) secrets: [Zeroizing<String>; 2],
}

impl Basic {
    /// Whether the secret is empty.
    pub(super) fn is_without_secret(&self) -> bool {
        self.secrets.iter().all(|secret| secret.is_empty())
    }
}

/// Parses the credentials in the header.
pub(super) fn parse_basic(credentials: &str) -> Option<Basic> {
    let bytes = STANDARD.decode(credentials.trim()).ok()?;
    let text = Zeroizing::new(String::from_utf8(bytes).ok()?);
    let (id, secret) = text.split_once(':')?;
    let decoded = form_decoded(secret).unwrap_or_default();
    Some(Basic {
        id: ClientId::parse(form_decoded(id)?).ok()?,
        secrets: [decoded, secret.to_owned()].map(Zeroizing::new),
    })
}

/// Decodes a form-encoded value. An ambiguous value counts as encoded, as the standard says.
fn form_decoded(text: &str) -> Option<String> {
    if !text.contains(['%', '+', '\0']) {
        return Some(text.to_owned());
    }
    let mut encoded = b"v=".to_vec();
    // Not `&`, which would begin another value.
    encoded.extend(text.replace('&', "%26").into_bytes());
    let decoded = Parameters::parse(&encoded).ok()?;
    Some(decoded.get("v").unwrap_or_default().to_owned())
}

/// Checks a secret that was sent with `method`.
pub(super) fn check(
    client: &Client,
    method: TokenEndpointAuthMethod,
    presented: &[&str],
) -> Result<(), OAuthError> {
    let registered = client.metadata.auth_method();
    // Basic and post send the same secret over the same line, and many libraries choose for themselves. A client that is
    // registered for anything stronger is held to it.
    let taken = registered == method
        || matches!(
            registered,
            TokenEndpointAuthMethod::ClientSecretBasic | TokenEndpointAuthMethod::ClientSecretPost
        );
    match &client.secret {
        Some(secret) if taken && presented.iter().any(|presented| secret.is(presented)) => Ok(()),
        Some(_) if taken => Err(NOT_AUTHENTICATED.because("incorrect secret").into()),
        _ => {
            let cause = format!("the client is registered for {registered}, not for a secret");
            Err(NOT_AUTHENTICATED.because(cause).into())
        }
    }
}
