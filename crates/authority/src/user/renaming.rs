//! Renaming several users at once: they may swap names, but no two get the same name.

use std::collections::HashSet;

use super::{AccountUpdate, Username};
use crate::UserId;

/// A name that one of these users is to get, and that another user keeps or is also to get.
///
/// # Errors
/// `owner_of`, which returns the current owner of a name, fails.
pub fn taken_name<E>(
    updates: &[(UserId, AccountUpdate)],
    mut owner_of: impl FnMut(&Username) -> Result<Option<UserId>, E>,
) -> Result<Option<Username>, E> {
    let renamed = || updates.iter().filter_map(|(id, update)| Some((id, update.username.as_ref()?)));
    let given_up: HashSet<_> = renamed().map(|(id, _)| *id).collect();
    let mut given = HashSet::new();
    for (_, name) in renamed() {
        if owner_of(name)?.is_some_and(|owner| !given_up.contains(&owner)) || !given.insert(name.as_str()) {
            return Ok(Some(name.clone()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::password::PasswordHash;
    use crate::user::{Attributes, ImportedUser, LastImport, PasswordFate, Role, UserStatus};

    fn id(number: u8) -> UserId {
        UserId::from_bytes([number; 16])
    }

    fn name(text: &str) -> Username {
        Username::parse(text).expect("a name")
    }

    /// What makes this the name of a user.
    fn renamed(number: u8, to: Option<&str>) -> (UserId, AccountUpdate) {
        let said = ImportedUser {
            username: name("said"),
            email: None,
            password: PasswordHash::unusable(),
            role: Role::Member,
            status: UserStatus::Active,
            attributes: serde_json::Map::new(),
        };
        let update = AccountUpdate {
            username: to.map(name),
            email: None,
            role: None,
            status: None,
            password: PasswordFate::Stays,
            attributes: None::<Attributes>,
            last: LastImport::of(&said),
        };
        (id(number), update)
    }

    /// Which name is taken where user 1 is called `ada`, user 2 `bob` and user 3 `cy`.
    fn taken(updates: &[(UserId, AccountUpdate)]) -> Option<Username> {
        let owners = [("ada", 1), ("bob", 2), ("cy", 3)];
        let owner_of = |wanted: &Username| {
            let owner = owners.iter().find(|(name, _)| *name == wanted.as_str());
            Ok::<_, Infallible>(owner.map(|(_, number)| id(*number)))
        };
        taken_name(updates, owner_of).unwrap_or_else(|never| match never {})
    }

    #[test]
    fn users_swap_their_names_and_hand_them_on() {
        assert_eq!(taken(&[renamed(1, Some("bob")), renamed(2, Some("ada"))]), None);
        assert_eq!(taken(&[renamed(1, Some("bob")), renamed(2, Some("dot"))]), None);
        assert_eq!(taken(&[renamed(1, Some("dot")), renamed(2, None)]), None);
    }

    #[test]
    fn nobody_gets_a_name_that_its_owner_keeps() {
        assert_eq!(taken(&[renamed(1, Some("cy")), renamed(2, Some("ada"))]), Some(name("cy")));
        assert_eq!(taken(&[renamed(1, Some("bob")), renamed(2, None)]), Some(name("bob")));
    }

    #[test]
    fn no_two_get_one_name() {
        assert_eq!(taken(&[renamed(1, Some("dot")), renamed(2, Some("dot"))]), Some(name("dot")));
    }
}
