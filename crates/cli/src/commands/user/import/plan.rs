//! What an import does to the users that are there: worked out whole before anything is written.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jeton_authority::UserId;
use jeton_authority::audit::Actor;
use jeton_authority::store::{AccountsUpdated, NewUser, Store, UserAddition};
use jeton_authority::user::{Attributes, Username};
use jeton_authority::user::{ImportedUser, LastImport};

use super::Bad;
use super::judge::{Judged, Row};
use super::report::Report;
use crate::commands::user::{each, failed, new_user};
use crate::failure::Failure;
use crate::output::printable;

/// How many users are written in one transaction, so that a server which runs beside gets its turn.
const BATCH: usize = 256;

/// What is to be done.
pub(super) struct Plan {
    /// Users that are not there yet.
    fresh: Vec<Row>,
    /// Users that are brought up to date.
    known: Vec<(Existing, Row)>,
    /// The names of users who are there already and left alone.
    there: Vec<String>,
    pub(super) bad: Vec<Bad>,
    notes: Vec<String>,
}

/// A user that is there.
#[derive(Clone)]
struct Existing {
    id: UserId,
    name: String,
    has_key: bool,
}

/// The users that are there, by what they are known by.
struct Present {
    by_name: HashMap<String, Existing>,
    by_key: HashMap<String, Existing>,
}

impl Present {
    async fn read(store: &dyn Store) -> Result<Self, Failure> {
        let mut present = Self { by_name: HashMap::new(), by_key: HashMap::new() };
        each(store, |user| {
            let key = user.imported_key.as_deref();
            let existing = Existing { id: user.id, name: user.username.to_string(), has_key: key.is_some() };
            if let Some(key) = key {
                present.by_key.insert(key.to_owned(), existing.clone());
            }
            present.by_name.insert(existing.name.clone(), existing);
        })
        .await?;
        Ok(present)
    }

    /// The user that a row is about: the one of its key, or where neither has a key the one of its name.
    fn find(&self, row: &Row) -> Option<&Existing> {
        match row.key.as_deref() {
            Some(key) => self.by_key.get(key),
            None => self.by_name.get(row.user.username.as_str()).filter(|existing| !existing.has_key),
        }
    }
}

impl Plan {
    pub(super) async fn make(store: &dyn Store, judged: Judged, update: bool) -> Result<Self, Failure> {
        let Judged { rows, bad, notes } = judged;
        let present = Present::read(store).await?;
        let mut plan = Self { fresh: vec![], known: vec![], there: vec![], bad, notes };
        for row in rows {
            match present.find(&row) {
                None => plan.fresh.push(row),
                Some(existing) if update => plan.known.push((existing.clone(), row)),
                Some(existing) => plan.there.push(existing.name.clone()),
            }
        }
        // One row that is left out keeps its old name, which another may have counted on.
        while plan.leave_out_taken_names(&present) {}
        plan.note_names_alike(&present);
        Ok(plan)
    }

    /// Leaves out the rows whose names others have, once everybody has given up the names that they give up. Answers whether there were
    /// any.
    fn leave_out_taken_names(&mut self, present: &Present) -> bool {
        let renamed = |(existing, row): &&(Existing, Row)| existing.name != row.user.username.as_str();
        let given_up: HashSet<_> =
            self.known.iter().filter(renamed).map(|(existing, _)| existing.name.clone()).collect();
        let is_taken = |name: &str| present.by_name.contains_key(name) && !given_up.contains(name);
        let before = self.bad.len();
        let bad = &mut self.bad;
        let mut leave_out = |row: &Row| {
            let problem = format!("another user {} already exists", printable(row.user.username.as_str()));
            bad.push(Bad { place: row.place.clone(), problem });
            false
        };
        self.known.retain(|(existing, row)| {
            let name = row.user.username.as_str();
            existing.name == name || !is_taken(name) || leave_out(row)
        });
        self.fresh.retain(|row| !is_taken(row.user.username.as_str()) || leave_out(row));
        self.bad.len() > before
    }

    /// Notes which names look like those of others, once all is done. Their users sign in by exactly their own.
    fn note_names_alike(&mut self, present: &Present) {
        let mut names: BTreeSet<&str> = self.rows().map(|row| row.user.username.as_str()).collect();
        let imported: HashSet<&str> = names.iter().copied().collect();
        let renamed: HashSet<UserId> = self.known.iter().map(|(existing, _)| existing.id).collect();
        let staying = present.by_name.values().filter(|existing| !renamed.contains(&existing.id));
        names.extend(staying.map(|existing| existing.name.as_str()));
        let mut alike: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for name in names {
            let folded = Username::parse(name).map_or_else(|_| name.to_owned(), |name| name.folded());
            alike.entry(folded).or_default().push(name);
        }
        alike.retain(|_, names| names.len() > 1 && names.iter().any(|name| imported.contains(name)));
        let note = |names: &Vec<&str>| {
            let names: Vec<_> = names.iter().map(|name| printable(name)).collect();
            format!("{} look alike: each user signs in with exactly this name", names.join(", "))
        };
        let notes: Vec<_> = alike.values().map(note).collect();
        self.notes.extend(notes);
    }

    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.fresh.iter().chain(self.known.iter().map(|(_, row)| row))
    }

    /// Does it.
    pub(super) async fn carry_out(self, store: &dyn Store) -> Result<Report, Failure> {
        let Self { fresh, known, there, bad, notes } = self;
        let mut report = Report::new(there, bad, notes);
        let (renamed, kept): (Vec<_>, Vec<_>) =
            known.into_iter().partition(|(existing, row)| existing.name != row.user.username.as_str());
        // Users may swap their names: all who get another one are one transaction.
        update(store, &renamed, &mut report).await?;
        for batch in kept.chunks(BATCH) {
            update(store, batch, &mut report).await?;
        }
        for batch in fresh.chunks(BATCH) {
            add(store, batch, &mut report).await?;
        }
        Ok(report)
    }
}

async fn update(store: &dyn Store, batch: &[(Existing, Row)], report: &mut Report) -> Result<(), Failure> {
    let users: Vec<(UserId, ImportedUser)> =
        batch.iter().map(|(existing, row)| (existing.id, row.user.clone())).collect();
    if users.is_empty() {
        return Ok(());
    }
    match store.update_imported_users(users, Actor::Operator, crate::clock::now()).await.map_err(failed)? {
        AccountsUpdated::Done(changes) => {
            for ((_, row), change) in batch.iter().zip(changes) {
                report.updated(row, change);
            }
            Ok(())
        }
        AccountsUpdated::NameTaken(name) => Err(Failure::coded(
            "import_overtaken",
            format!("a user {} was added during the import: import the file again", printable(name.as_str())),
        )),
        AccountsUpdated::Refused(_) => Err(Failure::coded(
            "import_overtaken",
            "a user in the file was removed during the import, or has too many attributes besides those in the file: check, and import the file again",
        )),
    }
}

async fn add(store: &dyn Store, batch: &[Row], report: &mut Report) -> Result<(), Failure> {
    let users: Vec<_> = batch.iter().map(new).collect::<Result<_, _>>()?;
    let additions = store.add_imported_users(users, Actor::Operator).await.map_err(failed)?;
    for (row, addition) in batch.iter().zip(additions) {
        match addition {
            UserAddition::Added => report.imported(row),
            // Somebody else added this very user in the meantime.
            UserAddition::NameTaken | UserAddition::SimilarNameTaken | UserAddition::ImportedKeyTaken => {
                report.skipped.push(row.user.username.to_string());
            }
        }
    }
    Ok(())
}

fn new(row: &Row) -> Result<(NewUser, LastImport), Failure> {
    let ImportedUser { username, email, password, role, status, attributes } = row.user.clone();
    let last = LastImport::of(&row.user);
    let mut user = new_user(username, password, email.map(Into::into), role);
    user.imported_key.clone_from(&row.key);
    user.status = status;
    let given = attributes.into_iter().filter(|(_, value)| !value.is_null()).collect();
    user.attributes =
        Attributes::new(given).map_err(|error| Failure::coded(error.code(), error.to_string()))?;
    Ok((user, last))
}
