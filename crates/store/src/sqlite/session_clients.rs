//! Which clients got an ID token in which browser's session, in SQLite.

use jeton_authority::grant::SessionClient;
use jeton_authority::{GrantId, SessionId, UserId};
use rusqlite::{Connection, OptionalExtension};

use super::columns::{text, user_id};

/// A client that knows a session.
type Knowing = (SessionId, SessionClient);

/// What a client knows a session by.
pub(super) fn find(db: &Connection, session: SessionId, client: &str) -> rusqlite::Result<Option<GrantId>> {
    db.prepare_cached("SELECT sid FROM session_clients WHERE session = ?1 AND client = ?2")?
        .query_row((session.as_bytes(), client), |row| row.get(0).map(GrantId::from_bytes))
        .optional()
}

/// Notes that a client knows a session by this from now on.
pub(super) fn note(db: &Connection, session: SessionId, client: &str, sid: GrantId) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO session_clients (session, client, sid) VALUES (?1, ?2, ?3)")?
        .execute((session.as_bytes(), client, sid.as_bytes()))
        .map(drop)
}

/// The session that a client knows by this, and whose it is.
pub(super) fn session_of(db: &Connection, sid: GrantId) -> rusqlite::Result<Option<(SessionId, UserId)>> {
    db.prepare_cached(
        "SELECT s.id, u.id FROM session_clients c JOIN sessions s ON s.id = c.session JOIN users u ON u.number = s.user
         WHERE c.sid = ?1",
    )?
    .query_row([sid.as_bytes()], |row| Ok((row.get(0).map(SessionId::from_bytes)?, user_id(row, 1)?)))
    .optional()
}

/// Hands those of a session over to the one that takes its place.
pub(super) fn move_to(db: &Connection, from: SessionId, to: SessionId) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE session_clients SET session = ?2 WHERE session = ?1")?
        .execute((from.as_bytes(), to.as_bytes()))
        .map(drop)
}

/// Those that know a session.
pub(super) fn of_session(db: &Connection, session: SessionId) -> rusqlite::Result<Vec<Knowing>> {
    knowing(db, "s.id = ?1", session.as_bytes())
}

/// Those that know a session of a user that has not ended.
pub(super) fn of_user(db: &Connection, user: UserId) -> rusqlite::Result<Vec<Knowing>> {
    knowing(db, "u.id = ?1 AND s.ended_at IS NULL", user.as_bytes())
}

fn knowing(db: &Connection, condition: &str, of: &[u8; 16]) -> rusqlite::Result<Vec<Knowing>> {
    db.prepare_cached(&format!(
        "SELECT k.client, k.sid, u.id, coalesce(c.backchannel_logout, 0), s.id
         FROM users u JOIN sessions s ON s.user = u.number JOIN session_clients k ON k.session = s.id
         LEFT JOIN clients c ON c.id = k.client WHERE {condition}"
    ))?
    .query_map([of], |row| {
        let client = SessionClient {
            client: text(row, 0)?,
            sid: row.get(1).map(GrantId::from_bytes)?,
            user: user_id(row, 2)?,
            listens: row.get(3)?,
        };
        Ok((row.get(4).map(SessionId::from_bytes)?, client))
    })?
    .collect()
}

/// Forgets what a client knew a session by: it was told that this ended, and must not get it again.
pub(super) fn forget(db: &Connection, sid: GrantId) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM session_clients WHERE sid = ?1")?.execute([sid.as_bytes()]).map(drop)
}

/// Forgets who knew a session that is removed.
pub(super) fn forget_session(db: &Connection, session: SessionId) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM session_clients WHERE session = ?1")?
        .execute([session.as_bytes()])
        .map(drop)
}
