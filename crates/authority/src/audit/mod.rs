//! The audit trail: what somebody may have to explain later.

mod actor;
mod chain;
mod changes;
mod event;
mod stored;
mod subject;
mod verification;

pub use actor::{Actor, StoredActor};
pub use chain::{
    AgedRecord, AuditHead, AuditSegment, ChainHash, Link, LinkedRecord, Pruned, needless_segments, prune,
};
pub use changes::Changes;
pub use event::AuditEvent;
pub use stored::StoredRecord;
pub use subject::AuditSubject;
pub use verification::{AuditFinding, AuditReport, AuditVerification, FINDINGS_LISTED};

use jeton_jose::Timestamp;

pub use crate::id::SegmentId;
use crate::{Network, UserId};

/// One line of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub event: AuditEvent,
    /// Who did it; nobody knows where the record is of a version that did not write it.
    pub actor: Option<Actor>,
    /// Whom and what it concerns.
    pub subject: AuditSubject,
    /// From where it was asked for, if over the network.
    pub network: Option<Network>,
    /// What was changed: before and after.
    pub changes: Option<Changes>,
}

impl AuditRecord {
    /// A record of what nobody asked for over the network.
    pub const fn new(event: AuditEvent, actor: Actor, subject: AuditSubject, at: Timestamp) -> Self {
        Self { at, event, actor: Some(actor), subject, network: None, changes: None }
    }

    /// The record, with what was changed.
    #[must_use]
    pub fn with_changes(self, changes: Option<Changes>) -> Self {
        Self { changes, ..self }
    }

    /// A record of what was asked for from a network.
    pub const fn asked_from(
        network: Network,
        event: AuditEvent,
        actor: Actor,
        subject: AuditSubject,
        at: Timestamp,
    ) -> Self {
        Self { at, event, actor: Some(actor), subject, network: Some(network), changes: None }
    }
}

/// What a rule decided of a change, with the record of it. Nothing is written where there is no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided<T> {
    /// What to answer.
    pub outcome: T,
    /// What goes into the audit trail.
    pub record: Option<AuditRecord>,
}

impl<T> Decided<T> {
    pub(crate) const fn nothing(outcome: T) -> Self {
        Self { outcome, record: None }
    }

    pub(crate) const fn recorded(outcome: T, record: AuditRecord) -> Self {
        Self { outcome, record: Some(record) }
    }
}

/// The place of a record in the order in which records were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditNumber(pub i64);

/// Which records are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Those that concern this user alone.
    pub user: Option<UserId>,
    /// Those of this time and later.
    pub since: Option<Timestamp>,
    /// Those that were written after this one.
    pub after: Option<AuditNumber>,
    /// Which of them, where there are more than are asked for.
    pub end: AuditEnd,
}

/// At which end of the trail a list begins that does not hold all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuditEnd {
    /// The ones that were written first.
    #[default]
    Oldest,
    /// The ones that were written last.
    Newest,
}
