//! What a change of a user does to their sign-ins: one pure function a change.

use jeton_jose::Timestamp;

use super::{User, UserStatus};
use crate::audit::{Actor, AuditEvent, AuditRecord, AuditSubject};
use crate::{SessionId, UserId};

/// How a user stands, as far as their sign-ins depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserStanding {
    /// The user.
    pub id: UserId,
    /// Whether they may sign in.
    pub status: UserStatus,
    /// [`User::epoch`].
    pub epoch: u64,
}

impl UserStanding {
    /// Whether what was verified at this epoch still counts.
    pub fn honours(&self, epoch: u64) -> bool {
        self.status == UserStatus::Active && self.epoch == epoch
    }
}

impl From<&User> for UserStanding {
    fn from(user: &User) -> Self {
        Self { id: user.id, status: user.status, epoch: user.epoch }
    }
}

/// Which grants of a user end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndingGrants {
    /// None.
    None,
    /// All but those of the session that is kept.
    AllBut(Option<SessionId>),
}

/// What a change comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserDecision {
    /// How the user stands from now on. It differs from before only where something has to be written.
    pub standing: UserStanding,
    /// The grants that end. Clients are told.
    pub ends: EndingGrants,
    /// Whether the browsers' sessions are to be written as ended, but for the one that is kept. A session holds for one epoch only, so no
    /// other sign-in outlives it either way.
    pub ends_sessions: bool,
    /// What goes into the audit trail.
    pub audit: Option<AuditRecord>,
}

/// Disables a user: every grant of theirs ends.
pub fn disable(user: UserStanding, by: &Actor, now: Timestamp) -> UserDecision {
    match user.status {
        UserStatus::Disabled => unchanged(user),
        UserStatus::Active => UserDecision {
            standing: UserStanding { status: UserStatus::Disabled, ..raised(user) },
            ..ended(user, None, AuditEvent::UserDisabled, by, now)
        },
    }
}

/// Lets a user sign in again. What ended stays ended.
pub fn enable(user: UserStanding, by: &Actor, now: Timestamp) -> UserDecision {
    match user.status {
        UserStatus::Active => unchanged(user),
        UserStatus::Disabled => UserDecision {
            standing: UserStanding { status: UserStatus::Active, ..user },
            audit: Some(record(AuditEvent::UserEnabled, user.id, by, now)),
            ..unchanged(user)
        },
    }
}

/// Changes the password of a user: everything they are signed in with ends, but the session `keep` with its grants.
pub fn change_password(
    user: UserStanding,
    keep: Option<SessionId>,
    by: &Actor,
    now: Timestamp,
) -> UserDecision {
    ended(user, keep, AuditEvent::PasswordChanged, by, now)
}

/// Signs a user out everywhere, but for the session `keep` with its grants. What was allowed before and is not redeemed yet, a code or a device, opens no grant any more.
pub fn sign_out_everywhere(
    user: UserStanding,
    keep: Option<SessionId>,
    by: &Actor,
    now: Timestamp,
) -> UserDecision {
    UserDecision { ends_sessions: true, ..ended(user, keep, AuditEvent::UserGrantsRevoked, by, now) }
}

/// Removes a user.
pub fn remove(user: UserStanding, by: &Actor, now: Timestamp) -> UserDecision {
    UserDecision {
        standing: UserStanding { status: UserStatus::Disabled, ..raised(user) },
        ends_sessions: true,
        ..ended(user, None, AuditEvent::UserRemoved, by, now)
    }
}

/// Ends again what the store has forgotten to have ended, because it continues from an older state in which the user does not stand as
/// they did at last. A change since then is newer, and stays. Grants that ended are ended again each for itself.
pub fn end_again(user: UserStanding, last: UserStanding, by: &Actor, now: Timestamp) -> UserDecision {
    if user.epoch >= last.epoch {
        return unchanged(user);
    }
    match (user.status, last.status) {
        (UserStatus::Active, UserStatus::Disabled) => {
            let disabled = disable(user, by, now);
            UserDecision { standing: UserStanding { epoch: last.epoch, ..disabled.standing }, ..disabled }
        }
        _ => UserDecision {
            standing: UserStanding { epoch: last.epoch, ..user },
            ends_sessions: true,
            audit: Some(record(AuditEvent::UserGrantsRevoked, user.id, by, now)),
            ..unchanged(user)
        },
    }
}

/// The record of other attributes.
pub fn attributes_changed(user: UserId, by: &Actor, now: Timestamp) -> AuditRecord {
    record(AuditEvent::AttributesChanged, user, by, now)
}

/// The record of another name, address or role.
pub fn described_anew(user: UserId, by: &Actor, now: Timestamp) -> AuditRecord {
    record(AuditEvent::UserChanged, user, by, now)
}

pub(super) fn record(event: AuditEvent, user: UserId, by: &Actor, now: Timestamp) -> AuditRecord {
    AuditRecord::new(event, by.clone(), AuditSubject::user(user), now)
}

fn unchanged(user: UserStanding) -> UserDecision {
    UserDecision { standing: user, ends: EndingGrants::None, ends_sessions: false, audit: None }
}

fn ended(
    user: UserStanding,
    keep: Option<SessionId>,
    why: AuditEvent,
    by: &Actor,
    now: Timestamp,
) -> UserDecision {
    UserDecision {
        standing: raised(user),
        ends: EndingGrants::AllBut(keep),
        ends_sessions: false,
        audit: Some(record(why, user.id, by, now)),
    }
}

const fn raised(user: UserStanding) -> UserStanding {
    UserStanding { epoch: user.epoch + 1, ..user }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_000);
    const ADA: UserId = UserId::from_bytes([1; 16]);
    /// An administrator, who acts on others.
    const BOB: Actor = Actor::User(UserId::from_bytes([2; 16]));
    const ACTIVE: UserStanding = UserStanding { id: ADA, status: UserStatus::Active, epoch: 3 };
    const DISABLED: UserStanding = UserStanding { status: UserStatus::Disabled, ..ACTIVE };

    fn event(decision: &UserDecision) -> Option<AuditEvent> {
        decision.audit.as_ref().map(|record| record.event)
    }

    #[test]
    fn whatever_takes_sign_ins_away_ends_the_grants_and_raises_the_epoch() {
        let kept = SessionId::from_bytes([7; 16]);
        for (decision, keep, recorded) in [
            (disable(ACTIVE, &BOB, NOW), None, AuditEvent::UserDisabled),
            (change_password(ACTIVE, None, &BOB, NOW), None, AuditEvent::PasswordChanged),
            (change_password(ACTIVE, Some(kept), &BOB, NOW), Some(kept), AuditEvent::PasswordChanged),
            (sign_out_everywhere(ACTIVE, None, &BOB, NOW), None, AuditEvent::UserGrantsRevoked),
            (sign_out_everywhere(ACTIVE, Some(kept), &BOB, NOW), Some(kept), AuditEvent::UserGrantsRevoked),
            (remove(ACTIVE, &BOB, NOW), None, AuditEvent::UserRemoved),
        ] {
            assert_eq!(decision.ends, EndingGrants::AllBut(keep), "{recorded:?}");
            assert!(!decision.standing.honours(ACTIVE.epoch), "{recorded:?}");
            let record = AuditRecord::new(recorded, BOB, AuditSubject::user(ADA), NOW);
            assert_eq!(decision.audit, Some(record));
        }
    }

    #[test]
    fn disabling_twice_and_enabling_twice_change_and_record_nothing() {
        assert_eq!(disable(DISABLED, &BOB, NOW), unchanged(DISABLED));
        assert_eq!(enable(ACTIVE, &BOB, NOW), unchanged(ACTIVE));
    }

    #[test]
    fn an_enabled_user_signs_in_again_and_what_ended_stays_ended() {
        let decision = enable(DISABLED, &BOB, NOW);
        assert_eq!(decision.standing, ACTIVE);
        assert_eq!((decision.ends, event(&decision)), (EndingGrants::None, Some(AuditEvent::UserEnabled)));
    }

    #[test]
    fn what_was_forgotten_is_ended_again() {
        let last = UserStanding { epoch: 5, ..DISABLED };
        let decision = end_again(ACTIVE, last, &Actor::Authority, NOW);
        assert_eq!((decision.standing, decision.ends), (last, EndingGrants::AllBut(None)));
        assert_eq!(event(&decision), Some(AuditEvent::UserDisabled));
        let signed_out = UserStanding { epoch: 4, ..ACTIVE };
        let decision = end_again(ACTIVE, signed_out, &Actor::Authority, NOW);
        assert_eq!((decision.standing, decision.ends), (signed_out, EndingGrants::None));
        assert!(decision.ends_sessions);
        assert_eq!(end_again(DISABLED, signed_out, &BOB, NOW).standing.status, UserStatus::Disabled);
    }

    #[test]
    fn what_was_not_forgotten_or_changed_since_stays() {
        for (user, last) in [
            (DISABLED, DISABLED),
            (ACTIVE, DISABLED),
            (UserStanding { epoch: 4, ..ACTIVE }, DISABLED),
            (ACTIVE, ACTIVE),
        ] {
            assert_eq!(end_again(user, last, &BOB, NOW), unchanged(user));
        }
    }

    #[test]
    fn a_removed_user_may_not_sign_in_and_neither_may_a_disabled_one() {
        assert!(ACTIVE.honours(3) && !DISABLED.honours(3));
        assert_eq!(remove(ACTIVE, &BOB, NOW).standing.status, UserStatus::Disabled);
    }
}
