//! Requests that are stored until their user arrives: pushed by a client (RFC 9126), signed by it (RFC 9101), or too
//! long for the URL of a page.

use std::sync::Arc;

use jeton_jose::Timestamp;
use jeton_oauth::authorization::AuthorizationDetails;
use jeton_oauth::client::ClientId;
use jeton_oauth::{ErrorCode, Parameters};
use serde::Serialize;

use super::Authorization;
use super::identifying::REQUEST_URI_PREFIX;
use super::request_object::USED_BEFORE;
use super::{KeptContent, KeptRequest, PageError, ReceivedRequest, RedirectError};
use crate::Network;
use crate::client::Client;
use crate::oauth_error::OAuthError;
use crate::one_time::{Handle, OneTimeKind};
use crate::refusal::Refusal;
use crate::sender_constraint::SenderConstraint;
use crate::store::{Placement, StoreError};
use crate::throttle::kept_units;

/// The reference that the client sends instead of the request.
#[derive(Debug, Clone, Serialize)]
pub struct PushedRequest {
    /// The `request_uri`.
    pub request_uri: String,
    /// How many seconds it is valid.
    pub expires_in: u64,
}

/// Why a signed or long request is refused.
#[derive(Debug, thiserror::Error)]
pub enum RequestObjectError {
    /// The user gets an error page.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The client gets an error.
    #[error("{}", .0.refusal)]
    Redirect(Box<RedirectError>),
    /// An internal error.
    #[error(transparent)]
    Failed(#[from] OAuthError),
}

impl From<StoreError> for RequestObjectError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// The parameters for client authentication, which are not part of the request.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// The parameters of a request that are stored, and the longest value of each, in bytes. All others are ignored when
/// the request is read (RFC 6749 §3.1), so nothing is lost.
const KEPT: [(&str, usize); 20] = [
    ("acr_values", 512),
    ("authorization_details", AuthorizationDetails::MAX_LEN),
    ("claims", 16 * 1024),
    ("client_id", 2048),
    ("code_challenge", 128),
    ("code_challenge_method", 16),
    ("display", 16),
    ("dpop_jkt", 64),
    ("id_token_hint", LONGEST_KEPT),
    ("login_hint", 320),
    ("max_age", 32),
    ("nonce", 2048),
    ("prompt", 128),
    ("redirect_uri", 2048),
    ("resource", 1024),
    ("response_mode", 32),
    ("response_type", 64),
    ("scope", 8192),
    ("state", LONGEST_KEPT),
    ("ui_locales", 320),
];
/// Optional parameters: one that is too long is not stored.
const HINTS: [&str; 4] = ["acr_values", "display", "login_hint", "ui_locales"];
/// The largest stored request in total, in bytes.
const LONGEST_KEPT: usize = 64 * 1024;

impl Authorization {
    /// Stores the request of an authenticated client until its user arrives with the `request_uri` (RFC 9126 §2).
    /// Before that, it is checked as at the authorization endpoint.
    ///
    /// # Errors
    /// [`OAuthError`] with the code for the wire.
    pub async fn push(
        &self,
        client: &Arc<Client>,
        parameters: Parameters,
        constraint: &SenderConstraint,
        network: Network,
        now: Timestamp,
    ) -> Result<PushedRequest, OAuthError> {
        if parameters.get("request_uri").is_some() {
            return Err(invalid("a pushed request must not refer to another one").into());
        }
        let parameters = match parameters.get("request") {
            Some(object) => self.open_request_object(client, object, network, now).await?,
            None if client.metadata.require_signed_request_object == Some(true) => {
                return Err(invalid("this client must sign its requests").into());
            }
            None => of_client(parameters, client)?,
        };
        let parameters = bound(parameters, constraint)?;
        let handle = Handle::draw(&*self.base.random);
        let counted = if client.is_vouched_for() { None } else { Some(network) };
        self.keep_request(client, parameters, handle, counted, now).await.map_err(|error| match error {
            RequestObjectError::Page(PageError::ClientUnknown) => OAuthError::refused(
                ErrorCode::UnauthorizedClient,
                "the client may not use the authorization endpoint",
            ),
            RequestObjectError::Page(PageError::RedirectUriMissing) => {
                invalid("redirect_uri is missing").into()
            }
            RequestObjectError::Page(_) => invalid("redirect_uri is not registered for the client").into(),
            RequestObjectError::Redirect(error) => error.refusal.into(),
            RequestObjectError::Failed(error) => error,
        })
    }

    /// Accepts a signed request from the browser and stores it. Returns what the browser should send instead.
    ///
    /// # Errors
    /// [`RequestObjectError`]. If the redirect URI outside the object is the client's, it gets the error about the
    /// object, and nothing else.
    pub async fn take_request_object(
        &self,
        sent: Parameters,
        network: Network,
        now: Timestamp,
    ) -> Result<Parameters, RequestObjectError> {
        let object = sent.get("request").unwrap_or_default().to_owned();
        let two = sent.get("request_uri").is_some();
        let beside = ReceivedRequest::new(sent.without("request"));
        let id = beside.client_id()?;
        let client =
            self.base.clients.find_asked_from(&id, Some(network)).await?.ok_or(PageError::ClientUnknown)?;
        let opened = if two {
            Err(invalid("request and request_uri are mutually exclusive").into())
        } else if client.metadata.require_pushed_authorization_requests == Some(true) {
            Err(invalid("this client must use pushed authorization requests").into())
        } else {
            self.open_request_object_of_browser(&client, &object, network, now).await
        };
        let (parameters, handle) = match opened {
            Ok(opened) => opened,
            Err(OAuthError::Refused(refusal)) => {
                let beside = beside.identify(client).map_err(|_| PageError::RequestObject)?;
                return Err(RequestObjectError::Redirect(Box::new(beside.refuse(refusal))));
            }
            Err(error) => return Err(error.into()),
        };
        let counted = if client.is_vouched_for() { None } else { Some(network) };
        let kept = self.keep_request(&client, parameters, handle, counted, now).await?;
        Ok(instead(&id, kept.request_uri))
    }

    /// Stores a request that is too long for the URL of a page. Returns what the browser should send instead. Nothing
    /// proves that the request comes from the client, so it counts for the network that it came from.
    /// # Errors
    /// [`RequestObjectError`] with the error in the request.
    pub async fn keep_long_request(
        &self,
        sent: Parameters,
        network: Network,
        now: Timestamp,
    ) -> Result<Parameters, RequestObjectError> {
        let received = ReceivedRequest::new(sent.clone());
        let id = received.client_id()?;
        // What is kept already is all that counts (RFC 9126 §4).
        if let Some(uri) = sent.get("request_uri").filter(|uri| uri.starts_with(REQUEST_URI_PREFIX)) {
            return Ok(instead(&id, uri.to_owned()));
        }
        let client =
            self.base.clients.find_asked_from(&id, Some(network)).await?.ok_or(PageError::ClientUnknown)?;
        // It is no pushed or signed request, and has to be one where the client says so.
        received
            .identify(Arc::clone(&client))?
            .validate(&self.base.settings)
            .map_err(|error| RequestObjectError::Redirect(Box::new(error)))?;
        let handle = Handle::draw(&*self.base.random);
        let kept = self.keep_request(&client, sent, handle, Some(network), now).await?;
        Ok(instead(&id, kept.request_uri))
    }

    /// Opens a request object from the browser, and returns a reference to it. An object with a `jti` always leads to
    /// the same request: if the browser sends it again because its user pressed twice, it continues with what the
    /// first one began, and gets at most one code.
    async fn open_request_object_of_browser(
        &self,
        client: &Client,
        object: &str,
        network: Network,
        now: Timestamp,
    ) -> Result<(Parameters, Handle), OAuthError> {
        let opened = self.verify_request_object(client, object, network, now).await?;
        let Some(identifier) = opened.identifier else {
            return Ok((opened.parameters, Handle::draw(&*self.base.random)));
        };
        let sealed = [client.id.as_str().as_bytes(), object.as_bytes()];
        let handle =
            Handle::from_seal(self.base.keys.with_ring(|ring| ring.seal("kept request object", &sealed)));
        if self.use_request_object(client, identifier, network, now).await? == Placement::Taken
            && self.base.store.peek(OneTimeKind::PushedRequest, handle.hash()).await?.is_none()
        {
            return Err(USED_BEFORE.into());
        }
        Ok((opened.parameters, handle))
    }

    /// Checks a request and stores it. It counts for the network `counted`, if there is one.
    async fn keep_request(
        &self,
        client: &Arc<Client>,
        parameters: Parameters,
        handle: Handle,
        counted: Option<Network>,
        now: Timestamp,
    ) -> Result<PushedRequest, RequestObjectError> {
        let content = kept_parameters(&parameters);
        let kept = KeptRequest::fresh(handle.hash(), now);
        let received = ReceivedRequest::kept(parameters, Parameters::default(), kept);
        let request = received
            .identify(Arc::clone(client))?
            .validate(&self.base.settings)
            .map_err(|error| RequestObjectError::Redirect(Box::new(error)))?;
        let content =
            content.map_err(|refusal| RequestObjectError::Redirect(Box::new(request.refuse(refusal))))?;
        if let Some(network) = counted {
            let units = kept_units(content.to_query().len());
            self.base.rates.kept_requests.take_units(network, units, now).map_err(OAuthError::from)?;
        }
        let lifetime = self.base.settings.authorization.request_lifetime;
        let content = KeptContent::new(&content, lifetime, now).to_json();
        let until = now.saturating_add(lifetime);
        // It is taken where the browser sends a signed request again, which is the same request then.
        self.base.store.place(OneTimeKind::PushedRequest, handle.hash(), content, until, now).await?;
        Ok(PushedRequest {
            request_uri: format!("{REQUEST_URI_PREFIX}{}", handle.expose()),
            expires_in: lifetime.as_secs(),
        })
    }
}

/// What the browser sends for a stored request.
fn instead(client: &ClientId, request_uri: String) -> Parameters {
    [("client_id", client.as_str().to_owned()), ("request_uri", request_uri)].into_iter().collect()
}

const fn invalid(description: &'static str) -> Refusal {
    Refusal::new(ErrorCode::InvalidRequest, description)
}

/// The stored content of a request.
fn kept_parameters(parameters: &Parameters) -> Result<Parameters, Refusal> {
    let mut kept = Vec::new();
    for (name, value) in parameters.iter() {
        match KEPT.iter().find(|(known, _)| *known == name) {
            Some((_, longest)) if value.len() > *longest && HINTS.contains(&name) => {}
            Some((_, longest)) if value.len() > *longest => {
                let cause = format!("{name} has {} bytes, and {longest} at most are kept", value.len());
                return Err(invalid("a parameter is too long to be kept").because(cause));
            }
            Some(_) => kept.push((name, value)),
            None => {}
        }
    }
    if kept.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > LONGEST_KEPT {
        return Err(invalid("the request is too long to be kept"));
    }
    Ok(kept.into_iter().collect())
}

/// The request in what a client sent: without its credentials, which must not be stored, and with its identifier.
fn of_client(parameters: Parameters, client: &Client) -> Result<Parameters, Refusal> {
    let mut request = CREDENTIALS.into_iter().fold(parameters.without("client_id"), Parameters::without);
    request
        .push("client_id".to_owned(), client.id.as_str().to_owned())
        .map_err(|_| invalid("there are too many parameters"))?;
    Ok(request)
}

/// The request, bound to the key that was proved with it (RFC 9449 §10.1).
fn bound(parameters: Parameters, constraint: &SenderConstraint) -> Result<Parameters, Refusal> {
    let Some(proved) = constraint.jkt.as_deref() else { return Ok(parameters) };
    if parameters.get("dpop_jkt").is_some_and(|named| named != proved) {
        let description = "dpop_jkt does not match the DPoP proof";
        return Err(Refusal::new(ErrorCode::InvalidDpopProof, description));
    }
    let mut parameters = parameters.without("dpop_jkt");
    parameters
        .push("dpop_jkt".to_owned(), proved.to_owned())
        .map_err(|_| invalid("there are too many parameters"))?;
    Ok(parameters)
}
