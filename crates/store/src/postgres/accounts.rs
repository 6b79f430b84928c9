//! Accounts in PostgreSQL: users who come from elsewhere, change or go.

use std::collections::HashMap;

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

use super::PostgresStore;
use super::columns::{id, optional_str, params, text, uuid};
use super::connection::Connection;
use super::error::Failed;
use super::users::{self, Names, USER_COLUMN_COUNT, user_at, user_columns};
use super::{audit, leaving, revocations};

#[async_trait]
impl AccountStore for PostgresStore {
    async fn add_imported_users(
        &self,
        users: Vec<(NewUser, LastImport)>,
        by: Actor,
    ) -> Result<Vec<UserAddition>, StoreError> {
        self.write((users, by), |db, (users, by)| Box::pin(add_all_imported(db, users, by))).await
    }

    async fn update_imported_users(
        &self,
        users: Vec<(UserId, ImportedUser)>,
        by: Actor,
        now: Timestamp,
    ) -> Result<AccountsUpdated, StoreError> {
        self.write((users, by, now), |db, (users, by, now)| Box::pin(update_imported(db, users, by, *now)))
            .await
    }

    async fn change_email(
        &self,
        user: UserId,
        email: Option<Box<str>>,
        by: Actor,
        now: Timestamp,
    ) -> Result<UserChange, StoreError> {
        self.write((user, email, by, now), |db, (user, email, by, now)| {
            Box::pin(change_email(db, *user, email.as_deref(), by, *now))
        })
        .await
    }

    async fn remove_user(&self, user: UserId, by: Actor, now: Timestamp) -> Result<UserChange, StoreError> {
        self.write((user, by, now), |db, (user, by, now)| Box::pin(users::remove(db, *user, by, *now))).await
    }

    async fn find_removal(&self, user: UserId) -> Result<Option<Timestamp>, StoreError> {
        self.read(user, |db, user| Box::pin(leaving::find(db, *user))).await.map(Option::flatten)
    }

    async fn change_removal(
        &self,
        user: UserId,
        wish: Leaving,
        network: Option<Network>,
        now: Timestamp,
    ) -> Result<LeavingChange, StoreError> {
        self.write((user, wish, network, now), |db, (user, wish, network, now)| {
            Box::pin(leaving::change(db, *user, *wish, *network, *now))
        })
        .await
    }
}

async fn add_all_imported(
    db: &Connection,
    users: &[(NewUser, LastImport)],
    by: &Actor,
) -> Result<Vec<UserAddition>, Failed> {
    let mut additions = Vec::new();
    for (user, last) in users {
        let addition = users::add(db, user, Names::Same, by).await?;
        if addition == UserAddition::Added {
            note(db, user.id, last).await?;
        }
        additions.push(addition);
    }
    Ok(additions)
}

async fn note(db: &Connection, user: UserId, last: &LastImport) -> Result<(), Failed> {
    let sql = "UPDATE users SET last_import = $2 WHERE id = $1";
    db.execute(sql, params![uuid(user), last.to_json()]).await.map(drop)
}

async fn update_imported(
    db: &Connection,
    imported: &[(UserId, ImportedUser)],
    by: &Actor,
    now: Timestamp,
) -> Result<AccountsUpdated, Failed> {
    users::lock_all(db, imported.iter().map(|(id, _)| *id)).await?;
    let (mut updates, mut before) = (Vec::new(), Vec::new());
    for (id, imported) in imported {
        let Some((user, last)) = find(db, *id).await? else { return Ok(AccountsUpdated::Refused(*id)) };
        match update(&user, last.as_ref(), imported) {
            Ok(update) => updates.push((*id, update)),
            Err(_) => return Ok(AccountsUpdated::Refused(*id)),
        }
        before.push(user);
    }
    // All is known before anything is written, since what was written would be committed.
    let owners = owners(db, &updates).await?;
    let owner_of = |name: &Username| Ok::<_, Failed>(owners.get(name.as_str()).copied());
    if let Some(taken) = user::taken_name(&updates, owner_of)? {
        return Ok(AccountsUpdated::NameTaken(taken));
    }
    // Users may swap their names, so each gives up its own first.
    for (id, _) in updates.iter().filter(|(_, update)| update.username.is_some()) {
        give_up_name(db, *id).await?;
    }
    let mut changes = Vec::new();
    for (id, update) in &updates {
        changes.push(apply(db, *id, update, by, now).await?);
    }
    for before in &before {
        if let Some(after) = users::find_by_id(db, before.id).await? {
            revocations::note_change(db, before, &after, now).await?;
        }
    }
    Ok(AccountsUpdated::Done(changes))
}

async fn find(db: &Connection, user: UserId) -> Result<Option<(User, Option<LastImport>)>, Failed> {
    let sql = concat!(
        "SELECT ",
        user_columns!(),
        ", u.last_import FROM users u WHERE u.id = $1 AND u.removed_at IS NULL"
    );
    let Some(row) = db.row(sql, params![uuid(user)]).await? else { return Ok(None) };
    // A note that cannot be read is as good as none.
    let last = optional_str(&row, USER_COLUMN_COUNT)?.and_then(LastImport::from_json);
    Ok(Some((user_at(&row, 0)?, last)))
}

/// Who has the names that these users are to get.
async fn owners(
    db: &Connection,
    updates: &[(UserId, AccountUpdate)],
) -> Result<HashMap<Box<str>, UserId>, Failed> {
    let wanted = updates.iter().filter_map(|(_, update)| update.username.as_ref());
    let wanted: Vec<&str> = wanted.map(Username::as_str).collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = "SELECT username, id FROM users WHERE username = ANY($1) AND removed_at IS NULL";
    let rows = db.rows(sql, params![wanted]).await?;
    rows.iter().map(|row| Ok((text(row, 0)?, id(row, 1)?))).collect()
}

async fn give_up_name(db: &Connection, user: UserId) -> Result<(), Failed> {
    let sql = "UPDATE users SET username = $2, folded = NULL WHERE id = $1";
    db.execute(sql, params![uuid(user), format!("renamed {user}")]).await.map(drop)
}

async fn set_name(db: &Connection, user: UserId, name: &Username) -> Result<(), Failed> {
    let sql = "UPDATE users SET username = $2, folded = $3 WHERE id = $1";
    db.execute(sql, params![uuid(user), name.as_str(), name.folded()]).await.map(drop)
}

async fn apply(
    db: &Connection,
    id: UserId,
    update: &AccountUpdate,
    by: &Actor,
    now: Timestamp,
) -> Result<AccountChange, Failed> {
    if let Some(name) = &update.username {
        set_name(db, id, name).await?;
    }
    if let Some(email) = &update.email {
        set_email(db, id, email.as_deref()).await?;
    }
    if let Some(role) = update.role {
        let (owner, role) = role.to_stored();
        let sql = "UPDATE users SET admin = $2, role = $3 WHERE id = $1";
        db.execute(sql, params![uuid(id), owner, role]).await?;
    }
    if update.describes_anew() {
        audit::append(db, &described_anew(id, by, now)).await?;
    }
    if let Some(attributes) = &update.attributes {
        users::change_attributes(db, id, attributes, by, now).await?;
    }
    let mut grants_ended = 0;
    let mut count = |change| {
        if let UserChange::Done { grants_ended: ended } = change {
            grants_ended += ended;
        }
    };
    if let PasswordFate::Changed(password) = &update.password {
        count(users::change_password(db, id, password, None, by, now).await?);
    }
    match update.status {
        Some(UserStatus::Disabled) => count(users::disable(db, id, by, now).await?),
        Some(UserStatus::Active) => count(users::enable(db, id, by, now).await?),
        None => {}
    }
    note(db, id, &update.last).await?;
    Ok(AccountChange {
        changed: !update.changes_nothing(),
        grants_ended,
        password_unknown: update.password == PasswordFate::Unknown,
    })
}

async fn set_email(db: &Connection, user: UserId, email: Option<&str>) -> Result<u64, Failed> {
    let sql = "UPDATE users SET email = $2 WHERE id = $1 AND removed_at IS NULL";
    db.execute(sql, params![uuid(user), email]).await
}

async fn change_email(
    db: &Connection,
    user: UserId,
    email: Option<&str>,
    by: &Actor,
    now: Timestamp,
) -> Result<UserChange, Failed> {
    if let Some(refusal) = users::guard(db, user, Act::Change, by).await? {
        return Ok(UserChange::Refused(refusal));
    }
    users::lock(db, user).await?;
    let Some(before) = users::find_by_id(db, user).await? else { return Ok(UserChange::UnknownUser) };
    set_email(db, user, email).await?;
    let after = User { email: email.map(Into::into), ..before.clone() };
    revocations::note_change(db, &before, &after, now).await?;
    audit::append(db, &described_anew(user, by, now)).await?;
    Ok(UserChange::Done { grants_ended: 0 })
}
