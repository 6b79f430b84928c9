//! When a grant opens, and in which session: one pure function.

use super::NewGrant;
use crate::audit::{Actor, AuditEvent, AuditRecord, AuditSubject};
use crate::session::SessionStanding;
use crate::user::UserStanding;
use crate::{GrantId, SessionId};

/// What a grant may lie in. Sessions are given as the ones that [`crate::session::heir`] finds: the same user may have signed in again since
/// a code was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// Its user.
    pub user: Option<UserStanding>,
    /// The session that it comes from and ends with.
    pub session: Option<SessionStanding>,
    /// The session whose end its client is told of.
    pub told_of: Option<SessionStanding>,
    /// What its client knows that session by so far.
    pub sid: Option<GrantId>,
}

/// How a grant is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenedGrant {
    /// The session that it ends with.
    pub session: Option<SessionId>,
    /// [`Grant::sid`](super::Grant::sid), where it is another grant's identifier.
    pub sid: Option<GrantId>,
    /// The session that its client knows by the grant's own identifier from now on.
    pub introduced_to: Option<SessionId>,
}

/// Opens a grant, if its user is still as they were verified and its sessions hold.
pub fn open(grant: &NewGrant, at: &Surroundings) -> Option<OpenedGrant> {
    let user = at.user.filter(|user| user.honours(grant.epoch))?;
    let holds = |session: &SessionStanding| {
        !session.ended
            && session.user == user.id
            && session.epoch == user.epoch
            && session.expires_at > grant.opened_at
    };
    if grant.session.is_some() && !at.session.as_ref().is_some_and(holds)
        || grant.told_of.is_some() && at.told_of.is_none()
    {
        return None;
    }
    let told_of = at.told_of.map(|session| session.id);
    Some(OpenedGrant {
        session: at.session.map(|session| session.id),
        sid: at.sid,
        introduced_to: told_of.filter(|_| at.sid.is_none()),
    })
}

/// The record of a grant that somebody opened by signing in, rather than with a code.
pub fn sign_in_record(grant: &NewGrant) -> AuditRecord {
    let subject = AuditSubject::user(grant.user).with_grant(grant.id).with_client(&grant.client);
    AuditRecord::asked_from(
        grant.network,
        AuditEvent::SignedIn,
        Actor::User(grant.user),
        subject,
        grant.opened_at,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user::UserStatus;
    use crate::{Network, UserId};
    use jeton_jose::Timestamp;

    const ADA: UserStanding =
        UserStanding { id: UserId::from_bytes([1; 16]), status: UserStatus::Active, epoch: 3 };
    const SESSION: SessionStanding = SessionStanding {
        id: SessionId::from_bytes([2; 16]),
        user: ADA.id,
        epoch: 3,
        expires_at: Timestamp::from_unix(2_000),
        ended: false,
        replaced_by: None,
        seen: true,
    };

    fn new(session: Option<SessionId>, told_of: Option<SessionId>) -> NewGrant {
        NewGrant {
            id: GrantId::from_bytes([7; 16]),
            user: ADA.id,
            epoch: 3,
            client: "web".into(),
            scope: jeton_oauth::Scope::default(),
            session,
            told_of,
            detail: None,
            network: Network::V4([192, 0, 2]),
            opened_at: Timestamp::from_unix(1_000),
            expires_at: Timestamp::from_unix(9_000),
        }
    }

    #[test]
    fn a_grant_opens_only_for_the_credentials_that_were_verified() {
        let opened = |user| open(&new(None, None), &Surroundings { user, ..Surroundings::default() });
        assert_eq!(opened(Some(ADA)), Some(OpenedGrant { session: None, sid: None, introduced_to: None }));
        assert_eq!(opened(None), None);
        assert_eq!(opened(Some(UserStanding { epoch: 4, ..ADA })), None);
        assert_eq!(opened(Some(UserStanding { status: UserStatus::Disabled, ..ADA })), None);
    }

    #[test]
    fn a_grant_opens_only_while_its_session_holds() {
        let grant = new(Some(SESSION.id), None);
        let opened =
            |session| open(&grant, &Surroundings { user: Some(ADA), session, ..Surroundings::default() });
        let other = UserId::from_bytes([9; 16]);
        assert_eq!(opened(Some(SESSION)).and_then(|opened| opened.session), Some(SESSION.id));
        for session in [
            None,
            Some(SessionStanding { ended: true, ..SESSION }),
            Some(SessionStanding { user: other, ..SESSION }),
            Some(SessionStanding { epoch: 2, ..SESSION }),
            Some(SessionStanding { expires_at: grant.opened_at, ..SESSION }),
        ] {
            assert_eq!(opened(session), None, "{session:?}");
        }
    }

    #[test]
    fn a_client_knows_a_session_by_its_first_grant_there() {
        let first = GrantId::from_bytes([5; 16]);
        let at = |sid| Surroundings { user: Some(ADA), session: None, told_of: Some(SESSION), sid };
        let grant = new(None, Some(SESSION.id));
        let opened = OpenedGrant { session: None, sid: None, introduced_to: Some(SESSION.id) };
        assert_eq!(open(&grant, &at(None)), Some(opened));
        let again = OpenedGrant { sid: Some(first), introduced_to: None, ..opened };
        assert_eq!(open(&grant, &at(Some(first))), Some(again));
        assert_eq!(open(&grant, &Surroundings { told_of: None, ..at(None) }), None, "the session has ended");
    }
}
