//! Request objects (RFC 9101): authorization requests signed by the client, so that nobody can change them in the
//! browser.
//!
//! An object is opened once, when it is received: at the pushed authorization request endpoint, or at the
//! authorization endpoint, which stores it as if it had been pushed. Its `exp` and `jti` are therefore checked then,
//! however long the user takes to sign in.

use jeton_jose::jwt::{Audience, RegisteredClaims};
use jeton_jose::{Algorithm, Timestamp};
use jeton_oauth::client::ClientId;
use jeton_oauth::{ErrorCode, Parameters};
use serde_json::{Map, Value};

use super::Authorization;
use crate::Network;
use crate::assertion::{AssertionError, AssertionId, MAX_LIFETIME, Presented, remembered_until};
use crate::client::Client;
use crate::oauth_error::OAuthError;
use crate::one_time::OneTimeKind;
use crate::refusal::Refusal;
use crate::store::Placement;

/// Its `typ` (RFC 9101 §10.8). Objects without `typ`, or with the general `JWT`, are accepted as well, because most
/// libraries send them.
const TYPS: [&str; 2] = ["oauth-authz-req+jwt", "JWT"];
/// Claims about the object, which are not parameters.
const ABOUT_ITSELF: [&str; 7] = ["iss", "aud", "exp", "nbf", "iat", "jti", "sub"];

const NOT_VALID: Refusal = refused("the request object is not valid");
const VALID_FOR_TOO_LONG: Refusal = refused("the request object is valid for more than an hour");
pub(crate) const USED_BEFORE: Refusal = refused("the request object was already used");

const fn refused(description: &'static str) -> Refusal {
    Refusal::new(ErrorCode::InvalidRequestObject, description)
}

impl Authorization {
    /// Verifies a client's request object and uses it up. Returns its parameters; those outside it are ignored (RFC
    /// 9101 §6.3).
    ///
    /// # Errors
    /// `invalid_request_object`.
    pub(crate) async fn open_request_object(
        &self,
        client: &Client,
        object: &str,
        network: Network,
        now: Timestamp,
    ) -> Result<Parameters, OAuthError> {
        let opened = self.verify_request_object(client, object, network, now).await?;
        if let Some(identifier) = opened.identifier
            && self.use_request_object(client, identifier, network, now).await? == Placement::Taken
        {
            return Err(USED_BEFORE.into());
        }
        Ok(opened.parameters)
    }

    /// Records that an object was used.
    pub(crate) async fn use_request_object(
        &self,
        client: &Client,
        identifier: AssertionId,
        network: Network,
        now: Timestamp,
    ) -> Result<Placement, OAuthError> {
        self.base.rates.identifiers.take_for(client, network, now)?;
        Ok(identifier.use_up(&self.base.used_up, &*self.base.store, now).await?)
    }

    /// Verifies a client's request object, without using it up.
    ///
    /// # Errors
    /// `invalid_request_object`.
    pub(crate) async fn verify_request_object(
        &self,
        client: &Client,
        object: &str,
        network: Network,
        now: Timestamp,
    ) -> Result<OpenedObject, OAuthError> {
        let object = Presented::read(object, &TYPS).map_err(not_valid)?;
        let algorithm = permitted_algorithm(client, &object)?;
        let keys = self.base.clients.verifying_keys_of(client, algorithm, object.kid(), network).await?;
        let audience = Audience::new(self.base.settings.issuer.as_str());
        let verified = object
            .verify::<Map<String, Value>>(client.id.as_str(), audience, keys.ok_or(NOT_VALID)?, now)
            .map_err(not_valid)?;
        // FAPI 2.0 Message Signing §5.3.1.
        if client.policy.profile.is_some() && verified.registered().nbf().is_none() {
            return Err(refused("the request object has no nbf").into());
        }
        let until = check_times(verified.registered(), now)?;
        let (kind, issuer) = (OneTimeKind::RequestObjectId, [client.id.as_str()]);
        let jti = verified.registered().jti();
        let identifier = jti.map(|jti| AssertionId::new(kind, &issuer, jti, until));
        let parameters = parameters_of(verified.into_claims(), &client.id)?;
        Ok(OpenedObject { parameters, identifier })
    }
}

/// A verified request object.
pub(crate) struct OpenedObject {
    /// Its parameters.
    pub(crate) parameters: Parameters,
    /// Its `jti`, if it has one.
    pub(crate) identifier: Option<AssertionId>,
}

fn not_valid(error: AssertionError) -> Refusal {
    match error {
        AssertionError::Typ => refused("the request object has the wrong type"),
        AssertionError::TooLong => VALID_FOR_TOO_LONG,
        error => NOT_VALID.because(error.to_string()),
    }
}

/// The algorithm of an object, if the client may use it. Symmetric algorithms and `none` are never allowed.
fn permitted_algorithm(client: &Client, object: &Presented<'_>) -> Result<Algorithm, Refusal> {
    const NOT_ALLOWED: Refusal = refused("the request object is not signed by an algorithm of the client");
    let algorithm = object.algorithm().ok_or(NOT_ALLOWED)?;
    let registered = &client.metadata.request_object_signing_alg;
    if algorithm.is_symmetric() || !client.may_sign_by(algorithm, registered) {
        return Err(NOT_ALLOWED);
    }
    Ok(algorithm)
}

/// Checks the lifetime of the object, and the age of its `nbf`. Returns until when it must be remembered.
fn check_times(claims: &RegisteredClaims, now: Timestamp) -> Result<Timestamp, Refusal> {
    let until = remembered_until(claims, now).map_err(not_valid)?;
    match claims.nbf() {
        Some(nbf) if nbf.saturating_add(MAX_LIFETIME) < now => Err(VALID_FOR_TOO_LONG),
        _ => Ok(until),
    }
}

/// The parameters in an object.
fn parameters_of(claims: Map<String, Value>, client: &ClientId) -> Result<Parameters, Refusal> {
    // An assertion of the client says so; it must not pass for a request (RFC 9101 §10.8).
    if claims.get("sub").is_some_and(|sub| sub == client.as_str()) {
        return Err(refused("an assertion is not a request object"));
    }
    if claims.get("client_id").is_some_and(|id| id != client.as_str()) {
        return Err(refused("the client_id in the request object does not match"));
    }
    if claims.contains_key("request") || claims.contains_key("request_uri") {
        return Err(refused("a request object must not contain another one"));
    }
    let mut parameters: Parameters = [("client_id", client.as_str())].into_iter().collect();
    let about_itself = |name: &str| name == "client_id" || ABOUT_ITSELF.contains(&name);
    for (name, value) in claims.into_iter().filter(|(name, _)| !about_itself(name)) {
        match value {
            Value::Array(values) if Parameters::REPEATABLE.contains(&name.as_str()) => {
                for value in values {
                    add(&mut parameters, name.clone(), value)?;
                }
            }
            value => add(&mut parameters, name, value)?,
        }
    }
    Ok(parameters)
}

/// Numbers and structures are converted to their JSON (RFC 9101 §4).
fn add(parameters: &mut Parameters, name: String, value: Value) -> Result<(), Refusal> {
    let text = match value {
        Value::String(text) => text,
        Value::Null => return Err(NOT_VALID),
        value => value.to_string(),
    };
    if text.contains('\0') {
        return Err(NOT_VALID);
    }
    parameters.push(name, text).map_err(|_| NOT_VALID)
}
