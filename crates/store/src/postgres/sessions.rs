//! Browsers' sessions in PostgreSQL. What changes them is done under the lock on the row of their user.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use jeton_authority::audit::Actor;
use jeton_authority::factor::Factor;
use jeton_authority::grant::{Audience, Ending};
use jeton_authority::revocation::{RevocationEvent, Revoked};
use jeton_authority::session::{
    self, LapsedSession, NewSession, Session, SessionSecretHash, SessionStanding, SessionSummary, Succession,
    heir, session_of_browser, succeed,
};
use jeton_authority::store::{SessionEnding, SessionOpening, SessionStore, StoreError};
use jeton_authority::user::{Subject, User, UserStanding};
use jeton_authority::{GrantId, SessionId, UserId};
use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;
use tokio_postgres::Row;

use super::PostgresStore;
use super::columns::{
    bytes, count, counted, id, network, optional_id, optional_str, params, str, text, timestamp, uuid, value,
};
use super::connection::Connection;
use super::ending::end_grants;
use super::error::Failed;
use super::grants::idle_since;
use super::users::{user_at, user_columns, username};
use super::{audit, grants, revocations, session_clients, users};

#[async_trait]
impl SessionStore for PostgresStore {
    async fn open_session(
        &self,
        session: NewSession,
        replaces: Option<SessionSecretHash>,
    ) -> Result<SessionOpening, StoreError> {
        self.write((session, replaces), |db, (session, replaces)| {
            Box::pin(open(db, session, replaces.as_ref()))
        })
        .await
    }

    async fn find_session(
        &self,
        secret: &SessionSecretHash,
        idle_lifetime: Duration,
        now: Timestamp,
    ) -> Result<Option<(Session, User)>, StoreError> {
        self.read((*secret, idle_lifetime, now), |db, (secret, idle_lifetime, now)| {
            Box::pin(find(db, secret, *idle_lifetime, *now))
        })
        .await
    }

    async fn find_lapsed_session(
        &self,
        secret: &SessionSecretHash,
    ) -> Result<Option<LapsedSession>, StoreError> {
        self.read(*secret, |db, secret| Box::pin(find_lapsed(db, secret))).await
    }

    async fn find_session_of_sid(&self, sid: GrantId) -> Result<Option<(SessionId, UserId)>, StoreError> {
        self.read(sid, |db, sid| Box::pin(of_sid(db, *sid))).await
    }

    async fn find_grant_of_sid(
        &self,
        sid: GrantId,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<Option<GrantId>, StoreError> {
        self.read((sid, client.clone(), now), |db, (sid, client, now)| {
            Box::pin(grants::of_sid(db, *sid, client, *now))
        })
        .await
    }

    async fn touch_session(&self, session: SessionId, now: Timestamp) -> Result<(), StoreError> {
        self.write((session, now), |db, (session, now)| Box::pin(touch(db, *session, *now))).await
    }

    async fn end_session(
        &self,
        session: SessionId,
        by: Actor,
        now: Timestamp,
    ) -> Result<SessionEnding, StoreError> {
        self.write((session, by, now), |db, (session, by, now)| Box::pin(end(db, *session, by, *now))).await
    }

    async fn list_sessions(
        &self,
        user: UserId,
        limit: u32,
        idle_lifetime: Duration,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        self.list((user, limit, idle_lifetime, now), |db, (user, limit, idle_lifetime, now)| {
            Box::pin(list(db, *user, *limit, *idle_lifetime, *now))
        })
        .await
    }

    async fn list_all_sessions(
        &self,
        after: Option<SessionId>,
        limit: u32,
        idle_lifetime: Duration,
        now: Timestamp,
    ) -> Result<Vec<SessionSummary>, StoreError> {
        self.list((after, limit, idle_lifetime, now), |db, (after, limit, idle_lifetime, now)| {
            Box::pin(list_all(db, *after, *limit, *idle_lifetime, *now))
        })
        .await
    }
}

async fn open(
    db: &Connection,
    session: &NewSession,
    replaces: Option<&SessionSecretHash>,
) -> Result<SessionOpening, Failed> {
    let replaced = of_replaced(db, session, replaces).await?;
    let standing = users::standing(db, session.user).await?;
    let opening = audit::write(db, session::open(session, standing.as_ref())).await?;
    if opening == SessionOpening::CredentialsChanged {
        return Ok(opening);
    }
    let methods: Vec<_> = session.methods.iter().map(|method| method.as_str()).collect();
    db.execute(
        "INSERT INTO sessions (id, secret, user_id, epoch, methods, network, authenticated_at, last_used_at, expires_at,
                               device, seen)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, false)",
        params![
            uuid(session.id),
            bytes(session.secret.as_bytes()),
            uuid(session.user),
            count(session.epoch)?,
            methods.join(" "),
            session.network.as_bytes(),
            session.authenticated_at.unix(),
            session.expires_at.unix(),
            &*session.device,
        ],
    )
    .await?;
    if let Some(replaced) = replaced {
        replace(db, &replaced, session).await?;
    }
    Ok(opening)
}

/// The session that a new one takes the place of, with the users of both locked.
async fn of_replaced(
    db: &Connection,
    session: &NewSession,
    replaces: Option<&SessionSecretHash>,
) -> Result<Option<SessionStanding>, Failed> {
    let Some(secret) = replaces else {
        users::lock(db, session.user).await?;
        return Ok(None);
    };
    // The users have to be locked in their order, and only their lock says for certain who they are.
    let likely = of_browser(db, secret).await?.map(|replaced| replaced.user);
    users::lock_all(db, likely.into_iter().chain([session.user])).await?;
    let replaced = of_browser(db, secret).await?;
    match &replaced {
        Some(found) if found.user != session.user && Some(found.user) != likely => Err(Failed::Overtaken),
        _ => Ok(replaced),
    }
}

/// Puts a new session in the place of the one that a browser's secret stands for.
async fn replace(db: &Connection, replaced: &SessionStanding, by: &NewSession) -> Result<(), Failed> {
    match succeed(replaced, by.user) {
        Succession::Ended => {
            end_found(db, replaced, &Actor::User(by.user), by.authenticated_at).await.map(drop)?
        }
        Succession::Inherited => {
            let sql = "UPDATE grants SET session = $2 WHERE id IN
                (SELECT id FROM grants WHERE session = $1 AND revoked_at IS NULL ORDER BY id FOR UPDATE)";
            db.execute(sql, params![uuid(replaced.id), uuid(by.id)]).await?;
            session_clients::move_to(db, replaced.id, by.id).await?;
            set_ended(db, replaced.id, by.authenticated_at).await?;
        }
    }
    let sql = "UPDATE sessions SET replaced_by = $2 WHERE id = $1";
    db.execute(sql, params![uuid(replaced.id), uuid(by.id)]).await.map(drop)
}

async fn of_browser(db: &Connection, secret: &SessionSecretHash) -> Result<Option<SessionStanding>, Failed> {
    let sql = concat!("SELECT ", standing_columns!(), " FROM sessions s WHERE s.secret = $1");
    match db.row(sql, params![bytes(secret.as_bytes())]).await? {
        Some(row) => along(db, standing_at(&row)?, |first, load| session_of_browser(first, load)).await,
        None => Ok(None),
    }
}

/// The session that a grant opened now belongs to, where a code was given in this one. It is not removed before the transaction ends.
pub(super) async fn heir_of(db: &Connection, session: SessionId) -> Result<Option<SessionStanding>, Failed> {
    let Some(session) = standing(db, session).await? else { return Ok(None) };
    let Some(heir) = along(db, session, |first, load| heir(first, load)).await? else { return Ok(None) };
    let sql = "SELECT 1 FROM sessions WHERE id = $1 FOR KEY SHARE";
    Ok(db.exists(sql, params![uuid(heir.id)]).await?.then_some(heir))
}

/// A session, for a rule that follows sessions from one to the next.
type Rule = fn(
    SessionStanding,
    &mut dyn FnMut(SessionId) -> Result<Option<SessionStanding>, SessionId>,
) -> Result<Option<SessionStanding>, SessionId>;

/// Follows sessions from one to the next, as a rule wants to: it is asked again with what it misses.
async fn along(
    db: &Connection,
    first: SessionStanding,
    rule: Rule,
) -> Result<Option<SessionStanding>, Failed> {
    let mut known = HashMap::new();
    loop {
        let missing = match rule(first, &mut |id| known.get(&id).copied().ok_or(id)) {
            Ok(found) => return Ok(found),
            Err(missing) => missing,
        };
        known.insert(missing, None);
        for session in line_from(db, missing).await? {
            known.insert(session.id, Some(session));
        }
    }
}

/// A session, and those that took its place one after the other, with one statement.
async fn line_from(db: &Connection, session: SessionId) -> Result<Vec<SessionStanding>, Failed> {
    let sql = concat!(
        "WITH RECURSIVE line (id, replaced_by, place) AS (
             SELECT id, replaced_by, 0 FROM sessions WHERE id = $1
             UNION ALL SELECT n.id, n.replaced_by, l.place + 1 FROM line l JOIN sessions n ON n.id = l.replaced_by
             WHERE l.place < 1000)
         SELECT ",
        standing_columns!(),
        " FROM line l JOIN sessions s ON s.id = l.id"
    );
    db.rows(sql, params![uuid(session)]).await?.iter().map(standing_at).collect()
}

async fn standing(db: &Connection, session: SessionId) -> Result<Option<SessionStanding>, Failed> {
    let sql = concat!("SELECT ", standing_columns!(), " FROM sessions s WHERE s.id = $1");
    db.row(sql, params![uuid(session)]).await?.map(|row| standing_at(&row)).transpose()
}

macro_rules! standing_columns {
    () => {
        "s.id, s.user_id, s.ended_at IS NOT NULL, s.replaced_by, s.seen, s.epoch, s.expires_at"
    };
}
pub(super) use standing_columns;
pub(super) const STANDING_COLUMN_COUNT: usize = 7;

pub(super) fn standing_at(row: &Row) -> Result<SessionStanding, Failed> {
    Ok(SessionStanding {
        id: id(row, 0)?,
        user: id(row, 1)?,
        ended: value(row, 2)?,
        replaced_by: optional_id(row, 3)?,
        seen: value(row, 4)?,
        epoch: counted(row, 5)?,
        expires_at: timestamp(row, 6)?,
    })
}

async fn find_lapsed(db: &Connection, secret: &SessionSecretHash) -> Result<Option<LapsedSession>, Failed> {
    let Some(SessionStanding { id, user, .. }) = of_browser(db, secret).await? else { return Ok(None) };
    let row = db.row("SELECT imported_key FROM users WHERE id = $1", params![uuid(user)]).await?;
    row.map(|row| Ok(LapsedSession { id, user, subject: Subject::of(user, optional_str(&row, 0)?) }))
        .transpose()
}

/// The session that a client knows by this `sid`, and whose it is. A grant from before clients were noted has its own identifier for
/// a `sid`.
async fn of_sid(db: &Connection, sid: GrantId) -> Result<Option<(SessionId, UserId)>, Failed> {
    if let Some(known) = session_clients::session_of(db, sid).await? {
        return Ok(Some(known));
    }
    let sql =
        "SELECT session, user_id FROM grants WHERE id = $1 AND session IS NOT NULL AND revoked_at IS NULL";
    db.row(sql, params![uuid(sid)]).await?.map(|row| Ok((id(&row, 0)?, id(&row, 1)?))).transpose()
}

async fn find(
    db: &Connection,
    secret: &SessionSecretHash,
    idle_lifetime: Duration,
    now: Timestamp,
) -> Result<Option<(Session, User)>, Failed> {
    let sql = concat!(
        "SELECT ",
        standing_columns!(),
        ", ",
        session_columns!(),
        ", ",
        user_columns!(),
        " FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.secret = $1"
    );
    let Some(row) = db.row(sql, params![bytes(secret.as_bytes())]).await? else { return Ok(None) };
    let standing = standing_at(&row)?;
    let session = session_at(&row, STANDING_COLUMN_COUNT)?;
    let user = user_at(&row, STANDING_COLUMN_COUNT + SESSION_COLUMN_COUNT)?;
    let signed_in = session::is_signed_in(&session, &standing, &(&user).into(), idle_lifetime, now);
    Ok(signed_in.then_some((session, user)))
}

async fn touch(db: &Connection, session: SessionId, now: Timestamp) -> Result<(), Failed> {
    let sql = "UPDATE sessions SET last_used_at = greatest(last_used_at, $2), seen = true
               WHERE id = $1 AND (last_used_at < $2 OR NOT seen)";
    db.execute(sql, params![uuid(session), now.unix()]).await.map(drop)
}

async fn end(
    db: &Connection,
    session: SessionId,
    by: &Actor,
    now: Timestamp,
) -> Result<SessionEnding, Failed> {
    let Some(found) = standing(db, session).await? else { return Ok(SessionEnding::Unknown) };
    users::lock(db, found.user).await?;
    let Some(found) = standing(db, session).await? else { return Ok(SessionEnding::Unknown) };
    end_found(db, &found, by, now).await
}

/// Ends a session whose user is locked.
async fn end_found(
    db: &Connection,
    found: &SessionStanding,
    by: &Actor,
    now: Timestamp,
) -> Result<SessionEnding, Failed> {
    let Some(record) = session::end(found, by, now) else { return Ok(SessionEnding::AlreadyEnded) };
    set_ended(db, found.id, now).await?;
    revocations::note(db, vec![RevocationEvent { at: now, what: Revoked::Session(found.id) }]).await?;
    let ended = end_grants(db, Ending::OfSession(found.id), Audience::Clients, now).await?;
    audit::append(db, &record).await?;
    Ok(SessionEnding::Ended(ended.counted()))
}

/// Writes all sessions of a user, who is locked, as ended, but for one. Their grants are the caller's affair.
pub(super) async fn end_all(
    db: &Connection,
    user: UserId,
    keep: Option<SessionId>,
    now: Timestamp,
) -> Result<(), Failed> {
    let sql = "UPDATE sessions SET ended_at = $2
         WHERE user_id = $1 AND ended_at IS NULL AND id IS DISTINCT FROM $3";
    db.execute(sql, params![uuid(user), now.unix(), keep.map(uuid)]).await.map(drop)
}

/// Lets a session go on, if it is of how its user, who is locked, stood before.
pub(super) async fn keep(
    db: &Connection,
    session: SessionId,
    before: &UserStanding,
    after: &UserStanding,
) -> Result<(), Failed> {
    let sql =
        "UPDATE sessions SET epoch = $4 WHERE id = $1 AND user_id = $2 AND epoch = $3 AND ended_at IS NULL";
    let (from, to) = (count(before.epoch)?, count(after.epoch)?);
    db.execute(sql, params![uuid(session), uuid(before.id), from, to]).await.map(drop)
}

async fn set_ended(db: &Connection, session: SessionId, now: Timestamp) -> Result<(), Failed> {
    let sql = "UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    db.execute(sql, params![uuid(session), now.unix()]).await.map(drop)
}

async fn list(
    db: &Connection,
    user: UserId,
    limit: u32,
    idle_lifetime: Duration,
    now: Timestamp,
) -> Result<Vec<Session>, Failed> {
    let sql = concat!(
        "SELECT ",
        session_columns!(),
        " FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.user_id = $1 AND s.ended_at IS NULL AND s.expires_at > $2 AND s.last_used_at > $3 AND u.epoch = s.epoch
         ORDER BY s.authenticated_at DESC LIMIT $4"
    );
    let idle_since = idle_since(now, idle_lifetime);
    let rows = db.rows(sql, params![uuid(user), now.unix(), idle_since, i64::from(limit)]).await?;
    rows.iter().map(|row| session_at(row, 0)).collect()
}

async fn list_all(
    db: &Connection,
    after: Option<SessionId>,
    limit: u32,
    idle_lifetime: Duration,
    now: Timestamp,
) -> Result<Vec<SessionSummary>, Failed> {
    let sql = concat!(
        "SELECT ",
        session_columns!(),
        ", u.username FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.id > $1 AND s.ended_at IS NULL AND s.expires_at > $2 AND s.last_used_at > $3 AND u.epoch = s.epoch
         ORDER BY s.id LIMIT $4"
    );
    // Nobody draws sixteen zeros at random, so every session comes after them.
    let after = uuid(after.unwrap_or(SessionId::from_bytes([0; 16])));
    let idle_since = idle_since(now, idle_lifetime);
    let rows = db.rows(sql, params![after, now.unix(), idle_since, i64::from(limit)]).await?;
    let summary = |row: &Row| {
        Ok(SessionSummary { session: session_at(row, 0)?, username: username(row, SESSION_COLUMN_COUNT)? })
    };
    rows.iter().map(summary).collect()
}

macro_rules! session_columns {
    () => {
        "s.id, s.user_id, s.methods, s.network, s.authenticated_at, s.last_used_at, s.expires_at, s.seen, s.device"
    };
}
pub(super) use session_columns;
const SESSION_COLUMN_COUNT: usize = 9;

pub(super) fn session_at(row: &Row, first: usize) -> Result<Session, Failed> {
    Ok(Session {
        id: id(row, first)?,
        user: id(row, first + 1)?,
        methods: str(row, first + 2)?.split(' ').filter_map(Factor::parse).collect(),
        network: network(row, first + 3)?,
        authenticated_at: timestamp(row, first + 4)?,
        last_used_at: timestamp(row, first + 5)?,
        expires_at: timestamp(row, first + 6)?,
        seen: value(row, first + 7)?,
        device: text(row, first + 8)?,
    })
}
