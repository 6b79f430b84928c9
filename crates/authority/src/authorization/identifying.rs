//! Authorizing a client: from a request and a signed-in user to a code.

use jeton_jose::Timestamp;
use jeton_oauth::{ErrorCode, Parameters};

use super::Authorization;
use super::{
    AuthorizationRequest, AuthorizationResponse, CodeContent, KeptRequest, NextStep, PageError,
    ReceivedRequest, RedirectError, RedirectableRequest, ResponseParameters, leads_again, may_continue,
    next_step,
};
use crate::Network;
use crate::audit::AuditEvent;
use crate::forms::FORM_LIFETIME;
use crate::grant::GrantDetail;
use crate::issue::ReturnedIdToken;
use crate::oauth_error::OAuthError;
use crate::one_time::{Handle, OneTime, OneTimeHash, OneTimeKind};
use crate::one_time::{NewAnswer, RequestAnswer};
use crate::refusal::Refusal;
use crate::sign_in::{SignedIn, Since};
use crate::store::StoreError;

/// Why the client of a request could not be identified.
#[derive(Debug, thiserror::Error)]
pub enum IdentifyError {
    /// The user gets an error page.
    #[error(transparent)]
    Page(#[from] PageError),
    /// An internal error.
    #[error(transparent)]
    Failed(#[from] OAuthError),
}

impl From<StoreError> for IdentifyError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Why a client gets no code.
#[derive(Debug, thiserror::Error)]
pub enum GrantCodeError {
    /// The client gets an error.
    #[error("{}", .0.refusal)]
    Refused(Box<RedirectError>),
    /// An internal error.
    #[error(transparent)]
    Failed(#[from] OAuthError),
}

impl From<StoreError> for GrantCodeError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// The prefix of the `request_uri` of a pushed request (RFC 9126 §2.2).
pub const REQUEST_URI_PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

impl Authorization {
    /// Identifies the client of a request, and checks the redirect URI. A pushed request is read from the store.
    ///
    /// # Errors
    /// [`IdentifyError::Page`] if the response must not be redirected.
    pub async fn identify(
        &self,
        parameters: Parameters,
        network: Network,
        now: Timestamp,
    ) -> Result<RedirectableRequest, IdentifyError> {
        let received =
            match parameters.get("request_uri").and_then(|uri| uri.strip_prefix(REQUEST_URI_PREFIX)) {
                None => ReceivedRequest::new(parameters),
                Some(handle) => self.kept_request(handle, &parameters, now).await?,
            };
        let id = received.client_id()?;
        let client =
            self.base.clients.find_asked_from(&id, Some(network)).await?.ok_or(PageError::ClientUnknown)?;
        Ok(received.identify(client)?)
    }

    /// Reads a stored request. It is used up only when the code is issued.
    async fn kept_request(
        &self,
        handle: &str,
        parameters: &Parameters,
        now: Timestamp,
    ) -> Result<ReceivedRequest, IdentifyError> {
        let hash = OneTimeHash::of(handle);
        let row =
            self.base.store.peek(OneTimeKind::PushedRequest, hash).await?.ok_or(PageError::RequestUri)?;
        let (pushed, kept) = KeptRequest::read(hash, &row, now).ok_or(PageError::RequestUri)?;
        // RFC 9126 §4: the request_uri is for the client that pushed.
        if pushed.get("client_id") != parameters.get("client_id") {
            return Err(PageError::RequestUri.into());
        }
        Ok(ReceivedRequest::kept(pushed, parameters.clone(), kept))
    }

    /// Records that a page of a request is shown: a stored request then stays valid as long as the page may.
    ///
    /// # Errors
    /// The store fails. If it only cannot write, the page can be shown anyway.
    pub async fn page_shown(&self, request: &AuthorizationRequest, now: Timestamp) -> Result<(), StoreError> {
        let Some(kept) = &request.kept else { return Ok(()) };
        let Some(until) = kept.prolonged(now) else { return Ok(()) };
        match self.base.store.prolong_request(kept.handle, until).await {
            Err(StoreError::Unavailable(_)) => Ok(()),
            result => result,
        }
    }

    /// Decides the next step of an authorization.
    ///
    /// # Errors
    /// The store fails.
    pub async fn next_step(
        &self,
        request: &AuthorizationRequest,
        signed_in: Option<&SignedIn>,
        since: Since<'_>,
        now: Timestamp,
    ) -> Result<NextStep, OAuthError> {
        let expected = self.expected_subject(request, signed_in);
        let allowed = match signed_in {
            Some(signed_in) => self.base.store.find_consent(signed_in.user.id, &request.client.id).await?,
            None => None,
        };
        Ok(next_step(request, signed_in, expected.as_deref(), allowed.as_ref(), since, now))
    }

    /// Whether the user may continue with a request as the signed-in account, without a password.
    pub fn may_continue(&self, request: &AuthorizationRequest, signed_in: &SignedIn, now: Timestamp) -> bool {
        let expected = self.expected_subject(request, Some(signed_in));
        may_continue(request, signed_in, expected.as_deref(), now)
    }

    /// The subject of the signed-in user, if the client expects that user. An empty one, which nobody has, if the
    /// client expects somebody else. `None` if the client expects nobody in particular.
    fn expected_subject(
        &self,
        request: &AuthorizationRequest,
        signed_in: Option<&SignedIn>,
    ) -> Option<String> {
        let hinted = self.hinted_subject(request);
        let asked = request.claims.id_token.get("sub").and_then(Option::as_ref);
        let asked = asked.filter(|claim| claim.value.is_some() || claim.values.is_some());
        if hinted.is_none() && asked.is_none() {
            return None;
        }
        let subject = signed_in?.user.subject();
        // A subject is compared as this client knows it.
        let known_as = self.base.keys.subject_for(&request.client, &subject);
        let fits = hinted.is_none_or(|hinted| hinted == known_as)
            && asked.is_none_or(|claim| claim.permits(&known_as));
        Some(if fits { subject.as_str().to_owned() } else { String::new() })
    }

    /// The subject in the hint: an ID token that this client got, expired or not. Anything else is ignored.
    fn hinted_subject(&self, request: &AuthorizationRequest) -> Option<String> {
        let claims = self.returned_id_token(request.id_token_hint.as_deref()?)?;
        (claims.aud == request.client.id.as_str()).then_some(claims.sub)
    }

    /// Why the hint of a request is ignored, for the log: it is not one of the client's ID tokens. `None` if it is, or
    /// if there is none.
    pub fn ignored_hint(&self, request: &AuthorizationRequest) -> Option<&'static str> {
        match self.returned_id_token(request.id_token_hint.as_deref()?) {
            None => Some("it is not an ID token of this authority, or its key was removed"),
            Some(claims) if claims.aud != request.client.id.as_str() => {
                Some("it is an ID token of another client")
            }
            Some(_) => None,
        }
    }

    /// The claims of one of our ID tokens, expired or not.
    fn returned_id_token(&self, token: &str) -> Option<ReturnedIdToken> {
        self.base.keys.with_ring(|ring| ReturnedIdToken::read(ring, &self.base.settings, token))
    }

    /// Stores that a user allows a client what it requests, in addition to what the user allowed before.
    ///
    /// # Errors
    /// The store fails.
    pub async fn give_consent(
        &self,
        request: &AuthorizationRequest,
        signed_in: &SignedIn,
        network: Network,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (user, client) = (signed_in.user.id, &request.client.id);
        let before = self.base.store.find_consent(user, client).await?.unwrap_or_default();
        let consent = before.and(&request.wanted());
        let record = signed_in.decided(AuditEvent::ConsentGiven, &request.client, network, now);
        // Begun together, they are committed together.
        let (given, recorded) = tokio::join!(
            self.base.store.give_consent(user, client, &consent, now),
            self.base.store.record_audit(record)
        );
        given.and(recorded)
    }

    /// Issues the client's code. Call it if [`Self::next_step`] says so. `browser` is the name of the browser: a
    /// stored request yields one code, for the browser that answers it first.
    ///
    /// # Errors
    /// The store fails, or a stored request was answered before and must not yield the code again.
    pub async fn grant_code(
        &self,
        request: &AuthorizationRequest,
        signed_in: &SignedIn,
        browser: &str,
        network: Network,
        now: Timestamp,
    ) -> Result<AuthorizationResponse, GrantCodeError> {
        let content = code_content(request, signed_in).to_json();
        let lifetime = match request.client.policy.profile {
            Some(profile) => self.base.settings.authorization.code_lifetime.min(profile.longest_code()),
            None => self.base.settings.authorization.code_lifetime,
        };
        let expires_at = now.saturating_add(lifetime);
        let record = signed_in.decided(AuditEvent::CodeGranted, &request.client, network, now);
        let Some(kept) = &request.kept else {
            let code = Handle::draw(&*self.base.random);
            // 256 random bits are never taken. Begun together, both are committed together.
            let (placed, recorded) = tokio::join!(
                self.base.store.place(OneTimeKind::AuthorizationCode, code.hash(), content, expires_at, now),
                self.base.store.record_audit(record),
            );
            placed?;
            recorded?;
            return Ok(request.answer(ResponseParameters::Code(code)));
        };
        let code = self.code_of(kept, browser);
        let answer = NewAnswer {
            request: kept.handle,
            code: code.hash(),
            content,
            code_expires_at: expires_at,
            kept_until: now.saturating_add(FORM_LIFETIME),
        };
        match self.base.store.answer_request(answer, now).await? {
            RequestAnswer::Answered => {
                self.base.store.record_audit(record).await?;
                Ok(request.answer(ResponseParameters::Code(code)))
            }
            RequestAnswer::AnsweredBefore { code: row } => {
                led_again(request, Some(signed_in), code, row.as_ref(), now)
            }
            RequestAnswer::Expired | RequestAnswer::Unknown => {
                Err(refused(request, "the request_uri has expired"))
            }
        }
    }

    /// Continues when a browser returns with a stored request that was already answered: with the first response, as
    /// long as its code is waiting, otherwise with an error for the application.
    ///
    /// # Errors
    /// As [`Self::grant_code`].
    pub async fn lead_again(
        &self,
        request: &AuthorizationRequest,
        signed_in: Option<&SignedIn>,
        browser: &str,
        now: Timestamp,
    ) -> Result<AuthorizationResponse, GrantCodeError> {
        let Some(kept) = &request.kept else { return Err(refused(request, ANSWERED)) };
        let code = self.code_of(kept, browser);
        let row = self.base.store.peek(OneTimeKind::AuthorizationCode, code.hash()).await?;
        led_again(request, signed_in, code, row.as_ref(), now)
    }

    /// The code that a stored request yields for a browser. It is the same each time, so it need not be stored to be
    /// issued again.
    fn code_of(&self, kept: &KeptRequest, browser: &str) -> Handle {
        let parts = [&kept.handle.as_bytes()[..], browser.as_bytes()];
        Handle::from_seal(self.base.keys.with_ring(|ring| ring.seal("code of a kept request", &parts)))
    }
}

/// The error for the client if a stored request has already yielded its code.
const ANSWERED: &str = "the request_uri was already used";

fn refused(request: &AuthorizationRequest, description: &'static str) -> GrantCodeError {
    let refusal = Refusal::new(ErrorCode::InvalidRequestUri, description);
    GrantCodeError::Refused(Box::new(request.refuse(refusal)))
}

fn led_again(
    request: &AuthorizationRequest,
    signed_in: Option<&SignedIn>,
    code: Handle,
    row: Option<&OneTime>,
    now: Timestamp,
) -> Result<AuthorizationResponse, GrantCodeError> {
    match (row, signed_in) {
        (Some(row), Some(signed_in)) if leads_again(row, &signed_in.user, now) => {
            Ok(request.answer(ResponseParameters::Code(code)))
        }
        _ => Err(refused(request, ANSWERED)),
    }
}

/// The content of a code that is issued now.
fn code_content(request: &AuthorizationRequest, signed_in: &SignedIn) -> CodeContent {
    CodeContent {
        client: request.client.id.clone(),
        redirect_uri: request.redirect_uri.clone(),
        redirect_uri_named: request.redirect_uri_named,
        code_challenge: request.code_challenge.clone(),
        dpop_jkt: request.dpop_jkt.clone(),
        scope: request.scope.clone(),
        nonce: request.nonce.clone(),
        user: signed_in.user.id,
        epoch: signed_in.user.epoch,
        given_in: request.is_offline().then_some(signed_in.session.id),
        session: (!request.is_offline()).then_some(signed_in.session.id),
        session_expires_at: (!request.is_offline()).then_some(signed_in.session.expires_at),
        detail: GrantDetail {
            auth_time: signed_in.session.authenticated_at,
            amr: signed_in.session.methods.clone(),
            resources: request.resources.clone(),
            claims: request.claims.clone(),
            authorization_details: request.authorization_details.clone(),
            jkt: None,
            x5t_s256: None,
        },
    }
}
