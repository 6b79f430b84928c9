//! One event, and how a store keeps it.

use std::borrow::Cow;

use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;
use sha2::{Digest, Sha256};

use super::HistoryName;
use crate::keys::{KeyId, KeyPurpose, StoredKey};
use crate::user::{UserStanding, UserStatus};
use crate::{GrantId, SessionId, UserId};

/// What is no longer good. APIs are told of tokens; the rest is for the nodes of the authority.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Revoked {
    /// All of a grant that ended.
    Grant(GrantId),
    /// Those of a grant that were issued at the time of the event or before: what they say has changed.
    Claims(GrantId),
    /// Those of a client that were issued at the time of the event or before: what it may do has changed.
    Client(ClientId),
    /// One access token, by its `jti`.
    Token(Box<str>),
    /// All that a withdrawn key signed.
    Key(KeyId),
    /// A browser's session that was ended.
    Session(SessionId),
    /// What was verified of a user before: their epoch was raised, or they were disabled or enabled.
    User(UserStanding),
}

impl Revoked {
    /// The stable name of its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Grant(_) => "grant",
            Self::Claims(_) => "claims",
            Self::Client(_) => "client",
            Self::Token(_) => "token",
            Self::Key(_) => "key",
            Self::Session(_) => "session",
            Self::User(_) => "user",
        }
    }

    /// Whether APIs are told. They know neither users nor browsers' sessions.
    pub const fn concerns_apis(&self) -> bool {
        match self {
            Self::Grant(_) | Self::Claims(_) | Self::Client(_) | Self::Token(_) | Self::Key(_) => true,
            Self::Session(_) | Self::User(_) => false,
        }
    }

    /// What the withdrawal of a key comes to; nothing where the key is not published.
    pub fn by_withdrawal_of(key: &StoredKey) -> Option<Self> {
        match key.purpose {
            KeyPurpose::Access | KeyPurpose::IdToken => Some(Self::Key(key.id.clone())),
            KeyPurpose::Refresh | KeyPurpose::Internal => None,
        }
    }

    /// What it is about, as a store keeps it.
    pub fn subject(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Grant(grant) | Self::Claims(grant) => Cow::Borrowed(grant.as_bytes()),
            Self::Client(client) => Cow::Borrowed(client.as_str().as_bytes()),
            Self::Token(jti) => Cow::Borrowed(jti.as_bytes()),
            Self::Key(key) => Cow::Borrowed(key.as_str().as_bytes()),
            Self::Session(session) => Cow::Borrowed(session.as_bytes()),
            Self::User(UserStanding { id, epoch, status }) => {
                let is_disabled = u8::from(*status == UserStatus::Disabled);
                Cow::Owned([id.as_bytes().as_slice(), &epoch.to_be_bytes(), &[is_disabled]].concat())
            }
        }
    }

    /// Reads what a store kept. Nothing for a kind that a newer version knows, which readers pass over.
    pub fn from_stored(kind: &str, subject: &[u8]) -> Option<Self> {
        let grant = || subject.try_into().ok().map(GrantId::from_bytes);
        let text = || std::str::from_utf8(subject).ok();
        match kind {
            "grant" => grant().map(Self::Grant),
            "claims" => grant().map(Self::Claims),
            "client" => text().and_then(|id| ClientId::parse(id).ok()).map(Self::Client),
            "token" => text().map(|jti| Self::Token(jti.into())),
            "key" => text().map(|kid| Self::Key(KeyId::new(kid))),
            "session" => subject.try_into().ok().map(SessionId::from_bytes).map(Self::Session),
            "user" => standing(subject).map(Self::User),
            _ => None,
        }
    }
}

fn standing(subject: &[u8]) -> Option<UserStanding> {
    let (id, rest) = subject.split_first_chunk::<16>()?;
    let (epoch, rest) = rest.split_first_chunk::<8>()?;
    let status = match rest {
        [0] => UserStatus::Active,
        [1] => UserStatus::Disabled,
        _ => return None,
    };
    Some(UserStanding { id: UserId::from_bytes(*id), status, epoch: u64::from_be_bytes(*epoch) })
}

/// What happened, and when. The same event twice is one event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RevocationEvent {
    /// The time, by the clock of the node or command that caused it.
    pub at: Timestamp,
    /// Which tokens are no longer good.
    pub what: Revoked,
}

impl RevocationEvent {
    /// The least event of this time, in the order of events. It need not have happened.
    pub(crate) const fn first_of(at: Timestamp) -> Self {
        Self { at, what: Revoked::Grant(GrantId::from_bytes([0; 16])) }
    }

    /// Its identifier, the same at every node.
    pub fn id(&self) -> [u8; 16] {
        let mut digest = Sha256::new();
        digest.update(self.at.unix().to_be_bytes());
        digest.update(self.what.kind().as_bytes());
        digest.update([0]);
        digest.update(&*self.what.subject());
        let digest: [u8; 32] = digest.finalize().into();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        id
    }
}

/// What a store knows from some time on, and the name of its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    /// The history that the events belong to.
    pub history: HistoryName,
    /// The events, in their order.
    pub events: Vec<RevocationEvent>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_back_and_an_unknown_kind_is_passed_over() {
        let grant = GrantId::from_bytes([7; 16]);
        let user =
            |status| Revoked::User(UserStanding { id: UserId::from_bytes([8; 16]), status, epoch: 1 << 40 });
        for what in [
            Revoked::Grant(grant),
            Revoked::Claims(grant),
            Revoked::Client(ClientId::parse("web").expect("an identifier")),
            Revoked::Token("x-1f".into()),
            Revoked::Key(KeyId::new("kid-1")),
            Revoked::Session(SessionId::from_bytes([9; 16])),
            user(UserStatus::Active),
            user(UserStatus::Disabled),
        ] {
            assert_eq!(Revoked::from_stored(what.kind(), &what.subject()), Some(what));
        }
        assert_eq!(Revoked::from_stored("device", &[7; 16]), None);
        assert_eq!(Revoked::from_stored("grant", &[7; 15]), None);
        assert_eq!(Revoked::from_stored("user", &[7; 25]), None);
        assert_eq!(Revoked::from_stored("user", &[7; 26]), None);
    }

    #[test]
    fn no_event_of_a_time_comes_before_the_first_one() {
        let at = Timestamp::from_unix(9);
        let (least, grant) = (RevocationEvent::first_of(at), GrantId::from_bytes([0; 16]));
        let session = Revoked::Session(SessionId::from_bytes([0; 16]));
        let token = Revoked::Token("".into());
        let key = Revoked::Key(KeyId::new(""));
        for what in [Revoked::Grant(grant), Revoked::Claims(grant), token, key, session] {
            assert!(least <= RevocationEvent { at, what: what.clone() });
            assert!(least > RevocationEvent { at: Timestamp::from_unix(8), what });
        }
    }

    #[test]
    fn events_that_differ_have_other_identifiers() {
        let grant = GrantId::from_bytes([7; 16]);
        let event = |at, what| RevocationEvent { at: Timestamp::from_unix(at), what };
        let ids = [
            event(1, Revoked::Grant(grant)),
            event(2, Revoked::Grant(grant)),
            event(1, Revoked::Claims(grant)),
            event(1, Revoked::Grant(GrantId::from_bytes([8; 16]))),
        ]
        .map(|event| event.id());
        for (index, id) in ids.iter().enumerate() {
            assert!(!ids[index + 1..].contains(id));
        }
        assert_eq!(event(1, Revoked::Grant(grant)).id(), ids[0]);
    }
}
