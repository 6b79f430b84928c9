//! Users in PostgreSQL. What is done about a user is done under the lock on their row.

use async_trait::async_trait;
use jeton_authority::audit::Actor;
use jeton_authority::factor::Enrolled;
use jeton_authority::grant::{Audience, Ending};
use jeton_authority::password::PasswordHash;
use jeton_authority::revocation::{RevocationEvent, Revoked};
use jeton_authority::store::{GrantsEnded, NewUser, StoreError, UserAddition, UserChange, UserStore};
use jeton_authority::user::{
    self, Attributes, EndingGrants, Role, Taken, User, UserDecision, UserStanding, UserStatus, Username,
    attributes_changed,
};
use jeton_authority::{GrantId, UserId};
use jeton_jose::Timestamp;
use tokio_postgres::Row;

use super::PostgresStore;
use super::columns::{
    count, counted, id, named, optional_text, params, str, text, timestamp, uuid, uuids, value,
};
use super::connection::Connection;
use super::ending::end_grants;
use super::error::Failed;
use super::{audit, authenticators, name_locks, revocations, sessions};

#[async_trait]
impl UserStore for PostgresStore {
    async fn add_user(&self, user: NewUser, by: Actor) -> Result<UserAddition, StoreError> {
        self.write((user, by), |db, (user, by)| Box::pin(add(db, user, Names::Alike, by))).await
    }

    async fn find_user(&self, username: &Username) -> Result<Option<User>, StoreError> {
        self.read(username.clone(), |db, username| Box::pin(find(db, username))).await
    }

    async fn find_users_alike(&self, username: &Username) -> Result<Vec<User>, StoreError> {
        self.read(username.clone(), |db, username| Box::pin(find_alike(db, username))).await
    }

    async fn find_user_by_id(&self, user: UserId) -> Result<Option<User>, StoreError> {
        self.read(user, |db, user| Box::pin(find_by_id(db, *user))).await
    }

    async fn list_users(&self, after: Option<&Username>, limit: u32) -> Result<Vec<User>, StoreError> {
        self.list((after.cloned(), limit), |db, (after, limit)| Box::pin(list(db, after.as_ref(), *limit)))
            .await
    }

    async fn disable_user(&self, user: UserId, by: Actor, now: Timestamp) -> Result<UserChange, StoreError> {
        self.write((user, by, now), |db, (user, by, now)| Box::pin(disable(db, *user, by, *now))).await
    }

    async fn enable_user(&self, user: UserId, by: Actor, now: Timestamp) -> Result<UserChange, StoreError> {
        self.write((user, by, now), |db, (user, by, now)| Box::pin(enable(db, *user, by, *now))).await
    }

    async fn end_again(
        &self,
        last: UserStanding,
        by: Actor,
        now: Timestamp,
    ) -> Result<UserChange, StoreError> {
        self.write((last, by, now), |db, (last, by, now)| Box::pin(end_again(db, *last, by, *now))).await
    }

    async fn change_password(
        &self,
        user: UserId,
        password: PasswordHash,
        keep: Option<GrantId>,
        by: Actor,
        now: Timestamp,
    ) -> Result<UserChange, StoreError> {
        self.write((user, password, keep, by, now), |db, (user, password, keep, by, now)| {
            Box::pin(change_password(db, *user, password, *keep, by, *now))
        })
        .await
    }

    async fn change_attributes(
        &self,
        user: UserId,
        attributes: Attributes,
        by: Actor,
        now: Timestamp,
    ) -> Result<UserChange, StoreError> {
        self.write((user, attributes, by, now), |db, (user, attributes, by, now)| {
            Box::pin(change_attributes(db, *user, attributes, by, *now))
        })
        .await
    }

    async fn rehash_password(
        &self,
        user: UserId,
        from: &PasswordHash,
        to: PasswordHash,
    ) -> Result<(), StoreError> {
        self.write((user, from.clone(), to), |db, (user, from, to)| {
            Box::pin(rehash_password(db, *user, from, to))
        })
        .await
    }
}

/// Which names keep a new user from being added.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// The very same alone.
    Same,
    /// Those that look alike, too.
    Alike,
}

pub(super) async fn add(
    db: &Connection,
    user: &NewUser,
    names: Names,
    by: &Actor,
) -> Result<UserAddition, Failed> {
    if names == Names::Alike {
        name_locks::lock(db, &user.username).await?;
    }
    let addition = audit::write(db, user::add(user, taken(db, user, names).await?, by)).await?;
    if addition != UserAddition::Added {
        return Ok(addition);
    }
    let added = db.execute(
        "INSERT INTO users (id, username, imported_key, email, password, disabled, admin, created_at, attributes, folded)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
        params![
            uuid(user.id),
            user.username.as_str(),
            user.imported_key.as_deref(),
            user.email.as_deref(),
            user.password.expose(),
            user.status == UserStatus::Disabled,
            user.role == Role::Admin,
            user.created_at.unix(),
            user.attributes.to_json(),
            user.username.folded(),
        ],
    ).await?;
    if added == 0 { Err(Failed::Overtaken) } else { Ok(addition) }
}

async fn taken(db: &Connection, user: &NewUser, names: Names) -> Result<Taken, Failed> {
    let name = user.username.as_str();
    // NULL is equal to nothing, so users without a key never collide.
    let by_key = "SELECT 1 FROM users WHERE imported_key = $1 UNION ALL SELECT 1 FROM users WHERE id = $2";
    Ok(Taken {
        name: db.exists("SELECT 1 FROM users WHERE username = $1", params![name]).await?,
        similar_name: names == Names::Alike && !find_alike(db, &user.username).await?.is_empty(),
        key: db.exists(by_key, params![user.imported_key.as_deref(), user.key_as_id().map(uuid)]).await?,
    })
}

pub(super) async fn find(db: &Connection, username: &Username) -> Result<Option<User>, Failed> {
    let sql =
        concat!("SELECT ", user_columns!(), " FROM users u WHERE u.username = $1 AND u.removed_at IS NULL");
    db.row(sql, params![username.as_str()]).await?.map(|row| user_at(&row, 0)).transpose()
}

pub(super) async fn find_alike(db: &Connection, username: &Username) -> Result<Vec<User>, Failed> {
    // The index has the beginning of the name alone: a folded name may be longer than what an index takes.
    let sql = concat!(
        "SELECT ",
        user_columns!(),
        " FROM users u WHERE left(u.folded, 200) = left($1, 200) AND u.folded = $1 AND u.removed_at IS NULL
         ORDER BY u.username = $2 DESC LIMIT 2"
    );
    let rows = db.rows(sql, params![username.folded(), username.as_str()]).await?;
    rows.iter().map(|row| user_at(row, 0)).collect()
}

pub(super) async fn find_by_id(db: &Connection, user: UserId) -> Result<Option<User>, Failed> {
    let sql = concat!("SELECT ", user_columns!(), " FROM users u WHERE u.id = $1 AND u.removed_at IS NULL");
    db.row(sql, params![uuid(user)]).await?.map(|row| user_at(&row, 0)).transpose()
}

async fn list(db: &Connection, after: Option<&Username>, limit: u32) -> Result<Vec<User>, Failed> {
    // No username is empty, so every one of them comes after the empty text.
    let sql = concat!(
        "SELECT ",
        user_columns!(),
        " FROM users u WHERE u.username > $1 AND u.removed_at IS NULL ORDER BY u.username LIMIT $2"
    );
    let rows = db.rows(sql, params![after.map_or("", Username::as_str), i64::from(limit)]).await?;
    rows.iter().map(|row| user_at(row, 0)).collect()
}

pub(super) async fn change_attributes(
    db: &Connection,
    user: UserId,
    attributes: &Attributes,
    by: &Actor,
    now: Timestamp,
) -> Result<UserChange, Failed> {
    lock(db, user).await?;
    let Some(before) = find_by_id(db, user).await? else { return Ok(UserChange::UnknownUser) };
    let sql = "UPDATE users SET attributes = $2 WHERE id = $1";
    db.execute(sql, params![uuid(user), attributes.to_json()]).await?;
    let after = User { attributes: attributes.clone(), ..before.clone() };
    revocations::note_change(db, &before, &after, now).await?;
    audit::append(db, &attributes_changed(user, by, now)).await?;
    Ok(UserChange::Done { grants_ended: 0 })
}

pub(super) async fn disable(
    db: &Connection,
    user: UserId,
    by: &Actor,
    now: Timestamp,
) -> Result<UserChange, Failed> {
    decide(db, user, now, |user| user::disable(user, by, now)).await.map(change)
}

pub(super) async fn enable(
    db: &Connection,
    user: UserId,
    by: &Actor,
    now: Timestamp,
) -> Result<UserChange, Failed> {
    decide(db, user, now, |user| user::enable(user, by, now)).await.map(change)
}

async fn end_again(
    db: &Connection,
    last: UserStanding,
    by: &Actor,
    now: Timestamp,
) -> Result<UserChange, Failed> {
    decide(db, last.id, now, |user| user::end_again(user, last, by, now)).await.map(change)
}

pub(super) async fn change_password(
    db: &Connection,
    user: UserId,
    password: &PasswordHash,
    keep: Option<GrantId>,
    by: &Actor,
    now: Timestamp,
) -> Result<UserChange, Failed> {
    let changed = decide(db, user, now, |user| user::change_password(user, keep, by, now)).await?;
    if changed.is_some() {
        let sql = "UPDATE users SET password = $2 WHERE id = $1";
        db.execute(sql, params![uuid(user), password.expose()]).await?;
    }
    Ok(change(changed))
}

async fn rehash_password(
    db: &Connection,
    user: UserId,
    from: &PasswordHash,
    to: &PasswordHash,
) -> Result<(), Failed> {
    let sql = "UPDATE users SET password = $3 WHERE id = $1 AND password = $2";
    db.execute(sql, params![uuid(user), from.expose(), to.expose()]).await.map(drop)
}

/// Removes a user. The row stays, since others point to it, and says nothing of them any more.
pub(super) async fn remove(
    db: &Connection,
    user: UserId,
    by: &Actor,
    now: Timestamp,
) -> Result<UserChange, Failed> {
    let removed = decide(db, user, now, |user| user::remove(user, by, now)).await?;
    if removed.is_none() {
        return Ok(UserChange::UnknownUser);
    }
    for sql in [
        "DELETE FROM consents WHERE user_id = $1",
        "DELETE FROM known_networks WHERE user_id = $1",
        "DELETE FROM mails WHERE user_id = $1",
    ] {
        db.execute(sql, params![uuid(user)]).await?;
    }
    authenticators::forget(db, user).await?;
    let sql = "UPDATE users SET username = $2, folded = NULL, removed_key = imported_key, imported_key = NULL,
                   email = NULL, password = $3, admin = false, attributes = '{}', factors = '', last_import = NULL, removed_at = $4
               WHERE id = $1";
    let unusable = PasswordHash::unusable();
    db.execute(sql, params![uuid(user), format!("removed {user}"), unusable.expose(), now.unix()]).await?;
    Ok(change(removed))
}

pub(super) async fn sign_out_everywhere(
    db: &Connection,
    user: UserId,
    by: &Actor,
    now: Timestamp,
) -> Result<Option<GrantsEnded>, Failed> {
    decide(db, user, now, |user| user::sign_out_everywhere(user, by, now)).await
}

/// Writes what a rule decides of a user; none where there is no such user.
async fn decide(
    db: &Connection,
    user: UserId,
    now: Timestamp,
    rule: impl FnOnce(UserStanding) -> UserDecision + Send,
) -> Result<Option<GrantsEnded>, Failed> {
    lock(db, user).await?;
    let Some(before) = standing(db, user).await? else { return Ok(None) };
    let decision = rule(before);
    if decision.standing != before {
        let UserStanding { epoch, status, .. } = decision.standing;
        let sql = "UPDATE users SET epoch = $2, disabled = $3 WHERE id = $1";
        db.execute(sql, params![uuid(user), count(epoch)?, status == UserStatus::Disabled]).await?;
        let event = RevocationEvent { at: now, what: Revoked::User(decision.standing) };
        revocations::note(db, vec![event]).await?;
    }
    let ended = match decision.ends {
        EndingGrants::None => GrantsEnded::default(),
        EndingGrants::AllBut(keep) => {
            end_grants(db, Ending::OfUser { user, keep }, Audience::Clients, now).await?.counted()
        }
    };
    if decision.ends_sessions {
        sessions::end_all(db, user, now).await?;
    }
    if let Some(record) = &decision.audit {
        audit::append(db, record).await?;
    }
    Ok(Some(ended))
}

fn change(decided: Option<GrantsEnded>) -> UserChange {
    decided.map_or(UserChange::UnknownUser, |ended| UserChange::Done { grants_ended: ended.count })
}

/// Waits until nobody else does anything about a user, and keeps others out until the transaction ends.
pub(super) async fn lock(db: &Connection, user: UserId) -> Result<(), Failed> {
    lock_all(db, [user]).await
}

/// The same for several, in the order in which everybody locks them.
pub(super) async fn lock_all(db: &Connection, users: impl IntoIterator<Item = UserId>) -> Result<(), Failed> {
    let sql = "SELECT 1 FROM users WHERE id = ANY($1) ORDER BY id FOR UPDATE";
    db.rows(sql, params![uuids(users)]).await.map(drop)
}

/// How a user stands.
pub(super) async fn standing(db: &Connection, user: UserId) -> Result<Option<UserStanding>, Failed> {
    let sql = "SELECT disabled, epoch FROM users WHERE id = $1 AND removed_at IS NULL";
    let row = db.row(sql, params![uuid(user)]).await?;
    row.map(|row| Ok(UserStanding { id: user, status: status(&row, 0)?, epoch: counted(&row, 1)? }))
        .transpose()
}

/// The columns that [`user_at`] reads.
macro_rules! user_columns {
    () => {
        "u.id, u.username, u.imported_key, u.email, u.password, u.epoch, u.disabled, u.admin, u.created_at, u.attributes, u.factors"
    };
}
pub(super) use user_columns;

/// How many they are.
pub(super) const USER_COLUMN_COUNT: usize = 11;

/// A user whose columns begin at `first`.
pub(super) fn user_at(row: &Row, first: usize) -> Result<User, Failed> {
    Ok(User {
        id: id(row, first)?,
        username: username(row, first + 1)?,
        imported_key: optional_text(row, first + 2)?,
        email: optional_text(row, first + 3)?,
        password: PasswordHash::from_stored(text(row, first + 4)?),
        epoch: counted(row, first + 5)?,
        status: status(row, first + 6)?,
        role: if value(row, first + 7)? { Role::Admin } else { Role::Member },
        created_at: timestamp(row, first + 8)?,
        attributes: attributes(row, first + 9)?,
        enrolled: Enrolled::parse(str(row, first + 10)?),
    })
}

pub(super) fn attributes(row: &Row, column: usize) -> Result<Attributes, Failed> {
    named(row, column, |json| Attributes::from_json(json).ok())
}

pub(super) fn status(row: &Row, column: usize) -> Result<UserStatus, Failed> {
    Ok(if value(row, column)? { UserStatus::Disabled } else { UserStatus::Active })
}

pub(super) fn username(row: &Row, column: usize) -> Result<Username, Failed> {
    named(row, column, |text| Username::parse(text).ok())
}
