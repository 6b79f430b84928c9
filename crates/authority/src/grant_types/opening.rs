//! Opening a grant for a client: what the grants have in common that a code, a device or an assertion gives, and who presents
//! what gives one.

use jeton_oauth::Scope;
use jeton_oauth::client::ClientId;

use super::{Grants, TokenCall};
use crate::GrantId;
use crate::grant::{GrantDetail, NewGrant, Owner};
use crate::oauth_error::OAuthError;
use crate::one_time::{Presentation, Presenter};
use crate::random::sixteen;

impl Grants {
    /// The grant that this request opens for its client, in no browser's session. The refresh tokens of a public client are bound to
    /// what it proved to hold (RFC 9449 §5, RFC 8705 §4): it has nothing else to prove itself with.
    pub(super) fn new_grant(
        &self,
        request: &TokenCall,
        owner: Owner,
        scope: Scope,
        detail: Option<GrantDetail>,
    ) -> NewGrant {
        let mut detail = detail.map(Box::new);
        if let Some(detail) = detail.as_mut().filter(|_| request.client.is_public()) {
            detail.jkt.clone_from(&request.constraint.jkt);
            detail.x5t_s256.clone_from(&request.constraint.x5t_s256);
        }
        let id = GrantId::from_bytes(sixteen(&*self.base.random));
        let (client, now) = (request.client.id.as_str(), request.now);
        let new = NewGrant::alone(
            id,
            owner,
            client,
            request.network,
            now,
            self.base.settings.refresh.absolute_lifetime,
        );
        NewGrant { scope, detail, ..new }
    }

    /// Who presents a code that was given to `owner`, as far as the client goes.
    pub(super) async fn presenter(
        &self,
        request: &TokenCall,
        owner: &ClientId,
    ) -> Result<Presenter, OAuthError> {
        if request.client.id == *owner {
            return Ok(Presenter::Owner);
        }
        // A public client proves nothing, and anybody who has seen a code can name a public client.
        let is_confidential = self.base.clients.find(owner).await?.is_some_and(|owner| !owner.is_public());
        let is_anybody = request.client.is_public() && is_confidential;
        Ok(if is_anybody { Presenter::Anybody } else { Presenter::Stranger })
    }

    /// A code as a request presents it.
    pub(super) fn presentation(&self, request: &TokenCall, by: Presenter) -> Presentation {
        Presentation { by, at: request.now, grace: self.base.settings.refresh.policy.grace }
    }
}
