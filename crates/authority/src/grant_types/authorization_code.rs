//! The authorization code (RFC 6749 §4.1.3): exchanged once, by the client that it was given to, with the verifier that its
//! challenge was made of.

use jeton_oauth::pkce::{CodeChallenge, CodeVerifier};
use jeton_oauth::{ErrorCode, Scope};

use super::Grants;
use super::{Issuance, TokenRequest};
use crate::authorization::CodeContent;
use crate::grant::{LiveGrant, NewGrant};
use crate::issue::TokenResponse;
use crate::oauth_error::OAuthError;
use crate::one_time::{OneTimeHash, OneTimeKind, Presenter};
use crate::random::sixteen;
use crate::refusal::Refusal;
use crate::store::CodeRedemption;
use crate::user::User;
use crate::{GrantId, UserId};

/// One text for everything that may be wrong with a code, so that nobody learns which guess was better.
const NOT_VALID: Refusal = Refusal::new(ErrorCode::InvalidGrant, "code is not valid");

impl Grants {
    pub(super) async fn token_by_code(&self, request: &TokenRequest) -> Result<TokenResponse, OAuthError> {
        let hash = OneTimeHash::of(request.required("code", "code is missing")?);
        let found = self.store.peek(OneTimeKind::AuthorizationCode, hash).await?;
        let found = found.ok_or_else(|| NOT_VALID.because("no such code, or it expired long ago"))?;
        let content = CodeContent::from_json(&found.content).ok_or(NOT_VALID)?;
        if let Err(error) = check_code(&content, request) {
            return Err(match found.redeemed_at {
                // Whoever cannot prove to be its client uses nothing up.
                None => error,
                Some(_) => self.used_in_wrong_hands(request, hash, &content, error).await?,
            });
        }
        let details = request.narrowed_details(&self.settings, &content.detail.authorization_details)?;
        let scope = Scope::parse(&content.scope).unwrap_or_default();
        let (scope, details) = request.permitted(&self.settings, scope, details)?;
        let resources = self.resources_of(request, &content.detail.resources)?;
        let user = self.user_of_code(&content).await?.ok_or(NOT_VALID)?;
        // Two requests may get as far as this with one code; the store lets one of them through.
        let live = self.redeem(request, hash, &content, user).await?;
        let nonce = content.nonce.as_deref();
        let issuance = Issuance { live: &live, scope: &scope, details, resources: &resources, nonce };
        self.issue_for_grant(request, issuance).await
    }

    /// Reports that a code which gave a grant is presented by somebody who cannot prove to be its owner.
    async fn used_in_wrong_hands(
        &self,
        request: &TokenRequest,
        hash: OneTimeHash,
        content: &CodeContent,
        error: OAuthError,
    ) -> Result<OAuthError, OAuthError> {
        let by = match self.presenter(request, &content.client).await? {
            // The right client, but without the verifier, the redirect URI or the key.
            Presenter::Owner => Presenter::Stranger,
            other => other,
        };
        let user = content.user.parse::<UserId>().map_err(|_| NOT_VALID)?;
        let new = self.grant_of_code(request, content, user);
        Ok(match self.store.redeem_code(hash, new, self.presentation(request, by)).await? {
            CodeRedemption::Replayed { grant: Some(grant) } => {
                OAuthError::Replayed { refusal: NOT_VALID, grant }
            }
            _ => error,
        })
    }

    async fn user_of_code(&self, content: &CodeContent) -> Result<Option<User>, OAuthError> {
        let Ok(id) = content.user.parse::<UserId>() else { return Ok(None) };
        Ok(self.store.find_user_by_id(id).await?)
    }

    async fn redeem(
        &self,
        request: &TokenRequest,
        hash: OneTimeHash,
        content: &CodeContent,
        user: User,
    ) -> Result<LiveGrant, OAuthError> {
        let new = self.grant_of_code(request, content, user.id);
        let mut live = LiveGrant::opened(&new, user);
        match self.store.redeem_code(hash, new, self.presentation(request, Presenter::Owner)).await? {
            CodeRedemption::Opened { sid } => {
                live.grant.sid = sid;
                Ok(live)
            }
            CodeRedemption::Repeated { .. } => Err(NOT_VALID
                .because("the client used the code a moment ago, and its tokens stay good")
                .into()),
            CodeRedemption::Replayed { grant: Some(grant) } => {
                Err(OAuthError::Replayed { refusal: NOT_VALID, grant })
            }
            _ => Err(NOT_VALID.because("the code is expired or used, or its session ended").into()),
        }
    }

    fn grant_of_code(&self, request: &TokenRequest, content: &CodeContent, user: UserId) -> NewGrant {
        let mut detail = content.detail.clone();
        let absolute = request.now.saturating_add(self.settings.absolute_lifetime);
        request.bind(&mut detail);
        NewGrant {
            id: GrantId::from_bytes(sixteen(&*self.random)),
            user,
            epoch: content.epoch,
            client: request.client.id.as_str().into(),
            scope: content.scope.clone(),
            session: content.session.as_deref().and_then(|session| session.parse().ok()),
            told_of: content.told_of(),
            detail: Some(Box::new(detail)),
            network: request.network,
            opened_at: request.now,
            expires_at: content.session_expires_at.map_or(absolute, |session| session.min(absolute)),
        }
    }
}

/// Checks everything about a code but whether it was used.
fn check_code(content: &CodeContent, request: &TokenRequest) -> Result<(), OAuthError> {
    if content.client != request.client.id {
        return Err(NOT_VALID.because("the code is another client's").into());
    }
    check_redirect_uri(content, request)?;
    check_verifier(content, request)?;
    if content.dpop_jkt.is_some() && content.dpop_jkt != request.constraint.jkt {
        return Err(OAuthError::refused(
            ErrorCode::InvalidDpopProof,
            "the proof is not by the key of the code",
        ));
    }
    Ok(())
}

/// The redirect URI has to be the one that the code was sent to (RFC 6749 §4.1.3). OAuth 2.1 leaves it out, since PKCE does
/// more; so it may be left out where there is PKCE.
fn check_redirect_uri(content: &CodeContent, request: &TokenRequest) -> Result<(), OAuthError> {
    let named = request.parameters.get("redirect_uri");
    let may_be_absent = content.code_challenge.is_some() || !content.redirect_uri_named;
    match named {
        Some(named) if named == content.redirect_uri.as_str() => Ok(()),
        None if may_be_absent => Ok(()),
        _ => Err(NOT_VALID.because("redirect_uri is not the one that the code was sent to").into()),
    }
}

fn check_verifier(content: &CodeContent, request: &TokenRequest) -> Result<(), OAuthError> {
    let verifier = request.parameters.get("code_verifier");
    match (&content.code_challenge, verifier) {
        (None, None) => Ok(()),
        // A code that was asked for without PKCE is not redeemed with it: somebody took the challenge out of the request
        // (RFC 9700 §2.1.1).
        (None, Some(_)) => Err(NOT_VALID.because("code_verifier, but the code has no challenge").into()),
        (Some(_), None) => Err(OAuthError::refused(ErrorCode::InvalidGrant, "code_verifier is missing")),
        (Some(challenge), Some(verifier)) => {
            let challenge = CodeChallenge::parse(challenge).map_err(|_| NOT_VALID)?;
            let verifier =
                CodeVerifier::parse(verifier).map_err(|error| NOT_VALID.because(error.to_string()))?;
            if challenge.is_met_by(&verifier) {
                Ok(())
            } else {
                Err(NOT_VALID.because("code_verifier does not fit the challenge").into())
            }
        }
    }
}
