//! Request objects (RFC 9101): an authorization request that the client signed, so that nobody on its way through the browser
//! changes it.
//!
//! An object is opened once, where it is received: at the pushing of requests, or at the authorization endpoint, which keeps it
//! as if it had been pushed. So its `exp` and `jti` are judged then, however long the user takes to sign in.

use std::time::Duration;

use jeton_jose::jwt::{Audience, RegisteredClaims, TokenType, Unverified, Verifier};
use jeton_jose::{Algorithm, KeySet, Timestamp};
use jeton_oauth::client::ClientId;
use jeton_oauth::{ErrorCode, Parameters};
use serde_json::{Map, Value};

use super::Authorization;
use crate::Network;
use crate::client::Client;
use crate::client_auth::verifying_keys;
use crate::oauth_error::OAuthError;
use crate::one_time::{OneTimeHash, OneTimeKind};
use crate::refusal::Refusal;
use crate::store::Placement;
use crate::typ::is_one_of;

/// For how long an object may hold, and how long ago its `nbf` may be. It is remembered for as long, so that it works once.
const MAX_LIFETIME: Duration = Duration::from_secs(60 * 60);
/// Its own `typ` (RFC 9101 §10.8). Those without one, or of the general `JWT`, are taken as well: most libraries write them.
const TYPS: [&str; 2] = ["oauth-authz-req+jwt", "JWT"];
/// Claims that are about the object, and no parameters.
const ABOUT_ITSELF: [&str; 7] = ["iss", "aud", "exp", "nbf", "iat", "jti", "sub"];

const NOT_VALID: Refusal = refused("the request object is not valid");
pub(crate) const USED_BEFORE: Refusal = refused("the request object was already used");

const fn refused(description: &'static str) -> Refusal {
    Refusal::new(ErrorCode::InvalidRequestObject, description)
}

impl Authorization {
    /// Verifies a request object of a client and uses it up. Answers the parameters in it; those beside it count for nothing
    /// (RFC 9101 §6.3).
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

    /// Notes that an object was used.
    pub(crate) async fn use_request_object(
        &self,
        client: &Client,
        identifier: ObjectIdentifier,
        network: Network,
        now: Timestamp,
    ) -> Result<Placement, OAuthError> {
        let ObjectIdentifier { hash, until } = identifier;
        self.rates.identifiers.take_for(client, network, now)?;
        Ok(self.store.place(OneTimeKind::RequestObjectId, hash, "".into(), until, now).await?)
    }

    /// Verifies a request object of a client. It is still to be used up.
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
        let unverified = Unverified::parse(object).map_err(|_| NOT_VALID)?;
        if !is_one_of(unverified.typ(), &TYPS) {
            return Err(refused("the request object has the wrong type").into());
        }
        let algorithm = permitted_algorithm(client, unverified.alg())?;
        let keys =
            verifying_keys(&self.clients.keys_of(client, unverified.kid(), Some(network)).await?, algorithm);
        let keys = KeySet::published(keys).map_err(|_| NOT_VALID)?;
        let audience = Audience::new(self.settings.issuer.as_str());
        let verifier = Verifier::new(client.id.as_str(), audience, keys).typ(TokenType::Any);
        let verified = verifier.verify::<Map<String, Value>>(object, now).map_err(|_| NOT_VALID)?;
        // FAPI 2.0 Message Signing §5.3.1.
        if client.policy.profile.is_some() && verified.registered().nbf().is_none() {
            return Err(refused("the request object has no nbf").into());
        }
        let until = check_times(verified.registered(), now)?;
        let identifier = verified
            .registered()
            .jti()
            .map(|jti| ObjectIdentifier { hash: OneTimeHash::of_parts(&[client.id.as_str(), jti]), until });
        let parameters = parameters_of(verified.into_claims(), &client.id)?;
        Ok(OpenedObject { parameters, identifier })
    }
}

/// A request object that was verified.
pub(crate) struct OpenedObject {
    /// The parameters in it.
    pub(crate) parameters: Parameters,
    /// Its `jti`, if it has one.
    pub(crate) identifier: Option<ObjectIdentifier>,
}

/// What an object is remembered by, so that it works once.
pub(crate) struct ObjectIdentifier {
    hash: OneTimeHash,
    until: Timestamp,
}

/// The algorithm that an object names, if the client may use it. Never a symmetric one, and `none` is no algorithm at all.
fn permitted_algorithm(client: &Client, name: &str) -> Result<Algorithm, Refusal> {
    const NOT_ALLOWED: Refusal = refused("the request object is not signed by an algorithm of the client");
    let algorithm: Algorithm = name.parse().map_err(|_| NOT_ALLOWED)?;
    let registered = client.algorithms().request_object;
    let permitted = client.policy.profile.is_none_or(|profile| profile.permits(algorithm));
    if !permitted || algorithm.is_symmetric() || registered.is_some_and(|registered| registered != algorithm)
    {
        return Err(NOT_ALLOWED);
    }
    Ok(algorithm)
}

/// Checks how long the object holds, and says until when it has to be remembered.
fn check_times(claims: &RegisteredClaims, now: Timestamp) -> Result<Timestamp, Refusal> {
    let exp = claims.exp().ok_or(NOT_VALID)?;
    let too_old = claims.nbf().is_some_and(|nbf| nbf.saturating_add(MAX_LIFETIME) < now);
    if too_old || exp > now.saturating_add(MAX_LIFETIME) {
        return Err(refused("the request object is valid for more than an hour"));
    }
    Ok(exp.saturating_add(Verifier::DEFAULT_LEEWAY))
}

/// The parameters that an object holds.
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

/// Numbers and structures go in as their JSON (RFC 9101 §4).
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
