//! The refresh token of a client (RFC 6749 §6). What presenting it does to its grant is decided by
//! [`crate::refresh_token::decide`], as at the token API.

use std::sync::Arc;

use jeton_oauth::{ErrorCode, Scope};

use super::{Issuance, TokenRequest};
use crate::authority::Authority;
use crate::authorization::permitted_resources;
use crate::issue::TokenResponse;
use crate::refresh::verify_refresh_token;
use crate::refresh_token::RefreshRefusal;
use crate::refusal::{OAuthError, Refusal};
use crate::store::Refresh;
use crate::token::TokenError;

/// One text for every refresh token that is not good.
const NOT_VALID: Refusal = Refusal::new(ErrorCode::InvalidGrant, "refresh_token is not valid");
const NOT_PROVED: Refusal =
    Refusal::new(ErrorCode::InvalidGrant, "refresh_token is bound to a key that was not proved");

impl Authority {
    pub(super) async fn token_by_refresh_token(
        &self,
        request: &TokenRequest,
    ) -> Result<TokenResponse, OAuthError> {
        let token = request.required("refresh_token", "refresh_token is missing")?;
        // Everything that the token says by itself is checked before the store is asked, so garbage costs no I/O, and nobody
        // but its client can use it up.
        let verified = self.with_ring(|ring| verify_refresh_token(ring, token, request.now));
        let (id, claims) = verified.map_err(|error| match error {
            TokenError::Store(error) => OAuthError::Store(error),
            error => NOT_VALID.because(error.to_string()).into(),
        })?;
        if claims.client_id() != Some(request.client.id.as_str()) {
            return Err(NOT_VALID.because("the token is another client's").into());
        }
        let key = claims.key_proof(&request.constraint).ok_or(NOT_PROVED)?;
        let presented = claims.presented_from(request.network).by(Arc::clone(&request.client), key);
        let live = match self.store.refresh_grant(id, presented, self.settings.refresh, request.now).await? {
            Refresh::Granted(live) => live,
            Refresh::Replayed(grant) => {
                return Err(OAuthError::Replayed { refusal: NOT_VALID, grant: grant.id });
            }
            Refresh::Refused(RefreshRefusal::KeyNotProved) => return Err(NOT_PROVED.into()),
            Refresh::Refused(_) | Refresh::Unknown => {
                return Err(NOT_VALID.because("its grant has ended, or its user may not sign in").into());
            }
        };
        let granted = Scope::parse(&live.grant.scope).unwrap_or_default();
        let scope = request.narrowed(&granted)?;
        let detail = live.grant.detail.as_deref();
        let allowed = detail.map(|detail| detail.authorization_details.clone()).unwrap_or_default();
        let details = request.narrowed_details(&self.settings, &allowed)?;
        let resources = self.resources_of(request, detail.map_or(&[], |detail| &detail.resources))?;
        let issuance = Issuance { live: &live, scope: &scope, details, resources: &resources, nonce: None };
        self.issue_for_grant(request, issuance).await
    }

    /// The resources that this access token is for: those named now, out of those allowed before (RFC 8707 §2.2).
    pub(super) fn resources_of(
        &self,
        request: &TokenRequest,
        allowed: &[Box<str>],
    ) -> Result<Vec<Box<str>>, OAuthError> {
        let asked: Vec<_> = request.parameters.all("resource").collect();
        if asked.is_empty() {
            return Ok(allowed.to_vec());
        }
        let resources = permitted_resources(&request.client, &self.settings, &asked)?;
        if allowed.is_empty() || resources.iter().all(|resource| allowed.contains(resource)) {
            Ok(resources)
        } else {
            Err(OAuthError::refused(
                ErrorCode::InvalidTarget,
                "the resource was not part of the authorization",
            ))
        }
    }
}
