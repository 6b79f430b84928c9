//! A request as it was received: its redirect URI has not been checked.

use std::sync::Arc;

use jeton_oauth::authorization::GrantType;
use jeton_oauth::client::ClientId;
use jeton_oauth::{Parameters, RedirectUri};

use super::kept::KeptRequest;
use super::redirectable::RedirectableRequest;
use crate::client::Client;

/// A request as it was received. An error in it is shown to the user on a page, and never redirected.
#[derive(Debug, Clone)]
pub struct ReceivedRequest {
    /// What is asked for.
    parameters: Parameters,
    /// The query from the browser, which repeats the request.
    sent: Parameters,
    /// The stored request that it refers to.
    kept: Option<KeptRequest>,
}

/// Why a request is answered with a page instead of a redirect (RFC 6749 §4.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// The request names no client.
    #[error("the request names no client")]
    ClientIdMissing,
    /// The client is unknown or disabled.
    #[error("unknown client")]
    ClientUnknown,
    /// The request names no redirect URI, although it must: because the client has not exactly one, or because of the
    /// kind of request.
    #[error("the request names no redirect URI")]
    RedirectUriMissing,
    /// The redirect URI is not one of the client's.
    #[error("the redirect URI is not registered for the client")]
    RedirectUriMismatch,
    /// The pushed request is unknown or another client's. It may have expired or been used long ago.
    #[error("the request_uri is unknown, expired or already used")]
    RequestUri,
    /// The request object is invalid, and the request names no redirect URI outside it.
    #[error("the request object is not valid")]
    RequestObject,
    /// The client requires encrypted responses (JARM §3) and has no suitable key. Nothing is sent unencrypted.
    #[error("the client has no key for encrypting responses")]
    EncryptionKeyMissing,
    /// A parameter is repeated, or the request is not valid text.
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
    /// A request from the browser.
    pub fn new(parameters: Parameters) -> Self {
        Self { sent: parameters.clone(), parameters, kept: None }
    }

    /// A stored request: the client pushed it (RFC 9126) or signed it (RFC 9101).
    pub fn kept(parameters: Parameters, sent: Parameters, kept: KeptRequest) -> Self {
        Self { parameters, sent, kept: Some(kept) }
    }

    /// The client in the request.
    ///
    /// # Errors
    /// [`PageError`] if there is none.
    pub fn client_id(&self) -> Result<ClientId, PageError> {
        let text = self.parameters.get("client_id").ok_or(PageError::ClientIdMissing)?;
        ClientId::parse(text).map_err(|_| PageError::ClientUnknown)
    }

    /// Checks the redirect URI.
    ///
    /// # Errors
    /// [`PageError`] if the response must not be redirected.
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

    /// OpenID Connect requires a redirect URI in the request (Core §3.1.2.1), and so does FAPI 2.0 (§5.3.2.2). OAuth
    /// does not if there is only one.
    fn has_to_name_redirect_uri(&self, client: &Client) -> bool {
        let mut scope = self.parameters.get("scope").unwrap_or_default().split_ascii_whitespace();
        client.policy.profile.is_some() || scope.any(|token| token == "openid")
    }
}
