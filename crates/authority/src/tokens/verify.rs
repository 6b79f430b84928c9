//! Verifying a token of either type, including revocation.

use jeton_jose::{Timestamp, VerifyError};

use super::TokenError;
use super::Tokens;
use super::recognise::recognise_held;
use super::refresh::verify_refresh_token;
use crate::GrantId;
use crate::issue::access_token::Held;
use crate::user::UserStatus;

impl Tokens {
    /// Verifies that an access or refresh token is genuine, not expired, not spent and not revoked.
    ///
    /// # Errors
    /// Says which of these fails.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<(), TokenError> {
        let (held, generation) =
            self.keys.with_ring(|ring| match recognise_held(ring, &self.settings, token, now) {
                Ok(held) => Ok((held, None)),
                Err(VerifyError::Expired { .. }) => Err(TokenError::Expired { now }),
                Err(_) => verify_refresh_token(ring, token, now).map(|(grant, claims)| {
                    (Held { grant: Some(grant), name: None }, Some(claims.generation()))
                }),
            })?;
        if let Some(name) = &held.name
            && self.is_revoked_by_name(name, now).await?
        {
            return Err(TokenError::Revoked);
        }
        match held.grant {
            Some(grant) => self.check_standing(grant, generation).await,
            None => Ok(()),
        }
    }

    async fn check_standing(&self, grant: GrantId, generation: Option<u64>) -> Result<(), TokenError> {
        let Some(standing) = self.store.grant_standing(grant).await? else { return Err(TokenError::Revoked) };
        let spent = generation.is_some_and(|generation| generation < standing.generation);
        if spent || standing.revoked_at.is_some() || standing.user == UserStatus::Disabled {
            return Err(TokenError::Revoked);
        }
        Ok(())
    }
}
