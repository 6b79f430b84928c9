//! A request whose redirect URI has been checked: from now on, errors are redirected.

use std::collections::BTreeSet;
use std::sync::Arc;

use jeton_jose::base64url;
use jeton_oauth::authorization::{AuthorizationDetails, ClaimsRequest, Prompt, ResponseMode, ResponseType};
use jeton_oauth::pkce::{self, CodeChallenge};
use jeton_oauth::{ErrorCode, ErrorDescription, Parameters, RedirectUri, Scope};

use super::details::permitted_details;
use super::kept::KeptRequest;
use super::request::AuthorizationRequest;
use super::response::{AuthorizationResponse, ResponseParameters};
use crate::client::{Client, ClientPolicy, ClientSource, InsteadOfPkce, PkcePolicy};
use crate::one_time::Standing;
use crate::refusal::Refusal;
use crate::settings::Settings;

/// What the log says if a library sends no PKCE, because many of these libraries hide the response.
const LENIENCY: &str = "turn PKCE on in the library; where it has none, let it send a nonce with the scope openid and give the client \
                        `--pkce auto`, or `--pkce lenient` where it cannot do that either";
/// The longest `nonce`, in bytes: it is stored with the code.
const MAX_NONCE: usize = 2048;
/// The longest hint, in bytes.
const MAX_HINT: usize = 320;
/// The longest unknown value of `prompt` that a response repeats, in bytes.
const LONGEST_PROMPT: usize = 32;

/// A request that can be answered with a redirect.
#[derive(Debug, Clone)]
pub struct RedirectableRequest {
    parameters: Parameters,
    sent: Parameters,
    pub(super) client: Arc<Client>,
    pub(super) redirect_uri: RedirectUri,
    redirect_uri_named: bool,
    response_mode: ResponseMode,
    state: Option<Box<str>>,
    kept: Option<KeptRequest>,
}

/// Why a redirectable request is refused, with the error response.
#[derive(Debug, Clone)]
pub struct RedirectError {
    /// The error for the client.
    pub refusal: Refusal,
    /// The response.
    pub response: Box<AuthorizationResponse>,
}

impl RedirectableRequest {
    pub(super) fn new(
        parameters: Parameters,
        sent: Parameters,
        client: Arc<Client>,
        redirect_uri: RedirectUri,
        redirect_uri_named: bool,
        kept: Option<KeptRequest>,
    ) -> Self {
        let asked = parameters.get("response_mode").and_then(ResponseMode::parse);
        // Only what carries it bounds it: every answer says the same `state`, errors too.
        let state = parameters.get("state").map(Into::into);
        Self {
            response_mode: asked.unwrap_or(ResponseMode::Query),
            state,
            parameters,
            sent,
            client,
            redirect_uri,
            redirect_uri_named,
            kept,
        }
    }

    /// The client.
    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// The query from the browser, which repeats the request.
    pub fn sent(&self) -> &Parameters {
        &self.sent
    }

    /// The response that refuses the request.
    pub fn refuse(&self, refusal: Refusal) -> RedirectError {
        let parameters = ResponseParameters::error(&refusal);
        RedirectError { refusal, response: Box::new(self.answer(parameters)) }
    }

    fn answer(&self, parameters: ResponseParameters) -> AuthorizationResponse {
        AuthorizationResponse {
            client: Arc::clone(&self.client),
            redirect_uri: self.redirect_uri.clone(),
            mode: self.response_mode,
            state: self.state.clone(),
            parameters,
        }
    }

    /// Validates everything else.
    ///
    /// # Errors
    /// [`RedirectError`] with the error response.
    pub fn validate(self, settings: &Settings) -> Result<AuthorizationRequest, RedirectError> {
        match self.checked(settings) {
            Ok(request) => Ok(request),
            Err(refusal) => Err(self.refuse(refusal)),
        }
    }

    fn checked(&self, settings: &Settings) -> Result<AuthorizationRequest, Refusal> {
        const fn invalid(description: &'static str) -> Refusal {
            Refusal::new(ErrorCode::InvalidRequest, description)
        }
        let get = |name| self.parameters.get(name);
        if self.kept.is_some_and(|kept| kept.standing == Standing::Expired) {
            return Err(Refusal::new(ErrorCode::InvalidRequestUri, "the request_uri has expired"));
        }
        if get("response_mode").is_some_and(|mode| ResponseMode::parse(mode).is_none()) {
            return Err(invalid("response_mode is not supported"));
        }
        match get("response_type").map(ResponseType::parse) {
            Some(Some(ResponseType::Code)) => {}
            Some(_) => {
                return Err(Refusal::new(ErrorCode::UnsupportedResponseType, "response_type must be code"));
            }
            None => return Err(invalid("response_type is missing")),
        }
        if get("request").is_some() {
            // It was opened where it was received; here it can only be a second one.
            return Err(invalid("a request object must not be nested"));
        }
        if get("request_uri").is_some() {
            return Err(Refusal::new(
                ErrorCode::RequestUriNotSupported,
                "request_uri must be that of a pushed request",
            ));
        }
        if get("registration").is_some() {
            return Err(Refusal::new(ErrorCode::RegistrationNotSupported, "registration is not supported"));
        }
        if self.kept.is_none() && self.client.metadata.require_pushed_authorization_requests == Some(true) {
            return Err(invalid("this client must use pushed authorization requests"));
        }
        if self.kept.is_none() && self.client.metadata.require_signed_request_object == Some(true) {
            return Err(invalid("this client must sign its requests"));
        }
        let prompt = self.prompt()?;
        let authorization_details = match get("authorization_details") {
            Some(text) => permitted_details(&self.client, &settings.authorization, text)?,
            None => AuthorizationDetails::default(),
        };
        let scope = self.scope(&authorization_details)?;
        let nonce = get("nonce").map(Box::<str>::from);
        if nonce.as_ref().is_some_and(|nonce| nonce.len() > MAX_NONCE) {
            return Err(invalid("nonce is too long"));
        }
        let max_age = match get("max_age") {
            Some(text) => Some(text.parse().map_err(|_| invalid("max_age is not a number of seconds"))?),
            None => self.client.metadata.default_max_age,
        };
        let claims = match get("claims") {
            Some(text) => ClaimsRequest::parse(text).map_err(|_| invalid("claims cannot be read"))?,
            None => ClaimsRequest::default(),
        };
        Ok(AuthorizationRequest {
            client: Arc::clone(&self.client),
            redirect_uri: self.redirect_uri.clone(),
            redirect_uri_named: self.redirect_uri_named,
            response_mode: self.response_mode,
            state: self.state.clone(),
            code_challenge: self.code_challenge(match &nonce {
                Some(_) if scope.contains("openid") => InsteadOfPkce::Nonce,
                _ => InsteadOfPkce::Nothing,
            })?,
            scope,
            authorization_details,
            nonce,
            prompt,
            max_age,
            login_hint: get("login_hint").filter(|hint| hint.len() <= MAX_HINT).map(Into::into),
            id_token_hint: get("id_token_hint").map(Into::into),
            ui_locales: get("ui_locales").filter(|text| text.len() <= MAX_HINT).map(Into::into),
            resources: self.resources(settings)?,
            dpop_jkt: self.dpop_jkt()?,
            claims,
            sent: self.sent.clone(),
            kept: self.kept,
        })
    }

    fn prompt(&self) -> Result<BTreeSet<Prompt>, Refusal> {
        let words = self.parameters.get("prompt").unwrap_or_default().split_ascii_whitespace();
        let prompt = words
            .map(|word| Prompt::parse(word).ok_or_else(|| unknown_prompt(word)))
            .collect::<Result<BTreeSet<_>, _>>()?;
        if prompt.contains(&Prompt::None) && prompt.len() > 1 {
            return Err(Refusal::new(
                ErrorCode::InvalidRequest,
                "prompt none cannot be combined with other values",
            ));
        }
        Ok(prompt)
    }

    /// The requested and permitted scope. What the client may not request is left out, as OpenID Connect Core §3.1.2.1
    /// requires; the token response says what was granted. A request with details but without a scope gets no scope.
    fn scope(&self, details: &AuthorizationDetails) -> Result<Scope, Refusal> {
        let invalid = Refusal::new(ErrorCode::InvalidScope, "scope is malformed");
        let Some(text) = self.parameters.get("scope") else {
            if !details.is_empty() {
                return Ok(Scope::default());
            }
            return Ok(self.client.scope().retain(|token| token != "offline_access"));
        };
        let asked = Scope::parse(text).map_err(|_| invalid)?;
        let granted = asked.retain(|token| self.client.scope().contains(token));
        if granted.is_empty() && !asked.is_empty() {
            return Err(Refusal::new(ErrorCode::InvalidScope, "the client may not request this scope"));
        }
        Ok(granted)
    }

    fn code_challenge(&self, instead: InsteadOfPkce) -> Result<Option<CodeChallenge>, Refusal> {
        const fn invalid(description: &'static str) -> Refusal {
            Refusal::new(ErrorCode::InvalidRequest, description)
        }
        let policy = self.client.policy.pkce.applied_to(&self.client.metadata);
        let method = self.parameters.get("code_challenge_method");
        match self.parameters.get("code_challenge") {
            // Without a method it would be plain, which is no protection (RFC 9700 §2.1.1).
            Some(_) if method != Some(pkce::S256) => Err(invalid("code_challenge_method must be S256")),
            Some(text) => {
                CodeChallenge::parse(text).map(Some).map_err(|_| invalid("code_challenge is malformed"))
            }
            None if method.is_some() => Err(invalid("code_challenge is missing")),
            None if policy.may_be_left_out(instead) => Ok(None),
            None => {
                let missing = invalid(match policy {
                    PkcePolicy::Auto => {
                        "code_challenge is missing: PKCE with S256 is required, or a nonce with the scope openid"
                    }
                    PkcePolicy::Required | PkcePolicy::Lenient => {
                        "code_challenge is missing: PKCE with S256 is required"
                    }
                });
                let ClientPolicy { profile, source, .. } = &self.client.policy;
                let is_bound = self.client.is_public() || profile.is_some();
                let may_be_lenient = !is_bound && *source != ClientSource::MetadataDocument;
                Err(if may_be_lenient { missing.because(LENIENCY) } else { missing })
            }
        }
    }

    /// The key that the code must be bound to (RFC 9449 §10).
    fn dpop_jkt(&self) -> Result<Option<Box<str>>, Refusal> {
        let Some(thumbprint) = self.parameters.get("dpop_jkt") else { return Ok(None) };
        if base64url::decode(thumbprint.as_bytes()).is_ok_and(|bytes| bytes.len() == 32) {
            Ok(Some(thumbprint.into()))
        } else {
            Err(Refusal::new(ErrorCode::InvalidRequest, "dpop_jkt is not a thumbprint"))
        }
    }

    fn resources(&self, settings: &Settings) -> Result<Vec<Box<str>>, Refusal> {
        let asked: Vec<_> = self.parameters.all("resource").collect();
        self.client.permitted_resources(settings, &asked)
    }
}

/// Refuses an unknown value of `prompt`, and names it if the response can contain it: many values are misspelt, and
/// some are other providers'.
fn unknown_prompt(word: &str) -> Refusal {
    let refusal = Refusal::new(ErrorCode::InvalidRequest, "prompt has an unknown value");
    let named = (word.len() <= LONGEST_PROMPT)
        .then(|| ErrorDescription::parse(format!("prompt has an unknown value: {word}")).ok());
    match named.flatten() {
        Some(description) => Refusal { description, ..refusal },
        None => refusal,
    }
}
