//! Whether a user may be added: no two go by one name or one key.

use jeton_jose::Timestamp;

use super::standing::record;
use super::{Attributes, Role, UserStatus, Username};
use crate::UserId;
use crate::audit::{Actor, AuditEvent, Decided};
use crate::password::PasswordHash;

/// A user to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// Its identifier, drawn at random by the caller.
    pub id: UserId,
    /// The key that it had in the system it comes from.
    pub imported_key: Option<Box<str>>,
    /// What the user signs in with.
    pub username: Username,
    /// An address to reach the user.
    pub email: Option<Box<str>>,
    /// What passwords will be verified against.
    pub password: PasswordHash,
    /// What the user may do at the authority.
    pub role: Role,
    /// Whether the user may sign in.
    pub status: UserStatus,
    /// When the account is made.
    pub created_at: Timestamp,
    /// What else is known of them.
    pub attributes: Attributes,
}

/// The outcome of adding a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserAddition {
    /// The user exists from now on.
    Added,
    /// Another user has that name; nothing was changed.
    NameTaken,
    /// The name of another user differs in nothing but case or composition; nothing was changed.
    SimilarNameTaken,
    /// Another user has that imported key; nothing was changed.
    ImportedKeyTaken,
    /// Who adds the user may not, or may not give the role; nothing was changed.
    NotAllowed,
}

/// What of a new user another one has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    /// The very name.
    pub name: bool,
    /// A name that looks like it: it differs in nothing but case or composition.
    pub similar_name: bool,
    /// The imported key, or the identifier that it reads as ([`NewUser::key_as_id`]).
    pub key: bool,
}

impl NewUser {
    /// The identifier that the imported key reads as. A user without a key goes by their identifier, and no two may go by the same.
    pub fn key_as_id(&self) -> Option<UserId> {
        self.imported_key.as_deref()?.parse().ok()
    }
}

/// Adds a user.
pub fn add(user: &NewUser, taken: Taken, by: &Actor) -> Decided<UserAddition> {
    match taken {
        Taken { name: true, .. } => Decided::nothing(UserAddition::NameTaken),
        Taken { similar_name: true, .. } => Decided::nothing(UserAddition::SimilarNameTaken),
        Taken { key: true, .. } => Decided::nothing(UserAddition::ImportedKeyTaken),
        Taken { .. } => {
            let record = record(AuditEvent::UserAdded, user.id, by, user.created_at);
            Decided::recorded(UserAddition::Added, record)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{AuditRecord, AuditSubject};

    const ADDED: Timestamp = Timestamp::from_unix(1_000);

    fn ada() -> NewUser {
        NewUser {
            id: UserId::from_bytes([1; 16]),
            imported_key: None,
            username: Username::parse("ada").expect("a name"),
            email: None,
            password: PasswordHash::unusable(),
            role: Role::Member,
            status: UserStatus::Active,
            created_at: ADDED,
            attributes: Attributes::default(),
        }
    }

    #[test]
    fn a_user_whose_name_and_key_are_free_is_added_and_that_is_recorded() {
        let by = Actor::Operator;
        let record = AuditRecord::new(AuditEvent::UserAdded, by.clone(), AuditSubject::user(ada().id), ADDED);
        let added = add(&ada(), Taken::default(), &by);
        assert_eq!(added, Decided::recorded(UserAddition::Added, record));
    }

    #[test]
    fn what_another_user_has_refuses_the_addition_the_name_before_all() {
        let (name, similar_name, key) = (true, true, true);
        for (taken, outcome) in [
            (Taken { name, similar_name, key }, UserAddition::NameTaken),
            (Taken { name: false, similar_name, key }, UserAddition::SimilarNameTaken),
            (Taken { key, ..Taken::default() }, UserAddition::ImportedKeyTaken),
        ] {
            assert_eq!(add(&ada(), taken, &Actor::Operator), Decided::nothing(outcome), "{taken:?}");
        }
    }

    #[test]
    fn a_key_is_an_identifier_where_it_reads_as_one() {
        let of = |key: &str| NewUser { imported_key: Some(key.into()), ..ada() }.key_as_id();
        let bob = UserId::from_bytes([2; 16]);
        assert_eq!(of(&bob.to_string()), Some(bob));
        assert_eq!((of("17"), ada().key_as_id()), (None, None));
    }
}
