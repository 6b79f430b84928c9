//! The end of grants: whatever ends them, one pure function says which grants ended and which clients are told.

use std::collections::BTreeSet;

use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;

use crate::audit::{Actor, AuditEvent, AuditRecord, AuditSubject, Decided};
use crate::revocation::{RevocationEvent, Revoked};
use crate::{GrantId, SessionId, UserId};

/// Which grants end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending<'a> {
    /// This one.
    One(GrantId),
    /// Those that came from a session.
    OfSession(SessionId),
    /// Those of a client for a user.
    OfClient {
        /// Whose they are.
        user: UserId,
        /// The client.
        client: &'a ClientId,
    },
    /// Those of a user, but for those that came from one session.
    OfUser {
        /// Whose they are.
        user: UserId,
        /// The session that stays.
        keep: Option<SessionId>,
    },
}

/// Who is told of the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Clients that want to hear of sign-outs.
    Clients,
    /// Nobody: the client asked for the end, or its grant was stolen.
    Nobody,
}

/// Why one grant ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndingCause {
    /// Its client gave it back, and knows of the end.
    GivenBack {
        /// Who asked for it.
        by: Actor,
    },
    /// Somebody else ended it.
    Ended {
        /// Who it was.
        by: Actor,
    },
    /// The code that gave it was used twice.
    CodeReplayed,
}

impl EndingCause {
    /// Who is told of the end.
    pub const fn audience(&self) -> Audience {
        match self {
            Self::GivenBack { .. } | Self::CodeReplayed => Audience::Nobody,
            Self::Ended { .. } => Audience::Clients,
        }
    }

    fn record(&self, grant: &EndedGrant) -> AuditRecord {
        let (event, by) = match self {
            Self::GivenBack { by } | Self::Ended { by } => (AuditEvent::GrantRevoked, by.clone()),
            Self::CodeReplayed => (AuditEvent::CodeReplayed, Actor::Authority),
        };
        AuditRecord::new(event, by, AuditSubject::user(grant.user).with_grant(grant.id), grant.ended_at)
    }
}

/// A grant that has not ended, expired or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenGrant {
    /// Its identifier.
    pub id: GrantId,
    /// The session that it came from and ends with.
    pub session: Option<SessionId>,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Its client, and what the client's ID tokens say in `sid`.
    pub known_to: SessionClient,
}

/// A client that knows a browser's session.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionClient {
    /// The client.
    pub client: Box<str>,
    /// What it knows the session by.
    pub sid: GrantId,
    /// Whose session it is.
    pub user: UserId,
    /// Whether it wants to hear of sign-outs.
    pub listens: bool,
}

/// A grant that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedGrant {
    /// Its identifier.
    pub id: GrantId,
    /// Whose it was.
    pub user: UserId,
    /// When it ended.
    pub ended_at: Timestamp,
}

impl EndedGrant {
    /// What APIs are told.
    pub fn revocation(&self) -> RevocationEvent {
        RevocationEvent { at: self.ended_at, what: Revoked::Grant(self.id) }
    }
}

/// What a sign-out ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GrantsEnded {
    /// How many grants that were alive ended.
    pub count: u64,
    /// How many clients will be told.
    pub told: u64,
}

/// The outcome of revoking a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// It ended with this call.
    Revoked,
    /// It had ended before.
    AlreadyRevoked,
    /// There is no such grant.
    Unknown,
}

/// What an ending comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The grants to write as ended.
    pub grants: Vec<EndedGrant>,
    /// How many of them had not expired.
    pub alive: u64,
    /// The clients that knew what ended, each with each `sid` once. No sign-in gets one of these again.
    pub known_to: BTreeSet<SessionClient>,
}

impl Ended {
    /// Who is to be told.
    pub fn told(&self) -> impl Iterator<Item = &SessionClient> {
        self.known_to.iter().filter(|client| client.listens)
    }

    /// How many ended, and how many clients are to be told.
    pub fn counted(&self) -> GrantsEnded {
        let clients: BTreeSet<_> = self.told().map(|client| &client.client).collect();
        GrantsEnded { count: self.alive, told: clients.len() as u64 }
    }
}

/// Ends grants that are open. Expired ones end too: a clock that is set back must not revive them, and a client's own session may outlast
/// its grant. `session_clients` know a session, whether they hold a grant of it or not.
pub fn end(
    ending: Ending<'_>,
    mut open: Vec<OpenGrant>,
    session_clients: impl IntoIterator<Item = (SessionId, SessionClient)>,
    audience: Audience,
    now: Timestamp,
) -> Ended {
    let keep = if let Ending::OfUser { keep, .. } = ending { keep } else { None };
    open.retain(|grant| keep.is_none() || grant.session != keep);
    let ended = |grant: &OpenGrant| EndedGrant { id: grant.id, user: grant.known_to.user, ended_at: now };
    let grants = open.iter().map(ended).collect();
    let alive = open.iter().filter(|grant| grant.expires_at > now).count() as u64;
    let known_to = match audience {
        Audience::Clients => {
            let ending = session_clients.into_iter().filter(|(session, _)| Some(*session) != keep);
            open.into_iter().map(|grant| grant.known_to).chain(ending.map(|(_, client)| client)).collect()
        }
        Audience::Nobody => BTreeSet::new(),
    };
    Ended { grants, alive, known_to }
}

/// What the end of one grant comes to, and the record of it.
pub fn revocation(ended: &Ended, is_known: bool, cause: &EndingCause) -> Decided<Revocation> {
    match ended.grants.first() {
        Some(grant) => Decided::recorded(Revocation::Revoked, cause.record(grant)),
        None if is_known => Decided::nothing(Revocation::AlreadyRevoked),
        None => Decided::nothing(Revocation::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_000);
    const ADA: UserId = UserId::from_bytes([9; 16]);
    const ALL: Ending<'_> = Ending::OfUser { user: ADA, keep: None };

    fn id(number: u8) -> GrantId {
        GrantId::from_bytes([number; 16])
    }

    fn session(number: u8) -> SessionId {
        SessionId::from_bytes([number; 16])
    }

    fn client(name: &str, sid: u8, listens: bool) -> SessionClient {
        SessionClient { client: name.into(), sid: id(sid), user: ADA, listens }
    }

    fn open(number: u8, expires_at: i64, known_to: SessionClient) -> OpenGrant {
        OpenGrant { id: id(number), session: None, expires_at: Timestamp::from_unix(expires_at), known_to }
    }

    #[test]
    fn an_expired_grant_ends_too_but_does_not_count() {
        let grants = vec![open(1, 1_001, client("web", 1, true)), open(2, 1_000, client("web", 2, true))];
        let ended = end(ALL, grants, [], Audience::Clients, NOW);
        assert_eq!(
            ended.grants,
            [1, 2].map(|number| EndedGrant { id: id(number), user: ADA, ended_at: NOW })
        );
        assert_eq!(ended.counted(), GrantsEnded { count: 1, told: 1 });
    }

    #[test]
    fn a_client_is_told_of_each_of_its_sids_once_and_only_if_it_listens() {
        let grants = vec![
            open(1, 2_000, client("web", 1, true)),
            open(2, 2_000, client("web", 1, true)),
            open(3, 2_000, client("deaf", 3, false)),
        ];
        let knowing = [client("web", 1, true), client("gone", 4, true)].map(|client| (session(1), client));
        let ended = end(ALL, grants, knowing, Audience::Clients, NOW);
        let told: Vec<_> = ended.told().cloned().collect();
        assert_eq!(told, [client("gone", 4, true), client("web", 1, true)]);
        assert_eq!(ended.counted(), GrantsEnded { count: 3, told: 2 });
        assert!(ended.known_to.contains(&client("deaf", 3, false)), "its sid is not given out again either");
    }

    #[test]
    fn nobody_is_told_of_an_end_that_its_client_asked_for() {
        let ended =
            end(Ending::One(id(1)), vec![open(1, 2_000, client("web", 1, true))], [], Audience::Nobody, NOW);
        assert_eq!((ended.grants.len(), ended.counted()), (1, GrantsEnded { count: 1, told: 0 }));
        assert!(ended.known_to.is_empty());
    }

    #[test]
    fn the_session_that_is_kept_loses_neither_its_grants_nor_its_clients() {
        let from = |session, grant| OpenGrant { session, ..grant };
        let grants = vec![
            from(Some(session(1)), open(1, 2_000, client("web", 1, true))),
            from(Some(session(2)), open(2, 2_000, client("web", 2, true))),
            from(None, open(3, 2_000, client("app", 3, true))),
        ];
        let knowing = [(session(1), client("web", 1, true)), (session(2), client("gone", 4, true))];
        let keep = Some(session(1));
        let ended = end(Ending::OfUser { user: ADA, keep }, grants, knowing, Audience::Clients, NOW);
        assert_eq!(ended.grants.iter().map(|grant| grant.id).collect::<Vec<_>>(), [id(2), id(3)]);
        let told: BTreeSet<_> = ended.told().map(|client| client.sid).collect();
        assert_eq!(told, [id(2), id(3), id(4)].into());
    }

    #[test]
    fn the_end_of_one_grant_is_recorded_once() {
        let ended = |grants| end(Ending::One(id(1)), grants, [], Audience::Nobody, NOW);
        let (web, bob) = (Actor::Client("web".into()), Actor::User(UserId::from_bytes([8; 16])));
        for (cause, event, by, audience) in [
            (EndingCause::CodeReplayed, AuditEvent::CodeReplayed, Actor::Authority, Audience::Nobody),
            (EndingCause::GivenBack { by: web.clone() }, AuditEvent::GrantRevoked, web, Audience::Nobody),
            (EndingCause::Ended { by: bob.clone() }, AuditEvent::GrantRevoked, bob, Audience::Clients),
        ] {
            let first = revocation(&ended(vec![open(1, 2_000, client("web", 1, true))]), true, &cause);
            let record = AuditRecord::new(event, by, AuditSubject::user(ADA).with_grant(id(1)), NOW);
            assert_eq!(first, Decided::recorded(Revocation::Revoked, record));
            assert_eq!(cause.audience(), audience);
        }
        let cause = EndingCause::CodeReplayed;
        for (is_known, outcome) in [(true, Revocation::AlreadyRevoked), (false, Revocation::Unknown)] {
            assert_eq!(revocation(&ended(vec![]), is_known, &cause), Decided::nothing(outcome));
        }
    }
}
