//! Users who want to be removed, in PostgreSQL.

use jeton_authority::audit::Actor;
use jeton_authority::store::UserChange;
use jeton_authority::user::{Act, Leaving, LeavingChange, has_left, leave};
use jeton_authority::{Network, UserId};
use jeton_jose::Timestamp;

use super::columns::{id, optional_timestamp, params, uuid};
use super::connection::Connection;
use super::error::Failed;
use super::{audit, users};

/// When a user is to be removed, if at all; none where there is no such user.
pub(super) async fn find(db: &Connection, user: UserId) -> Result<Option<Option<Timestamp>>, Failed> {
    let sql = "SELECT l.removal_at FROM users u LEFT JOIN leaving_users l ON l.user_id = u.id
         WHERE u.id = $1 AND u.removed_at IS NULL";
    db.row(sql, params![uuid(user)]).await?.map(|row| optional_timestamp(&row, 0)).transpose()
}

pub(super) async fn change(
    db: &Connection,
    user: UserId,
    wish: Leaving,
    network: Option<Network>,
    now: Timestamp,
) -> Result<LeavingChange, Failed> {
    // It locks the user, and whoever else it depends on.
    let refusal = users::guard(db, user, Act::Remove, &Actor::User(user)).await?;
    let Some(before) = find(db, user).await? else { return Ok(LeavingChange::UnknownUser) };
    if let (Leaving::After(_), Some(refusal)) = (wish, refusal) {
        return Ok(LeavingChange::Refused(refusal));
    }
    let change = audit::write(db, leave(user, before, wish, network, now)).await?;
    match change {
        LeavingChange::Done(Some(at)) => {
            let sql = "INSERT INTO leaving_users (user_id, removal_at) VALUES ($1, $2)
                 ON CONFLICT (user_id) DO UPDATE SET removal_at = excluded.removal_at";
            db.execute(sql, params![uuid(user), at.unix()]).await?;
        }
        LeavingChange::Done(None) => forget(db, user).await?,
        LeavingChange::UnknownUser | LeavingChange::Refused(_) => {}
    }
    Ok(change)
}

/// Forgets that a user, who is locked, wanted to be removed.
pub(super) async fn forget(db: &Connection, user: UserId) -> Result<(), Failed> {
    db.execute("DELETE FROM leaving_users WHERE user_id = $1", params![uuid(user)]).await.map(drop)
}

/// Those whose time has come.
pub(super) async fn due(db: &Connection, now: Timestamp, limit: u32) -> Result<Vec<UserId>, Failed> {
    let sql = "SELECT user_id FROM leaving_users WHERE removal_at <= $1 ORDER BY removal_at LIMIT $2";
    let rows = db.rows(sql, params![now.unix(), i64::from(limit)]).await?;
    rows.iter().map(|row| id(row, 0)).collect()
}

/// Removes a user whose time has come, unless they changed their mind meanwhile, or another node was faster.
pub(super) async fn remove(db: &Connection, user: UserId, now: Timestamp) -> Result<u64, Failed> {
    users::guard(db, user, Act::Remove, &Actor::User(user)).await?;
    if !has_left(find(db, user).await?.flatten(), now) {
        return Ok(0);
    }
    // Whoever became the last owner meanwhile stays.
    let change = users::remove(db, user, &Actor::User(user), now).await?;
    Ok(u64::from(matches!(change, UserChange::Done { .. })))
}
