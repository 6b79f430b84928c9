//! What clients exchange for tokens, a file per `grant_type`.

mod authorization_code;
mod client_credentials;
mod device_code;
mod jwt_bearer;
mod recorded_exchanges;
mod refresh_token;
mod request;
mod token_exchange;

pub(crate) use recorded_exchanges::RecordedExchanges;

use self::request::TokenRequest;
use std::sync::Arc;

use jeton_jose::Timestamp;
use jeton_oauth::authorization::{AuthorizationDetails, GrantType};
use jeton_oauth::client::ClientId;
use jeton_oauth::{ErrorCode, Parameters, Scope};

use crate::Network;
use crate::authorization::{narrowed_details, permitted_details};
use crate::client::{Client, ClientSource};
use crate::clients::Clients;
use crate::clients::Content;
use crate::grant::{GrantDetail, LiveGrant};
use crate::issue::access_token::{AccessTokenRequest, Origin};
use crate::issue::refresh_token::mint;
use crate::issue::{IdTokenRequest, TokenResponse};
use crate::keyring::Keys;
use crate::oauth_error::OAuthError;
use crate::one_time::{Presentation, Presenter};
use crate::random::Random;
use crate::refusal::Refusal;
use crate::sender_constraint::SenderConstraint;
use crate::settings::Settings;
use crate::store::Store;
use crate::tokens::Tokens;

pub(crate) const NO_SCOPE_LEFT: Refusal =
    Refusal::new(ErrorCode::InvalidScope, "the client may no longer have any of the granted scope");
const NO_DETAILS_LEFT: Refusal = Refusal::new(
    ErrorCode::InvalidAuthorizationDetails,
    "the client may no longer have any of the granted authorization_details",
);

/// A request to an endpoint for tokens, whose client has been authenticated.
#[derive(Debug, Clone)]
pub struct TokenCall {
    /// Who asks.
    pub client: Arc<Client>,
    /// What it sends.
    pub parameters: Parameters,
    /// What it proved to hold.
    pub constraint: SenderConstraint,
    /// From where.
    pub network: Network,
    /// When.
    pub now: Timestamp,
}

impl TokenCall {
    /// What of `granted` is asked for; all of it where nothing is named (RFC 6749 §6).
    pub(crate) fn narrowed(&self, granted: &Scope) -> Result<Scope, OAuthError> {
        let Some(text) = self.parameters.get("scope") else { return Ok(granted.clone()) };
        let invalid =
            Refusal::new(ErrorCode::InvalidScope, "scope is malformed or exceeds what may be granted");
        let asked = match Scope::parse(text) {
            Ok(asked) => asked,
            Err(error) => return Err(invalid.because(error.to_string()).into()),
        };
        if granted.covers(&asked) {
            return Ok(asked);
        }
        // The first of them are enough to find the mistake by.
        let beyond: Vec<_> = asked.tokens().filter(|token| !granted.contains(token)).take(8).collect();
        Err(invalid.because(format!("scope {:?} is not in {:?}", beyond.join(" "), granted.as_str())).into())
    }

    /// What the client may have now of a scope and of details that were allowed and are asked for.
    ///
    /// # Errors
    /// Where nothing is left of them (RFC 6749 §5.2: the scope exceeds what the client may have). A token that permits nothing
    /// would still be for the same API, which may look for no scope.
    pub(crate) fn permitted(
        &self,
        settings: &Settings,
        scope: Scope,
        details: AuthorizationDetails,
    ) -> Result<(Scope, AuthorizationDetails), OAuthError> {
        let nothing = scope.is_empty() && details.is_empty();
        let nothing_left = if scope.is_empty() { NO_DETAILS_LEFT } else { NO_SCOPE_LEFT };
        let scope = self.client.permitted_scope(scope);
        let known = |kind: &str| settings.authorization_details_types.iter().any(|known| known == kind);
        let mut details = self.client.permitted_details(details);
        if !details.iter().all(|detail| known(detail.kind())) {
            details = details.retain(|detail| known(detail.kind()));
        }
        if scope.is_empty() && details.is_empty() && !nothing {
            return Err(nothing_left.into());
        }
        Ok((scope, details))
    }

    /// What is asked for in detail, by a client to whom nothing was allowed before (RFC 9396 §6).
    pub(crate) fn details(&self, settings: &Settings) -> Result<AuthorizationDetails, OAuthError> {
        match self.parameters.get("authorization_details") {
            Some(text) => Ok(permitted_details(&self.client, settings, text)?),
            None => Ok(AuthorizationDetails::default()),
        }
    }

    /// The scope that is asked for beside some details: as [`TokenCall::narrowed`], but whoever names details alone gets
    /// no more than these.
    pub(crate) fn scope_beside(
        &self,
        details: &AuthorizationDetails,
        own: &Scope,
    ) -> Result<Scope, OAuthError> {
        if !details.is_empty() && self.parameters.get("scope").is_none() {
            return Ok(Scope::default());
        }
        self.narrowed(own)
    }

    /// What is asked for of the details that were allowed; all of them where nothing is named (RFC 9396 §6.1).
    pub(crate) fn narrowed_details(
        &self,
        settings: &Settings,
        allowed: &AuthorizationDetails,
    ) -> Result<AuthorizationDetails, OAuthError> {
        Ok(narrowed_details(settings, allowed, self.parameters.get("authorization_details"))?)
    }

    /// Binds a grant's refresh tokens to what a public client proved to hold (RFC 9449 §5, RFC 8705 §4): it has nothing else
    /// to prove itself with.
    fn bind(&self, detail: &mut GrantDetail) {
        if self.client.is_public() {
            detail.jkt.clone_from(&self.constraint.jkt);
            detail.x5t_s256.clone_from(&self.constraint.x5t_s256);
        }
    }
}

/// What the tokens of a grant are to be, this time.
pub(crate) struct Issuance<'a> {
    pub(crate) live: &'a LiveGrant,
    pub(crate) scope: &'a Scope,
    /// What was allowed in detail and is asked for now.
    pub(crate) details: AuthorizationDetails,
    pub(crate) resources: &'a [Box<str>],
    pub(crate) nonce: Option<&'a str>,
}

/// Exchanges what clients have been given for tokens.
pub struct Grants {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) clients: Arc<Clients>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) recorded_exchanges: RecordedExchanges,
}

impl Grants {
    /// Who presents a code that was given to `owner`, as far as the client goes.
    pub(crate) async fn presenter(
        &self,
        request: &TokenCall,
        owner: &ClientId,
    ) -> Result<Presenter, OAuthError> {
        if request.client.id == *owner {
            return Ok(Presenter::Owner);
        }
        // A public client proved nothing, and whoever has seen a code can name one.
        let is_confidential = self.clients.find(owner).await?.is_some_and(|owner| !owner.is_public());
        let is_anybody = request.client.is_public() && is_confidential;
        Ok(if is_anybody { Presenter::Anybody } else { Presenter::Stranger })
    }

    /// A code as a request presents it.
    pub(crate) fn presentation(&self, request: &TokenCall, by: Presenter) -> Presentation {
        Presentation { by, at: request.now, grace: self.settings.refresh.grace }
    }

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
            self.keys.ready_for_id_tokens(&call.client, call.now).await?;
        }
        let request = TokenRequest::read(grant_type, &call.parameters)?;
        let response = match request.ok_or(unsupported)? {
            TokenRequest::AuthorizationCode(code) => self.token_by_code(call, &code).await,
            TokenRequest::RefreshToken { refresh_token } => {
                self.token_by_refresh_token(call, refresh_token).await
            }
            TokenRequest::ClientCredentials => self.token_by_client_credentials(call),
            TokenRequest::DeviceCode { device_code } => self.token_by_device_code(call, device_code).await,
            TokenRequest::TokenExchange(exchange) => self.token_by_exchange(call, &exchange).await,
            TokenRequest::JwtBearer { assertion } => self.token_by_assertion(call, assertion).await,
        }?;
        if response.grant.is_some() && call.client.policy.source != ClientSource::Operator {
            self.clients.prove_addresses(&call.client);
        }
        Ok(response)
    }

    /// Issues the tokens of a grant: an access token, a refresh token where the client uses them, an ID token where the user
    /// signed in to it with OpenID Connect.
    pub(crate) async fn issue_for_grant(
        &self,
        request: &TokenCall,
        issuance: Issuance<'_>,
    ) -> Result<TokenResponse, OAuthError> {
        let TokenCall { client, constraint, now, .. } = request;
        let Issuance { live, scope, details, resources, nonce } = issuance;
        let sub = self.keys.subject_for(client, &live.subject);
        let detail = live.grant.detail.as_deref();
        let details = details.for_resources(resources);
        let access = AccessTokenRequest {
            client,
            live: Some(live),
            origin: Origin::Granted,
            sub: &sub,
            scope: scope.as_str(),
            resources,
            constraint,
            act: None,
            authorization_details: &details,
            not_beyond: Some(live.grant.expires_at),
        };
        let (access_token, expires_in) =
            self.keys.with_ring(|ring| access.issue(ring, &self.settings, &*self.random, *now))?;
        let refresh_token = if client.metadata.uses(GrantType::RefreshToken) {
            Some(self.keys.with_ring(|ring| mint(live, ring, &self.settings))?)
        } else {
            None
        };
        let id_token = match detail {
            Some(detail) if scope.contains("openid") => {
                let algorithm = client.id_token_algorithm();
                let signer = self.keys.client_signer(algorithm, "JWT", *now).await?;
                let token = IdTokenRequest {
                    client,
                    live,
                    detail,
                    sub: &sub,
                    scope,
                    nonce,
                    access_token: &access_token,
                };
                let token = token.issue(&signer, &self.settings, *now)?;
                Some(match client.algorithms().id_token_encryption {
                    None => token,
                    Some(encryption) => {
                        self.clients.encrypt_for(client, encryption, Content::Token(&token)).await?
                    }
                })
            }
            _ => None,
        };
        Ok(TokenResponse {
            access_token,
            token_type: constraint.token_type(),
            expires_in,
            refresh_token,
            id_token,
            scope: scope.clone(),
            issued_token_type: None,
            authorization_details: details,
            grant: Some(live.grant.id),
        })
    }
}
