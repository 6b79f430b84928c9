//! Accounts in SQLite: users who come from elsewhere, change or go.

use async_trait::async_trait;
use jeton_authority::audit::Actor;
use jeton_authority::store::{
    AccountChange, AccountStore, AccountsUpdated, NewUser, StoreError, UserAddition, UserChange,
};
use jeton_authority::user::{
    self, AccountUpdate, Act, ImportedUser, LastImport, Leaving, LeavingChange, PasswordFate, User,
    UserStatus, Username, described_anew, update,
};
use jeton_authority::{Network, UserId};
use jeton_jose::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension};

use super::SqliteStore;
use super::columns::{optional_text, unreadable};
use super::users::{self, Names, USER_COLUMN_COUNT, USER_COLUMNS, user_at};
use super::{audit, leaving, revocations};

#[async_trait]
impl AccountStore for SqliteStore {
    async fn add_imported_users(
        &self,
        users: Vec<(NewUser, LastImport)>,
        by: Actor,
    ) -> Result<Vec<UserAddition>, StoreError> {
        self.writer
            .submit(move |db| users.iter().map(|(user, last)| add_imported(db, user, last, &by)).collect())
            .await
    }

    async fn update_imported_users(
        &self,
        users: Vec<(UserId, ImportedUser)>,
        by: Actor,
        now: Timestamp,
    ) -> Result<AccountsUpdated, StoreError> {
        self.writer.submit(move |db| update_imported(db, &users, &by, now)).await
    }

    async fn change_email(
        &self,
        user: UserId,
        email: Option<Box<str>>,
        by: Actor,
        now: Timestamp,
    ) -> Result<UserChange, StoreError> {
        self.writer.submit(move |db| change_email(db, user, email.as_deref(), &by, now)).await
    }

    async fn remove_user(&self, user: UserId, by: Actor, now: Timestamp) -> Result<UserChange, StoreError> {
        self.writer.submit(move |db| users::remove(db, user, &by, now)).await
    }

    async fn find_removal(&self, user: UserId) -> Result<Option<Timestamp>, StoreError> {
        self.readers.read(|db| leaving::find(db, user)).map(Option::flatten)
    }

    async fn change_removal(
        &self,
        user: UserId,
        wish: Leaving,
        network: Option<Network>,
        now: Timestamp,
    ) -> Result<LeavingChange, StoreError> {
        self.writer.submit(move |db| leaving::change(db, user, wish, network, now)).await
    }
}

fn add_imported(
    db: &Connection,
    user: &NewUser,
    last: &LastImport,
    by: &Actor,
) -> rusqlite::Result<UserAddition> {
    let addition = users::add(db, user, Names::Same, by)?;
    if addition == UserAddition::Added {
        note(db, user.id, last)?;
    }
    Ok(addition)
}

fn note(db: &Connection, user: UserId, last: &LastImport) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE users SET last_import = ?2 WHERE id = ?1")?
        .execute((user.as_bytes(), last.to_json()))
        .map(drop)
}

fn update_imported(
    db: &Connection,
    imported: &[(UserId, ImportedUser)],
    by: &Actor,
    now: Timestamp,
) -> rusqlite::Result<AccountsUpdated> {
    let (mut updates, mut before) = (Vec::new(), Vec::new());
    for (id, imported) in imported {
        let Some((user, last)) = find(db, *id)? else { return Ok(AccountsUpdated::Refused(*id)) };
        match update(&user, last.as_ref(), imported) {
            Ok(update) => updates.push((*id, update)),
            Err(_) => return Ok(AccountsUpdated::Refused(*id)),
        }
        before.push(user);
    }
    // All is known before anything is written, since what was written would be committed.
    let owner_of = |name: &Username| users::find(db, name).map(|user| user.map(|user| user.id));
    if let Some(taken) = user::taken_name(&updates, owner_of)? {
        return Ok(AccountsUpdated::NameTaken(taken));
    }
    // Users may swap their names, so each gives up its own first.
    for (id, _) in updates.iter().filter(|(_, update)| update.username.is_some()) {
        give_up_name(db, *id)?;
    }
    let changes: rusqlite::Result<_> =
        updates.iter().map(|(id, update)| apply(db, *id, update, by, now)).collect();
    let changes = changes?;
    for before in &before {
        if let Some(after) = users::find_by_id(db, before.id)? {
            revocations::note_change(db, before, &after, now)?;
        }
    }
    Ok(AccountsUpdated::Done(changes))
}

fn find(db: &Connection, user: UserId) -> rusqlite::Result<Option<(User, Option<LastImport>)>> {
    db.prepare_cached(&format!(
        "SELECT {USER_COLUMNS}, u.last_import FROM users u WHERE u.id = ?1 AND u.removed_at IS NULL"
    ))?
    .query_row([user.as_bytes()], |row| {
        let unreadable = || unreadable(USER_COLUMN_COUNT, Type::Text);
        let last = optional_text(row, USER_COLUMN_COUNT)?;
        let last = last.map(|json| LastImport::from_json(&json).ok_or_else(unreadable)).transpose()?;
        Ok((user_at(row, 0)?, last))
    })
    .optional()
}

fn give_up_name(db: &Connection, user: UserId) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE users SET username = ?2, folded = NULL WHERE id = ?1")?
        .execute((user.as_bytes(), format!("renamed {user}")))
        .map(drop)
}

fn set_name(db: &Connection, user: UserId, name: &Username) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE users SET username = ?2, folded = ?3 WHERE id = ?1")?
        .execute((user.as_bytes(), name.as_str(), name.folded()))
        .map(drop)
}

fn apply(
    db: &Connection,
    id: UserId,
    update: &AccountUpdate,
    by: &Actor,
    now: Timestamp,
) -> rusqlite::Result<AccountChange> {
    if let Some(name) = &update.username {
        set_name(db, id, name)?;
    }
    if let Some(email) = &update.email {
        set_email(db, id, email.as_deref())?;
    }
    if let Some(role) = update.role {
        let (owner, role) = role.to_stored();
        db.prepare_cached("UPDATE users SET admin = ?2, role = ?3 WHERE id = ?1")?.execute((
            id.as_bytes(),
            owner,
            role,
        ))?;
    }
    if update.describes_anew() {
        audit::append(db, &described_anew(id, by, now))?;
    }
    if let Some(attributes) = &update.attributes {
        users::change_attributes(db, id, attributes, by, now)?;
    }
    let mut grants_ended = 0;
    let mut count = |change| {
        if let UserChange::Done { grants_ended: ended } = change {
            grants_ended += ended;
        }
    };
    if let PasswordFate::Changed(password) = &update.password {
        count(users::change_password(db, id, password, None, by, now)?);
    }
    match update.status {
        Some(UserStatus::Disabled) => count(users::disable(db, id, by, now)?),
        Some(UserStatus::Active) => count(users::enable(db, id, by, now)?),
        None => {}
    }
    note(db, id, &update.last)?;
    Ok(AccountChange {
        changed: !update.changes_nothing(),
        grants_ended,
        password_unknown: update.password == PasswordFate::Unknown,
    })
}

fn set_email(db: &Connection, user: UserId, email: Option<&str>) -> rusqlite::Result<usize> {
    db.prepare_cached("UPDATE users SET email = ?2 WHERE id = ?1 AND removed_at IS NULL")?
        .execute((user.as_bytes(), email))
}

fn change_email(
    db: &Connection,
    user: UserId,
    email: Option<&str>,
    by: &Actor,
    now: Timestamp,
) -> rusqlite::Result<UserChange> {
    let Some(before) = users::find_by_id(db, user)? else { return Ok(UserChange::UnknownUser) };
    if let Some(refusal) = users::guard(db, user, Act::Change, by)? {
        return Ok(UserChange::Refused(refusal));
    }
    set_email(db, user, email)?;
    let after = User { email: email.map(Into::into), ..before.clone() };
    revocations::note_change(db, &before, &after, now)?;
    audit::append(db, &described_anew(user, by, now))?;
    Ok(UserChange::Done { grants_ended: 0 })
}
