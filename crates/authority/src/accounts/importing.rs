//! Importing users from another system: what it does to each of them is worked out whole before anything is written.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jeton_jose::Timestamp;

use super::Accounts;
use crate::UserId;
use crate::audit::Actor;
use crate::random::sixteen;
use crate::store::{AccountChange, AccountsUpdated, StoreError, UserAddition};
use crate::user::{AttributesError, ImportedKey, ImportedUser, Username};

/// How many users are written in one transaction, so that a server which runs beside gets its turn.
const BATCH: usize = 256;
/// How many users are read at once.
const PAGE: u32 = 1_000;

/// A user of another system.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The key that the user has there.
    pub key: Option<ImportedKey>,
    /// What the system says of the user.
    pub user: ImportedUser,
}

/// What becomes of users who were imported before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownUsers {
    /// They are left as they are.
    Left,
    /// They are brought up to date, as [`crate::user::update`] decides.
    Updated,
}

/// What came of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    /// The user was added.
    Added,
    /// The user was there, and is up to date.
    Updated(AccountChange),
    /// The user was there under this name, and was left alone.
    Left(Username),
}

/// Why an import stopped. What was written before stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Somebody took a name between the plan and its execution.
    #[error("a user {username} was added during the import: import the file again")]
    NameTaken {
        /// The name.
        username: Username,
    },
    /// A user changed between the plan and its execution, or has too many attributes.
    #[error(
        "a user in the file was removed during the import, or has too many attributes besides those in the file: check, and import the file again"
    )]
    Refused,
    /// The attributes cannot be those of a user.
    #[error(transparent)]
    Attributes(#[from] AttributesError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ImportError {
    /// The stable name of the error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NameTaken { .. } | Self::Refused => "import_overtaken",
            Self::Attributes(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}

/// What an import does to whom. Users are named by their positions among those that come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportPlan {
    /// Those who are not there yet.
    fresh: Vec<usize>,
    /// Those who are brought up to date and keep their names.
    known: Vec<(UserId, usize)>,
    /// Those who are brought up to date and get other names.
    renamed: Vec<(UserId, usize)>,
    /// Those who are there and left alone, by the names that they have here.
    left: Vec<(Username, usize)>,
    /// Those whose names others have. Nothing is done to them.
    pub taken: Vec<usize>,
    /// Names that look alike once all is done. Their users sign in by exactly their own.
    pub alike: Vec<Vec<Username>>,
}

/// A user who is there, as far as an import asks.
#[derive(Debug, Clone)]
struct PresentUser {
    id: UserId,
    username: Username,
    key: Option<Box<str>>,
}

/// Works out what an import does where these users are there.
fn plan(incoming: &[Incoming], present: &[PresentUser], known_users: KnownUsers) -> ImportPlan {
    let by_name: HashMap<_, _> = present.iter().map(|user| (&user.username, user)).collect();
    let by_key: HashMap<_, _> =
        present.iter().filter_map(|user| Some((user.key.as_deref()?, user))).collect();
    // The one of the key, or where neither has a key the one of the name.
    let meant = |one: &Incoming| match &one.key {
        Some(key) => by_key.get(key.as_str()).copied(),
        None => by_name.get(&one.user.username).copied().filter(|user| user.key.is_none()),
    };
    let (mut plan, mut known) = (ImportPlan::default(), Vec::new());
    for (position, one) in incoming.iter().enumerate() {
        match (meant(one), known_users) {
            (None, _) => plan.fresh.push(position),
            (Some(user), KnownUsers::Updated) => known.push((user, position)),
            (Some(user), KnownUsers::Left) => plan.left.push((user.username.clone(), position)),
        }
    }
    let name = |position: usize| &incoming[position].user.username;
    let is_renamed = |&(user, position): &(&PresentUser, usize)| user.username != *name(position);
    // One who is left out keeps their old name, which another may have counted on.
    loop {
        let given_up: HashSet<_> =
            known.iter().filter(|one| is_renamed(one)).map(|(user, _)| user.id).collect();
        let is_taken =
            |position: usize| by_name.get(name(position)).is_some_and(|owner| !given_up.contains(&owner.id));
        let before = plan.taken.len();
        known.retain(|one| {
            let stays = !is_renamed(one) || !is_taken(one.1);
            plan.taken.extend((!stays).then_some(one.1));
            stays
        });
        plan.fresh.retain(|position| {
            let stays = !is_taken(*position);
            plan.taken.extend((!stays).then_some(*position));
            stays
        });
        if plan.taken.len() == before {
            break;
        }
    }
    let updated: HashSet<_> = known.iter().map(|(user, _)| user.id).collect();
    let staying = present.iter().filter(|user| !updated.contains(&user.id)).map(|user| &user.username);
    let imported = plan.fresh.iter().chain(known.iter().map(|(_, position)| position));
    plan.alike = alike(imported.map(|position| name(*position)).collect(), staying);
    for one @ (user, position) in known {
        let group = if is_renamed(&one) { &mut plan.renamed } else { &mut plan.known };
        group.push((user.id, position));
    }
    plan
}

/// The names that look like another one, of which one at least is imported.
fn alike<'n>(
    imported: BTreeSet<&'n Username>,
    staying: impl Iterator<Item = &'n Username>,
) -> Vec<Vec<Username>> {
    let mut alike: BTreeMap<String, BTreeSet<&Username>> = BTreeMap::new();
    for name in imported.iter().copied().chain(staying) {
        alike.entry(name.folded()).or_default().insert(name);
    }
    alike.retain(|_, names| names.len() > 1 && !names.is_disjoint(&imported));
    alike.into_values().map(|names| names.into_iter().cloned().collect()).collect()
}

impl Accounts {
    /// Works out what an import does. Nothing is written.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn plan_import(
        &self,
        incoming: &[Incoming],
        known_users: KnownUsers,
    ) -> Result<ImportPlan, StoreError> {
        let (mut present, mut after) = (Vec::new(), None);
        loop {
            let page = self.store.list_users(after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.username.clone());
            present.extend(page.into_iter().map(|user| PresentUser {
                id: user.id,
                username: user.username,
                key: user.imported_key,
            }));
        }
        Ok(plan(incoming, &present, known_users))
    }

    /// Carries out a plan, and answers what came of each user.
    ///
    /// # Errors
    /// [`ImportError`] where something changed meanwhile that the plan did not count on; what was written before stays.
    pub async fn import(
        &self,
        plan: ImportPlan,
        incoming: &[Incoming],
        by: Actor,
        now: Timestamp,
    ) -> Result<Vec<(usize, Imported)>, ImportError> {
        let mut came: Vec<_> =
            plan.left.into_iter().map(|(name, position)| (position, Imported::Left(name))).collect();
        // Users may swap their names: all who get another one are one transaction.
        let known = std::iter::once(&*plan.renamed).chain(plan.known.chunks(BATCH));
        for batch in known.filter(|batch| !batch.is_empty()) {
            let users = batch.iter().map(|(id, position)| (*id, incoming[*position].user.clone()));
            match self.store.update_imported_users(users.collect(), by.clone(), now).await? {
                AccountsUpdated::Done(changes) => {
                    let positions = batch.iter().map(|(_, position)| *position);
                    came.extend(positions.zip(changes.into_iter().map(Imported::Updated)));
                }
                AccountsUpdated::NameTaken(username) => return Err(ImportError::NameTaken { username }),
                AccountsUpdated::Refused(_) => return Err(ImportError::Refused),
            }
        }
        for batch in plan.fresh.chunks(BATCH) {
            let new = |position: &usize| {
                let Incoming { key, user } = &incoming[*position];
                user.to_new(UserId::from_bytes(sixteen(&*self.random)), key.as_ref(), now)
            };
            let users = batch.iter().map(new).collect::<Result<_, _>>()?;
            let additions = self.store.add_imported_users(users, by.clone()).await?;
            came.extend(batch.iter().zip(additions).map(|(position, addition)| {
                let name = &incoming[*position].user.username;
                (
                    *position,
                    match addition {
                        UserAddition::Added => Imported::Added,
                        // Somebody else added this very user in the meantime.
                        UserAddition::NameTaken
                        | UserAddition::SimilarNameTaken
                        | UserAddition::ImportedKeyTaken
                        | UserAddition::NotAllowed => Imported::Left(name.clone()),
                    },
                )
            }));
        }
        Ok(came)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::PasswordHash;
    use crate::user::{Role, UserStatus};

    fn name(text: &str) -> Username {
        Username::parse(text).expect("a name")
    }

    fn id(number: u8) -> UserId {
        UserId::from_bytes([number; 16])
    }

    fn incoming(key: Option<&str>, username: &str) -> Incoming {
        Incoming {
            key: key.map(|key| ImportedKey::parse(key).expect("a key")),
            user: ImportedUser {
                username: name(username),
                email: None,
                password: PasswordHash::unusable(),
                role: Role::Member,
                status: UserStatus::Active,
                attributes: serde_json::Map::new(),
            },
        }
    }

    /// `ada` of key 1, `bob` of key 2, and `cy` without a key.
    fn present() -> Vec<PresentUser> {
        let present = |number, username, key: Option<&str>| PresentUser {
            id: id(number),
            username: name(username),
            key: key.map(Into::into),
        };
        vec![present(1, "ada", Some("1")), present(2, "bob", Some("2")), present(3, "cy", None)]
    }

    #[test]
    fn users_are_known_by_their_key_or_without_one_by_their_name() {
        let users = [incoming(Some("1"), "ada"), incoming(None, "cy"), incoming(Some("4"), "dot")];
        let updating = plan(&users, &present(), KnownUsers::Updated);
        assert_eq!((updating.known, updating.fresh), (vec![(id(1), 0), (id(3), 1)], vec![2]));
        let leaving = plan(&users, &present(), KnownUsers::Left);
        assert_eq!((leaving.left, leaving.fresh), (vec![(name("ada"), 0), (name("cy"), 1)], vec![2]));
    }

    #[test]
    fn a_name_that_another_user_has_is_taken_with_and_without_a_key() {
        let users = [incoming(Some("9"), "ada"), incoming(None, "bob"), incoming(Some("1"), "cy")];
        let plan = plan(&users, &present(), KnownUsers::Updated);
        assert_eq!(plan, ImportPlan { taken: vec![2, 1, 0], ..ImportPlan::default() });
    }

    #[test]
    fn users_swap_their_names_and_hand_them_on() {
        let users = [incoming(Some("1"), "bob"), incoming(Some("2"), "ada")];
        let swapped = plan(&users, &present(), KnownUsers::Updated);
        assert_eq!((swapped.renamed, swapped.taken), (vec![(id(1), 0), (id(2), 1)], vec![]));
        let users = [incoming(Some("1"), "countess"), incoming(Some("5"), "ada")];
        let handed_on = plan(&users, &present(), KnownUsers::Updated);
        assert_eq!((handed_on.renamed, handed_on.fresh), (vec![(id(1), 0)], vec![1]));
    }

    #[test]
    fn who_counted_on_the_name_of_one_who_is_left_out_is_left_out_too() {
        let users = [incoming(Some("1"), "cy"), incoming(Some("2"), "ada"), incoming(Some("5"), "bob")];
        let plan = plan(&users, &present(), KnownUsers::Updated);
        assert_eq!((plan.taken, plan.renamed, plan.fresh), (vec![0, 1, 2], vec![], vec![]));
    }

    #[test]
    fn names_that_look_alike_are_named_where_one_of_them_is_imported() {
        let mut there = present();
        there.push(PresentUser { id: id(4), username: name("CY"), key: None });
        let users = [incoming(Some("7"), "Ada"), incoming(Some("8"), "eve")];
        let plan = plan(&users, &there, KnownUsers::Left);
        assert_eq!(plan.alike, [[name("Ada"), name("ada")]]);
    }
}
