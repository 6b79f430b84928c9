//! Sign-out requests that are too long for a URL: for example, an application posts an ID token with many claims. They
//! are stored for as long as their page may be open, so that reload and Back find them.

use jeton_jose::Timestamp;
use jeton_oauth::Parameters;

use super::SignOut;
use super::end_session::EndSessionError;
use crate::Network;
use crate::forms::FORM_LIFETIME;
use crate::oauth_error::OAuthError;
use crate::one_time::{Handle, OneTimeHash, OneTimeKind};
use crate::throttle::kept_units;

/// The parameter with the reference to a stored request.
const KEPT: &str = "kept";
/// The length up to which a request fits into a URL, in bytes.
const WORTH_KEEPING: usize = 4 * 1024;
/// The parameters of a sign-out request, which are stored.
const READ: [&str; 4] = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];

impl SignOut {
    /// Stores a sign-out request. Returns what the browser should send instead. An invalid request is refused
    /// immediately, so that only valid requests of clients are stored.
    ///
    /// # Errors
    /// As for [`Self::request`], or if the network has too much stored.
    pub async fn keep(
        &self,
        parameters: &Parameters,
        network: Network,
        now: Timestamp,
    ) -> Result<Parameters, EndSessionError> {
        let asked = self.request(parameters).await?;
        let leads_back = asked.post_logout_redirect_uri.is_some();
        let kept: Parameters = parameters
            .iter()
            .filter(|(name, _)| READ.contains(name) && (leads_back || *name != "state"))
            .collect();
        let query = kept.to_query();
        // What made it long was nothing that anybody reads.
        if query.len() < WORTH_KEEPING {
            return Ok(kept);
        }
        let throttled = self.base.rates.kept_requests.take_units(network, kept_units(query.len()), now);
        throttled.map_err(OAuthError::from)?;
        let handle = Handle::draw(&*self.base.random);
        let until = now.saturating_add(FORM_LIFETIME);
        self.base
            .store
            .place(OneTimeKind::SignOutRequest, handle.hash(), query.into(), until, now)
            .await
            .map_err(OAuthError::from)?;
        Ok([(KEPT, handle.expose())].into_iter().collect())
    }

    /// The sign-out request that these parameters refer to; the parameters themselves, if they refer to none.
    ///
    /// # Errors
    /// [`EndSessionError::Unknown`] if it is not stored, or no longer.
    pub async fn kept(&self, parameters: Parameters, now: Timestamp) -> Result<Parameters, EndSessionError> {
        let Some(handle) = parameters.get(KEPT) else { return Ok(parameters) };
        let row = self.base.store.peek(OneTimeKind::SignOutRequest, OneTimeHash::of(handle)).await;
        let row = row.map_err(OAuthError::from)?.filter(|row| row.expires_at > now);
        let row = row.ok_or(EndSessionError::Unknown)?;
        Parameters::parse(row.content.as_bytes()).map_err(|_| EndSessionError::Unknown)
    }
}
