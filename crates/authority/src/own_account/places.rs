//! Where a user is signed in: a pure arrangement of sessions and grants.

use std::cmp::Reverse;

use crate::grant::GrantSummary;
use crate::session::Session;

/// Where a user is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The sessions of browsers, the one that was used last first.
    pub sessions: Vec<Place>,
    /// The grants that end with none of them, the one that was used last first.
    pub alone: Vec<GrantSummary>,
}

/// A browser in which a user is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The session.
    pub session: Session,
    /// The grants that end with it.
    pub grants: Vec<GrantSummary>,
}

impl Places {
    /// Puts each grant to the session that it ends with.
    pub(super) fn of(sessions: Vec<Session>, mut grants: Vec<GrantSummary>) -> Self {
        grants.sort_by_key(|grant| Reverse(grant.grant.state.minted_at));
        let mut places: Vec<Place> =
            sessions.into_iter().map(|session| Place { session, grants: Vec::new() }).collect();
        places.sort_by_key(|place| Reverse(place.session.last_used_at));
        let mut alone = Vec::new();
        for grant in grants {
            match places.iter_mut().find(|place| Some(place.session.id) == grant.session) {
                Some(place) => place.grants.push(grant),
                None => alone.push(grant),
            }
        }
        Self { sessions: places, alone }
    }
}

#[cfg(test)]
mod tests {
    use jeton_jose::Timestamp;
    use jeton_oauth::Scope;

    use super::*;
    use crate::factor::Factor;
    use crate::grant::{Grant, RefreshState};
    use crate::user::Username;
    use crate::{GrantId, Network, SessionId, UserId};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(1_000 + seconds)
    }

    fn session(number: u8, used: i64) -> Session {
        Session {
            id: SessionId::from_bytes([number; 16]),
            user: UserId::from_bytes([9; 16]),
            methods: vec![Factor::Password],
            network: Network::Unknown,
            device: "".into(),
            authenticated_at: at(0),
            last_used_at: at(used),
            expires_at: at(1_000),
            seen: true,
        }
    }

    fn grant(number: u8, session: Option<u8>, used: i64) -> GrantSummary {
        let grant = Grant {
            id: GrantId::from_bytes([number; 16]),
            sid: None,
            user: UserId::from_bytes([9; 16]),
            client: "web".into(),
            scope: Scope::default(),
            detail: None,
            state: RefreshState::opened(at(used), Network::Unknown),
            expires_at: at(1_000),
            revoked_at: None,
        };
        let session = session.map(|number| SessionId::from_bytes([number; 16]));
        let username = Username::parse("ada").expect("a name");
        GrantSummary { grant, username, session, opened_at: None }
    }

    #[test]
    fn each_grant_is_listed_where_it_ends_and_what_was_used_last_comes_first() {
        let grants =
            vec![grant(1, Some(1), 5), grant(2, None, 1), grant(3, Some(1), 8), grant(4, Some(7), 9)];
        let places = Places::of(vec![session(1, 10), session(2, 20)], grants);
        let ids = |grants: &[GrantSummary]| {
            grants.iter().map(|grant| grant.grant.id.as_bytes()[0]).collect::<Vec<_>>()
        };
        let listed: Vec<_> = places
            .sessions
            .iter()
            .map(|place| (place.session.id.as_bytes()[0], ids(&place.grants)))
            .collect();
        assert_eq!(listed, [(2, vec![]), (1, vec![3, 1])]);
        assert_eq!(ids(&places.alone), [4, 2], "one whose session is not listed is not lost");
    }
}
