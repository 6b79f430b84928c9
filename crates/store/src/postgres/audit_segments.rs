//! The segments of the audit trail's hash chain in PostgreSQL. A connection has a segment of its own, once it writes a record: so nobody
//! waits for others, whatever they write at the same time.

use jeton_authority::audit::{
    AgedRecord, AuditNumber, AuditSegment, ChainHash, Link, Pruned, SegmentId, needless_segments, prune,
};
use jeton_jose::Timestamp;
use tokio_postgres::Row;

use super::columns::{Uuid, bytes, count, counted, id, optional_id, params, timestamp, uuid, uuids, value};
use super::connection::Connection;
use super::error::Failed;

/// The connection's segment. It is opened where there is none, or where the transaction that opened it was undone.
pub(super) async fn own(db: &Connection, now: Timestamp) -> Result<AuditSegment, Failed> {
    if let Some(own) = db.audit_segment() {
        let sql = "SELECT id, opened_at, follows, first, before_first, next, head FROM audit_segments WHERE id = $1";
        if let Some(row) = db.row(sql, params![uuid(own)]).await? {
            return segment(&row);
        }
    }
    open(db, now).await
}

/// Those that no other one followed so far. One that somebody is writing to is left to the next who opens one.
const FOLLOWED: &str = "UPDATE audit_segments SET followed = true WHERE id IN
        (SELECT id FROM audit_segments WHERE NOT followed ORDER BY id FOR UPDATE SKIP LOCKED)
    RETURNING id";

async fn open(db: &Connection, now: Timestamp) -> Result<AuditSegment, Failed> {
    let row = db.row("SELECT gen_random_uuid()", params![]).await?.ok_or(Failed::Unreadable)?;
    let own = id(&row, 0)?;
    let rows = db.rows(FOLLOWED, params![]).await?;
    let mut follows = rows.iter().map(|row| id(row, 0)).collect::<Result<Vec<_>, _>>()?;
    follows.sort_unstable();
    let segment = AuditSegment::open(own, follows, now);
    let follows: Vec<u8> = segment.follows.iter().flat_map(SegmentId::as_bytes).copied().collect();
    db.execute(
        "INSERT INTO audit_segments (id, opened_at, follows, first, before_first, next, head)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![
            uuid(own),
            now.unix(),
            &*follows,
            count(segment.first)?,
            bytes(segment.before_first.as_bytes()),
            count(segment.next)?,
            bytes(segment.head.as_bytes()),
        ],
    )
    .await?;
    db.set_audit_segment(own);
    Ok(segment)
}

/// All segments, the oldest first.
pub(super) async fn all(db: &Connection) -> Result<Vec<AuditSegment>, Failed> {
    let sql = "SELECT id, opened_at, follows, first, before_first, next, head FROM audit_segments ORDER BY opened_at, id";
    db.rows(sql, params![]).await?.iter().map(segment).collect()
}

pub(super) fn segment(row: &Row) -> Result<AuditSegment, Failed> {
    let (follows, []) = row.try_get::<_, &[u8]>(2)?.as_chunks() else { return Err(Failed::Unreadable) };
    Ok(AuditSegment {
        id: id(row, 0)?,
        opened_at: timestamp(row, 1)?,
        follows: follows.iter().copied().map(SegmentId::from_bytes).collect(),
        first: counted(row, 3)?,
        before_first: hash(row, 4)?,
        next: counted(row, 5)?,
        head: hash(row, 6)?,
    })
}

fn hash(row: &Row, column: usize) -> Result<ChainHash, Failed> {
    let bytes = row.try_get::<_, &[u8]>(column)?.try_into();
    bytes.map(ChainHash::from_bytes).map_err(|_| Failed::Unreadable)
}

/// A record's place, if it has one, in three columns from `column` on: segment, position, hash.
pub(super) fn link(row: &Row, column: usize) -> Result<Option<Link>, Failed> {
    let Some(segment) = optional_id(row, column)? else { return Ok(None) };
    Ok(Some(Link { segment, position: counted(row, column + 1)?, hash: hash(row, column + 2)? }))
}

/// The oldest records. Another node that sweeps at the same time waits, and finds those that are left.
const OLDEST: &str =
    "SELECT number, at, segment, position, hash FROM audit ORDER BY number LIMIT $1 FOR UPDATE";

/// Removes records from before a time, as [`prune`] says, and answers how many.
pub(super) async fn sweep(db: &Connection, before: Timestamp, limit: u32) -> Result<u64, Failed> {
    if !db.exists("SELECT 1 FROM audit WHERE at < $1 LIMIT 1", params![before.unix()]).await? {
        return Ok(0);
    }
    let rows = db.rows(OLDEST, params![i64::from(limit)]).await?;
    let oldest = rows.iter().map(|row| {
        Ok(AgedRecord { number: AuditNumber(value(row, 0)?), at: timestamp(row, 1)?, link: link(row, 2)? })
    });
    let Pruned { records, segments } = prune(&oldest.collect::<Result<Vec<_>, Failed>>()?, before);
    if records.is_empty() {
        return Ok(0);
    }
    let numbers: Vec<i64> = records.into_iter().map(|AuditNumber(number)| number).collect();
    let sql = "DELETE FROM audit_of_users o USING audit a
         WHERE a.number = ANY($1) AND o.user_id = a.user_id AND o.number = a.number";
    db.execute(sql, params![numbers]).await?;
    let removed = db.execute("DELETE FROM audit WHERE number = ANY($1)", params![numbers]).await?;
    for last in &segments {
        let sql = "UPDATE audit_segments SET first = $2, before_first = $3 WHERE id = $1 AND first < $2";
        let (first, hash) = (count(last.position + 1)?, bytes(last.hash.as_bytes()));
        db.execute(sql, params![uuid(last.segment), first, hash]).await?;
    }
    let needless: Vec<Uuid> = uuids(needless_segments(&all(db).await?));
    if !needless.is_empty() {
        let sql = "DELETE FROM audit_segments WHERE id = ANY($1) AND first = next";
        db.execute(sql, params![needless]).await?;
    }
    Ok(removed)
}
