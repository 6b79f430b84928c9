//! Signing out at a client's wish (OpenID Connect RP-Initiated Logout), and telling clients of it (Back-Channel Logout).

use std::sync::Arc;

use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;
use jeton_oauth::{Parameters, RedirectUri};
use serde::Serialize;
use serde_json::{Value, json};

use super::SignOut;
use crate::audit::Actor;
use crate::client::Client;
use crate::issue::ReturnedIdToken;
use crate::oauth_error::OAuthError;
use crate::random::sixteen;
use crate::session::LapsedSession;
use crate::sign_in::{Demand, SecondFactorDemand, SignedIn, Since, Step, next};
use crate::store::{GrantFilter, GrantsEnded, LogoutDelivery, Revocation, SessionEnding};
use crate::user::Subject;
use crate::{GrantId, SessionId, UserId};

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
    /// What its ID token calls the session that it came from.
    sid: Option<GrantId>,
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
    #[error("post_logout_redirect_uri requires id_token_hint or client_id")]
    ClientMissing,
    /// The place to go afterwards is none of those that the client registered.
    #[error("the post_logout_redirect_uri is not registered for the client")]
    PostLogoutRedirectUri {
        /// The client, as it was named.
        client: Box<str>,
        /// The place, letter by letter.
        uri: Box<str>,
    },
    /// The request is not kept, or no longer.
    #[error("the sign-out request is unknown or has expired")]
    Unknown,
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
            Self::Unknown => "end_session_request_unknown",
            Self::Failed(error) => error.code(),
        }
    }
}

/// Whether a request may end anything by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acting {
    /// Somebody follows it, and it is as its sender made it.
    Allowed,
    /// The user is asked whatever it proves: the browser made it by itself, or comes back from a page that was out of date.
    AskFirst,
}

/// Who is at a browser.
#[derive(Debug, Clone)]
pub enum AtBrowser {
    /// Somebody who is signed in.
    SignedIn(Box<SignedIn>),
    /// Nobody is signed in any more, but the session that the browser's secret stands for has not ended.
    Lapsed(LapsedSession),
    /// Nobody.
    Nobody,
}

impl AtBrowser {
    fn subject(&self) -> Option<Subject> {
        match self {
            Self::SignedIn(signed_in) => Some(signed_in.user.subject()),
            Self::Lapsed(lapsed) => Some(lapsed.subject.clone()),
            Self::Nobody => None,
        }
    }
}

/// What is to be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndSession {
    /// The user is asked whether to end the session of this browser: nothing proves that the request is not somebody else's
    /// doing.
    AskAboutSession,
    /// Nobody is signed in at this browser. Whoever is in front of it is asked whether to end what the client holds of the session that the
    /// ID token came from, named by its `sid`: that is all that the client can mean.
    AskAboutGrant(GrantId),
    /// The client proved that it knows this very user: sign out at once.
    AtOnce,
    /// Nobody is signed in at this browser, and of the ID token's session the client holds nothing.
    NothingToEnd,
}

/// Decides what is to be done about a request. `here` is the subject that the client knows the user of this browser by,
/// `expected` that of its ID token, `hinted` the token's `sid`, where the client holds something of that session.
fn decide(
    at_browser: &AtBrowser,
    here: Option<&str>,
    expected: Option<&str>,
    hinted: Option<GrantId>,
    acting: Acting,
) -> EndSession {
    match at_browser {
        AtBrowser::Nobody => hinted.map_or(EndSession::NothingToEnd, EndSession::AskAboutGrant),
        _ if acting == Acting::Allowed && here.is_some() && here == expected => EndSession::AtOnce,
        _ => EndSession::AskAboutSession,
    }
}

impl EndSessionRequest {
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

impl SignOut {
    /// Reads a request to sign out. An ID token counts whether it has expired or not, and who is signed in does not matter here:
    /// a client may well send its user along long after both.
    ///
    /// # Errors
    /// [`EndSessionError`] where it does not hold together, or the store fails.
    pub async fn request(&self, parameters: &Parameters) -> Result<EndSessionRequest, EndSessionError> {
        let named = parameters.get("client_id");
        let hint = match parameters.get("id_token_hint") {
            None => None,
            Some(hint) => Some(
                self.base
                    .keys
                    .with_ring(|ring| ReturnedIdToken::read(ring, &self.base.settings, hint))
                    .filter(|hint| named.is_none_or(|named| named == hint.aud))
                    .ok_or(EndSessionError::IdTokenHint)?,
            ),
        };
        let id = hint.as_ref().map(|hint| hint.aud.as_str()).or(named);
        let client = match id.map(ClientId::parse) {
            Some(Ok(id)) => self.base.clients.find(&id).await?,
            // What cannot be the name of a client names none.
            Some(Err(_)) | None => None,
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
        let sid = hint.as_ref().and_then(|hint| hint.sid);
        Ok(EndSessionRequest {
            client,
            post_logout_redirect_uri,
            state: parameters.get("state").map(Into::into),
            expected: hint.map(|hint| hint.sub),
            sid,
        })
    }

    /// What is still wanted of somebody at a browser who is to count as signed in there, so that they can sign out.
    pub fn still_wanted(signed_in: Option<&SignedIn>, now: Timestamp) -> Step {
        // Whoever signs out with one factor needs no second one for it.
        let demand = Demand { second_factor: SecondFactorDemand::None, ..Demand::default() };
        next(&demand, signed_in, Since::default(), now)
    }

    /// What is to be done about a request to sign out.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn decide(
        &self,
        request: &EndSessionRequest,
        at_browser: &AtBrowser,
        acting: Acting,
        now: Timestamp,
    ) -> Result<EndSession, OAuthError> {
        let here = request.client.as_ref().zip(at_browser.subject());
        let here = here.map(|(client, subject)| self.base.keys.subject_for(client, &subject));
        let hinted = match at_browser {
            AtBrowser::Nobody => self.hinted(request, now).await?,
            _ => None,
        };
        Ok(decide(at_browser, here.as_deref(), request.expected.as_deref(), hinted, acting))
    }

    /// The `sid` of the request's ID token, where the client holds a grant of that session.
    async fn hinted(
        &self,
        request: &EndSessionRequest,
        now: Timestamp,
    ) -> Result<Option<GrantId>, OAuthError> {
        let Some((sid, client)) = request.sid.zip(request.client.as_ref()) else { return Ok(None) };
        Ok(self.base.store.find_grant_of_sid(sid, &client.id, now).await?.map(|_| sid))
    }

    /// Ends what the client holds of the session that it calls `asked`, and that the request's ID token came from, once whoever is in front
    /// of the browser has said so. It outlives the browser's session where that was lost, and nobody is signed in any more who
    /// could end it otherwise. Answers whether anything ended with this call.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end_hinted_grants(
        &self,
        request: &EndSessionRequest,
        asked: GrantId,
        now: Timestamp,
    ) -> Result<bool, OAuthError> {
        let Some(client) = request.client.as_ref().filter(|_| request.sid == Some(asked)) else {
            return Ok(false);
        };
        let by = Actor::Client(client.id.as_str().into());
        let mut ended = false;
        // One for each time that the user signed in there.
        while let Some(grant) = self.base.store.find_grant_of_sid(asked, &client.id, now).await? {
            if self.base.store.revoke_grant(grant, by.clone(), now).await? != Revocation::Revoked {
                break;
            }
            ended = true;
        }
        Ok(ended)
    }

    /// Signs a browser out: its session ends, and the grants that came from it. So does the session that the request's ID token
    /// came from, if it is another one of the same user: the browser lost its secret, and the client's grant would live on.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn at_browser(
        &self,
        request: &EndSessionRequest,
        session: SessionId,
        user: UserId,
        now: Timestamp,
    ) -> Result<GrantsEnded, OAuthError> {
        let hinted = match request.sid {
            Some(sid) => self.base.store.find_session_of_sid(sid).await?,
            None => None,
        };
        let lost = hinted.filter(|(hinted, of)| *of == user && *hinted != session);
        let mut ended = GrantsEnded::default();
        for session in [Some(session), lost.map(|(lost, _)| lost)].into_iter().flatten() {
            if let SessionEnding::Ended(more) =
                self.base.store.end_session(session, Actor::User(user), now).await?
            {
                ended.count += more.count;
                ended.told += more.told;
            }
        }
        Ok(ended)
    }

    /// Signs a user out everywhere: every browser's session and every grant ends, those too that were to outlive the
    /// sessions. Clients that want to hear of it do.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn everywhere(&self, user: UserId, now: Timestamp) -> Result<GrantsEnded, OAuthError> {
        Ok(self.base.store.revoke_user_grants(user, None, Actor::User(user), now).await?.unwrap_or_default())
    }

    /// Whether a user has no session and no grant any more.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_done_everywhere(&self, user: UserId, now: Timestamp) -> Result<bool, OAuthError> {
        let session_idle = self.base.settings.session.idle_lifetime;
        if !self.base.store.list_sessions(user, 1, session_idle, now).await?.is_empty() {
            return Ok(false);
        }
        let filter = GrantFilter::OfUser(user);
        Ok(self
            .base
            .store
            .list_grants(filter, None, 1, self.base.settings.refresh.idle_lifetime, now)
            .await?
            .is_empty())
    }

    /// Where a client wants to hear of sign-outs, if it does.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn logout_uri(&self, client: &ClientId) -> Result<Option<Box<str>>, OAuthError> {
        let client = self.base.clients.stored(client).await?;
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
        let Some(client) = self.base.clients.stored(&delivery.client).await? else { return Ok(None) };
        let Some(uri) = client.metadata.backchannel_logout_uri.as_deref() else { return Ok(None) };
        let signer = self.base.keys.client_signer(client.id_token_algorithm(), LOGOUT_TYP, now).await?;
        let token = signer.sign(&LogoutClaims {
            iss: &self.base.settings.issuer,
            aud: client.id.as_str(),
            sub: &self.base.keys.subject_for(&client, &delivery.subject),
            iat: now,
            exp: now.saturating_add(LOGOUT_LIFETIME),
            jti: crate::id::hex(&sixteen(&*self.base.random), &mut [0; 32]),
            sid: &delivery.sid.to_string(),
            events: json!({ LOGOUT_EVENT: {} }),
        })?;
        Ok(Some(LogoutToken { uri: uri.into(), token }))
    }
}

/// For how long a logout token holds: it is made anew for each attempt (Back-Channel Logout §2.4 recommends two minutes).
const LOGOUT_LIFETIME: std::time::Duration = std::time::Duration::from_secs(120);
