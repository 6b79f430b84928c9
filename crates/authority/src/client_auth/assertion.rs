//! `private_key_jwt` and `client_secret_jwt`: an assertion that the client signs (RFC 7523 §2.2 and §3).

use std::sync::Arc;

use jeton_jose::jwt::Audience;
use jeton_jose::{KeySet, SharedSecret, Timestamp, VerifyingKey};
use jeton_oauth::client::{ClientId, TokenEndpointAuthMethod};
use jeton_oauth::{ErrorCode, Parameters};
use serde::Deserialize;
use serde_json::Value;

use super::ClientAuth;
use super::{NOT_AUTHENTICATED, Presented};
use crate::Network;
use crate::assertion::{self, AssertionError, AssertionId, remembered_until};
use crate::client::Client;
use crate::oauth_error::OAuthError;
use crate::one_time::OneTimeKind;
use crate::refusal::Refusal;
use crate::store::Placement;

/// What `client_assertion_type` has to say.
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The `typ` that an assertion may have, beside none: what OpenID Connect's clients send, and what RFC 7523bis gives it. A token of
/// another kind that the client signed, such as a DPoP proof or a request object, is no assertion.
const TYPS: [&str; 2] = ["JWT", "client-authentication+jwt"];

#[derive(Deserialize)]
struct Claims {
    sub: String,
    jti: String,
    aud: Value,
}

impl ClientAuth {
    pub(super) async fn client_of_assertion(
        &self,
        presented: Presented<'_>,
        assertion: &str,
        now: Timestamp,
    ) -> Result<Arc<Client>, OAuthError> {
        if presented.credentials.parameters.get("client_assertion_type") != Some(TYPE) {
            let refusal = Refusal::new(ErrorCode::InvalidRequest, "client_assertion_type is not supported");
            return Err(refusal.into());
        }
        let assertion = assertion::Presented::read(assertion, &TYPS).map_err(refused)?;
        let id = assertion
            .iss()
            .and_then(|iss| ClientId::parse(iss).ok())
            .ok_or_else(|| NOT_AUTHENTICATED.because("the assertion has no iss"))?;
        if names_another(presented.credentials.parameters, &id) {
            return Err(NOT_AUTHENTICATED
                .because("client_id names another client than the assertion")
                .into());
        }
        let client = self.client_for_authentication(&id, presented.network).await?;
        let keys = self.assertion_keys(&client, &assertion, presented.network).await?;
        let audience = Audience::one_of([&[self.settings.issuer.as_str()], presented.endpoints].concat());
        let verified = assertion.verify::<Claims>(id.as_str(), audience, keys, now).map_err(refused)?;
        let until = remembered_until(verified.registered(), now).map_err(refused)?;
        let claims = verified.claims();
        // Who takes an assertion for several audiences can use it at another of them (FAPI 2.0 §5.3.2.1).
        if client.policy.profile.is_some() && claims.aud != self.settings.issuer {
            return Err(NOT_AUTHENTICATED.because("aud of the assertion must be only the issuer").into());
        }
        if claims.sub != id.as_str() || claims.jti.is_empty() {
            return Err(NOT_AUTHENTICATED.because("sub or jti of the assertion is invalid").into());
        }
        let used = AssertionId::new(OneTimeKind::AssertionId, &[id.as_str()], &claims.jti, until);
        self.rates.identifiers.take_for(&client, presented.network, now)?;
        match used.use_up(&self.used_up, &*self.store, now).await? {
            Placement::Placed => Ok(client),
            Placement::Taken => Err(NOT_AUTHENTICATED.because("the assertion was already used").into()),
        }
    }

    /// The keys that a client's assertions are verified with: of the algorithm that the token names, if the client may use it.
    async fn assertion_keys(
        &self,
        client: &Client,
        assertion: &assertion::Presented<'_>,
        network: Network,
    ) -> Result<KeySet, OAuthError> {
        let algorithm = assertion.algorithm().ok_or(NOT_AUTHENTICATED)?;
        if !client.may_sign_by(algorithm, &client.metadata.token_endpoint_auth_signing_alg) {
            return Err(NOT_AUTHENTICATED.because("the assertion is signed by another algorithm").into());
        }
        let keys = match client.metadata.auth_method() {
            TokenEndpointAuthMethod::ClientSecretJwt if algorithm.is_symmetric() => {
                let secret = client.secret.as_ref().ok_or(NOT_AUTHENTICATED)?;
                let secret = SharedSecret::new(algorithm, secret.expose().as_bytes())
                    .map_err(|_| NOT_AUTHENTICATED)?;
                KeySet::new([VerifyingKey::from(secret)]).ok()
            }
            TokenEndpointAuthMethod::PrivateKeyJwt if !algorithm.is_symmetric() => {
                self.clients.verifying_keys_of(client, algorithm, assertion.kid(), network).await?
            }
            registered => {
                let cause = format!("the client is registered for {registered}, not for this assertion");
                return Err(NOT_AUTHENTICATED.because(cause).into());
            }
        };
        keys.ok_or_else(|| NOT_AUTHENTICATED.because("the client has no key for the assertion").into())
    }
}

fn refused(error: AssertionError) -> Refusal {
    NOT_AUTHENTICATED.because(error.to_string())
}

fn names_another(parameters: &Parameters, id: &ClientId) -> bool {
    parameters.get("client_id").is_some_and(|named| named != id.as_str())
}
