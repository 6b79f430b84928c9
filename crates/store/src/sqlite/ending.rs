//! Where grants end: the one place of this backend that writes the end of a grant, and whom to tell of it.

use jeton_authority::grant::{
    Audience, Ended, Ending, EndingCause, OpenGrant, SessionClient, end, revocation,
};
use jeton_authority::store::Revocation;
use jeton_authority::{GrantId, SessionId};
use jeton_jose::Timestamp;
use rusqlite::{Connection, Params, Row};

use super::columns::{grant_id, halves, text, timestamp, user_id};
use super::{audit, grants, logouts, revocations, session_clients};

/// Ends grants, as [`jeton_authority::grant::end`] says.
pub(super) fn end_grants(
    db: &Connection,
    ending: Ending<'_>,
    audience: Audience,
    now: Timestamp,
) -> rusqlite::Result<Ended> {
    let ended = match ending {
        Ending::One(grant) => {
            let (high, low) = halves(grant);
            let open = open(db, "g.id_high = ?1 AND g.id_low = ?2", (high, low))?;
            end(ending, open, [], audience, now)
        }
        Ending::OfSession(session) => {
            let open = open(db, "g.session = ?1", [session.as_bytes()])?;
            end(ending, open, session_clients::of_session(db, session)?, audience, now)
        }
        Ending::OfClient { user, client } => {
            let condition = "g.user = (SELECT number FROM users WHERE id = ?1) AND g.client = ?2";
            let open = open(db, condition, (user.as_bytes(), client.as_str()))?;
            end(ending, open, [], audience, now)
        }
        Ending::OfUser { user, .. } => {
            let open = open(db, "g.user = (SELECT number FROM users WHERE id = ?1)", [user.as_bytes()])?;
            end(ending, open, session_clients::of_user(db, user)?, audience, now)
        }
    };
    for grant in &ended.grants {
        db.prepare_cached("UPDATE grants SET revoked_at = ?2 WHERE id_high = ?1")?
            .execute((halves(grant.id).0, grant.ended_at.unix()))?;
        revocations::note(db, &grant.revocation())?;
    }
    for client in &ended.known_to {
        session_clients::forget(db, client.sid)?;
    }
    for client in ended.told() {
        logouts::note(db, client, now)?;
    }
    Ok(ended)
}

/// Ends one grant, and records why.
pub(super) fn end_grant(
    db: &Connection,
    grant: GrantId,
    cause: &EndingCause,
    now: Timestamp,
) -> rusqlite::Result<Revocation> {
    let ended = end_grants(db, Ending::One(grant), cause.audience(), now)?;
    let is_known = !ended.grants.is_empty() || grants::standing(db, grant)?.is_some();
    audit::write(db, revocation(&ended, is_known, cause))
}

/// The grants that have not ended, among those for which `condition` holds.
fn open(db: &Connection, condition: &str, params: impl Params) -> rusqlite::Result<Vec<OpenGrant>> {
    db.prepare_cached(&format!(
        "SELECT g.id_high, g.id_low, g.sid, g.expires_at, u.id, g.client, coalesce(c.backchannel_logout, 0), g.session
         FROM grants g JOIN users u ON u.number = g.user LEFT JOIN clients c ON c.id = g.client
         WHERE {condition} AND g.revoked_at IS NULL"
    ))?
    .query_map(params, open_grant)?
    .collect()
}

fn open_grant(row: &Row<'_>) -> rusqlite::Result<OpenGrant> {
    let id = grant_id(row.get(0)?, row.get(1)?);
    let user = user_id(row, 4)?;
    let sid = row.get::<_, Option<_>>(2)?.map_or(id, GrantId::from_bytes);
    Ok(OpenGrant {
        id,
        session: row.get::<_, Option<_>>(7)?.map(SessionId::from_bytes),
        expires_at: timestamp(row, 3)?,
        known_to: SessionClient { client: text(row, 5)?, sid, user, listens: row.get(6)? },
    })
}
