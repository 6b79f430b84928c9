//! Verifying a token of either type, revocation included.

use jeton_jose::{Timestamp, VerifyError};

use crate::GrantId;
use crate::authority::Authority;
use crate::recognise::{recognise, recognise_grant};
use crate::refresh::verify_refresh_token;
use crate::token::TokenError;
use crate::user::UserStatus;

impl Authority {
    /// Checks that an access or a refresh token is genuine, unexpired, not spent and not revoked.
    ///
    /// # Errors
    /// Says which of these does not hold.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<(), TokenError> {
        let (grant, generation) =
            self.with_ring(|ring| match recognise_grant(ring, &self.settings, token, now) {
                Ok(grant) => Ok((grant, None)),
                Err(VerifyError::Expired { .. }) => Err(TokenError::Expired { now }),
                Err(_) => verify_refresh_token(ring, token, now)
                    .map(|(grant, claims)| (Some(grant), Some(claims.generation()))),
            })?;
        match grant {
            Some(grant) => self.check_standing(grant, generation),
            None => self.check_token_of_a_client(token, now).await,
        }
    }

    /// A client's own token comes from no grant, and is revoked by its name.
    async fn check_token_of_a_client(&self, token: &str, now: Timestamp) -> Result<(), TokenError> {
        let recognised = self.with_ring(|ring| recognise(ring, &self.settings, token, now));
        let claims = &recognised.map_err(TokenError::Invalid)?.claims;
        match self.is_revoked_by_name(claims.jti.as_deref().unwrap_or_default(), now).await? {
            false => Ok(()),
            true => Err(TokenError::Revoked),
        }
    }

    pub(crate) fn check_standing(&self, grant: GrantId, generation: Option<u64>) -> Result<(), TokenError> {
        let Some(standing) = self.store.grant_standing(grant)? else { return Err(TokenError::Revoked) };
        let spent = generation.is_some_and(|generation| generation < standing.generation);
        if spent || standing.revoked_at.is_some() || standing.user == UserStatus::Disabled {
            return Err(TokenError::Revoked);
        }
        Ok(())
    }
}
