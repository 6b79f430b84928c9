//! Signing out: a grant ends.

use jeton_jose::Timestamp;

use super::TokenError;
use super::Tokens;
use super::refresh::{GenuineRefreshToken, of_a_client, read_refresh_token};
use crate::GrantId;
use crate::audit::Actor;
use crate::store::Revocation;

impl Tokens {
    /// Ends the grant of a refresh token. Any generation of it counts, expired or not: whoever holds one may sign out.
    ///
    /// # Errors
    /// [`TokenError::Revoked`] when the grant had ended before; [`TokenError::Expired`] when the token had expired and its
    /// grant with it.
    pub async fn sign_out(&self, refresh_token: &str, now: Timestamp) -> Result<(), TokenError> {
        let token = self.keys.with_ring(|ring| read_refresh_token(ring, refresh_token, now))?;
        let GenuineRefreshToken { grant, claims, expired } = token;
        // A client gives its tokens back at the revocation endpoint, where it has to prove who it is.
        if claims.client_id().is_some() {
            return Err(TokenError::Invalid(of_a_client()));
        }
        // The grant may live on where the token has expired: another tab has refreshed it since.
        let lives = !expired || self.lives(grant, now).await?;
        // It is revoked in any case: if the clock is ahead, the grant is alive again once the clock is set back.
        let by = Actor::Client(self.settings.client_id.as_str().into());
        match self.store.revoke_grant(grant, by, now).await? {
            Revocation::Revoked if lives => Ok(()),
            _ if expired => Err(TokenError::Expired { now }),
            _ => Err(TokenError::Revoked),
        }
    }

    /// Whether a grant could be refreshed at `now` with its current token.
    async fn lives(&self, grant: GrantId, now: Timestamp) -> Result<bool, TokenError> {
        let found = self.store.find_grant(grant).await?;
        Ok(found.is_some_and(|(live, _)| !live.grant.has_expired(self.settings.refresh.idle_lifetime, now)))
    }
}
