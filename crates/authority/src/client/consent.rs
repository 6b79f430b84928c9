//! What a user allowed a client, as it is remembered.

use std::collections::BTreeSet;

use jeton_oauth::Scope;
use jeton_oauth::authorization::AuthorizationDetails;

/// What a user allowed a client: what they saw on the page, and nothing else.
///
/// The scope and the resources are two sets, not pairs: who allowed one scope at one resource and then another at another has
/// allowed both at both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consent {
    /// How the client appeared on the page: [`Client::appearance`](super::Client::appearance). What was allowed to it under
    /// another name, or with other hosts to send people to, counts for nothing.
    pub appearance: Box<str>,
    /// The scope.
    pub scope: Scope,
    /// What was allowed in detail (RFC 9396).
    pub authorization_details: AuthorizationDetails,
    /// The resources that the page named (RFC 8707). None where it named none: then no request for a resource is covered.
    pub resources: BTreeSet<Box<str>>,
}

impl Consent {
    /// How much of what was allowed in detail is remembered, in bytes of JSON. It is more than one request can ask for; the
    /// oldest is forgotten first, and asked for again.
    pub const MAX_DETAILS_LEN: usize = 2 * AuthorizationDetails::MAX_LEN;

    /// What the store keeps: the client's appearance, a scope, details as [`Consent::details_to_json`] writes them, and resources as
    /// [`Consent::resources_to_json`] does. Nothing where they are something else.
    pub fn from_stored(appearance: &str, scope: Scope, details: &str, resources: &str) -> Option<Self> {
        let authorization_details = serde_json::from_str(details).ok()?;
        let resources = serde_json::from_str(resources).ok()?;
        Some(Self { appearance: appearance.into(), scope, authorization_details, resources })
    }

    /// What was allowed in detail, as the store keeps it.
    pub fn details_to_json(&self) -> String {
        serde_json::to_string(&self.authorization_details).expect("authorization details are JSON")
    }

    /// The resources, as the store keeps them.
    pub fn resources_to_json(&self) -> String {
        serde_json::to_string(&self.resources).expect("a list of texts is JSON")
    }

    /// Whether all that is asked for was allowed. A request that names no resource asks for none.
    pub fn covers(&self, asked: &Self) -> bool {
        self.appearance == asked.appearance
            && self.scope.covers(&asked.scope)
            && self.authorization_details.covers(&asked.authorization_details)
            && self.resources.is_superset(&asked.resources)
    }

    /// This, and what is allowed now. Where the client appears otherwise, only what is allowed now.
    #[must_use]
    pub fn and(&self, now: &Self) -> Self {
        if self.appearance != now.appearance {
            return now.clone();
        }
        let details = self.authorization_details.union(&now.authorization_details);
        Self {
            appearance: now.appearance.clone(),
            scope: self.scope.union(&now.scope),
            authorization_details: details.last_within(Self::MAX_DETAILS_LEN),
            // Bounded by what the operator lets the client ask for.
            resources: &self.resources | &now.resources,
        }
    }
}
