//! Somebody who is signed in at a browser.

use jeton_jose::Timestamp;

use crate::Network;
use crate::audit::{Actor, AuditEvent, AuditRecord, AuditSubject};
use crate::client::Client;
use crate::session::Session;
use crate::user::User;

/// Somebody who is signed in at this browser.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// Who it is.
    pub user: User,
}

impl SignedIn {
    /// What the user decided about a client.
    pub(crate) fn decided(
        &self,
        event: AuditEvent,
        client: &Client,
        network: Network,
        now: Timestamp,
    ) -> AuditRecord {
        let subject = AuditSubject::user(self.user.id).with_client(client.id.as_str());
        AuditRecord::asked_from(network, event, Actor::User(self.user.id), subject, now)
    }
}
