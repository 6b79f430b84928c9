//! Authorizing a client: from a valid request and somebody who is signed in to a code.

use jeton_jose::Timestamp;
use jeton_jose::base64url;
use jeton_oauth::Parameters;
use jeton_oauth::client::SubjectType;
use serde::Deserialize;

use crate::Network;
use crate::audit::AuditEvent;
use crate::audited::decided;
use crate::authority::Authority;
use crate::authorization::{
    AuthorizationRequest, AuthorizationResponse, CodeContent, NextStep, PageError, ReceivedRequest,
    RedirectableRequest, ResponseParameters, SignedIn, Since, next_step,
};
use crate::client::Client;
use crate::grant::GrantDetail;
use crate::one_time::{Handle, OneTimeHash, OneTimeKind};
use crate::refusal::OAuthError;
use crate::store::{Redemption, StoreError};
use crate::user::Subject;

/// Why no client could be found for a request.
#[derive(Debug, thiserror::Error)]
pub enum IdentifyError {
    /// The user is shown a page.
    #[error(transparent)]
    Page(#[from] PageError),
    /// Something failed here.
    #[error(transparent)]
    Failed(#[from] OAuthError),
}

impl From<StoreError> for IdentifyError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// What a `request_uri` of a pushed request begins with (RFC 9126 §2.2).
pub const REQUEST_URI_PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

impl Authority {
    /// Finds the client of a request and checks where an answer may go. A pushed request is read from the store.
    ///
    /// # Errors
    /// [`IdentifyError::Page`] where an answer may go nowhere.
    pub async fn identify_request(
        &self,
        parameters: Parameters,
        network: Network,
        now: Timestamp,
    ) -> Result<RedirectableRequest, IdentifyError> {
        let received =
            match parameters.get("request_uri").and_then(|uri| uri.strip_prefix(REQUEST_URI_PREFIX)) {
                None => ReceivedRequest::new(parameters),
                Some(handle) => self.pushed_request(handle, &parameters, now).await?,
            };
        let id = received.client_id()?;
        let client = self.client_asked_from(&id, Some(network)).await?.ok_or(PageError::ClientUnknown)?;
        Ok(received.identify(client)?)
    }

    /// Reads a pushed request; it is used up only when the code is given.
    async fn pushed_request(
        &self,
        handle: &str,
        parameters: &Parameters,
        now: Timestamp,
    ) -> Result<ReceivedRequest, IdentifyError> {
        let hash = OneTimeHash::of(handle);
        let found = self.store.peek(OneTimeKind::PushedRequest, hash).await?;
        let found = found.filter(|found| found.redeemed_at.is_none() && found.expires_at > now);
        let found = found.ok_or(PageError::RequestUri)?;
        let pushed = Parameters::parse(found.content.as_bytes()).map_err(|_| PageError::RequestUri)?;
        // RFC 9126 §4: the request_uri is for the client that pushed.
        if pushed.get("client_id") != parameters.get("client_id") {
            return Err(PageError::RequestUri.into());
        }
        Ok(ReceivedRequest::pushed(pushed, parameters.clone(), hash))
    }

    /// Decides what has to happen next in an authorization.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next_step(
        &self,
        request: &AuthorizationRequest,
        signed_in: Option<&SignedIn>,
        since: Since,
        now: Timestamp,
    ) -> Result<NextStep, OAuthError> {
        let expected = match &request.id_token_hint {
            Some(hint) => self.subject_of_hint(hint, &request.client, signed_in).await?,
            None => None,
        };
        let allowed = match signed_in {
            Some(signed_in) => self.store.find_consent(signed_in.user.id, &request.client.id).await?,
            None => None,
        };
        Ok(next_step(request, signed_in, expected.as_deref(), allowed.as_ref(), since, now))
    }

    /// The subject that an ID token of ours names, whether it has expired or not. A hint that is not genuine names nobody who
    /// could be signed in.
    async fn subject_of_hint(
        &self,
        hint: &str,
        client: &Client,
        signed_in: Option<&SignedIn>,
    ) -> Result<Option<String>, OAuthError> {
        let nobody = || Ok(Some(String::new()));
        let Some(claims) = self.id_token_claims(hint) else { return nobody() };
        if claims.aud != client.id.as_str() {
            return nobody();
        }
        // A pairwise subject is compared as this client knows it.
        Ok(Some(match signed_in {
            Some(signed_in) if self.subject_for(client, &signed_in.user.subject()) == claims.sub => {
                signed_in.user.subject().as_str().to_owned()
            }
            _ => claims.sub,
        }))
    }

    /// What an ID token of ours says, expired or not.
    pub(crate) fn id_token_claims(&self, token: &str) -> Option<IdTokenHint> {
        let verified = self.with_ring(|ring| ring.client_verifier()?.verify(token).ok())?;
        let claims: IdTokenHint = jeton_jose::json::from_slice(verified.payload()).ok()?;
        (claims.iss == self.settings.issuer).then_some(claims)
    }

    /// What a client calls a user: the same as all others do, or a subject of its own (OpenID Connect Core §8.1).
    pub(crate) fn subject_for(&self, client: &Client, subject: &Subject) -> String {
        if client.metadata.subject_type != Some(SubjectType::Pairwise) {
            return subject.as_str().to_owned();
        }
        let sector = client.sector();
        self.with_ring(|ring| {
            base64url::encode(ring.seal("pairwise", &[sector.as_bytes(), subject.as_str().as_bytes()]))
        })
    }

    /// Remembers that a user allows a client what it asks for, beside what they allowed before.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn give_consent(
        &self,
        request: &AuthorizationRequest,
        signed_in: &SignedIn,
        network: Network,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (user, client) = (signed_in.user.id, &request.client.id);
        let before = self.store.find_consent(user, client).await?.unwrap_or_default();
        let consent = before.and(&request.wanted());
        let record = decided(AuditEvent::ConsentGiven, signed_in, &request.client, network, now);
        // Begun together, they are committed together.
        let (given, recorded) = tokio::join!(
            self.store.give_consent(user, client, &consent, now),
            self.store.record_audit(record)
        );
        given.and(recorded)
    }

    /// Gives the client its code. To be called where [`Authority::next_step`] says so.
    ///
    /// # Errors
    /// When the store fails, or a pushed request was used before.
    pub async fn grant_code(
        &self,
        request: &AuthorizationRequest,
        signed_in: &SignedIn,
        network: Network,
        now: Timestamp,
    ) -> Result<AuthorizationResponse, IdentifyError> {
        if let Some(pushed) = request.pushed {
            match self.store.redeem(OneTimeKind::PushedRequest, pushed, now).await? {
                Redemption::Redeemed { .. } => {}
                _ => return Err(PageError::RequestUri.into()),
            }
        }
        let code = Handle::draw(&*self.random);
        let content = CodeContent {
            client: request.client.id.clone(),
            redirect_uri: request.redirect_uri.clone(),
            redirect_uri_named: request.redirect_uri_named,
            code_challenge: request.code_challenge.as_ref().map(|challenge| challenge.as_str().into()),
            dpop_jkt: request.dpop_jkt.clone(),
            scope: request.scope.as_str().into(),
            nonce: request.nonce.clone(),
            user: signed_in.user.id.to_string().into(),
            epoch: signed_in.user.epoch,
            session: (!request.is_offline()).then(|| signed_in.session.id.to_string().into()),
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
        };
        let lifetime = match request.client.policy.profile {
            Some(profile) => self.settings.code_lifetime.min(profile.longest_code()),
            None => self.settings.code_lifetime,
        };
        let expires_at = now.saturating_add(lifetime);
        let record = decided(AuditEvent::CodeGranted, signed_in, &request.client, network, now);
        // 256 random bits are never taken. Begun together, both are committed together.
        let (placed, recorded) = tokio::join!(
            self.store.place(OneTimeKind::AuthorizationCode, code.hash(), content.to_json(), expires_at, now),
            self.store.record_audit(record),
        );
        placed?;
        recorded?;
        Ok(request.answer(ResponseParameters::Code(code)))
    }
}

/// The claims of an ID token that comes back as a hint.
#[derive(Debug, Deserialize)]
pub(crate) struct IdTokenHint {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) aud: String,
    /// Only ID tokens say it; nothing else that is signed for clients passes for one.
    #[serde(rename = "auth_time")]
    _auth_time: Timestamp,
    /// The grant that it was issued from.
    #[serde(default)]
    pub(crate) sid: Option<String>,
}
