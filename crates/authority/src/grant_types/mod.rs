//! What clients exchange for tokens, a file per `grant_type`. `call.rs` says what of a client's wish is granted, `opening.rs` makes
//! the grant of it, `issuing.rs` the tokens.

mod authorization_code;
mod call;
mod client_credentials;
mod device_code;
mod issuing;
mod jwt_bearer;
mod opening;
mod recorded_exchanges;
mod refresh_token;
mod request;
mod token_exchange;

pub(crate) use call::Permitted;
pub use call::TokenCall;
pub(crate) use recorded_exchanges::RecordedExchanges;

use std::sync::Arc;

use jeton_oauth::ErrorCode;
use jeton_oauth::authorization::GrantType;

use self::request::TokenRequest;
use crate::base::Base;
use crate::client::ClientSource;
use crate::issue::TokenResponse;
use crate::oauth_error::OAuthError;
use crate::refusal::Refusal;
use crate::tokens::Tokens;

/// Exchanges what clients have been given for tokens.
pub struct Grants {
    pub(crate) base: Base,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) recorded_exchanges: RecordedExchanges,
}

impl Grants {
    /// Answers a request to the token endpoint (RFC 6749 §3.2).
    ///
    /// # Errors
    /// [`OAuthError`] with the code that goes over the wire.
    pub async fn token(&self, call: &TokenCall) -> Result<TokenResponse, OAuthError> {
        let missing = Refusal::new(ErrorCode::InvalidRequest, "grant_type is missing");
        let name = call.parameters.get("grant_type").ok_or(missing)?;
        let unsupported = OAuthError::refused(ErrorCode::UnsupportedGrantType, "grant_type is not supported");
        let Some(grant_type) = GrantType::parse(name) else { return Err(unsupported) };
        if !call.client.metadata.uses(grant_type) {
            return Err(OAuthError::refused(
                ErrorCode::UnauthorizedClient,
                "the client may not use this grant_type",
            ));
        }
        if call.client.metadata.dpop_bound_access_tokens == Some(true) && call.constraint.jkt.is_none() {
            return Err(OAuthError::refused(
                ErrorCode::InvalidDpopProof,
                "this client must send a DPoP proof",
            ));
        }
        if call.client.metadata.tls_client_certificate_bound_access_tokens == Some(true)
            && call.constraint.x5t_s256.is_none()
        {
            return Err(OAuthError::refused(
                ErrorCode::InvalidRequest,
                "this client must present its certificate",
            ));
        }
        if matches!(
            grant_type,
            GrantType::AuthorizationCode | GrantType::RefreshToken | GrantType::DeviceCode
        ) {
            self.base.keys.ready_for_id_tokens(&call.client, call.now).await?;
        }
        let request = TokenRequest::read(grant_type, &call.parameters)?;
        let response = match request.ok_or(unsupported)? {
            TokenRequest::AuthorizationCode(code) => self.token_by_code(call, &code).await,
            TokenRequest::RefreshToken { refresh_token } => {
                self.token_by_refresh_token(call, refresh_token).await
            }
            TokenRequest::ClientCredentials => self.token_by_client_credentials(call).await,
            TokenRequest::DeviceCode { device_code } => self.token_by_device_code(call, device_code).await,
            TokenRequest::TokenExchange(exchange) => self.token_by_exchange(call, &exchange).await,
            TokenRequest::JwtBearer { assertion } => self.token_by_assertion(call, assertion).await,
        }?;
        if response.grant.is_some() && call.client.policy.source != ClientSource::Operator {
            self.base.clients.prove_addresses(&call.client);
        }
        Ok(response)
    }
}
