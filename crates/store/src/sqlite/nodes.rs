//! The nodes that live, in SQLite: the one server that may use a database, and in tests others.

use jeton_authority::NodeId;
use jeton_authority::store::NODE_SEEN;
use jeton_jose::Timestamp;
use rusqlite::Connection;

/// Notes that a node lives, forgets those that do not, and counts.
pub(super) fn count(db: &Connection, node: NodeId, now: Timestamp) -> rusqlite::Result<u32> {
    db.prepare_cached(
        "INSERT INTO nodes (id, seen_at) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at",
    )?
    .execute((node.as_bytes(), now.unix()))?;
    // One that was seen in the future noted itself by a clock that has been set back since.
    let (gone, future) = (now.saturating_sub(NODE_SEEN).unix(), now.saturating_add(NODE_SEEN).unix());
    db.prepare_cached("DELETE FROM nodes WHERE seen_at <= ?1 OR seen_at > ?2")?.execute([gone, future])?;
    db.prepare_cached("SELECT count(*) FROM nodes")?.query_row([], |row| row.get(0))
}
