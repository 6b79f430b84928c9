//! Adding a user.

use jeton_jose::Timestamp;

use super::{AccountError, Accounts};
use crate::UserId;
use crate::audit::Actor;
use crate::password::{Password, PasswordHash};
use crate::random::sixteen;
use crate::store::UserAddition;
use crate::user::{Attributes, ImportedKey, NewUser, Role, User, UserStatus, Username, email_of};

/// A user to be added.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// What the user signs in with.
    pub username: Username,
    /// The password, as somebody typed it.
    pub password: Password,
    /// The email address, as somebody typed it; a blank one is none.
    pub email: Option<Box<str>>,
    /// What tokens call the user; their identifier where it is left out.
    pub imported_key: Option<ImportedKey>,
    /// What the user may do at the authority.
    pub role: Role,
    /// What else is known of them.
    pub attributes: Attributes,
}

impl NewAccount {
    /// A user of whom nothing is known but how they sign in.
    pub fn new(username: Username, password: Password) -> Self {
        Self {
            username,
            password,
            email: None,
            imported_key: None,
            role: Role::Member,
            attributes: Attributes::default(),
        }
    }

    /// The user as the store gets them: active from the start.
    fn into_user(self, id: UserId, password: PasswordHash, now: Timestamp) -> NewUser {
        NewUser {
            id,
            imported_key: self.imported_key.map(Into::into),
            username: self.username,
            email: self.email.as_deref().and_then(email_of),
            password,
            role: self.role,
            status: UserStatus::Active,
            created_at: now,
            attributes: self.attributes,
        }
    }
}

impl Accounts {
    /// Adds a user.
    ///
    /// # Errors
    /// [`AccountError`] where another user has the name, one that looks like it, or the key.
    pub async fn add(&self, account: NewAccount, by: Actor, now: Timestamp) -> Result<User, AccountError> {
        let hash = self.hashing.hash(account.password.clone(), sixteen(&*self.random)).await?;
        let (username, key) = (account.username.clone(), account.imported_key.clone());
        let user = account.into_user(UserId::from_bytes(sixteen(&*self.random)), hash, now);
        match (self.store.add_user(user, by).await?, key) {
            (UserAddition::SimilarNameTaken, _) => {
                let alike = self.store.find_users_alike(&username).await?;
                match alike.into_iter().next() {
                    Some(other) => Err(AccountError::SimilarNameTaken { username, other: other.username }),
                    // They were removed a moment ago.
                    None => Err(AccountError::NameTaken { username }),
                }
            }
            (UserAddition::ImportedKeyTaken, Some(key)) => Err(AccountError::KeyTaken { key }),
            (UserAddition::NameTaken | UserAddition::ImportedKeyTaken, _) => {
                Err(AccountError::NameTaken { username })
            }
            (UserAddition::NotAllowed, _) => Err(AccountError::NotAllowed),
            (UserAddition::Added, _) => self.find(username.as_str()).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_000);
    const ID: UserId = UserId::from_bytes([1; 16]);

    fn account() -> NewAccount {
        let username = Username::parse("ada").expect("a name");
        NewAccount::new(username, Password::new("correct horse"))
    }

    #[test]
    fn a_new_user_is_an_active_member_of_whom_nothing_else_is_known() {
        let user = account().into_user(ID, PasswordHash::from_stored("hash"), NOW);
        assert_eq!((user.id, user.created_at), (ID, NOW));
        assert_eq!((user.status, user.role), (UserStatus::Active, Role::Member));
        assert_eq!((user.email, user.imported_key), (None, None));
        assert!(user.attributes.is_empty());
    }

    #[test]
    fn a_blank_email_address_is_none() {
        for (typed, email) in [("", None), ("  ", None), (" ada@example.org", Some("ada@example.org"))] {
            let account = NewAccount { email: Some(typed.into()), ..account() };
            let user = account.into_user(ID, PasswordHash::from_stored("hash"), NOW);
            assert_eq!(user.email.as_deref(), email, "{typed:?}");
        }
    }
}
