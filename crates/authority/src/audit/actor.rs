//! Who did what a record tells of.

use super::AuditSubject;
use crate::UserId;

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Actor {
    /// The authority, by a rule: it ended the grant of a replayed token, or made its own keys.
    Authority,
    /// The operator, by a command on the data folder.
    Operator,
    /// A user.
    User(UserId),
    /// A client, by the identifier that it has on the wire.
    Client(Box<str>),
}

/// An actor as a store keeps it. Most records are of users and clients who do something about themselves, so that the subject has
/// the identifier already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredActor {
    /// Which kind of actor.
    pub kind: u8,
    /// The identifier, where the subject of the record does not have it.
    pub id: Option<Box<[u8]>>,
}

const AUTHORITY: u8 = 0;
const THE_USER: u8 = 1;
const OPERATOR: u8 = 2;
const THE_CLIENT: u8 = 3;
const ANOTHER_USER: u8 = 4;
const ANOTHER_CLIENT: u8 = 5;

impl Actor {
    /// The actor as a store keeps it beside the subject.
    pub fn to_stored(&self, subject: &AuditSubject) -> StoredActor {
        let alone = |kind| StoredActor { kind, id: None };
        match self {
            Self::Authority => alone(AUTHORITY),
            Self::Operator => alone(OPERATOR),
            Self::User(user) if subject.user == Some(*user) => alone(THE_USER),
            Self::User(user) => StoredActor { kind: ANOTHER_USER, id: Some((*user.as_bytes()).into()) },
            Self::Client(client) if subject.client.as_ref() == Some(client) => alone(THE_CLIENT),
            Self::Client(client) => StoredActor { kind: ANOTHER_CLIENT, id: Some(client.as_bytes().into()) },
        }
    }

    /// Whether this version writes actors of this kind. A newer one on the same database may have others.
    pub(super) const fn is_known(kind: u8) -> bool {
        kind <= ANOTHER_CLIENT
    }

    /// Reads what [`Actor::to_stored`] wrote; nothing where it did not.
    pub fn from_stored(kind: u8, id: Option<&[u8]>, subject: &AuditSubject) -> Option<Self> {
        match kind {
            AUTHORITY => Some(Self::Authority),
            OPERATOR => Some(Self::Operator),
            THE_USER => subject.user.map(Self::User),
            THE_CLIENT => subject.client.clone().map(Self::Client),
            ANOTHER_USER => Some(Self::User(UserId::from_bytes(id?.try_into().ok()?))),
            ANOTHER_CLIENT => Some(Self::Client(std::str::from_utf8(id?).ok()?.into())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: UserId = UserId::from_bytes([1; 16]);
    const BOB: UserId = UserId::from_bytes([2; 16]);

    fn subject() -> AuditSubject {
        AuditSubject::user(ADA).with_client("web")
    }

    #[test]
    fn an_actor_comes_back_as_it_was_stored() {
        for actor in [
            Actor::Authority,
            Actor::Operator,
            Actor::User(ADA),
            Actor::User(BOB),
            Actor::Client("web".into()),
            Actor::Client("app".into()),
        ] {
            for subject in [subject(), AuditSubject::default()] {
                let StoredActor { kind, id } = actor.to_stored(&subject);
                assert_eq!(Actor::from_stored(kind, id.as_deref(), &subject), Some(actor.clone()));
            }
        }
    }

    #[test]
    fn who_acts_on_themselves_takes_no_second_identifier() {
        for actor in [Actor::User(ADA), Actor::Client("web".into()), Actor::Operator, Actor::Authority] {
            assert_eq!(actor.to_stored(&subject()).id, None);
        }
    }

    #[test]
    fn what_was_never_written_is_no_actor() {
        assert_eq!(Actor::from_stored(9, None, &subject()), None);
        assert_eq!(Actor::from_stored(THE_USER, None, &AuditSubject::default()), None);
        assert_eq!(Actor::from_stored(ANOTHER_USER, Some(&[1, 2]), &subject()), None);
        assert_eq!(Actor::from_stored(ANOTHER_CLIENT, Some(&[0xff]), &subject()), None);
    }
}
