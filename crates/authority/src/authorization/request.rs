//! A fully validated request.

use std::collections::BTreeSet;
use std::sync::Arc;

use jeton_oauth::authorization::{AuthorizationDetails, ClaimsRequest, Prompt, ResponseMode};
use jeton_oauth::pkce::CodeChallenge;
use jeton_oauth::{Parameters, RedirectUri, Scope};

use super::kept::KeptRequest;
use super::redirectable::RedirectError;
use super::response::{AuthorizationResponse, ResponseParameters};
use crate::client::{Client, Consent};
use crate::one_time::Standing;
use crate::refusal::Refusal;

/// A fully validated request. Only the user's identity and answer are still unknown.
#[derive(Debug, Clone)]
pub struct AuthorizationRequest {
    /// The client.
    pub client: Arc<Client>,
    /// Where the response goes.
    pub redirect_uri: RedirectUri,
    /// Whether the request named it, so that redeeming the code must name it as well (RFC 6749 §4.1.3).
    pub redirect_uri_named: bool,
    /// How the response is sent.
    pub response_mode: ResponseMode,
    /// The value that the client gets back unchanged.
    pub state: Option<Box<str>>,
    /// The PKCE challenge that the code is bound to.
    pub code_challenge: Option<CodeChallenge>,
    /// The requested scope, as far as the client may request it.
    pub scope: Scope,
    /// The requested authorization details (RFC 9396).
    pub authorization_details: AuthorizationDetails,
    /// The nonce for the ID token.
    pub nonce: Option<Box<str>>,
    /// What the user should be prompted for.
    pub prompt: BTreeSet<Prompt>,
    /// The largest age of the sign-in, in seconds.
    pub max_age: Option<u64>,
    /// The user that the client expects.
    pub login_hint: Option<Box<str>>,
    /// An ID token of the user that the client expects.
    pub id_token_hint: Option<Box<str>>,
    /// The languages that the user reads.
    pub ui_locales: Option<Box<str>>,
    /// The requested resources.
    pub resources: Vec<Box<str>>,
    /// The DPoP key that the code is bound to (RFC 9449 §10).
    pub dpop_jkt: Option<Box<str>>,
    /// The individually requested claims.
    pub claims: ClaimsRequest,
    /// The query from the browser, which repeats the request after the user has acted.
    pub sent: Parameters,
    /// The stored request that it refers to; used up when the code is issued.
    pub kept: Option<KeptRequest>,
}

impl AuthorizationRequest {
    /// Whether this is OpenID Connect: an ID token is requested.
    pub fn is_openid(&self) -> bool {
        self.scope.contains("openid")
    }

    /// Whether the grant is to outlive the browser session (OpenID Connect Core §11).
    pub fn is_offline(&self) -> bool {
        self.scope.contains("offline_access")
    }

    /// Whether it has already yielded its code.
    pub fn is_answered(&self) -> bool {
        self.kept.is_some_and(|kept| kept.standing == Standing::Answered)
    }

    /// What the user would have to allow.
    pub fn wanted(&self) -> Consent {
        Consent {
            appearance: self.client.appearance(),
            scope: self.scope.clone(),
            authorization_details: self.authorization_details.clone(),
            resources: self.resources.iter().cloned().collect(),
        }
    }

    /// The response that refuses the request.
    pub fn refuse(&self, refusal: Refusal) -> RedirectError {
        let parameters = ResponseParameters::error(&refusal);
        RedirectError { refusal, response: Box::new(self.answer(parameters)) }
    }

    pub(crate) fn answer(&self, parameters: ResponseParameters) -> AuthorizationResponse {
        AuthorizationResponse {
            client: Arc::clone(&self.client),
            redirect_uri: self.redirect_uri.clone(),
            mode: self.response_mode,
            state: self.state.clone(),
            parameters,
        }
    }
}
