//! What a user allowed a client, as it is stored.

use std::collections::BTreeSet;

use jeton_jose::Timestamp;
use jeton_oauth::Scope;
use jeton_oauth::authorization::AuthorizationDetails;
use jeton_oauth::client::ClientId;

use crate::audit::{Actor, AuditEvent, AuditRecord, AuditSubject};
use crate::{Network, UserId};

/// What a user allowed a client: exactly what the page showed.
///
/// Scope and resources are two sets, not pairs: a user who allowed one scope at one resource, and then another scope
/// at another resource, has allowed both scopes at both resources.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consent {
    /// How the client appeared on the page: [`Client::appearance`](super::Client::appearance). What was allowed under
    /// another name, or with other hosts in its redirect URIs, does not count.
    pub appearance: Box<str>,
    /// The scope.
    pub scope: Scope,
    /// The allowed authorization details (RFC 9396).
    pub authorization_details: AuthorizationDetails,
    /// The resources on the page (RFC 8707). If there were none, no request for a resource is covered.
    pub resources: BTreeSet<Box<str>>,
}

impl Consent {
    /// How many bytes of allowed details are stored, as JSON. It is more than one request can contain; the oldest are
    /// forgotten first, and asked for again.
    pub const MAX_DETAILS_LEN: usize = 2 * AuthorizationDetails::MAX_LEN;

    /// From the stored values: the client's appearance, a scope, details as [`Consent::details_to_json`] writes them,
    /// and resources as [`Consent::resources_to_json`] does. `None` if they cannot be parsed.
    pub fn from_stored(appearance: &str, scope: Scope, details: &str, resources: &str) -> Option<Self> {
        let authorization_details = serde_json::from_str(details).ok()?;
        let resources = serde_json::from_str(resources).ok()?;
        Some(Self { appearance: appearance.into(), scope, authorization_details, resources })
    }

    /// The allowed details, as they are stored.
    pub fn details_to_json(&self) -> String {
        serde_json::to_string(&self.authorization_details).expect("authorization details are JSON")
    }

    /// The resources, as they are stored.
    pub fn resources_to_json(&self) -> String {
        serde_json::to_string(&self.resources).expect("a list of texts is JSON")
    }

    /// Whether everything requested was allowed. A request that names no resource requests none.
    pub fn covers(&self, asked: &Self) -> bool {
        self.appearance == asked.appearance
            && self.scope.covers(&asked.scope)
            && self.authorization_details.covers(&asked.authorization_details)
            && self.resources.is_superset(&asked.resources)
    }

    /// This, and what is allowed now. If the client appears differently, only what is allowed now.
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
/// What a user allowed a client, in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenConsent {
    /// The client.
    pub client: ClientId,
    /// What it was allowed.
    pub consent: Consent,
    /// When that was last changed.
    pub given_at: Timestamp,
}

/// The record of a user who takes back what they allowed a client; none where nothing was left to take back.
pub fn withdraw_consent(
    user: UserId,
    client: &ClientId,
    (had_consent, had_grants): (bool, bool),
    network: Network,
    now: Timestamp,
) -> Option<AuditRecord> {
    let subject = AuditSubject::user(user).with_client(client.as_str());
    let (event, by) = (AuditEvent::ConsentWithdrawn, Actor::User(user));
    (had_consent || had_grants).then(|| AuditRecord::asked_from(network, event, by, subject, now))
}
