//! Signing out: a grant ends.

use jeton_jose::{Timestamp, VerifyError};

use crate::authority::Authority;
use crate::refresh::verify_refresh_token;
use crate::store::Revocation;
use crate::token::TokenError;

impl Authority {
    /// Ends the grant of a refresh token. Any generation of it will do: whoever holds one may sign out.
    ///
    /// # Errors
    /// [`TokenError::Revoked`] when the grant had ended before.
    pub async fn sign_out(&self, refresh_token: &str, now: Timestamp) -> Result<(), TokenError> {
        let (grant, claims) = self.with_ring(|ring| verify_refresh_token(ring, refresh_token, now))?;
        // A client gives its tokens back at the revocation endpoint, where it has to prove who it is.
        if claims.client_id().is_some() {
            return Err(TokenError::Invalid(VerifyError::ClaimMalformed { name: "client_id" }));
        }
        match self.store.revoke_grant(grant, now).await? {
            Revocation::Revoked => Ok(()),
            Revocation::AlreadyRevoked | Revocation::Unknown => Err(TokenError::Revoked),
        }
    }
}
