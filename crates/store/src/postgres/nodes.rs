//! The nodes that live, in PostgreSQL.

use jeton_authority::NodeId;
use jeton_authority::store::NODE_SEEN;
use jeton_jose::Timestamp;

use super::columns::{params, uuid, value};
use super::connection::Connection;
use super::error::Failed;

/// Notes that a node lives, forgets those that do not, and counts.
pub(super) async fn count(db: &Connection, node: NodeId, now: Timestamp) -> Result<u32, Failed> {
    let sql = "INSERT INTO nodes (id, seen_at) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at";
    db.execute(sql, params![uuid(node), now.unix()]).await?;
    // One that was seen in the future noted itself by a clock that has been set back since.
    let (gone, future) = (now.saturating_sub(NODE_SEEN).unix(), now.saturating_add(NODE_SEEN).unix());
    let sql = "DELETE FROM nodes WHERE id IN
               (SELECT id FROM nodes WHERE seen_at <= $1 OR seen_at > $2 FOR UPDATE SKIP LOCKED)";
    db.execute(sql, params![gone, future]).await?;
    let sql = "SELECT count(*) FROM nodes WHERE seen_at > $1 AND seen_at <= $2";
    let row = db.row(sql, params![gone, future]).await?;
    let count: i64 = value(&row.ok_or(Failed::Unreadable)?, 0)?;
    u32::try_from(count).map_err(|_| Failed::Unreadable)
}
