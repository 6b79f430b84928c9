//! Somebody who is signed in at a browser.

use jeton_jose::Timestamp;

use crate::Network;
use crate::audit::{AuditEvent, AuditRecord};
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
        AuditRecord {
            user: Some(self.user.id),
            network: Some(network),
            key: Some(client.id.as_str().into()),
            ..AuditRecord::new(event, now)
        }
    }
}
