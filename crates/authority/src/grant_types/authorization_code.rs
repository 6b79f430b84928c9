//! The authorization code (RFC 6749 §4.1.3): exchanged once, by the client that it was given to, with the verifier that its
//! challenge was made of.

use jeton_oauth::ErrorCode;
use jeton_oauth::pkce::CodeVerifier;

use super::request::CodeRequest;
use super::{Grants, TokenCall};
use crate::authorization::CodeContent;
use crate::grant::{LiveGrant, NewGrant, Owner};
use crate::issue::TokenResponse;
use crate::oauth_error::OAuthError;
use crate::one_time::{OneTimeHash, OneTimeKind, Presenter};
use crate::refusal::Refusal;
use crate::store::CodeRedemption;
use crate::used_up::Used;
use crate::user::User;

/// One text for everything that may be wrong with a code, so that nobody learns which guess was better.
const NOT_VALID: Refusal = Refusal::new(ErrorCode::InvalidGrant, "code is not valid");

impl Grants {
    pub(super) async fn token_by_code(
        &self,
        request: &TokenCall,
        presented: &CodeRequest<'_>,
    ) -> Result<TokenResponse, OAuthError> {
        let hash = presented.code;
        let found = self.base.store.peek(OneTimeKind::AuthorizationCode, hash).await?;
        let found = found.ok_or_else(|| NOT_VALID.because("no such code, or it expired long ago"))?;
        let content = CodeContent::from_json(&found.content).ok_or(NOT_VALID)?;
        if let Err(error) = check_code(&content, request, presented) {
            return Err(match found.redeemed_at {
                // Whoever cannot prove to be its client uses nothing up.
                None => error,
                Some(_) => self.used_in_wrong_hands(request, hash, &content, error).await?,
            });
        }
        request.check_factors(Some(&content.detail))?;
        let permitted = request.left_of(&self.base.settings, content.scope.clone(), Some(&content.detail))?;
        let user = self.base.store.find_user_by_id(content.user).await?.ok_or(NOT_VALID)?;
        // Two requests may get as far as this with one code; the store lets one of them through.
        let live = self.redeem(request, hash, &content, user).await?;
        self.tokens_of_grant(request, &live, permitted, content.nonce.as_deref()).await
    }

    /// Reports that a code which gave a grant is presented by somebody who cannot prove to be its owner.
    async fn used_in_wrong_hands(
        &self,
        request: &TokenCall,
        hash: OneTimeHash,
        content: &CodeContent,
        error: OAuthError,
    ) -> Result<OAuthError, OAuthError> {
        let by = match self.presenter(request, &content.client).await? {
            // The right client, but without the verifier, the redirect URI or the key.
            Presenter::Owner => Presenter::Stranger,
            other => other,
        };
        let new = self.grant_of_code(request, content);
        Ok(match self.base.store.redeem_code(hash, new, self.presentation(request, by)).await? {
            CodeRedemption::Replayed { grant: Some(grant) } => {
                OAuthError::Replayed { refusal: NOT_VALID, grant }
            }
            _ => error,
        })
    }

    async fn redeem(
        &self,
        request: &TokenCall,
        hash: OneTimeHash,
        content: &CodeContent,
        user: User,
    ) -> Result<LiveGrant, OAuthError> {
        let new = self.grant_of_code(request, content);
        let mut live = LiveGrant::opened(&new, user);
        match self.base.store.redeem_code(hash, new, self.presentation(request, Presenter::Owner)).await? {
            CodeRedemption::Opened { sid } => {
                let until = request.now.saturating_add(self.base.settings.authorization.code_lifetime);
                self.base.used_up.note(Used::Code(hash), until, request.now);
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

    fn grant_of_code(&self, request: &TokenCall, content: &CodeContent) -> NewGrant {
        let owner = Owner { user: content.user, epoch: content.epoch };
        let detail = content.detail.clone();
        let new = self.new_grant(request, owner, content.scope.clone(), Some(detail));
        let absolute = new.expires_at;
        NewGrant {
            session: content.session,
            told_of: content.told_of(),
            expires_at: content.session_expires_at.map_or(absolute, |session| session.min(absolute)),
            ..new
        }
    }
}

/// Checks everything about a code but whether it was used.
fn check_code(
    content: &CodeContent,
    request: &TokenCall,
    presented: &CodeRequest<'_>,
) -> Result<(), OAuthError> {
    if content.client != request.client.id {
        return Err(NOT_VALID.because("the code belongs to another client").into());
    }
    check_redirect_uri(content, presented.redirect_uri)?;
    check_verifier(content, presented.code_verifier)?;
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
fn check_redirect_uri(content: &CodeContent, named: Option<&str>) -> Result<(), OAuthError> {
    let may_be_absent = content.code_challenge.is_some() || !content.redirect_uri_named;
    match named {
        Some(named) if named == content.redirect_uri.as_str() => Ok(()),
        None if may_be_absent => Ok(()),
        _ => Err(NOT_VALID.because("redirect_uri does not match the authorization request").into()),
    }
}

fn check_verifier(content: &CodeContent, verifier: Option<&str>) -> Result<(), OAuthError> {
    match (&content.code_challenge, verifier) {
        (None, None) => Ok(()),
        // A code that was asked for without PKCE is not redeemed with it: somebody took the challenge out of the request
        // (RFC 9700 §2.1.1).
        (None, Some(_)) => Err(NOT_VALID.because("code_verifier, but the code has no challenge").into()),
        (Some(_), None) => Err(OAuthError::refused(ErrorCode::InvalidGrant, "code_verifier is missing")),
        (Some(challenge), Some(verifier)) => {
            let verifier =
                CodeVerifier::parse(verifier).map_err(|error| NOT_VALID.because(error.to_string()))?;
            if challenge.is_met_by(&verifier) {
                Ok(())
            } else {
                Err(NOT_VALID.because("code_verifier does not match the challenge").into())
            }
        }
    }
}
