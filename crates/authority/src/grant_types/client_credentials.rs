//! A client that asks for itself (RFC 6749 §4.4). No user stands behind the token, so there is no grant, nothing is stored,
//! and the token ends by itself.

use jeton_oauth::ErrorCode;

use super::issuing::Basis;
use super::{Grants, TokenCall};
use crate::issue::TokenResponse;
use crate::oauth_error::OAuthError;

/// Scopes that are about a user, which there is none of.
const ABOUT_USERS: [&str; 8] =
    ["openid", "profile", "email", "phone", "address", "roles", "groups", "offline_access"];

impl Grants {
    pub(super) async fn token_by_client_credentials(
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
        self.access_token(request, &Basis::CLIENT, request.asked(&self.base.settings, &own)?).await
    }
}
