//! Revocation (RFC 7009): a client gives back a token, and the whole grant ends with it. A token that came of an exchange ends
//! alone: its grant is the sign-in at another client.

use jeton_jose::Timestamp;

use super::Tokens;
use super::refresh::{GenuineRefreshToken, read_refresh_token};
use crate::audit::Actor;
use crate::client::Client;
use crate::issue::access_token;
use crate::oauth_error::OAuthError;

impl Tokens {
    /// Revokes a client's own token, of either kind, and with it the grant that it comes from. A token that is unknown,
    /// somebody else's, or an expired access token changes nothing and is no error (RFC 7009 §2.2).
    ///
    /// # Errors
    /// When the store fails.
    pub async fn revoke(&self, client: &Client, token: &str, now: Timestamp) -> Result<(), OAuthError> {
        let by = Actor::Client(client.id.as_str().into());
        // An expired refresh token still names a grant that may live on, and its client wants it to end.
        if let Ok(GenuineRefreshToken { grant, claims, .. }) =
            self.keys.with_ring(|ring| read_refresh_token(ring, token, now))
        {
            if claims.client_id() == Some(client.id.as_str()) {
                self.store.revoke_grant(grant, by, now).await?;
            }
            return Ok(());
        }
        let Ok(access) = self.keys.with_ring(|ring| access_token::verify(ring, token, now)) else {
            return Ok(());
        };
        if access.claims.client_id != client.id.as_str() {
            return Ok(());
        }
        match access.grant {
            Some(grant) if !access_token::is_exchanged(&access.claims.jti) => {
                self.store.revoke_grant(grant, by, now).await.map(drop)?;
            }
            // Remembered for as long as the token would hold.
            _ => {
                self.store.revoke_token(&access.claims.jti, access.exp, now).await.map(drop)?;
            }
        }
        Ok(())
    }
}
