//! Users in SQLite.

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
use rusqlite::{Connection, OptionalExtension, Row, ToSql};

use super::SqliteStore;
use super::columns::{count, counted, named, optional_text, text, timestamp, user_id};
use super::ending::end_grants;
use super::{audit, authenticators, leaving, revocations, sessions};

#[async_trait]
impl UserStore for SqliteStore {
    async fn add_user(&self, user: NewUser, by: Actor) -> Result<UserAddition, StoreError> {
        self.writer.submit(move |db| add(db, &user, Names::Alike, &by)).await
    }

    async fn find_user(&self, username: &Username) -> Result<Option<User>, StoreError> {
        self.readers.read(|db| find(db, username))
    }

    async fn find_users_alike(&self, username: &Username) -> Result<Vec<User>, StoreError> {
        self.readers.read(|db| find_alike(db, username))
    }

    async fn find_user_by_id(&self, user: UserId) -> Result<Option<User>, StoreError> {
        self.readers.read(|db| find_by_id(db, user))
    }

    async fn list_users(&self, after: Option<&Username>, limit: u32) -> Result<Vec<User>, StoreError> {
        let after = after.cloned();
        self.list(move |db| list(db, after.as_ref(), limit)).await
    }

    async fn search_users(
        &self,
        prefix: &str,
        after: Option<&Username>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        let (prefix, after) = (prefix.to_owned(), after.cloned());
        self.list(move |db| search(db, &prefix, after.as_ref(), limit)).await
    }

    async fn list_administrators(&self, limit: u32) -> Result<Vec<User>, StoreError> {
        self.list(move |db| administrators(db, limit)).await
    }

    async fn edit_user(
        &self,
        user: UserId,
        edit: UserEdit,
        by: Actor,
        now: Timestamp,
    ) -> Result<UserEdited, StoreError> {
        self.writer.submit(move |db| apply_edit(db, user, &edit, &by, now)).await
    }

    async fn disable_user(&self, user: UserId, by: Actor, now: Timestamp) -> Result<UserChange, StoreError> {
        self.writer.submit(move |db| disable(db, user, &by, now)).await
    }

    async fn enable_user(&self, user: UserId, by: Actor, now: Timestamp) -> Result<UserChange, StoreError> {
        self.writer.submit(move |db| enable(db, user, &by, now)).await
    }

    async fn end_again(
        &self,
        last: UserStanding,
        by: Actor,
        now: Timestamp,
    ) -> Result<UserChange, StoreError> {
        self.writer.submit(move |db| end_again(db, last, &by, now)).await
    }

    async fn change_password(
        &self,
        user: UserId,
        password: PasswordHash,
        keep: Option<SessionId>,
        by: Actor,
        now: Timestamp,
    ) -> Result<UserChange, StoreError> {
        self.writer.submit(move |db| change_password(db, user, &password, keep, &by, now)).await
    }

    async fn change_attributes(
        &self,
        user: UserId,
        attributes: Attributes,
        by: Actor,
        now: Timestamp,
    ) -> Result<UserChange, StoreError> {
        self.writer.submit(move |db| change_attributes(db, user, &attributes, &by, now)).await
    }

    async fn rehash_password(
        &self,
        user: UserId,
        from: &PasswordHash,
        to: PasswordHash,
    ) -> Result<(), StoreError> {
        let from = from.clone();
        self.writer.submit(move |db| rehash_password(db, user, &from, &to)).await
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

pub(super) fn add(
    db: &Connection,
    user: &NewUser,
    names: Names,
    by: &Actor,
) -> rusqlite::Result<UserAddition> {
    let exists = |sql, value: &dyn ToSql| db.prepare_cached(sql)?.exists([value]);
    if !may_add(db, user, by)? {
        return Ok(UserAddition::NotAllowed);
    }
    let key = user.imported_key.as_deref();
    let key_as_id = user.key_as_id();
    let taken = Taken {
        name: exists("SELECT 1 FROM users WHERE username = ?1", &user.username.as_str())?,
        similar_name: names == Names::Alike && !find_alike(db, &user.username)?.is_empty(),
        // NULL is equal to nothing, so users without a key never collide.
        key: exists("SELECT 1 FROM users WHERE imported_key = ?1", &key)?
            || exists("SELECT 1 FROM users WHERE id = ?1", &key_as_id.as_ref().map(UserId::as_bytes))?,
    };
    let addition = audit::write(db, user::add(user, taken, by))?;
    if addition != UserAddition::Added {
        return Ok(addition);
    }
    let mut insert = db.prepare_cached(
        "INSERT INTO users (id, username, imported_key, email, password, disabled, admin, role, created_at, attributes, folded)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    let (owner, role) = user.role.to_stored();
    insert.execute((
        user.id.as_bytes(),
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
    ))?;
    Ok(addition)
}

pub(super) fn find(db: &Connection, username: &Username) -> rusqlite::Result<Option<User>> {
    let mut select = db.prepare_cached(&format!(
        "SELECT {USER_COLUMNS} FROM users u WHERE u.username = ?1 AND u.removed_at IS NULL"
    ))?;
    select.query_row([username.as_str()], |row| user_at(row, 0)).optional()
}

pub(super) fn find_alike(db: &Connection, username: &Username) -> rusqlite::Result<Vec<User>> {
    let mut select = db.prepare_cached(&format!(
        "SELECT {USER_COLUMNS} FROM users u WHERE u.folded = ?1 AND u.removed_at IS NULL
         ORDER BY u.username = ?2 DESC LIMIT 2"
    ))?;
    select.query_map((username.folded(), username.as_str()), |row| user_at(row, 0))?.collect()
}

/// Gives each user that has none the folded name: of a database from before there were any.
pub(super) fn fold_names(db: &Connection) -> rusqlite::Result<()> {
    let mut select =
        db.prepare("SELECT number, username FROM users WHERE folded IS NULL AND removed_at IS NULL")?;
    let mut set = db.prepare("UPDATE users SET folded = ?2 WHERE number = ?1")?;
    let users: Vec<(i64, Username)> =
        select.query_map([], |row| Ok((row.get(0)?, username(row, 1)?)))?.collect::<Result<_, _>>()?;
    for (number, username) in users {
        set.execute((number, username.folded()))?;
    }
    Ok(())
}

pub(super) fn find_by_id(db: &Connection, user: UserId) -> rusqlite::Result<Option<User>> {
    let mut select = db.prepare_cached(&format!(
        "SELECT {USER_COLUMNS} FROM users u WHERE u.id = ?1 AND u.removed_at IS NULL"
    ))?;
    select.query_row([user.as_bytes()], |row| user_at(row, 0)).optional()
}

pub(super) fn change_attributes(
    db: &Connection,
    user: UserId,
    attributes: &Attributes,
    by: &Actor,
    now: Timestamp,
) -> rusqlite::Result<UserChange> {
    let Some(before) = find_by_id(db, user)? else { return Ok(UserChange::UnknownUser) };
    if let Some(refusal) = guard(db, user, Act::Change, by)? {
        return Ok(UserChange::Refused(refusal));
    }
    db.prepare_cached("UPDATE users SET attributes = ?2 WHERE id = ?1")?
        .execute((user.as_bytes(), attributes.to_json()))?;
    let after = User { attributes: attributes.clone(), ..before.clone() };
    revocations::note_change(db, &before, &after, now)?;
    audit::append(db, &attributes_changed(user, by, now))?;
    Ok(UserChange::Done { grants_ended: 0 })
}

pub(super) fn list(db: &Connection, after: Option<&Username>, limit: u32) -> rusqlite::Result<Vec<User>> {
    // No username is empty, so every one of them comes after the empty text.
    let mut select = db.prepare_cached(&format!(
        "SELECT {USER_COLUMNS} FROM users u WHERE u.username > ?1 AND u.removed_at IS NULL ORDER BY u.username LIMIT ?2"
    ))?;
    select.query_map((after.map_or("", Username::as_str), limit), |row| user_at(row, 0))?.collect()
}

pub(super) fn disable(
    db: &Connection,
    user: UserId,
    by: &Actor,
    now: Timestamp,
) -> rusqlite::Result<UserChange> {
    if let Some(refusal) = guard(db, user, Act::Disable, by)? {
        return Ok(UserChange::Refused(refusal));
    }
    decide(db, user, now, |user| user::disable(user, by, now)).map(change)
}

pub(super) fn enable(
    db: &Connection,
    user: UserId,
    by: &Actor,
    now: Timestamp,
) -> rusqlite::Result<UserChange> {
    if let Some(refusal) = guard(db, user, Act::Enable, by)? {
        return Ok(UserChange::Refused(refusal));
    }
    decide(db, user, now, |user| user::enable(user, by, now)).map(change)
}

fn end_again(
    db: &Connection,
    last: UserStanding,
    by: &Actor,
    now: Timestamp,
) -> rusqlite::Result<UserChange> {
    decide(db, last.id, now, |user| user::end_again(user, last, by, now)).map(change)
}

pub(super) fn change_password(
    db: &Connection,
    user: UserId,
    password: &PasswordHash,
    keep: Option<SessionId>,
    by: &Actor,
    now: Timestamp,
) -> rusqlite::Result<UserChange> {
    if let Some(refusal) = guard(db, user, Act::Change, by)? {
        return Ok(UserChange::Refused(refusal));
    }
    let changed = decide(db, user, now, |user| user::change_password(user, keep, by, now))?;
    if changed.is_some() {
        db.prepare_cached("UPDATE users SET password = ?2 WHERE id = ?1")?
            .execute((user.as_bytes(), password.expose()))?;
    }
    Ok(change(changed))
}

pub(super) fn rehash_password(
    db: &Connection,
    user: UserId,
    from: &PasswordHash,
    to: &PasswordHash,
) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE users SET password = ?3 WHERE id = ?1 AND password = ?2")?
        .execute((user.as_bytes(), from.expose(), to.expose()))
        .map(drop)
}

/// Removes a user. The row stays, since others point to it, and says nothing of them any more.
pub(super) fn remove(
    db: &Connection,
    user: UserId,
    by: &Actor,
    now: Timestamp,
) -> rusqlite::Result<UserChange> {
    if let Some(refusal) = guard(db, user, Act::Remove, by)? {
        return Ok(UserChange::Refused(refusal));
    }
    let removed = decide(db, user, now, |user| user::remove(user, by, now))?;
    if removed.is_none() {
        return Ok(UserChange::UnknownUser);
    }
    for sql in [
        "DELETE FROM consents WHERE user = (SELECT number FROM users WHERE id = ?1)",
        "DELETE FROM known_networks WHERE user = (SELECT number FROM users WHERE id = ?1)",
        "DELETE FROM mails WHERE user_id = ?1",
        "DELETE FROM password_resets WHERE user_id = ?1",
    ] {
        db.prepare_cached(sql)?.execute([user.as_bytes()])?;
    }
    authenticators::forget(db, user)?;
    leaving::forget(db, user)?;
    let unusable = PasswordHash::unusable();
    db.prepare_cached(
        "UPDATE users SET username = ?2, folded = NULL, removed_key = imported_key, imported_key = NULL, email = NULL, password = ?3,
             admin = 0, role = '', attributes = '{}', factors = '', last_import = NULL, removed_at = ?4
         WHERE id = ?1",
    )?
    .execute((user.as_bytes(), format!("removed {user}"), unusable.expose(), now.unix()))?;
    Ok(change(removed))
}

pub(super) fn sign_out_everywhere(
    db: &Connection,
    user: UserId,
    keep: Option<SessionId>,
    by: &Actor,
    now: Timestamp,
) -> rusqlite::Result<Option<GrantsEnded>> {
    decide(db, user, now, |user| user::sign_out_everywhere(user, keep, by, now))
}

/// Whether somebody may do something to a user; why not, otherwise. A user who is not there is none of its business.
pub(super) fn guard(
    db: &Connection,
    user: UserId,
    act: Act,
    by: &Actor,
) -> rusqlite::Result<Option<ActRefusal>> {
    if matches!(by, Actor::Authority | Actor::Operator) {
        return Ok(None);
    }
    let Some(target) = privileges(db, user)? else { return Ok(None) };
    Ok(user::permit(act, target, by, acting(db, by)?, other_owners(db, user)?).err())
}

fn privileges(db: &Connection, user: UserId) -> rusqlite::Result<Option<Privileges>> {
    db.prepare_cached("SELECT admin, role, disabled FROM users WHERE id = ?1 AND removed_at IS NULL")?
        .query_row([user.as_bytes()], |row| {
            Ok(Privileges { id: user, role: role(row, 0, 1)?, status: status(row, 2)? })
        })
        .optional()
}

/// The user who acts, if it is a user.
fn acting(db: &Connection, by: &Actor) -> rusqlite::Result<Option<Privileges>> {
    match by {
        Actor::User(user) => privileges(db, *user),
        _ => Ok(None),
    }
}

/// Whether somebody may add a user with this role. Who adds themselves is a member.
fn may_add(db: &Connection, user: &NewUser, by: &Actor) -> rusqlite::Result<bool> {
    let new = Privileges { id: user.id, role: Role::Member, status: user.status };
    Ok(user::permit(Act::Give(user.role), new, by, acting(db, by)?, 1).is_ok())
}

/// How many owners can sign in, besides a user.
fn other_owners(db: &Connection, user: UserId) -> rusqlite::Result<u64> {
    db.prepare_cached(
        "SELECT COUNT(*) FROM users
         WHERE (admin = 1 OR role <> '') AND admin = 1 AND disabled = 0 AND removed_at IS NULL AND id <> ?1",
    )?
    .query_row([user.as_bytes()], |row| counted(row, 0))
}

fn apply_edit(
    db: &Connection,
    user: UserId,
    edit: &UserEdit,
    by: &Actor,
    now: Timestamp,
) -> rusqlite::Result<UserEdited> {
    let Some(before) = find_by_id(db, user)? else { return Ok(UserEdited::UnknownUser) };
    let (actor, owners) = (acting(db, by)?, other_owners(db, user)?);
    let (after, records) = match user::edit(&before, edit, by, actor, owners, now) {
        Ok(edited) => edited,
        Err(outcome) => return Ok(outcome),
    };
    if records.is_empty() {
        return Ok(UserEdited::Done(Box::new(after)));
    }
    let (owner, role) = after.role.to_stored();
    db.prepare_cached("UPDATE users SET email = ?2, attributes = ?3, admin = ?4, role = ?5 WHERE id = ?1")?
        .execute((user.as_bytes(), after.email.as_deref(), after.attributes.to_json(), owner, role))?;
    revocations::note_change(db, &before, &after, now)?;
    for record in &records {
        audit::append(db, record)?;
    }
    Ok(UserEdited::Done(Box::new(after)))
}

/// Writes what a rule decides of a user; none where there is no such user.
fn decide(
    db: &Connection,
    user: UserId,
    now: Timestamp,
    rule: impl FnOnce(UserStanding) -> UserDecision,
) -> rusqlite::Result<Option<GrantsEnded>> {
    let Some(before) = standing(db, user)? else { return Ok(None) };
    let decision = rule(before);
    if decision.standing != before {
        let UserStanding { epoch, status, .. } = decision.standing;
        db.prepare_cached("UPDATE users SET epoch = ?2, disabled = ?3 WHERE id = ?1")?.execute((
            user.as_bytes(),
            count(epoch)?,
            status == UserStatus::Disabled,
        ))?;
        revocations::note(db, &RevocationEvent { at: now, what: Revoked::User(decision.standing) })?;
    }
    let ended = match decision.ends {
        EndingGrants::None => GrantsEnded::default(),
        EndingGrants::AllBut(keep) => {
            if let Some(session) = keep {
                sessions::keep(db, session, &before, &decision.standing)?;
            }
            end_grants(db, Ending::OfUser { user, keep }, Audience::Clients, now)?.counted()
        }
    };
    if decision.ends_sessions {
        let keep = if let EndingGrants::AllBut(keep) = decision.ends { keep } else { None };
        sessions::end_all(db, user, keep, now)?;
    }
    if let Some(record) = &decision.audit {
        audit::append(db, record)?;
    }
    Ok(Some(ended))
}

fn change(decided: Option<GrantsEnded>) -> UserChange {
    decided.map_or(UserChange::UnknownUser, |ended| UserChange::Done { grants_ended: ended.count })
}

fn search(
    db: &Connection,
    prefix: &str,
    after: Option<&Username>,
    limit: u32,
) -> rusqlite::Result<Vec<User>> {
    // Users who were removed have no folded name. Texts are compared by their bytes.
    let mut select = db.prepare_cached(&format!(
        "SELECT {USER_COLUMNS} FROM users u
         WHERE u.folded >= max(?1, ?3) AND u.folded < ?2 AND (u.folded, u.username) > (?3, ?4)
         ORDER BY u.folded, u.username LIMIT ?5"
    ))?;
    let after_folded = after.map(Username::folded).unwrap_or_default();
    // No name is longer, so each that begins with the prefix comes before this.
    let behind = format!("{prefix}{}", char::MAX.to_string().repeat(Username::MAX_CHARS + 1));
    let after = after.map_or("", Username::as_str);
    select.query_map((prefix, behind, after_folded, after, limit), |row| user_at(row, 0))?.collect()
}

fn administrators(db: &Connection, limit: u32) -> rusqlite::Result<Vec<User>> {
    let mut select = db.prepare_cached(&format!(
        "SELECT {USER_COLUMNS} FROM users u
         WHERE (u.admin = 1 OR u.role <> '') AND u.removed_at IS NULL ORDER BY u.username LIMIT ?1"
    ))?;
    select.query_map([limit], |row| user_at(row, 0))?.collect()
}

/// How a user stands.
pub(super) fn standing(db: &Connection, user: UserId) -> rusqlite::Result<Option<UserStanding>> {
    db.prepare_cached("SELECT disabled, epoch FROM users WHERE id = ?1 AND removed_at IS NULL")?
        .query_row([user.as_bytes()], |row| {
            Ok(UserStanding { id: user, status: status(row, 0)?, epoch: counted(row, 1)? })
        })
        .optional()
}

/// The columns that [`user_at`] reads.
pub(super) const USER_COLUMNS: &str = "u.id, u.username, u.imported_key, u.email, u.password, u.epoch, u.disabled, \
                                       u.admin, u.created_at, u.attributes, u.factors, u.role";

/// How many they are.
pub(super) const USER_COLUMN_COUNT: usize = 12;

/// A user whose columns begin at `first`.
pub(super) fn user_at(row: &Row<'_>, first: usize) -> rusqlite::Result<User> {
    Ok(User {
        id: user_id(row, first)?,
        username: username(row, first + 1)?,
        imported_key: optional_text(row, first + 2)?,
        email: optional_text(row, first + 3)?,
        password: PasswordHash::from_stored(text(row, first + 4)?),
        epoch: counted(row, first + 5)?,
        status: status(row, first + 6)?,
        role: role(row, first + 7, first + 11)?,
        created_at: timestamp(row, first + 8)?,
        attributes: attributes(row, first + 9)?,
        enrolled: Enrolled::parse(row.get_ref(first + 10)?.as_str()?),
    })
}

pub(super) fn attributes(row: &Row<'_>, column: usize) -> rusqlite::Result<Attributes> {
    named(row, column, |json| Attributes::from_json(json).ok())
}

pub(super) fn status(row: &Row<'_>, column: usize) -> rusqlite::Result<UserStatus> {
    Ok(if row.get(column)? { UserStatus::Disabled } else { UserStatus::Active })
}

/// A role, from the column that tells owners and the one that names other roles.
fn role(row: &Row<'_>, owner: usize, name: usize) -> rusqlite::Result<Role> {
    Ok(Role::from_stored(row.get(owner)?, row.get_ref(name)?.as_str()?))
}

pub(super) fn username(row: &Row<'_>, column: usize) -> rusqlite::Result<Username> {
    named(row, column, |text| Username::parse(text).ok())
}
