//! Refreshing: a refresh token is exchanged for a new pair.

use jeton_jose::{Timestamp, VerifyError};

use super::TokenError;
use super::Tokens;
use crate::GrantId;
use crate::Network;
use crate::issue::TokenPair;
use crate::issue::refresh_token::RefreshTokenClaims;
use crate::issue::{access_token, issue_pair};
use crate::keyring::{KeyRing, expired};
use crate::refresh_token::RefreshRefusal;
use crate::store::Refresh;

impl Tokens {
    /// Exchanges a refresh token for an access token and the refresh token to use next.
    ///
    /// What presenting it does to the grant is decided by [`crate::refresh_token::decide`].
    ///
    /// # Errors
    /// A token that is not genuine or has expired is refused without asking the store.
    pub async fn refresh(
        &self,
        refresh_token: &str,
        network: Network,
        now: Timestamp,
    ) -> Result<TokenPair, TokenError> {
        let (grant, claims) = self.keys.with_ring(|ring| verify_refresh_token(ring, refresh_token, now))?;
        // A client's refresh token is for the token endpoint, where the client has to prove who it is.
        if claims.client_id().is_some() {
            return Err(TokenError::Invalid(of_a_client()));
        }
        let presented = claims.presented_from(network);
        let refreshed = self.store.refresh_grant(grant, presented, self.settings.refresh.policy, now).await;
        self.tally.count_refresh(Refresh::counted(&refreshed));
        match refreshed? {
            Refresh::Granted(live, _) => self
                .keys
                .with_ring(|ring| issue_pair(&live, ring, &self.settings, &*self.random, now))
                .map_err(TokenError::Signing),
            Refresh::Replayed(grant) => Err(TokenError::Replayed { grant: grant.id }),
            Refresh::Refused(refusal) => Err(match refusal {
                RefreshRefusal::UserDisabled => TokenError::UserDisabled,
                RefreshRefusal::Expired => TokenError::Expired { now },
                _ => TokenError::Revoked,
            }),
            Refresh::Unknown => Err(TokenError::Revoked),
        }
    }
}

/// A refresh token that this authority made, whether it has expired or not.
pub(crate) struct GenuineRefreshToken {
    pub(crate) grant: GrantId,
    pub(crate) claims: RefreshTokenClaims,
    pub(crate) expired: bool,
}

/// Reads a refresh token. Its `iat` may lie in the future, where the clock was set back since: the grant's row decides what
/// the token is worth.
///
/// # Errors
/// A token that is not genuine, or no refresh token.
pub(crate) fn read_refresh_token(
    ring: &KeyRing,
    token: &str,
    now: Timestamp,
) -> Result<GenuineRefreshToken, TokenError> {
    // At the beginning of time nothing has expired.
    match ring.refresh_verifier.verify::<RefreshTokenClaims>(token, Timestamp::MIN) {
        Ok(verified) => {
            let expired = expired(verified.registered(), now).is_some();
            let claims = verified.into_claims();
            Ok(GenuineRefreshToken { grant: claims.grant(), claims, expired })
        }
        Err(error) => Err(match access_token::verify_held(ring, token, now) {
            Ok(_) => TokenError::WrongType,
            Err(VerifyError::Expired { .. }) => TokenError::Expired { now },
            Err(_) => TokenError::Invalid(error),
        }),
    }
}

/// Verifies a refresh token and names its grant.
pub(crate) fn verify_refresh_token(
    ring: &KeyRing,
    token: &str,
    now: Timestamp,
) -> Result<(GrantId, RefreshTokenClaims), TokenError> {
    match read_refresh_token(ring, token, now)? {
        GenuineRefreshToken { expired: true, .. } => Err(TokenError::Expired { now }),
        GenuineRefreshToken { grant, claims, expired: false } => Ok((grant, claims)),
    }
}

/// The refusal of a refresh token that belongs to a client, at a door that is for others.
pub(crate) fn of_a_client() -> VerifyError {
    VerifyError::claim_malformed("client_id", "the name of a client", "none")
}
