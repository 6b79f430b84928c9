//! When a session opens, for how long somebody is signed in with it, and when it ends: pure functions.

use std::time::Duration;

use jeton_jose::Timestamp;

use super::{NewSession, Session, SessionStanding};
use crate::audit::{Actor, AuditEvent, AuditRecord, AuditSubject, Decided};
use crate::user::UserStanding;

/// The outcome of opening a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionOpening {
    /// The session is open.
    Opened,
    /// The user was disabled or deleted, or their password changed, since it was verified.
    CredentialsChanged,
}

/// Opens a session, if its user is still as they were verified.
pub fn open(session: &NewSession, user: Option<&UserStanding>) -> Decided<SessionOpening> {
    if !user.is_some_and(|user| user.honours(session.epoch)) {
        return Decided::nothing(SessionOpening::CredentialsChanged);
    }
    let subject = AuditSubject::user(session.user).with_session(session.id);
    let (event, by) = (AuditEvent::SignedIn, Actor::User(session.user));
    let record = AuditRecord::asked_from(session.network, event, by, subject, session.authenticated_at);
    Decided::recorded(SessionOpening::Opened, record)
}

/// Whether somebody is signed in with a session.
pub fn is_signed_in(
    session: &Session,
    standing: &SessionStanding,
    user: &UserStanding,
    idle_lifetime: Duration,
    now: Timestamp,
) -> bool {
    !standing.ended
        && session.expires_at > now
        && session.last_used_at.saturating_add(idle_lifetime) > now
        && user.honours(standing.epoch)
}

/// Ends a session, expired or not: the record of its end, or nothing where it has ended before.
pub fn end(session: &SessionStanding, by: &Actor, now: Timestamp) -> Option<AuditRecord> {
    let subject = AuditSubject::user(session.user).with_session(session.id);
    (!session.ended).then(|| AuditRecord::new(AuditEvent::SessionEnded, by.clone(), subject, now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factor::Factor;
    use crate::session::SessionSecretHash;
    use crate::user::UserStatus;
    use crate::{Network, SessionId, UserId};

    const IDLE: Duration = Duration::from_secs(100);
    const ID: SessionId = SessionId::from_bytes([1; 16]);
    const ADA: UserStanding =
        UserStanding { id: UserId::from_bytes([2; 16]), status: UserStatus::Active, epoch: 3 };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(1_000 + seconds)
    }

    fn session() -> (Session, SessionStanding) {
        let session = Session {
            id: ID,
            user: ADA.id,
            methods: vec![Factor::Password],
            network: Network::V4([192, 0, 2]),
            device: "".into(),
            authenticated_at: at(0),
            last_used_at: at(150),
            expires_at: at(200),
            seen: true,
        };
        let standing = SessionStanding {
            id: ID,
            user: ADA.id,
            epoch: 3,
            expires_at: at(200),
            ended: false,
            replaced_by: None,
            seen: true,
        };
        (session, standing)
    }

    #[test]
    fn somebody_is_signed_in_until_the_session_ends_expires_or_idles_or_their_credentials_change() {
        let (session, standing) = session();
        let signed_in = |standing, user, now| is_signed_in(&session, &standing, &user, IDLE, at(now));
        assert!(signed_in(standing, ADA, 199));
        assert!(!signed_in(standing, ADA, 200), "it has expired");
        assert!(!signed_in(SessionStanding { ended: true, ..standing }, ADA, 199));
        assert!(!signed_in(standing, UserStanding { epoch: 4, ..ADA }, 199));
        assert!(!signed_in(standing, UserStanding { status: UserStatus::Disabled, ..ADA }, 199));
        let idle = Session { last_used_at: at(50), ..session.clone() };
        assert!(is_signed_in(&idle, &standing, &ADA, IDLE, at(149)));
        assert!(!is_signed_in(&idle, &standing, &ADA, IDLE, at(150)), "it was not used for too long");
    }

    #[test]
    fn a_session_opens_only_for_the_credentials_that_were_verified() {
        let (known, _) = session();
        let new = NewSession {
            id: ID,
            secret: SessionSecretHash::from_bytes([1; 32]),
            user: ADA.id,
            epoch: 3,
            methods: known.methods,
            network: known.network,
            device: known.device,
            authenticated_at: at(0),
            expires_at: at(200),
        };
        assert_eq!(open(&new, Some(&ADA)).outcome, SessionOpening::Opened);
        for user in [None, Some(UserStanding { epoch: 4, ..ADA })] {
            assert_eq!(open(&new, user.as_ref()), Decided::nothing(SessionOpening::CredentialsChanged));
        }
    }

    #[test]
    fn the_end_of_a_session_is_recorded_once() {
        let (_, standing) = session();
        let subject = AuditSubject::user(ADA.id).with_session(ID);
        let record = AuditRecord::new(AuditEvent::SessionEnded, Actor::Operator, subject, at(5));
        assert_eq!(end(&standing, &Actor::Operator, at(5)), Some(record));
        assert_eq!(end(&SessionStanding { ended: true, ..standing }, &Actor::Operator, at(5)), None);
    }
}
