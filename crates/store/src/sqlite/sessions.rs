//! Browsers' sessions in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use jeton_authority::audit::Actor;
use jeton_authority::factor::parse_factors;
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
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::SqliteStore;
use super::columns::{count, counted, halves, network, text, timestamp, user_id};
use super::ending::end_grants;
use super::users::{USER_COLUMNS, user_at, username};
use super::{audit, grants, revocations, session_clients, users};

#[async_trait]
impl SessionStore for SqliteStore {
    async fn open_session(
        &self,
        session: NewSession,
        replaces: Option<SessionSecretHash>,
    ) -> Result<SessionOpening, StoreError> {
        self.writer.submit(move |db| open(db, &session, replaces.as_ref())).await
    }

    async fn find_session(
        &self,
        secret: &SessionSecretHash,
        idle_lifetime: Duration,
        now: Timestamp,
    ) -> Result<Option<(Session, User)>, StoreError> {
        self.readers.read(|db| find(db, secret, idle_lifetime, now))
    }

    async fn find_lapsed_session(
        &self,
        secret: &SessionSecretHash,
    ) -> Result<Option<LapsedSession>, StoreError> {
        self.readers.read(|db| find_lapsed(db, secret))
    }

    async fn find_session_of_sid(&self, sid: GrantId) -> Result<Option<(SessionId, UserId)>, StoreError> {
        self.readers.read(|db| of_sid(db, sid))
    }

    async fn find_grant_of_sid(
        &self,
        sid: GrantId,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<Option<GrantId>, StoreError> {
        self.readers.read(|db| grants::of_sid(db, sid, client, now))
    }

    async fn touch_session(&self, session: SessionId, now: Timestamp) -> Result<(), StoreError> {
        self.writer.submit(move |db| touch(db, session, now)).await
    }

    async fn end_session(
        &self,
        session: SessionId,
        by: Actor,
        now: Timestamp,
    ) -> Result<SessionEnding, StoreError> {
        self.writer.submit(move |db| end(db, session, &by, now)).await
    }

    async fn list_sessions(
        &self,
        user: UserId,
        limit: u32,
        idle_lifetime: Duration,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        self.list(move |db| list(db, user, limit, idle_lifetime, now)).await
    }

    async fn list_all_sessions(
        &self,
        after: Option<SessionId>,
        limit: u32,
        idle_lifetime: Duration,
        now: Timestamp,
    ) -> Result<Vec<SessionSummary>, StoreError> {
        self.list(move |db| list_all(db, after, limit, idle_lifetime, now)).await
    }
}

fn open(
    db: &Connection,
    session: &NewSession,
    replaces: Option<&SessionSecretHash>,
) -> rusqlite::Result<SessionOpening> {
    let opening = audit::write(db, session::open(session, users::standing(db, session.user)?.as_ref()))?;
    if opening == SessionOpening::CredentialsChanged {
        return Ok(opening);
    }
    let methods: Vec<_> = session.methods.iter().map(|method| method.as_str()).collect();
    db.prepare_cached(
        "INSERT INTO sessions (id, secret, user, epoch, methods, network, authenticated_at, last_used_at, expires_at,
                               device, seen)
         SELECT ?1, ?2, number, ?4, ?5, ?6, ?7, ?7, ?8, ?9, 0 FROM users WHERE id = ?3",
    )?
    .execute(params![
        session.id.as_bytes(),
        session.secret.as_bytes(),
        session.user.as_bytes(),
        count(session.epoch)?,
        methods.join(" "),
        session.network.as_bytes(),
        session.authenticated_at.unix(),
        session.expires_at.unix(),
        session.device,
    ])?;
    if let Some(replaced) = replaces {
        replace(db, replaced, session)?;
    }
    Ok(opening)
}

/// Puts a new session in the place of the one that a browser's secret stands for.
fn replace(db: &Connection, secret: &SessionSecretHash, by: &NewSession) -> rusqlite::Result<()> {
    let Some(replaced) = of_browser(db, secret)? else { return Ok(()) };
    match succeed(&replaced, by.user) {
        Succession::Ended => end(db, replaced.id, &Actor::User(by.user), by.authenticated_at).map(drop)?,
        Succession::Inherited => {
            db.prepare_cached("UPDATE grants SET session = ?2 WHERE session = ?1 AND revoked_at IS NULL")?
                .execute((replaced.id.as_bytes(), by.id.as_bytes()))?;
            session_clients::move_to(db, replaced.id, by.id)?;
            set_ended(db, replaced.id, by.authenticated_at)?;
        }
    }
    db.prepare_cached("UPDATE sessions SET replaced_by = ?2 WHERE id = ?1")?
        .execute((replaced.id.as_bytes(), by.id.as_bytes()))
        .map(drop)
}

fn of_browser(db: &Connection, secret: &SessionSecretHash) -> rusqlite::Result<Option<SessionStanding>> {
    let own = db
        .prepare_cached(&format!(
            "SELECT {STANDING_COLUMNS} FROM sessions s JOIN users u ON u.number = s.user WHERE s.secret = ?1"
        ))?
        .query_row([secret.as_bytes()], standing_at)
        .optional()?;
    own.map_or(Ok(None), |own| session_of_browser(own, |id| standing(db, id)))
}

/// The session that a grant opened now belongs to, where a code was given in this one.
pub(super) fn heir_of(db: &Connection, session: SessionId) -> rusqlite::Result<Option<SessionStanding>> {
    let Some(session) = standing(db, session)? else { return Ok(None) };
    heir(session, |id| standing(db, id))
}

fn standing(db: &Connection, session: SessionId) -> rusqlite::Result<Option<SessionStanding>> {
    db.prepare_cached(&format!(
        "SELECT {STANDING_COLUMNS} FROM sessions s JOIN users u ON u.number = s.user WHERE s.id = ?1"
    ))?
    .query_row([session.as_bytes()], standing_at)
    .optional()
}

pub(super) const STANDING_COLUMNS: &str =
    "s.id, u.id, s.ended_at IS NOT NULL, s.replaced_by, s.seen, s.epoch, s.expires_at";
pub(super) const STANDING_COLUMN_COUNT: usize = 7;

pub(super) fn standing_at(row: &Row<'_>) -> rusqlite::Result<SessionStanding> {
    Ok(SessionStanding {
        id: row.get(0).map(SessionId::from_bytes)?,
        user: user_id(row, 1)?,
        ended: row.get(2)?,
        replaced_by: row.get::<_, Option<_>>(3)?.map(SessionId::from_bytes),
        seen: row.get(4)?,
        epoch: counted(row, 5)?,
        expires_at: timestamp(row, 6)?,
    })
}

fn find_lapsed(db: &Connection, secret: &SessionSecretHash) -> rusqlite::Result<Option<LapsedSession>> {
    let Some(SessionStanding { id, user, .. }) = of_browser(db, secret)? else { return Ok(None) };
    db.prepare_cached("SELECT imported_key FROM users WHERE id = ?1")?
        .query_row([user.as_bytes()], |row| {
            let subject = Subject::of(user, row.get_ref(0)?.as_str_or_null()?);
            Ok(LapsedSession { id, user, subject })
        })
        .optional()
}

/// The session that a client knows by this `sid`, and whose it is. A grant from before clients were noted has its own identifier for
/// a `sid`.
fn of_sid(db: &Connection, sid: GrantId) -> rusqlite::Result<Option<(SessionId, UserId)>> {
    if let Some(known) = session_clients::session_of(db, sid)? {
        return Ok(Some(known));
    }
    let found = db
        .prepare_cached(
            "SELECT g.session, u.id FROM grants g JOIN users u ON u.number = g.user
             WHERE g.id_high = ?1 AND g.id_low = ?2 AND g.session IS NOT NULL AND g.revoked_at IS NULL",
        )?
        .query_row(halves(sid), |row| Ok((row.get(0).map(SessionId::from_bytes)?, user_id(row, 1)?)));
    found.optional()
}

fn find(
    db: &Connection,
    secret: &SessionSecretHash,
    idle_lifetime: Duration,
    now: Timestamp,
) -> rusqlite::Result<Option<(Session, User)>> {
    let found = db
        .prepare_cached(&format!(
            "SELECT {STANDING_COLUMNS}, {SESSION_COLUMNS}, {USER_COLUMNS}
             FROM sessions s JOIN users u ON u.number = s.user WHERE s.secret = ?1"
        ))?
        .query_row([secret.as_bytes()], |row| {
            let session = session_at(row, STANDING_COLUMN_COUNT)?;
            let user = user_at(row, STANDING_COLUMN_COUNT + SESSION_COLUMN_COUNT)?;
            Ok((standing_at(row)?, session, user))
        })
        .optional()?;
    let signed_in = found.filter(|(standing, session, user)| {
        session::is_signed_in(session, standing, &user.into(), idle_lifetime, now)
    });
    Ok(signed_in.map(|(_, session, user)| (session, user)))
}

fn touch(db: &Connection, session: SessionId, now: Timestamp) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE sessions SET last_used_at = max(last_used_at, ?2), seen = 1
         WHERE id = ?1 AND (last_used_at < ?2 OR seen = 0)",
    )?
    .execute((session.as_bytes(), now.unix()))
    .map(drop)
}

fn end(db: &Connection, session: SessionId, by: &Actor, now: Timestamp) -> rusqlite::Result<SessionEnding> {
    let Some(found) = standing(db, session)? else { return Ok(SessionEnding::Unknown) };
    let Some(record) = session::end(&found, by, now) else { return Ok(SessionEnding::AlreadyEnded) };
    set_ended(db, session, now)?;
    revocations::note(db, &RevocationEvent { at: now, what: Revoked::Session(session) })?;
    let ended = end_grants(db, Ending::OfSession(session), Audience::Clients, now)?;
    audit::append(db, &record)?;
    Ok(SessionEnding::Ended(ended.counted()))
}

/// Writes all sessions of a user but one as ended. Their grants are the caller's affair.
pub(super) fn end_all(
    db: &Connection,
    user: UserId,
    keep: Option<SessionId>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE sessions SET ended_at = ?2
         WHERE user = (SELECT number FROM users WHERE id = ?1) AND ended_at IS NULL AND id IS NOT ?3",
    )?
    .execute((user.as_bytes(), now.unix(), keep.as_ref().map(SessionId::as_bytes)))
    .map(drop)
}

/// Lets a session go on, if it is of how its user stood before.
pub(super) fn keep(
    db: &Connection,
    session: SessionId,
    before: &UserStanding,
    after: &UserStanding,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE sessions SET epoch = ?4
         WHERE id = ?1 AND user = (SELECT number FROM users WHERE id = ?2) AND epoch = ?3 AND ended_at IS NULL",
    )?
    .execute((session.as_bytes(), before.id.as_bytes(), count(before.epoch)?, count(after.epoch)?))
    .map(drop)
}

fn set_ended(db: &Connection, session: SessionId, now: Timestamp) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE sessions SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL")?
        .execute((session.as_bytes(), now.unix()))
        .map(drop)
}

fn list(
    db: &Connection,
    user: UserId,
    limit: u32,
    idle_lifetime: Duration,
    now: Timestamp,
) -> rusqlite::Result<Vec<Session>> {
    db.prepare_cached(&format!(
        "SELECT {SESSION_COLUMNS} FROM sessions s JOIN users u ON u.number = s.user
         WHERE u.id = ?1 AND s.ended_at IS NULL AND s.expires_at > ?2 AND s.last_used_at > ?3 AND u.epoch = s.epoch
         ORDER BY s.authenticated_at DESC LIMIT ?4"
    ))?
    .query_map((user.as_bytes(), now.unix(), idle_since(now, idle_lifetime), limit), |row| session_at(row, 0))?
    .collect()
}

fn list_all(
    db: &Connection,
    after: Option<SessionId>,
    limit: u32,
    idle_lifetime: Duration,
    now: Timestamp,
) -> rusqlite::Result<Vec<SessionSummary>> {
    db.prepare_cached(&format!(
        "SELECT {SESSION_COLUMNS}, u.username FROM sessions s JOIN users u ON u.number = s.user
         WHERE (?1 IS NULL OR s.id > ?1) AND s.ended_at IS NULL AND s.expires_at > ?2 AND s.last_used_at > ?3
         AND u.epoch = s.epoch
         ORDER BY s.id LIMIT ?4"
    ))?
    .query_map(
        (after.as_ref().map(SessionId::as_bytes), now.unix(), idle_since(now, idle_lifetime), limit),
        |row| {
            Ok(SessionSummary {
                session: session_at(row, 0)?,
                username: username(row, SESSION_COLUMN_COUNT)?,
            })
        },
    )?
    .collect()
}

pub(super) const SESSION_COLUMNS: &str =
    "s.id, u.id, s.methods, s.network, s.authenticated_at, s.last_used_at, s.expires_at, s.seen, s.device";
const SESSION_COLUMN_COUNT: usize = 9;

pub(super) fn session_at(row: &Row<'_>, first: usize) -> rusqlite::Result<Session> {
    Ok(Session {
        id: row.get(first).map(SessionId::from_bytes)?,
        user: user_id(row, first + 1)?,
        methods: parse_factors(row.get_ref(first + 2)?.as_str()?),
        network: network(row, first + 3)?,
        authenticated_at: timestamp(row, first + 4)?,
        last_used_at: timestamp(row, first + 5)?,
        expires_at: timestamp(row, first + 6)?,
        seen: row.get(first + 7)?,
        device: text(row, first + 8)?,
    })
}

/// A session last used then, or before, has been idle for too long.
fn idle_since(now: Timestamp, idle_lifetime: Duration) -> i64 {
    now.unix().saturating_sub_unsigned(idle_lifetime.as_secs())
}
