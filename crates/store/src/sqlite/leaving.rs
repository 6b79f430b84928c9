//! Users who want to be removed, in SQLite.

use jeton_authority::audit::Actor;
use jeton_authority::store::UserChange;
use jeton_authority::user::{Act, Leaving, LeavingChange, has_left, leave};
use jeton_authority::{Network, UserId};
use jeton_jose::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::columns::{optional_timestamp, user_id};
use super::{audit, users};

/// When a user is to be removed, if at all; none where there is no such user.
pub(super) fn find(db: &Connection, user: UserId) -> rusqlite::Result<Option<Option<Timestamp>>> {
    db.prepare_cached(
        "SELECT l.removal_at FROM users u LEFT JOIN leaving_users l ON l.user = u.number
         WHERE u.id = ?1 AND u.removed_at IS NULL",
    )?
    .query_row([user.as_bytes()], |row| optional_timestamp(row, 0))
    .optional()
}

pub(super) fn change(
    db: &Connection,
    user: UserId,
    wish: Leaving,
    network: Option<Network>,
    now: Timestamp,
) -> rusqlite::Result<LeavingChange> {
    let Some(before) = find(db, user)? else { return Ok(LeavingChange::UnknownUser) };
    if let (Leaving::After(_), Some(refusal)) =
        (wish, users::guard(db, user, Act::Remove, &Actor::User(user))?)
    {
        return Ok(LeavingChange::Refused(refusal));
    }
    let change = audit::write(db, leave(user, before, wish, network, now))?;
    match change {
        LeavingChange::Done(Some(at)) => drop(
            db.prepare_cached(
                "INSERT INTO leaving_users (user, removal_at) SELECT number, ?2 FROM users WHERE id = ?1
                 ON CONFLICT (user) DO UPDATE SET removal_at = excluded.removal_at",
            )?
            .execute((user.as_bytes(), at.unix()))?,
        ),
        LeavingChange::Done(None) => forget(db, user)?,
        LeavingChange::UnknownUser | LeavingChange::Refused(_) => {}
    }
    Ok(change)
}

/// Forgets that a user wanted to be removed.
pub(super) fn forget(db: &Connection, user: UserId) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM leaving_users WHERE user = (SELECT number FROM users WHERE id = ?1)")?
        .execute([user.as_bytes()])
        .map(drop)
}

/// Removes those whose time has come.
pub(super) fn remove(db: &Connection, now: Timestamp, limit: u32) -> rusqlite::Result<u64> {
    let due: Vec<(UserId, Option<Timestamp>)> = db
        .prepare_cached(
            "SELECT u.id, l.removal_at FROM leaving_users l JOIN users u ON u.number = l.user
             WHERE l.removal_at <= ?1 ORDER BY l.removal_at LIMIT ?2",
        )?
        .query_map((now.unix(), limit), |row| Ok((user_id(row, 0)?, optional_timestamp(row, 1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut removed = 0;
    for (user, _) in due.into_iter().filter(|(_, removal_at)| has_left(*removal_at, now)) {
        // Whoever became the last owner meanwhile stays.
        let change = users::remove(db, user, &Actor::User(user), now)?;
        removed += u64::from(matches!(change, UserChange::Done { .. }));
    }
    Ok(removed)
}
