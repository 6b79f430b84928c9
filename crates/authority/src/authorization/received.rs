//! A request as it was received: nobody knows yet whom an answer may go to.

use std::sync::Arc;

use jeton_oauth::authorization::GrantType;
use jeton_oauth::client::ClientId;
use jeton_oauth::{Parameters, RedirectUri};

use super::kept::KeptRequest;
use super::redirectable::RedirectableRequest;
use crate::client::Client;

/// A request as it was received. What is wrong with it is shown to the user as a page and sent nowhere.
#[derive(Debug, Clone)]
pub struct ReceivedRequest {
    /// What is asked for.
    parameters: Parameters,
    /// What the browser sent, which makes the same request again.
    sent: Parameters,
    /// The kept request that it stands for.
    kept: Option<KeptRequest>,
}

/// Why a request is answered with a page instead of a redirect (RFC 6749 §4.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// It names no client.
    #[error("the request names no client")]
    ClientIdMissing,
    /// The client is unknown or disabled.
    #[error("unknown client")]
    ClientUnknown,
    /// It names no redirect URI, and either the client has not just one, or this is a request that has to name it.
    #[error("the request names no redirect URI")]
    RedirectUriMissing,
    /// The redirect URI is none of the client's.
    #[error("the redirect URI is not registered for the client")]
    RedirectUriMismatch,
    /// The pushed request is unknown or another client's. It may have expired, or have been used, long ago.
    #[error("the request_uri is unknown, expired or already used")]
    RequestUri,
    /// The request object is not good, and the request names no redirect URI beside it.
    #[error("the request object is not valid")]
    RequestObject,
    /// The client wants its answers encrypted (JARM §3), and has no key that fits. Nothing goes there in the clear.
    #[error("the client has no key for encrypting responses")]
    EncryptionKeyMissing,
    /// A parameter is repeated, or the request is no text.
    #[error("the request is malformed")]
    Malformed,
}

impl PageError {
    /// The stable name of the error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ClientIdMissing => "client_id_missing",
            Self::ClientUnknown => "client_unknown",
            Self::RedirectUriMissing => "redirect_uri_missing",
            Self::RedirectUriMismatch => "redirect_uri_mismatch",
            Self::RequestUri => "request_uri_invalid",
            Self::RequestObject => "request_object_invalid",
            Self::EncryptionKeyMissing => "client_encryption_key_missing",
            Self::Malformed => "request_malformed",
        }
    }
}

impl ReceivedRequest {
    /// A request that came through the browser.
    pub fn new(parameters: Parameters) -> Self {
        Self { sent: parameters.clone(), parameters, kept: None }
    }

    /// A request that was kept before: the client pushed it (RFC 9126) or signed it (RFC 9101).
    pub fn kept(parameters: Parameters, sent: Parameters, kept: KeptRequest) -> Self {
        Self { parameters, sent, kept: Some(kept) }
    }

    /// The client that it names.
    ///
    /// # Errors
    /// [`PageError`] where it names none.
    pub fn client_id(&self) -> Result<ClientId, PageError> {
        let text = self.parameters.get("client_id").ok_or(PageError::ClientIdMissing)?;
        ClientId::parse(text).map_err(|_| PageError::ClientUnknown)
    }

    /// Checks where an answer may go.
    ///
    /// # Errors
    /// [`PageError`] where it may go nowhere.
    pub fn identify(self, client: Arc<Client>) -> Result<RedirectableRequest, PageError> {
        if client.policy.disabled || !client.metadata.uses(GrantType::AuthorizationCode) {
            return Err(PageError::ClientUnknown);
        }
        let (redirect_uri, named) = match self.parameters.get("redirect_uri") {
            Some(text) => (RedirectUri::parse(text).map_err(|_| PageError::RedirectUriMismatch)?, true),
            None => match client.metadata.redirect_uris.as_slice() {
                [only] if !self.has_to_name_redirect_uri(&client) => (only.clone(), false),
                _ => return Err(PageError::RedirectUriMissing),
            },
        };
        if !client.permits_redirect(&redirect_uri) {
            return Err(PageError::RedirectUriMismatch);
        }
        Ok(RedirectableRequest::new(self.parameters, self.sent, client, redirect_uri, named, self.kept))
    }

    /// OpenID Connect wants the redirect URI named (Core §3.1.2.1), and so does FAPI 2.0 (§5.3.2.2); OAuth does not where there
    /// is only one.
    fn has_to_name_redirect_uri(&self, client: &Client) -> bool {
        let mut scope = self.parameters.get("scope").unwrap_or_default().split_ascii_whitespace();
        client.policy.profile.is_some() || scope.any(|token| token == "openid")
    }
}
