//! The segments of the audit trail's hash chain in SQLite. A connection that writes has a segment of its own, once it writes a record: a
//! temporary table, which a transaction changes like any other, says which. A transaction reads it at its first record and writes it
//! once, before its commit.

use std::cell::RefCell;

use jeton_authority::audit::{
    AgedRecord, AuditNumber, AuditSegment, ChainHash, Link, Pruned, SegmentId, StoredRecord,
    needless_segments, prune,
};
use jeton_jose::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::columns::{count, counted, timestamp, unreadable};

/// What a connection that writes needs.
pub(super) const OWN_SEGMENT: &str = "CREATE TEMP TABLE own_segment (id BLOB NOT NULL);";

thread_local! {
    /// The segment that the open transaction of this thread's connection has appended to.
    static OPEN: RefCell<Option<AuditSegment>> = const { RefCell::new(None) };
}

/// Appends a record to the connection's segment, and answers its place. [`write`] has to follow before the commit.
pub(super) fn append(db: &Connection, record: &StoredRecord) -> rusqlite::Result<Link> {
    OPEN.with_borrow_mut(|open| {
        let segment = match open {
            Some(segment) => segment,
            None => open.insert(own(db).transpose().unwrap_or_else(|| begin(db, record.at))?),
        };
        Ok(segment.append(record))
    })
}

/// Writes the segment, if the open transaction appended to it.
pub(super) fn write(db: &Connection) -> rusqlite::Result<()> {
    let Some(segment) = OPEN.take() else { return Ok(()) };
    db.prepare_cached("UPDATE audit_segments SET next = ?2, head = ?3 WHERE id = ?1")?
        .execute((segment.id.as_bytes(), count(segment.next)?, segment.head.as_bytes()))
        .map(drop)
}

/// Forgets what a transaction appended that is rolled back.
pub(super) fn forget() {
    OPEN.take();
}

/// The columns that [`segment`] reads.
const COLUMNS: &str = "s.id, s.opened_at, s.follows, s.first, s.before_first, s.next, s.head";

fn own(db: &Connection) -> rusqlite::Result<Option<AuditSegment>> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM temp.own_segment o JOIN audit_segments s ON s.id = o.id"
    ))?
    .query_row([], segment)
    .optional()
}

fn begin(db: &Connection, now: Timestamp) -> rusqlite::Result<AuditSegment> {
    let id = db.query_row("SELECT randomblob(16)", [], |row| row.get(0).map(SegmentId::from_bytes))?;
    let follows = db
        .prepare("SELECT id FROM audit_segments WHERE followed = 0 ORDER BY id")?
        .query_map([], |row| row.get(0).map(SegmentId::from_bytes))?
        .collect::<rusqlite::Result<_>>()?;
    db.execute("UPDATE audit_segments SET followed = 1 WHERE followed = 0", [])?;
    let segment = AuditSegment::open(id, follows, now);
    let follows: Vec<u8> = segment.follows.iter().flat_map(SegmentId::as_bytes).copied().collect();
    db.execute(
        "INSERT INTO audit_segments (id, opened_at, follows, first, before_first, next, head)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            id.as_bytes(),
            now.unix(),
            follows,
            count(segment.first)?,
            segment.before_first.as_bytes(),
            count(segment.next)?,
            segment.head.as_bytes(),
        ],
    )?;
    db.execute("DELETE FROM temp.own_segment", [])?;
    db.execute("INSERT INTO temp.own_segment VALUES (?1)", [id.as_bytes()])?;
    Ok(segment)
}

/// All segments, the oldest first.
pub(super) fn all(db: &Connection) -> rusqlite::Result<Vec<AuditSegment>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM audit_segments s ORDER BY s.opened_at, s.id"))?
        .query_map([], segment)?
        .collect()
}

pub(super) fn segment(row: &Row<'_>) -> rusqlite::Result<AuditSegment> {
    let follows = row.get_ref(2)?.as_blob()?;
    let (follows, []) = follows.as_chunks() else { return Err(unreadable(2, Type::Blob)) };
    Ok(AuditSegment {
        id: row.get(0).map(SegmentId::from_bytes)?,
        opened_at: timestamp(row, 1)?,
        follows: follows.iter().copied().map(SegmentId::from_bytes).collect(),
        first: counted(row, 3)?,
        before_first: row.get(4).map(ChainHash::from_bytes)?,
        next: counted(row, 5)?,
        head: row.get(6).map(ChainHash::from_bytes)?,
    })
}

/// A record's place, if it has one, in three columns from `column` on: segment, position, hash.
pub(super) fn link(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Link>> {
    let Some(segment) = row.get::<_, Option<_>>(column)? else { return Ok(None) };
    Ok(Some(Link {
        segment: SegmentId::from_bytes(segment),
        position: counted(row, column + 1)?,
        hash: row.get(column + 2).map(ChainHash::from_bytes)?,
    }))
}

pub(super) const ANY_OLD: &str = "SELECT 1 FROM audit WHERE at < ?1 LIMIT 1";

/// Removes records from before a time, as [`prune`] says, and answers how many.
pub(super) fn sweep(db: &Connection, before: Timestamp, limit: u32) -> rusqlite::Result<u64> {
    if !db.prepare_cached(ANY_OLD)?.exists([before.unix()])? {
        return Ok(0);
    }
    let oldest = db
        .prepare_cached("SELECT number, at, segment, position, hash FROM audit ORDER BY number LIMIT ?1")?
        .query_map([limit], |row| {
            Ok(AgedRecord { number: AuditNumber(row.get(0)?), at: timestamp(row, 1)?, link: link(row, 2)? })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let Pruned { records, segments } = prune(&oldest, before);
    if records.is_empty() {
        return Ok(0);
    }
    // What is needless depends on it.
    write(db)?;
    for AuditNumber(number) in &records {
        let sql = "DELETE FROM audit_of_users
                   WHERE user_id = (SELECT user_id FROM audit WHERE number = ?1) AND number = ?1";
        db.prepare_cached(sql)?.execute([number])?;
        db.prepare_cached("DELETE FROM audit WHERE number = ?1")?.execute([number])?;
    }
    for last in &segments {
        db.prepare_cached("UPDATE audit_segments SET first = ?2, before_first = ?3 WHERE id = ?1")?
            .execute((last.segment.as_bytes(), count(last.position + 1)?, last.hash.as_bytes()))?;
    }
    for segment in needless_segments(&all(db)?) {
        db.prepare_cached("DELETE FROM audit_segments WHERE id = ?1")?.execute([segment.as_bytes()])?;
    }
    Ok(records.len() as u64)
}
