//! A request in which everything has been checked.

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

/// A request in which everything has been checked. What is still to find out is who the user is, and what they say.
#[derive(Debug, Clone)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client: Arc<Client>,
    /// Where the answer goes.
    pub redirect_uri: RedirectUri,
    /// Whether the request named it, so that redeeming the code has to name it as well (RFC 6749 §4.1.3).
    pub redirect_uri_named: bool,
    /// How the answer travels.
    pub response_mode: ResponseMode,
    /// What the client wants to get back as it is.
    pub state: Option<Box<str>>,
    /// What the code is bound to.
    pub code_challenge: Option<CodeChallenge>,
    /// What is asked for, as far as the client may ask for it.
    pub scope: Scope,
    /// What is asked for in detail (RFC 9396).
    pub authorization_details: AuthorizationDetails,
    /// What the ID token is to say.
    pub nonce: Option<Box<str>>,
    /// What the user is to be asked.
    pub prompt: BTreeSet<Prompt>,
    /// How long ago the sign-in may be, in seconds.
    pub max_age: Option<u64>,
    /// Whom the client expects.
    pub login_hint: Option<Box<str>>,
    /// An ID token of whom the client expects.
    pub id_token_hint: Option<Box<str>>,
    /// Which languages the user reads.
    pub ui_locales: Option<Box<str>>,
    /// What the access token is for.
    pub resources: Vec<Box<str>>,
    /// The DPoP key that the code is bound to (RFC 9449 §10).
    pub dpop_jkt: Option<Box<str>>,
    /// The claims that are asked for one by one.
    pub claims: ClaimsRequest,
    /// What the browser sent, which makes the same request again after the user did something.
    pub sent: Parameters,
    /// The kept request that it stands for; used up when the code is given.
    pub kept: Option<KeptRequest>,
}

impl AuthorizationRequest {
    /// Whether this is OpenID Connect: an ID token is wanted.
    pub fn is_openid(&self) -> bool {
        self.scope.contains("openid")
    }

    /// Whether what it gives is to outlive the browser's session (OpenID Connect Core §11).
    pub fn is_offline(&self) -> bool {
        self.scope.contains("offline_access")
    }

    /// Whether it gave its code before.
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

    /// The answer that refuses the request.
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
