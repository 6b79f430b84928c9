//! Signing out at a client's wish (OpenID Connect RP-Initiated Logout), and telling clients of it (Back-Channel Logout).

use std::sync::Arc;

use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;
use jeton_oauth::{Parameters, RedirectUri};
use serde::Serialize;
use serde_json::{Value, json};

use crate::authority::Authority;
use crate::authorization::SignedIn;
use crate::client::Client;
use crate::random::sixteen;
use crate::refusal::OAuthError;
use crate::store::{LogoutDelivery, Revocation};
use crate::{GrantId, UserId};

/// What a client wishes when it sends a user here to sign out (RP-Initiated Logout §2).
#[derive(Debug, Clone, Default)]
pub struct EndSessionRequest {
    /// The client, if it said or proved who it is.
    pub client: Option<Arc<Client>>,
    /// Where it wants the user to go afterwards, if it registered that.
    pub post_logout_redirect_uri: Option<RedirectUri>,
    /// What it wants to get back there.
    pub state: Option<Box<str>>,
    /// Whom it wants signed out: the subject of its ID token.
    expected: Option<String>,
    /// The grant that its ID token came from.
    grant: Option<GrantId>,
}

/// Why nothing is done about a request to sign out: it does not hold together, so it is no client's wish (RP-Initiated Logout
/// §4). The user is told, and goes nowhere.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndSessionError {
    /// The ID token that came as a hint is none of this authority's, or another client's.
    #[error("the id_token_hint is not a valid ID token of the client")]
    IdTokenHint,
    /// There is a place to go afterwards, but nothing says whose it is.
    #[error("the id_token_hint is missing: nothing says whose post_logout_redirect_uri it is")]
    ClientMissing,
    /// The place to go afterwards is none of those that the client registered.
    #[error("the post_logout_redirect_uri is none of those that the client registered")]
    PostLogoutRedirectUri {
        /// The client, as it was named.
        client: Box<str>,
        /// The place, letter by letter.
        uri: Box<str>,
    },
    /// Something failed here.
    #[error(transparent)]
    Failed(#[from] OAuthError),
}

impl EndSessionError {
    /// The stable name of the error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::IdTokenHint => "id_token_hint_invalid",
            Self::ClientMissing => "id_token_hint_missing",
            Self::PostLogoutRedirectUri { .. } => "post_logout_redirect_uri_mismatch",
            Self::Failed(error) => error.code(),
        }
    }
}

/// What is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndSession {
    /// The user is asked: nothing proves that the request is not somebody else's doing.
    Ask,
    /// The client proved that it knows this very user: sign out at once.
    AtOnce,
    /// Nobody is signed in at this browser.
    NobodyIsSignedIn,
}

impl EndSessionRequest {
    /// What is to be done, given who is signed in.
    pub fn decide(&self, signed_in: Option<&SignedIn>, subject_for_client: Option<&str>) -> EndSession {
        match (signed_in, &self.expected) {
            (None, _) => EndSession::NobodyIsSignedIn,
            (Some(_), Some(expected)) if subject_for_client == Some(expected.as_str()) => EndSession::AtOnce,
            (Some(_), _) => EndSession::Ask,
        }
    }

    /// Where the user goes afterwards, with the client's `state`.
    pub fn redirect(&self) -> Option<String> {
        let uri = self.post_logout_redirect_uri.as_ref()?;
        let Some(state) = &self.state else { return Some(uri.to_string()) };
        let query: Parameters = [("state", state.as_ref())].into_iter().collect();
        let joint = if uri.as_str().contains('?') { '&' } else { '?' };
        Some(format!("{uri}{joint}{}", query.to_query()))
    }
}

/// A logout token and where it goes.
#[derive(Clone)]
pub struct LogoutToken {
    /// Where it is posted.
    pub uri: Box<str>,
    /// The token.
    pub token: String,
}

#[derive(Serialize)]
struct LogoutClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    iat: Timestamp,
    exp: Timestamp,
    jti: &'a str,
    sid: &'a str,
    events: Value,
}

/// The `typ` of a logout token (Back-Channel Logout §2.4).
const LOGOUT_TYP: &str = "logout+jwt";

/// The event that a logout token tells (Back-Channel Logout §2.4).
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

impl Authority {
    /// Reads a request to sign out. An ID token counts whether it has expired or not, and who is signed in does not matter here:
    /// a client may well send its user along long after both.
    ///
    /// # Errors
    /// [`EndSessionError`] where it does not hold together, or the store fails.
    pub async fn end_session_request(
        &self,
        parameters: &Parameters,
    ) -> Result<EndSessionRequest, EndSessionError> {
        let named = parameters.get("client_id");
        let hint = match parameters.get("id_token_hint") {
            None => None,
            Some(hint) => Some(
                self.id_token_claims(hint)
                    .filter(|hint| named.is_none_or(|named| named == hint.aud))
                    .ok_or(EndSessionError::IdTokenHint)?,
            ),
        };
        let id = hint.as_ref().map(|hint| hint.aud.as_str()).or(named);
        let client = match id.and_then(|id| ClientId::parse(id).ok()) {
            Some(id) => self.client(&id).await?,
            None => None,
        };
        let post_logout_redirect_uri = match (parameters.get("post_logout_redirect_uri"), id) {
            (None, _) => None,
            (Some(_), None) => return Err(EndSessionError::ClientMissing),
            (Some(wanted), Some(id)) => {
                let mut registered =
                    client.iter().flat_map(|client| &client.metadata.post_logout_redirect_uris);
                let uri = registered.find(|uri| uri.as_str() == wanted);
                Some(uri.cloned().ok_or_else(|| EndSessionError::PostLogoutRedirectUri {
                    client: id.into(),
                    uri: wanted.into(),
                })?)
            }
        };
        let grant = hint.as_ref().and_then(|hint| hint.sid.as_deref()?.parse().ok());
        Ok(EndSessionRequest {
            client,
            post_logout_redirect_uri,
            state: parameters.get("state").map(Into::into),
            expected: hint.map(|hint| hint.sub),
            grant,
        })
    }

    /// What is to be done about a request to sign out.
    pub fn decide_end_session(
        &self,
        request: &EndSessionRequest,
        signed_in: Option<&SignedIn>,
    ) -> EndSession {
        let subject = request.client.as_ref().zip(signed_in);
        let subject = subject.map(|(client, signed_in)| self.subject_for(client, &signed_in.user.subject()));
        request.decide(signed_in, subject.as_deref())
    }

    /// Ends the grant that the request's ID token came from. It outlives the browser's session where that has expired, or was
    /// of another browser, and nobody is signed in any more who could end it: the client that holds it asks for its end.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end_hinted_grant(
        &self,
        request: &EndSessionRequest,
        now: Timestamp,
    ) -> Result<Option<GrantId>, OAuthError> {
        let Some((grant, client)) = request.grant.zip(request.client.as_ref()) else { return Ok(None) };
        let Some((live, _)) = self.store.find_grant(grant).await? else { return Ok(None) };
        if *live.grant.client != *client.id.as_str() {
            return Ok(None);
        }
        let ended = self.store.revoke_grant(grant, now).await? == Revocation::Revoked;
        Ok(ended.then_some(grant))
    }

    /// Signs a user out everywhere: every browser's session and every grant ends, those too that were to outlive the
    /// sessions. Clients that want to hear of it do. Answers how many grants ended.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sign_out_everywhere(&self, user: UserId, now: Timestamp) -> Result<u64, OAuthError> {
        Ok(self.store.revoke_user_grants(user, now).await?.unwrap_or(0))
    }

    /// Where a client wants to hear of sign-outs, if it does.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn logout_uri(&self, client: &ClientId) -> Result<Option<Box<str>>, OAuthError> {
        let client = self.stored_client(client).await?;
        Ok(client.and_then(|client| client.metadata.backchannel_logout_uri.as_deref().map(Into::into)))
    }

    /// Makes the token that tells a client of a sign-out; nothing where the client no longer wants to hear of any.
    ///
    /// # Errors
    /// When the store fails or the token cannot be signed.
    pub async fn logout_token(
        &self,
        delivery: &LogoutDelivery,
        now: Timestamp,
    ) -> Result<Option<LogoutToken>, OAuthError> {
        let Some(client) = self.stored_client(&delivery.client).await? else { return Ok(None) };
        let Some(uri) = client.metadata.backchannel_logout_uri.as_deref() else { return Ok(None) };
        let signer = self.client_signer(self.id_token_algorithm(&client), LOGOUT_TYP, now).await?;
        let token = signer.sign(&LogoutClaims {
            iss: &self.settings.issuer,
            aud: client.id.as_str(),
            sub: &self.subject_for(&client, &delivery.subject),
            iat: now,
            exp: now.saturating_add(LOGOUT_LIFETIME),
            jti: crate::id::hex(&sixteen(&*self.random), &mut [0; 32]),
            sid: &delivery.grant.to_string(),
            events: json!({ LOGOUT_EVENT: {} }),
        })?;
        Ok(Some(LogoutToken { uri: uri.into(), token }))
    }
}

/// For how long a logout token holds: it is made anew for each attempt (Back-Channel Logout §2.4 recommends two minutes).
const LOGOUT_LIFETIME: std::time::Duration = std::time::Duration::from_secs(120);
