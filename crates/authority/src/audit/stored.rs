//! A record as a store keeps it.

use jeton_jose::Timestamp;

use super::{Actor, AuditEvent, AuditRecord, AuditSubject, Changes, StoredActor};
use crate::Network;

/// A record as a store keeps it, which may be of a version that writes events that this one does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// When it happened.
    pub at: Timestamp,
    /// What happened: the name of an [`AuditEvent`].
    pub event: Box<str>,
    /// Who did it.
    pub actor: Option<StoredActor>,
    /// Whom and what it concerns.
    pub subject: AuditSubject,
    /// From where it was asked for, as [`Network::as_bytes`] has it.
    pub network: Option<Box<[u8]>>,
    /// What was changed, as [`super::Changes`] writes it.
    pub changes: Option<Box<str>>,
}

impl StoredRecord {
    /// What a store keeps of a record.
    pub fn of(record: &AuditRecord) -> Self {
        Self {
            at: record.at,
            event: record.event.as_str().into(),
            actor: record.actor.as_ref().map(|actor| actor.to_stored(&record.subject)),
            subject: record.subject.clone(),
            network: record.network.as_ref().map(|network| network.as_bytes().into()),
            changes: record.changes.as_ref().map(|changes| changes.as_json().into()),
        }
    }

    /// The record; none if it makes no sense. An event that only a newer version knows is [`AuditEvent::Unknown`], and an actor of a kind that
    /// only a newer version knows is left out.
    pub fn parse(self) -> Option<AuditRecord> {
        let event = AuditEvent::parse(&self.event).unwrap_or(AuditEvent::Unknown);
        let subject = match (&self.actor, event) {
            (None, event) if !matches!(event, AuditEvent::KeyAdded | AuditEvent::KeyWithdrawn) => {
                // A program from before there were actors writes the client where the key is.
                AuditSubject { client: self.subject.key, key: None, ..self.subject }
            }
            _ => self.subject,
        };
        let actor = match self.actor {
            Some(StoredActor { kind, id }) if Actor::is_known(kind) => {
                Some(Actor::from_stored(kind, id.as_deref(), &subject)?)
            }
            _ => None,
        };
        let network = match self.network {
            Some(bytes) => Some(Network::from_bytes(&bytes)?),
            None => None,
        };
        let changes = self.changes.map(Changes::from_stored);
        Some(AuditRecord { at: self.at, event, actor, subject, network, changes })
    }
}
