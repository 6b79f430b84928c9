//! Where grants end: the one place of this backend that ends them and notes which clients are to hear of it.

use std::collections::BTreeSet;

use jeton_authority::store::GrantsEnded;
use jeton_authority::{GrantId, SessionId};
use jeton_jose::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

use super::columns::{grant_id, halves, text};
use super::logouts;
use super::session_clients::{self, SessionClient};

/// Which grants end.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which {
    /// This one.
    One(GrantId),
    /// Those that came from a session.
    OfSession(SessionId),
    /// Those of a user, but for one.
    OfUser { user: i64, keep: Option<GrantId> },
}

/// Who hears of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hears {
    /// Clients that want to hear of sign-outs.
    Clients,
    /// Nobody: the client knows, or its grant was stolen.
    Nobody,
}

/// A grant that ended with this call.
#[derive(Debug)]
pub(super) struct EndedGrant {
    /// What its ID tokens say in `sid`.
    sid: GrantId,
    client: Box<str>,
    /// Its user's number.
    pub(super) user: i64,
    /// Whether it had not expired.
    was_alive: bool,
}

/// Ends those grants that had not ended before. Expired ones too: a clock that is set back must not revive them, and a
/// client's own session may outlast its grant.
///
/// With a session or a user also those clients hear of it that know the session and hold no grant of it: each of a session once.
pub(super) fn end(
    db: &Connection,
    which: Which,
    hears: Hears,
    now: Timestamp,
) -> rusqlite::Result<(Vec<EndedGrant>, GrantsEnded)> {
    let grants = set_revoked(db, which, now)?;
    let mut told = BTreeSet::new();
    if hears == Hears::Clients {
        for (client, user) in hearing(db, which, &grants)? {
            if logouts::note(db, &client, user, now)? {
                told.insert(client.client);
            }
        }
    }
    let count = grants.iter().filter(|grant| grant.was_alive).count() as u64;
    let ended = GrantsEnded { count, told: told.len() as u64 };
    Ok((grants, ended))
}

/// The clients that hear of an end, each with what it knows the session by and the user's number. What was told to have ended is not
/// used for another sign-in.
fn hearing(
    db: &Connection,
    which: Which,
    grants: &[EndedGrant],
) -> rusqlite::Result<BTreeSet<(SessionClient, i64)>> {
    let of_grant =
        |grant: &EndedGrant| (SessionClient { client: grant.client.clone(), sid: grant.sid }, grant.user);
    let mut hearing: BTreeSet<_> = grants.iter().map(of_grant).collect();
    match which {
        Which::One(_) => {
            for (client, _) in &hearing {
                session_clients::forget(db, client.sid)?;
            }
        }
        Which::OfSession(session) => {
            let user = db
                .prepare_cached("SELECT user FROM sessions WHERE id = ?1")?
                .query_row([session.as_bytes()], |row| row.get(0))
                .optional()?;
            if let Some(user) = user {
                hearing.extend(
                    session_clients::take_of_session(db, session)?.into_iter().map(|client| (client, user)),
                );
            }
        }
        Which::OfUser { user, .. } => {
            hearing.extend(session_clients::take_of_user(db, user)?.into_iter().map(|client| (client, user)));
        }
    }
    Ok(hearing)
}

fn set_revoked(db: &Connection, which: Which, now: Timestamp) -> rusqlite::Result<Vec<EndedGrant>> {
    let now = now.unix();
    match which {
        Which::One(grant) => {
            let (high, low) = halves(grant);
            db.prepare_cached(
                "UPDATE grants SET revoked_at = ?1 WHERE id_high = ?2 AND id_low = ?3 AND revoked_at IS NULL
                 RETURNING id_high, id_low, client, user, expires_at > ?1, sid",
            )?
            .query_map((now, high, low), ended)?
            .collect()
        }
        Which::OfSession(session) => db
            .prepare_cached(
                "UPDATE grants SET revoked_at = ?1 WHERE session = ?2 AND revoked_at IS NULL
                 RETURNING id_high, id_low, client, user, expires_at > ?1, sid",
            )?
            .query_map((now, session.as_bytes()), ended)?
            .collect(),
        Which::OfUser { user, keep } => {
            let (high, low) = keep.map(halves).unzip();
            db.prepare_cached(
                "UPDATE grants SET revoked_at = ?1 WHERE user = ?2 AND revoked_at IS NULL
                 AND (id_high, id_low) IS NOT (?3, ?4)
                 RETURNING id_high, id_low, client, user, expires_at > ?1, sid",
            )?
            .query_map((now, user, high, low), ended)?
            .collect()
        }
    }
}

fn ended(row: &Row<'_>) -> rusqlite::Result<EndedGrant> {
    let id = grant_id(row.get(0)?, row.get(1)?);
    Ok(EndedGrant {
        sid: row.get::<_, Option<_>>(5)?.map_or(id, GrantId::from_bytes),
        client: text(row, 2)?,
        user: row.get(3)?,
        was_alive: row.get(4)?,
    })
}
