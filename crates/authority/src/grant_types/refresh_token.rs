//! The refresh token of a client (RFC 6749 §6). What presenting it does to its grant is decided by
//! [`crate::refresh_token::decide`], as at the token API.

use std::sync::Arc;

use jeton_oauth::ErrorCode;

use super::call::NO_SCOPE_LEFT;
use super::{Grants, Permitted, TokenCall};
use crate::GrantId;
use crate::grant::Grant;
use crate::issue::TokenResponse;
use crate::oauth_error::OAuthError;
use crate::refresh_token::RefreshRefusal;
use crate::refusal::Refusal;
use crate::store::Refresh;
use crate::tokens::TokenError;
use crate::tokens::verify_refresh_token;

/// One text for every refresh token that is not good.
const NOT_VALID: Refusal = Refusal::new(ErrorCode::InvalidGrant, "refresh_token is not valid");
const NOT_PROVED: Refusal = Refusal::new(
    ErrorCode::InvalidGrant,
    "refresh_token is bound to a key, and the proof of possession is missing",
);

/// The parameters that ask for a part of what was granted.
const NARROWING: [&str; 3] = ["scope", "resource", "authorization_details"];

impl Grants {
    pub(super) async fn token_by_refresh_token(
        &self,
        request: &TokenCall,
        token: &str,
    ) -> Result<TokenResponse, OAuthError> {
        // Everything that the token says by itself is checked before the store is asked, so garbage costs no I/O, and nobody
        // but its client can use it up.
        let verified = self.base.keys.with_ring(|ring| verify_refresh_token(ring, token, request.now));
        let (id, claims) = verified.map_err(|error| match error {
            TokenError::Store(error) => OAuthError::Store(error),
            error => NOT_VALID.because(error.to_string()).into(),
        })?;
        if claims.client_id() != Some(request.client.id.as_str()) {
            return Err(NOT_VALID.because("the token belongs to another client").into());
        }
        let key = claims.key_proof(&request.constraint).ok_or(NOT_PROVED)?;
        self.check_asked(request, id).await?;
        let presented = claims.presented_from(request.network).by(Arc::clone(&request.client), key);
        let policy = self.base.settings.refresh.policy;
        let refreshed = self.base.store.refresh_grant(id, presented, policy, request.now).await;
        self.base.tally.count_refresh(Refresh::counted(&refreshed));
        let live = match refreshed? {
            Refresh::Granted(live, _) => live,
            Refresh::Replayed(grant) => {
                return Err(OAuthError::Replayed { refusal: NOT_VALID, grant: grant.id });
            }
            Refresh::Refused(RefreshRefusal::KeyNotProved) => return Err(NOT_PROVED.into()),
            Refresh::Refused(RefreshRefusal::NothingPermitted) => return Err(NO_SCOPE_LEFT.into()),
            Refresh::Refused(_) | Refresh::Unknown => {
                return Err(NOT_VALID.because("its grant has ended, or its user may not sign in").into());
            }
        };
        let permitted = self.permitted_of(request, &live.grant)?;
        self.tokens_of_grant(request, &live, permitted, None).await
    }

    /// Refuses a request that asks for too much, or whose user signed in with too little, before its token is used up, so that the
    /// client can correct it and send it again. Only a request that names something can ask for too much.
    async fn check_asked(&self, request: &TokenCall, grant: GrantId) -> Result<(), OAuthError> {
        let narrows = NARROWING.iter().any(|name| request.parameters.get(name).is_some());
        if !narrows && !request.requires_second_factor() {
            return Ok(());
        }
        match self.base.store.find_grant(grant).await? {
            Some((live, _)) if live.grant.revoked_at.is_none() => {
                request.check_factors(live.grant.detail.as_deref())?;
                self.permitted_of(request, &live.grant).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// What is asked for of what was granted, as far as the client may have it now.
    fn permitted_of(&self, request: &TokenCall, grant: &Grant) -> Result<Permitted, OAuthError> {
        // A client may name the scope that it was once granted, although some of it was taken from it since: it gets the rest,
        // and the answer says so (RFC 6749 §3.3).
        let scope = request.narrowed(&grant.scope)?;
        request.left_of(&self.base.settings, scope, grant.detail.as_deref())
    }
}
