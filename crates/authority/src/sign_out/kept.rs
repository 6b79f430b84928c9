//! Requests to sign out that are too long for an address: an ID token with many claims, posted by an application. They are kept for
//! as long as their page may be open, so that reload and Back find them.

use jeton_jose::Timestamp;
use jeton_oauth::Parameters;

use super::SignOut;
use super::end_session::EndSessionError;
use crate::Network;
use crate::forms::FORM_LIFETIME;
use crate::oauth_error::OAuthError;
use crate::one_time::{Handle, OneTimeHash, OneTimeKind};
use crate::throttle::kept_units;

/// The parameter with what stands for a kept request.
const KEPT: &str = "kept";
/// What is shorter fits into an address, in bytes.
const WORTH_KEEPING: usize = 4 * 1024;
/// The parameters that are kept: what a request to sign out is read for.
const READ: [&str; 4] = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];

impl SignOut {
    /// Keeps a request to sign out. Answers what the browser is to send instead. What does not hold together is refused at once, so
    /// that nothing is kept but what a client sent for its user.
    ///
    /// # Errors
    /// As [`Self::request`], and where the network has too much kept.
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
        let throttled = self.rates.kept_requests.take_units(network, kept_units(query.len()), now);
        throttled.map_err(OAuthError::from)?;
        let handle = Handle::draw(&*self.random);
        let until = now.saturating_add(FORM_LIFETIME);
        self.store
            .place(OneTimeKind::SignOutRequest, handle.hash(), query.into(), until, now)
            .await
            .map_err(OAuthError::from)?;
        Ok([(KEPT, handle.expose())].into_iter().collect())
    }

    /// The request to sign out that these parameters stand for; the parameters themselves, where they stand for none.
    ///
    /// # Errors
    /// [`EndSessionError::Unknown`] where it is not kept, or no longer.
    pub async fn kept(&self, parameters: Parameters, now: Timestamp) -> Result<Parameters, EndSessionError> {
        let Some(handle) = parameters.get(KEPT) else { return Ok(parameters) };
        let row = self.store.peek(OneTimeKind::SignOutRequest, OneTimeHash::of(handle)).await;
        let row = row.map_err(OAuthError::from)?.filter(|row| row.expires_at > now);
        let row = row.ok_or(EndSessionError::Unknown)?;
        Parameters::parse(row.content.as_bytes()).map_err(|_| EndSessionError::Unknown)
    }
}
