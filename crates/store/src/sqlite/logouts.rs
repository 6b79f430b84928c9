//! Clients that are still to be told of a sign-out, in SQLite.

use jeton_authority::store::LogoutDelivery;
use jeton_authority::user::Subject;
use jeton_authority::{GrantId, SessionId};
use jeton_jose::Timestamp;
use rusqlite::{Connection, Row};

use super::columns::{halves, halves_to_bytes, parsed, user_id};

/// Notes the clients of the grants of a session that were not revoked, before they are. Expired ones too: the client's own
/// session may go on.
pub(super) fn note_session(db: &Connection, session: SessionId, now: Timestamp) -> rusqlite::Result<()> {
    let mut select = db.prepare_cached(
        "SELECT g.id_high, g.id_low, g.client, g.user FROM grants g JOIN clients c ON c.id = g.client
         WHERE g.session = ?1 AND g.revoked_at IS NULL AND c.backchannel_logout = 1",
    )?;
    let mut rows = select.query([session.as_bytes()])?;
    while let Some(row) = rows.next()? {
        note(db, row, now)?;
    }
    Ok(())
}

/// Notes the client of a grant that was not revoked, before it is.
pub(super) fn note_grant(db: &Connection, grant: GrantId, now: Timestamp) -> rusqlite::Result<()> {
    let mut select = db.prepare_cached(
        "SELECT g.id_high, g.id_low, g.client, g.user FROM grants g JOIN clients c ON c.id = g.client
         WHERE g.id_high = ?1 AND g.id_low = ?2 AND g.revoked_at IS NULL AND c.backchannel_logout = 1",
    )?;
    let mut rows = select.query(halves(grant))?;
    while let Some(row) = rows.next()? {
        note(db, row, now)?;
    }
    Ok(())
}

/// Notes the clients of the grants of a user that were not revoked, but for one grant, before they are.
pub(super) fn note_user(
    db: &Connection,
    user: i64,
    keep: (Option<i64>, Option<i64>),
    now: Timestamp,
) -> rusqlite::Result<()> {
    let mut select = db.prepare_cached(
        "SELECT g.id_high, g.id_low, g.client, g.user FROM grants g JOIN clients c ON c.id = g.client
         WHERE g.user = ?1 AND g.revoked_at IS NULL AND c.backchannel_logout = 1
         AND (g.id_high, g.id_low) IS NOT (?2, ?3)",
    )?;
    let mut rows = select.query((user, keep.0, keep.1))?;
    while let Some(row) = rows.next()? {
        note(db, row, now)?;
    }
    Ok(())
}

fn note(db: &Connection, row: &Row<'_>, now: Timestamp) -> rusqlite::Result<()> {
    let grant = halves_to_bytes(row.get(0)?, row.get(1)?);
    db.prepare_cached("INSERT INTO logouts (client, grant_id, user, due_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute((row.get_ref(2)?.as_str()?, grant, row.get::<_, i64>(3)?, now.unix()))
        .map(drop)
}

pub(super) fn due(
    db: &Connection,
    now: Timestamp,
    per_client: u32,
    limit: u32,
) -> rusqlite::Result<Vec<LogoutDelivery>> {
    db.prepare_cached(
        "SELECT l.number, l.client, l.grant_id, u.id, u.imported_key, l.attempts
         FROM (SELECT *, row_number() OVER (PARTITION BY client ORDER BY attempts, due_at, number) AS place
               FROM logouts WHERE due_at <= ?1) l
         JOIN users u ON u.number = l.user
         WHERE l.place <= ?2 AND (l.attempts = 0 OR l.place = 1)
         ORDER BY l.place, l.attempts, l.due_at, l.number LIMIT ?3",
    )?
    .query_map((now.unix(), per_client, limit), |row| {
        Ok(LogoutDelivery {
            number: row.get(0)?,
            client: parsed(row, 1)?,
            grant: row.get(2).map(GrantId::from_bytes)?,
            subject: Subject::of(user_id(row, 3)?, row.get_ref(4)?.as_str_or_null()?),
            attempts: row.get(5)?,
        })
    })?
    .collect()
}

pub(super) fn finish(db: &Connection, number: i64) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM logouts WHERE number = ?1")?.execute([number]).map(drop)
}

pub(super) fn postpone(
    db: &Connection,
    number: i64,
    due_at: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE logouts SET due_at = ?2, attempts = attempts + 1
         WHERE client = (SELECT client FROM logouts WHERE number = ?1 AND due_at <= ?3) AND due_at <= ?3",
    )?
    .execute((number, due_at.unix(), now.unix()))
    .map(drop)
}
