//! Which clients got an ID token in which browser's session, in PostgreSQL.

use jeton_authority::grant::SessionClient;
use jeton_authority::{GrantId, SessionId, UserId};
use tokio_postgres::Row;

use super::columns::{id, params, text, uuid, uuids};
use super::connection::Connection;
use super::error::Failed;

/// A client that knows a session.
type Knowing = (SessionId, SessionClient);

/// What a client knows a session by.
pub(super) async fn find(
    db: &Connection,
    session: SessionId,
    client: &str,
) -> Result<Option<GrantId>, Failed> {
    let row = db
        .row(
            "SELECT sid FROM session_clients WHERE session = $1 AND client = $2",
            params![uuid(session), client],
        )
        .await?;
    row.map(|row| id(&row, 0)).transpose()
}

/// Notes that a client knows a session by this from now on.
pub(super) async fn note(
    db: &Connection,
    session: SessionId,
    client: &str,
    sid: GrantId,
) -> Result<(), Failed> {
    let sql = "INSERT INTO session_clients (session, client, sid) VALUES ($1, $2, $3)";
    db.execute(sql, params![uuid(session), client, uuid(sid)]).await.map(drop)
}

/// The session that a client knows by this, and whose it is.
pub(super) async fn session_of(db: &Connection, sid: GrantId) -> Result<Option<(SessionId, UserId)>, Failed> {
    let row = db.row(
        "SELECT s.id, s.user_id FROM session_clients c JOIN sessions s ON s.id = c.session WHERE c.sid = $1",
        params![uuid(sid)],
    ).await?;
    row.map(|row| Ok((id(&row, 0)?, id(&row, 1)?))).transpose()
}

/// Hands those of a session over to the one that takes its place.
pub(super) async fn move_to(db: &Connection, from: SessionId, to: SessionId) -> Result<(), Failed> {
    let sql = "UPDATE session_clients SET session = $2 WHERE session = $1";
    db.execute(sql, params![uuid(from), uuid(to)]).await.map(drop)
}

/// Those that know a session. Whether they listen is still to be asked.
pub(super) async fn of_session(db: &Connection, session: SessionId) -> Result<Vec<Knowing>, Failed> {
    let rows = db.rows(
        "SELECT k.client, k.sid, s.user_id, s.id FROM sessions s JOIN session_clients k ON k.session = s.id WHERE s.id = $1",
        params![uuid(session)],
    ).await?;
    rows.iter().map(knowing).collect()
}

/// Those that know a session of a user that has not ended. Whether they listen is still to be asked.
pub(super) async fn of_user(db: &Connection, user: UserId) -> Result<Vec<Knowing>, Failed> {
    let rows = db
        .rows(
            "SELECT k.client, k.sid, s.user_id, s.id FROM sessions s JOIN session_clients k ON k.session = s.id
         WHERE s.user_id = $1 AND s.ended_at IS NULL",
            params![uuid(user)],
        )
        .await?;
    rows.iter().map(knowing).collect()
}

fn knowing(row: &Row) -> Result<Knowing, Failed> {
    let client = SessionClient { client: text(row, 0)?, sid: id(row, 1)?, user: id(row, 2)?, listens: false };
    Ok((id(row, 3)?, client))
}

/// Forgets what clients knew a session by: they were told that this ended, and must not get it again.
pub(super) async fn forget(db: &Connection, sids: impl IntoIterator<Item = GrantId>) -> Result<(), Failed> {
    let sql = "DELETE FROM session_clients WHERE sid = ANY($1)";
    db.execute(sql, params![uuids(sids)]).await.map(drop)
}

/// Forgets who knew sessions that are removed.
pub(super) async fn forget_sessions(db: &Connection, sessions: &[SessionId]) -> Result<(), Failed> {
    let sql = "DELETE FROM session_clients WHERE session = ANY($1)";
    db.execute(sql, params![uuids(sessions.iter().copied())]).await.map(drop)
}
