//! A client that asks for itself (RFC 6749 §4.4). No user stands behind the token, so there is no grant, nothing is stored,
//! and the token ends by itself.

use jeton_oauth::ErrorCode;

use super::Grants;
use super::TokenCall;
use crate::issue::TokenResponse;
use crate::issue::access_token::{AccessTokenRequest, Origin};
use crate::oauth_error::OAuthError;

/// Scopes that are about a user, which there is none of.
const ABOUT_USERS: [&str; 8] =
    ["openid", "profile", "email", "phone", "address", "roles", "groups", "offline_access"];

impl Grants {
    pub(super) fn token_by_client_credentials(
        &self,
        request: &TokenCall,
    ) -> Result<TokenResponse, OAuthError> {
        let client = &request.client;
        if client.is_public() {
            return Err(OAuthError::refused(
                ErrorCode::UnauthorizedClient,
                "client authentication is required",
            ));
        }
        let own = client.scope().retain(|token| !ABOUT_USERS.contains(&token));
        let details = request.details(&self.settings)?;
        let scope = request.scope_beside(&details, &own)?;
        let asked: Vec<_> = request.parameters.all("resource").collect();
        let resources = client.permitted_resources(&self.settings, &asked)?;
        let details = details.for_resources(&resources);
        let access = AccessTokenRequest {
            client,
            live: None,
            origin: Origin::Granted,
            sub: client.id.as_str(),
            scope: scope.as_str(),
            resources: &resources,
            constraint: &request.constraint,
            act: None,
            authorization_details: &details,
            not_beyond: None,
        };
        let (access_token, expires_in) =
            self.keys.with_ring(|ring| access.issue(ring, &self.settings, &*self.random, request.now))?;
        Ok(TokenResponse {
            access_token,
            token_type: request.constraint.token_type(),
            expires_in,
            refresh_token: None,
            id_token: None,
            scope,
            issued_token_type: None,
            authorization_details: details,
            grant: None,
        })
    }
}
