//! What a client may still have of a grant. After its user allowed the grant, the operator or the client itself may
//! have removed scopes, resources or types of authorization details. The grant keeps what the user allowed, so what is
//! restored later is available again.

use jeton_oauth::Scope;
use jeton_oauth::authorization::AuthorizationDetails;

use super::Client;
use crate::grant::Grant;

impl Client {
    /// The part of a scope that it may still have.
    pub(crate) fn permitted_scope(&self, granted: Scope) -> Scope {
        if self.scope().covers(&granted) {
            return granted;
        }
        granted.retain(|token| self.scope().contains(token))
    }

    /// The part of authorization details that it may still have.
    pub(crate) fn permitted_details(&self, granted: AuthorizationDetails) -> AuthorizationDetails {
        if granted.iter().all(|detail| self.permits_type(detail.kind())) {
            return granted;
        }
        granted.retain(|detail| self.permits_type(detail.kind()))
    }

    /// Whether it may have authorization details of this type.
    pub(crate) fn permits_type(&self, kind: &str) -> bool {
        self.metadata.authorization_details_types.iter().any(|own| own == kind)
    }

    /// Whether nothing is left of what was granted. An empty grant has lost nothing.
    pub(crate) fn lost_all_of(&self, grant: &Grant) -> bool {
        let details = grant.detail.iter().flat_map(|detail| detail.authorization_details.iter());
        let mut granted = grant
            .scope
            .tokens()
            .map(|token| self.scope().contains(token))
            .chain(details.map(|detail| self.permits_type(detail.kind())))
            .peekable();
        granted.peek().is_some() && !granted.any(|kept| kept)
    }
}
