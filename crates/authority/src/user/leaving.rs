//! When users who want to be removed are removed: pure functions.

use std::time::Duration;

use jeton_jose::Timestamp;

use super::ActRefusal;
use crate::audit::{Actor, AuditEvent, AuditRecord, AuditSubject, Decided};
use crate::{Network, UserId};

/// What users want to become of their account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// It is to be removed after this time.
    After(Duration),
    /// It is to stay.
    NoLonger,
}

/// The outcome of such a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeavingChange {
    /// From now on, the user is to be removed at this time, or not at all.
    Done(Option<Timestamp>),
    /// There is no such user.
    UnknownUser,
    /// It may not be: no owner would be left.
    Refused(ActRefusal),
}

/// Decides when a user is removed, who so far is to be removed at this time. A second wish does not put it off.
pub fn leave(
    user: UserId,
    before: Option<Timestamp>,
    wish: Leaving,
    network: Option<Network>,
    now: Timestamp,
) -> Decided<LeavingChange> {
    let (after, event) = match (before, wish) {
        (None, Leaving::After(wait)) => (Some(now.saturating_add(wait)), AuditEvent::RemovalRequested),
        (Some(_), Leaving::NoLonger) => (None, AuditEvent::RemovalCancelled),
        _ => return Decided::nothing(LeavingChange::Done(before)),
    };
    let record = AuditRecord::new(event, Actor::User(user), AuditSubject::user(user), now);
    Decided::recorded(LeavingChange::Done(after), AuditRecord { network, ..record })
}

/// Whether a user is removed now.
pub fn has_left(removal_at: Option<Timestamp>, now: Timestamp) -> bool {
    removal_at.is_some_and(|at| at <= now)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: UserId = UserId::from_bytes([1; 16]);
    const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(1_000 + seconds)
    }

    #[test]
    fn who_wants_to_leave_leaves_after_the_wait_however_often_they_say_so() {
        let first = leave(ADA, None, Leaving::After(WEEK), Some(Network::Unknown), at(0));
        let removal_at = Some(at(0).saturating_add(WEEK));
        assert_eq!(first.outcome, LeavingChange::Done(removal_at));
        let record = first.record.expect("a record");
        assert_eq!((record.event, record.actor), (AuditEvent::RemovalRequested, Some(Actor::User(ADA))));
        assert_eq!(record.network, Some(Network::Unknown));
        let second = leave(ADA, removal_at, Leaving::After(WEEK), None, at(60));
        assert_eq!(second, Decided::nothing(LeavingChange::Done(removal_at)));
        assert!(!has_left(removal_at, at(0)) && has_left(removal_at, at(0).saturating_add(WEEK)));
    }

    #[test]
    fn who_changes_their_mind_stays() {
        let stays = leave(ADA, Some(at(100)), Leaving::NoLonger, None, at(1));
        assert_eq!(stays.outcome, LeavingChange::Done(None));
        assert_eq!(stays.record.map(|record| record.event), Some(AuditEvent::RemovalCancelled));
        assert_eq!(
            leave(ADA, None, Leaving::NoLonger, None, at(1)),
            Decided::nothing(LeavingChange::Done(None))
        );
        assert!(!has_left(None, at(1)));
    }
}
