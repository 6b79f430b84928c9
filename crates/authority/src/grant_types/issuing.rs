//! Answering a request with tokens: always an access token, and beside it what its grant is given.

use jeton_jose::Timestamp;
use jeton_jose::status_list::StatusClaim;
use jeton_oauth::authorization::GrantType;
use serde_json::Value;

use super::call::Permitted;
use super::{Grants, TokenCall};
use crate::client_directory::Content;
use crate::grant::LiveGrant;
use crate::issue::access_token::{AccessTokenRequest, Origin, draw_jti, expires_at};
use crate::issue::refresh_token::mint;
use crate::issue::{IdTokenRequest, TokenResponse};
use crate::oauth_error::OAuthError;
use crate::revocation::NewPlace;
use crate::status_list;

/// What an access token comes from.
pub(super) struct Basis<'a> {
    /// The grant behind it; none where the client asks for itself.
    live: Option<&'a LiveGrant>,
    origin: Origin,
    /// Who acts for the subject (RFC 8693 §4.1).
    act: Option<&'a Value>,
    /// It lasts no longer than this.
    not_beyond: Option<Timestamp>,
}

impl<'a> Basis<'a> {
    /// The client itself.
    pub(super) const CLIENT: Self = Self { live: None, origin: Origin::Granted, act: None, not_beyond: None };

    pub(super) const fn grant(live: &'a LiveGrant) -> Self {
        Self { live: Some(live), origin: Origin::Granted, act: None, not_beyond: Some(live.grant.expires_at) }
    }

    /// A token of this grant that is exchanged, and by whom.
    pub(super) const fn exchange(live: &'a LiveGrant, act: Option<&'a Value>, not_beyond: Timestamp) -> Self {
        Self { live: Some(live), origin: Origin::Exchanged, act, not_beyond: Some(not_beyond) }
    }
}

impl Grants {
    /// Answers with an access token alone.
    pub(super) async fn access_token(
        &self,
        request: &TokenCall,
        basis: &Basis<'_>,
        permitted: Permitted,
    ) -> Result<TokenResponse, OAuthError> {
        // However the client comes to ask.
        if let Some(live) = basis.live {
            request.check_factors(live.grant.detail.as_deref())?;
        }
        let TokenCall { client, constraint, now, .. } = request;
        let Permitted { scope, details, resources } = permitted;
        let details = details.for_resources(&resources);
        let jti = draw_jti(basis.origin, &*self.base.random);
        let status = self.status_of(request, basis, &jti).await?;
        let sub = basis.live.map(|live| self.base.keys.subject_for(client, &live.subject));
        let access = AccessTokenRequest {
            client,
            live: basis.live,
            jti: &jti,
            sub: sub.as_deref().unwrap_or(client.id.as_str()),
            scope: scope.as_str(),
            resources: &resources,
            constraint,
            act: basis.act,
            authorization_details: &details,
            status: status.as_ref(),
            not_beyond: basis.not_beyond,
        };
        let (access_token, expires_in) =
            self.base.keys.with_ring(|ring| access.issue(ring, &self.base.settings, *now))?;
        Ok(TokenResponse {
            access_token,
            token_type: constraint.token_type(),
            expires_in,
            refresh_token: None,
            id_token: None,
            scope,
            issued_token_type: None,
            authorization_details: details,
            grant: basis.live.map(|live| live.grant.id),
        })
    }

    /// The place of a token in the status list, where the client wants one.
    async fn status_of(
        &self,
        request: &TokenCall,
        basis: &Basis<'_>,
        jti: &str,
    ) -> Result<Option<StatusClaim>, OAuthError> {
        let TokenCall { client, now, .. } = request;
        if !client.policy.status_list {
            return Ok(None);
        }
        let exp = expires_at(basis.not_beyond, &self.base.settings, *now);
        let place = NewPlace {
            grant: basis.live.map(|live| live.grant.id),
            client: client.id.as_str().into(),
            jti: jti.into(),
            issued_at: *now,
            free_at: status_list::free_at(exp),
        };
        Ok(Some(status_list::take_place(&*self.base.store, &self.base.settings, place).await?))
    }

    /// Answers with all tokens of a grant: an access token, a refresh token where the client uses them, an ID token where the user
    /// signed in to it with OpenID Connect.
    pub(super) async fn tokens_of_grant(
        &self,
        request: &TokenCall,
        live: &LiveGrant,
        permitted: Permitted,
        nonce: Option<&str>,
    ) -> Result<TokenResponse, OAuthError> {
        let TokenCall { client, now, .. } = request;
        let mut response = self.access_token(request, &Basis::grant(live), permitted).await?;
        if client.metadata.uses(GrantType::RefreshToken) {
            response.refresh_token =
                Some(self.base.keys.with_ring(|ring| mint(live, ring, &self.base.settings))?);
        }
        let Some(detail) = live.grant.detail.as_deref().filter(|_| response.scope.contains("openid")) else {
            return Ok(response);
        };
        let signer = self.base.keys.client_signer(client.id_token_algorithm(), "JWT", *now).await?;
        let token = IdTokenRequest {
            client,
            live,
            detail,
            sub: &self.base.keys.subject_for(client, &live.subject),
            scope: &response.scope,
            nonce,
            access_token: &response.access_token,
        };
        let token = token.issue(&signer, &self.base.settings, *now)?;
        response.id_token = Some(match client.algorithms().id_token_encryption {
            None => token,
            Some(encryption) => {
                self.base.clients.encrypt_for(client, encryption, Content::Token(&token)).await?
            }
        });
        Ok(response)
    }
}
