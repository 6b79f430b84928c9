//! Users in PostgreSQL. What is done about a user is done under the lock on their row.

use async_trait::async_trait;
use jeton_authority::audit::Actor;
use jeton_authority::factor::Enrolled;
use jeton_authority::grant::{Audience, Ending};
use jeton_authority::password::PasswordHash;
use jeton_authority::revocation::{RevocationEvent, Revoked};
use jeton_authority::store::{GrantsEnded, NewUser, StoreError, UserAddition, UserChange, UserStore};
use jeton_authority::user::{
    self, Act, ActRefusal, Attributes, EndingGrants, Privileges, Role, Taken, User, UserDecision, UserEdit,
    UserEdited, UserStanding, UserStatus, Username, attributes_changed,
};
use jeton_authority::{SessionId, UserId};
use jeton_jose::Timestamp;
use tokio_postgres::Row;

use super::PostgresStore;
use super::columns::{
    count, counted, id, named, optional_text, params, str, text, timestamp, uuid, uuids, value,
};
use super::connection::Connection;
use super::ending::end_grants;
use super::error::Failed;
use super::{audit, authenticators, leaving, name_locks, revocations, sessions};

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

    async fn search_users(
        &self,
        prefix: &str,
        after: Option<&Username>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        self.list((prefix.to_owned(), after.cloned(), limit), |db, (prefix, after, limit)| {
            Box::pin(search(db, prefix, after.as_ref(), *limit))
        })
        .await
    }

    async fn list_administrators(&self, limit: u32) -> Result<Vec<User>, StoreError> {
        self.list(limit, |db, limit| Box::pin(administrators(db, *limit))).await
    }

    async fn edit_user(
        &self,
        user: UserId,
        edit: UserEdit,
        by: Actor,
        now: Timestamp,
    ) -> Result<UserEdited, StoreError> {
        self.write((user, edit, by, now), |db, (user, edit, by, now)| {
            Box::pin(apply_edit(db, *user, edit, by, *now))
        })
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
        keep: Option<SessionId>,
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
    if !may_add(db, user, by).await? {
        return Ok(UserAddition::NotAllowed);
    }
    let addition = audit::write(db, user::add(user, taken(db, user, names).await?, by)).await?;
    if addition != UserAddition::Added {
        return Ok(addition);
    }
    let (owner, role) = user.role.to_stored();
    let added = db.execute(
        "INSERT INTO users (id, username, imported_key, email, password, disabled, admin, role, created_at, attributes, folded)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
        params![
            uuid(user.id),
            user.username.as_str(),
            user.imported_key.as_deref(),
            user.email.as_deref(),
            user.password.expose(),
            user.status == UserStatus::Disabled,
            owner,
            role,
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
    if let Some(refusal) = guard(db, user, Act::Change, by).await? {
        return Ok(UserChange::Refused(refusal));
    }
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
    if let Some(refusal) = guard(db, user, Act::Disable, by).await? {
        return Ok(UserChange::Refused(refusal));
    }
    decide(db, user, now, |user| user::disable(user, by, now)).await.map(change)
}

pub(super) async fn enable(
    db: &Connection,
    user: UserId,
    by: &Actor,
    now: Timestamp,
) -> Result<UserChange, Failed> {
    if let Some(refusal) = guard(db, user, Act::Enable, by).await? {
        return Ok(UserChange::Refused(refusal));
    }
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
    keep: Option<SessionId>,
    by: &Actor,
    now: Timestamp,
) -> Result<UserChange, Failed> {
    if let Some(refusal) = guard(db, user, Act::Change, by).await? {
        return Ok(UserChange::Refused(refusal));
    }
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
    if let Some(refusal) = guard(db, user, Act::Remove, by).await? {
        return Ok(UserChange::Refused(refusal));
    }
    let removed = decide(db, user, now, |user| user::remove(user, by, now)).await?;
    if removed.is_none() {
        return Ok(UserChange::UnknownUser);
    }
    for sql in [
        "DELETE FROM consents WHERE user_id = $1",
        "DELETE FROM known_networks WHERE user_id = $1",
        "DELETE FROM mails WHERE user_id = $1",
        "DELETE FROM password_resets WHERE user_id = $1",
    ] {
        db.execute(sql, params![uuid(user)]).await?;
    }
    authenticators::forget(db, user).await?;
    leaving::forget(db, user).await?;
    let sql = "UPDATE users SET username = $2, folded = NULL, removed_key = imported_key, imported_key = NULL,
                   email = NULL, password = $3, admin = false, role = '', attributes = '{}', factors = '', last_import = NULL, removed_at = $4
               WHERE id = $1";
    let unusable = PasswordHash::unusable();
    db.execute(sql, params![uuid(user), format!("removed {user}"), unusable.expose(), now.unix()]).await?;
    Ok(change(removed))
}

pub(super) async fn sign_out_everywhere(
    db: &Connection,
    user: UserId,
    keep: Option<SessionId>,
    by: &Actor,
    now: Timestamp,
) -> Result<Option<GrantsEnded>, Failed> {
    decide(db, user, now, |user| user::sign_out_everywhere(user, keep, by, now)).await
}

/// Whether somebody may do something to a user; why not, otherwise. A user who is not there is none of its business. Locks the user,
/// whoever acts, and all owners where one may be lost: two who demote each other come one after the other.
pub(super) async fn guard(
    db: &Connection,
    user: UserId,
    act: Act,
    by: &Actor,
) -> Result<Option<ActRefusal>, Failed> {
    if matches!(by, Actor::Authority | Actor::Operator) {
        return Ok(None);
    }
    lock_for(db, user, act.may_cost_an_owner(), by).await?;
    let Some(target) = privileges(db, user).await? else { return Ok(None) };
    let (actor, owners) = (acting(db, by).await?, other_owners(db, user).await?);
    Ok(user::permit(act, target, by, actor, owners).err())
}

async fn lock_for(db: &Connection, user: UserId, owners: bool, by: &Actor) -> Result<(), Failed> {
    let actor = match by {
        Actor::User(actor) => Some(*actor),
        _ => None,
    };
    let users = uuids([user].into_iter().chain(actor));
    let sql = if owners {
        "SELECT 1 FROM users WHERE id IN (
             SELECT unnest($1) UNION
             SELECT id FROM users WHERE (admin OR role <> '') AND admin AND NOT disabled AND removed_at IS NULL)
         ORDER BY id FOR UPDATE"
    } else {
        "SELECT 1 FROM users WHERE id = ANY($1) ORDER BY id FOR UPDATE"
    };
    db.rows(sql, params![users]).await.map(drop)
}

async fn privileges(db: &Connection, user: UserId) -> Result<Option<Privileges>, Failed> {
    let sql = "SELECT admin, role, disabled FROM users WHERE id = $1 AND removed_at IS NULL";
    let row = db.row(sql, params![uuid(user)]).await?;
    row.map(|row| Ok(Privileges { id: user, role: role(&row, 0, 1)?, status: status(&row, 2)? })).transpose()
}

/// The user who acts, if it is a user.
async fn acting(db: &Connection, by: &Actor) -> Result<Option<Privileges>, Failed> {
    match by {
        Actor::User(user) => privileges(db, *user).await,
        _ => Ok(None),
    }
}

/// Whether somebody may add a user with this role. Who adds themselves is a member.
async fn may_add(db: &Connection, user: &NewUser, by: &Actor) -> Result<bool, Failed> {
    if let Actor::User(actor) = by {
        lock(db, *actor).await?;
    }
    let new = Privileges { id: user.id, role: Role::Member, status: user.status };
    Ok(user::permit(Act::Give(user.role), new, by, acting(db, by).await?, 1).is_ok())
}

/// How many owners can sign in, besides a user.
async fn other_owners(db: &Connection, user: UserId) -> Result<u64, Failed> {
    let sql = "SELECT COUNT(*) FROM users
               WHERE (admin OR role <> '') AND admin AND NOT disabled AND removed_at IS NULL AND id <> $1";
    match db.row(sql, params![uuid(user)]).await? {
        Some(row) => counted(&row, 0),
        None => Err(Failed::Unreadable),
    }
}

async fn apply_edit(
    db: &Connection,
    user: UserId,
    edit: &UserEdit,
    by: &Actor,
    now: Timestamp,
) -> Result<UserEdited, Failed> {
    lock_for(db, user, edit.role.is_some(), by).await?;
    let Some(before) = find_by_id(db, user).await? else { return Ok(UserEdited::UnknownUser) };
    let (actor, owners) = (acting(db, by).await?, other_owners(db, user).await?);
    let (after, records) = match user::edit(&before, edit, by, actor, owners, now) {
        Ok(edited) => edited,
        Err(outcome) => return Ok(outcome),
    };
    if records.is_empty() {
        return Ok(UserEdited::Done(Box::new(after)));
    }
    let (owner, role) = after.role.to_stored();
    let sql = "UPDATE users SET email = $2, attributes = $3, admin = $4, role = $5 WHERE id = $1";
    let attributes = after.attributes.to_json();
    db.execute(sql, params![uuid(user), after.email.as_deref(), attributes, owner, role]).await?;
    revocations::note_change(db, &before, &after, now).await?;
    for record in &records {
        audit::append(db, record).await?;
    }
    Ok(UserEdited::Done(Box::new(after)))
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
            if let Some(session) = keep {
                sessions::keep(db, session, &before, &decision.standing).await?;
            }
            end_grants(db, Ending::OfUser { user, keep }, Audience::Clients, now).await?.counted()
        }
    };
    if decision.ends_sessions {
        let keep = if let EndingGrants::AllBut(keep) = decision.ends { keep } else { None };
        sessions::end_all(db, user, keep, now).await?;
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

async fn search(
    db: &Connection,
    prefix: &str,
    after: Option<&Username>,
    limit: u32,
) -> Result<Vec<User>, Failed> {
    // The index has the beginning of the name alone. Users who were removed have no folded name.
    let sql = concat!(
        "SELECT ",
        user_columns!(),
        " FROM users u
         WHERE left(u.folded, 200) >= left($1, 200) AND left(u.folded, 200) < left($2, 200) || $3
           AND (left(u.folded, 200), u.folded, u.username) > (left($4, 200), $4, $5)
           AND starts_with(u.folded, $1)
         ORDER BY left(u.folded, 200), u.folded, u.username LIMIT $6"
    );
    // What is compared is at most 200 characters long, so each name that begins with the prefix comes before this.
    let last = char::MAX.to_string().repeat(201);
    let folded = after.map(Username::folded).unwrap_or_default();
    let after = after.map_or("", Username::as_str);
    let rows = db.rows(sql, params![prefix, prefix, last, folded, after, i64::from(limit)]).await?;
    rows.iter().map(|row| user_at(row, 0)).collect()
}

async fn administrators(db: &Connection, limit: u32) -> Result<Vec<User>, Failed> {
    let sql = concat!(
        "SELECT ",
        user_columns!(),
        " FROM users u WHERE (u.admin OR u.role <> '') AND u.removed_at IS NULL
         ORDER BY u.username LIMIT $1"
    );
    let rows = db.rows(sql, params![i64::from(limit)]).await?;
    rows.iter().map(|row| user_at(row, 0)).collect()
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
        "u.id, u.username, u.imported_key, u.email, u.password, u.epoch, u.disabled, u.admin, u.created_at, u.attributes, u.factors, u.role"
    };
}
pub(super) use user_columns;

/// How many they are.
pub(super) const USER_COLUMN_COUNT: usize = 12;

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
        role: role(row, first + 7, first + 11)?,
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

/// A role, from the column that tells owners and the one that names other roles.
fn role(row: &Row, owner: usize, name: usize) -> Result<Role, Failed> {
    Ok(Role::from_stored(value(row, owner)?, str(row, name)?))
}

pub(super) fn username(row: &Row, column: usize) -> Result<Username, Failed> {
    named(row, column, |text| Username::parse(text).ok())
}
