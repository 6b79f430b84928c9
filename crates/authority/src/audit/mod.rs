//! The audit trail: what somebody may have to explain later.

mod event;

use jeton_jose::Timestamp;

pub use event::AuditEvent;

use crate::{GrantId, Network, UserId};

/// One line of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub event: AuditEvent,
    /// Whom it concerns.
    pub user: Option<UserId>,
    /// Which grant it concerns.
    pub grant: Option<GrantId>,
    /// From where it was asked for, if over the network.
    pub network: Option<Network>,
    /// Which key or client it concerns.
    pub key: Option<Box<str>>,
}

impl AuditRecord {
    /// A record that names nobody and nothing yet.
    pub const fn new(event: AuditEvent, at: Timestamp) -> Self {
        Self { at, event, user: None, grant: None, network: None, key: None }
    }

    /// A record of what happened to a user.
    pub fn of_user(event: AuditEvent, user: UserId, at: Timestamp) -> Self {
        Self { user: Some(user), ..Self::new(event, at) }
    }

    /// A record of what happened to a key or a client.
    pub fn of_named(event: AuditEvent, name: &str, at: Timestamp) -> Self {
        Self { key: Some(name.into()), ..Self::new(event, at) }
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
    /// Those of this user alone.
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
