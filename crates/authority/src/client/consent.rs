//! What a user allowed a client, as it is remembered.

use jeton_oauth::Scope;
use jeton_oauth::authorization::AuthorizationDetails;

/// What a user allowed a client: what they saw on the page, and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consent {
    /// The scope.
    pub scope: Scope,
    /// What was allowed in detail (RFC 9396).
    pub authorization_details: AuthorizationDetails,
}

impl Consent {
    /// How much of what was allowed in detail is remembered, in bytes of JSON. It is more than one request can ask for; the
    /// oldest is forgotten first, and asked for again.
    pub const MAX_DETAILS_LEN: usize = 2 * AuthorizationDetails::MAX_LEN;

    /// What the store keeps: a scope, and details as [`Consent::details_to_json`] writes them. Nothing where they are something
    /// else.
    pub fn from_stored(scope: Scope, details: &str) -> Option<Self> {
        serde_json::from_str(details).ok().map(|authorization_details| Self { scope, authorization_details })
    }

    /// What was allowed in detail, as the store keeps it.
    pub fn details_to_json(&self) -> String {
        serde_json::to_string(&self.authorization_details).expect("authorization details are JSON")
    }

    /// Whether all that is asked for was allowed.
    pub fn covers(&self, asked: &Self) -> bool {
        self.scope.covers(&asked.scope) && self.authorization_details.covers(&asked.authorization_details)
    }

    /// This, and what is allowed now.
    #[must_use]
    pub fn and(&self, now: &Self) -> Self {
        let details = self.authorization_details.union(&now.authorization_details);
        Self {
            scope: self.scope.union(&now.scope),
            authorization_details: details.last_within(Self::MAX_DETAILS_LEN),
        }
    }
}
