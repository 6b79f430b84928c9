//! What is to be ended again after the store lost it: pure.

use std::collections::BTreeSet;

use crate::revocation::{RevocationEvent, Revoked};
use crate::user::{UserStanding, UserStatus};

/// What is to be ended again.
///
/// Users come first, then sessions: with them grants end of which clients are told. Changed claims and clients are not among it: the store
/// has those from before again, and an event would not change them.
#[derive(Debug, Default)]
pub(super) struct Unended(BTreeSet<Revoked>);

impl Unended {
    /// Adds what the store lost.
    pub(super) fn add<'e>(&mut self, lost: impl IntoIterator<Item = &'e RevocationEvent>) {
        for event in lost {
            match &event.what {
                Revoked::Claims(_) | Revoked::Client(_) => {}
                Revoked::User(standing) => self.add_user(*standing),
                what => drop(self.0.insert(what.clone())),
            }
        }
    }

    /// How a user stood at last is all that counts.
    fn add_user(&mut self, standing: UserStanding) {
        let of_user = self.0.iter().find_map(|what| match what {
            Revoked::User(known) if known.id == standing.id => Some(*known),
            _ => None,
        });
        match of_user {
            Some(known) if recency(&known) >= recency(&standing) => return,
            Some(known) => drop(self.0.remove(&Revoked::User(known))),
            None => {}
        }
        self.0.insert(Revoked::User(standing));
    }

    /// What is to be ended next.
    pub(super) fn next(&self) -> Option<Revoked> {
        self.0.last().cloned()
    }

    /// It ended.
    pub(super) fn done(&mut self, what: &Revoked) {
        self.0.remove(what);
    }
}

/// A user is disabled with a new epoch, and enabled again without one.
fn recency(standing: &UserStanding) -> (u64, bool) {
    (standing.epoch, standing.status == UserStatus::Active)
}

#[cfg(test)]
mod tests {
    use jeton_jose::Timestamp;
    use jeton_oauth::client::ClientId;

    use super::*;
    use crate::keys::KeyId;
    use crate::{GrantId, SessionId, UserId};

    fn in_order(lost: Vec<Revoked>) -> Vec<Revoked> {
        let event = |what| RevocationEvent { at: Timestamp::from_unix(1), what };
        let events: Vec<_> = lost.into_iter().map(event).collect();
        let mut unended = Unended::default();
        unended.add(&events);
        let mut order = vec![];
        while let Some(next) = unended.next() {
            unended.done(&next);
            order.push(next);
        }
        order
    }

    #[test]
    fn users_come_before_sessions_and_those_before_grants() {
        let grant = GrantId::from_bytes([1; 16]);
        let user = UserStanding { id: UserId::from_bytes([2; 16]), status: UserStatus::Disabled, epoch: 1 };
        let (key, session) =
            (Revoked::Key(KeyId::new("k")), Revoked::Session(SessionId::from_bytes([3; 16])));
        let token = Revoked::Token("x-1f".into());
        let lost = vec![
            Revoked::Grant(grant),
            Revoked::Claims(grant),
            Revoked::Client(ClientId::parse("web").expect("an identifier")),
            token.clone(),
            key.clone(),
            Revoked::User(user),
            session.clone(),
        ];
        assert_eq!(in_order(lost), [Revoked::User(user), session, key, token, Revoked::Grant(grant)]);
    }

    #[test]
    fn of_a_users_standings_the_last_one_counts() {
        let standing = |epoch, status| UserStanding { id: UserId::from_bytes([2; 16]), status, epoch };
        let (disabled, enabled) = (standing(1, UserStatus::Disabled), standing(1, UserStatus::Active));
        let again = standing(2, UserStatus::Disabled);
        for (lost, last) in [
            (vec![disabled, enabled], enabled),
            (vec![enabled, disabled], enabled),
            (vec![again, enabled, disabled], again),
        ] {
            assert_eq!(in_order(lost.into_iter().map(Revoked::User).collect()), [Revoked::User(last)]);
        }
    }
}
