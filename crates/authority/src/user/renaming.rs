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
