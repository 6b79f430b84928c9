//! The hash chain of the audit trail, which reveals records that were removed or changed.
//!
//! The trail consists of *segments*: the records that one connection to the store wrote, in their order. Each record has its position in
//! the segment, and a hash over itself and the hash before it. So writers do not wait for each other. A segment also keeps its length
//! and its last hash in another place than the records, and names the segments that were the last ones when it was opened. So the end of
//! a segment cannot be cut off unnoticed, and neither can a whole segment disappear.
//!
//! Anyone who can write to the database can compute a new chain, but not one that ends in a hash that was saved elsewhere: see
//! [`AuditHead`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jeton_jose::Timestamp;
use sha2::{Digest, Sha256};

use super::{AuditNumber, StoredRecord};
use crate::id::SegmentId;

/// A hash of the chain: SHA-256.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ChainHash([u8; 32]);

impl ChainHash {
    /// The hash of these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes, as the store keeps them.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads what [`ChainHash`]'s `Display` writes: 64 hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChainHash({self})")
    }
}

/// The place of a record in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Its segment.
    pub segment: SegmentId,
    /// Its position in the segment, from 0.
    pub position: u64,
    /// The hash over the record and the hash before it.
    pub hash: ChainHash,
}

/// A record with its place in the chain. A version from before there was a chain writes none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedRecord {
    /// Its place in the order in which records were written.
    pub number: AuditNumber,
    /// Its place in the chain.
    pub link: Option<Link>,
    /// The record.
    pub record: StoredRecord,
}

/// A segment of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSegment {
    /// Its identifier.
    pub id: SegmentId,
    /// When its first record was written.
    pub opened_at: Timestamp,
    /// The segments that no other one followed until then.
    pub follows: Vec<SegmentId>,
    /// The position of the first record that is still kept, or `next` where none is.
    pub first: u64,
    /// The hash before that record.
    pub before_first: ChainHash,
    /// The position of the next record.
    pub next: u64,
    /// The hash of the last record.
    pub head: ChainHash,
}

/// The last hash of a segment at some point in time. If it is saved outside the database, a later verification can tell whether the chain
/// up to that point was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditHead {
    /// The segment.
    pub segment: SegmentId,
    /// How many records it had, removed ones included.
    pub records: u64,
    /// The hash of the last of them.
    pub hash: ChainHash,
}

impl AuditSegment {
    /// A new segment, without records yet.
    pub fn open(id: SegmentId, follows: Vec<SegmentId>, opened_at: Timestamp) -> Self {
        let mut hash = Hash::new("jeton-audit-segment-1");
        hash.part(id.as_bytes());
        hash.part(&opened_at.unix().to_be_bytes());
        for followed in &follows {
            hash.part(followed.as_bytes());
        }
        let opening = hash.finish();
        Self { id, opened_at, follows, first: 0, before_first: opening, next: 0, head: opening }
    }

    /// Appends a record.
    pub fn append(&mut self, record: &StoredRecord) -> Link {
        let link =
            Link { segment: self.id, position: self.next, hash: link(self.id, self.next, self.head, record) };
        self.next += 1;
        self.head = link.hash;
        link
    }

    /// Whether none of its records is kept.
    pub const fn is_empty(&self) -> bool {
        self.first == self.next
    }

    /// Its last hash.
    pub const fn head(&self) -> AuditHead {
        AuditHead { segment: self.id, records: self.next, hash: self.head }
    }
}

/// The hash of a record at a position, behind the record with the hash `before`.
pub(super) fn link(segment: SegmentId, position: u64, before: ChainHash, record: &StoredRecord) -> ChainHash {
    let StoredRecord { at, event, actor, subject, network, changes } = record;
    let mut hash = Hash::new("jeton-audit-record-1");
    hash.part(before.as_bytes());
    hash.part(segment.as_bytes());
    hash.part(&position.to_be_bytes());
    hash.part(&at.unix().to_be_bytes());
    hash.part(event.as_bytes());
    hash.optional(actor.as_ref().map(|actor| [actor.kind]));
    hash.optional(actor.as_ref().and_then(|actor| actor.id.as_ref()));
    hash.optional(subject.user.as_ref().map(|user| user.as_bytes()));
    hash.optional(subject.grant.as_ref().map(|grant| grant.as_bytes()));
    hash.optional(subject.session.as_ref().map(|session| session.as_bytes()));
    hash.optional(subject.client.as_ref().map(|client| client.as_bytes()));
    hash.optional(subject.key.as_ref().map(|key| key.as_bytes()));
    hash.optional(network.as_ref());
    // Records without changes are hashed as before there were any.
    if let Some(changes) = changes {
        hash.part(changes.as_bytes());
    }
    hash.finish()
}

/// A hash over parts, each with its length, so that no two lists of parts are hashed alike.
struct Hash(Sha256);

impl Hash {
    fn new(purpose: &str) -> Self {
        let mut hash = Self(Sha256::new());
        hash.part(purpose.as_bytes());
        hash
    }

    fn part(&mut self, part: &[u8]) {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
    }

    fn optional(&mut self, part: Option<impl AsRef<[u8]>>) {
        match part {
            Some(part) => self.part(part.as_ref()),
            // No part is as long as that.
            None => self.0.update(u64::MAX.to_be_bytes()),
        }
    }

    fn finish(self) -> ChainHash {
        ChainHash(self.0.finalize().into())
    }
}

/// What of a record decides whether it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgedRecord {
    /// Its place in the order in which records were written.
    pub number: AuditNumber,
    /// When it happened.
    pub at: Timestamp,
    /// Its place in the chain.
    pub link: Option<Link>,
}

/// What is removed of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pruned {
    /// The records that go.
    pub records: Vec<AuditNumber>,
    /// The last record that goes of each segment. The segment begins behind it from now on.
    pub segments: Vec<Link>,
}

/// Which records go, of the oldest ones in their order: those from before a time. A segment loses records at its beginning only. So a
/// record whose time is wrong, because the clock was, keeps those behind it until it is old itself.
pub fn prune(oldest: &[AgedRecord], before: Timestamp) -> Pruned {
    let (mut records, mut kept, mut last) = (Vec::new(), BTreeSet::new(), BTreeMap::new());
    for record in oldest {
        let segment = record.link.map(|link| link.segment);
        let is_old = record.at < before;
        match record.link {
            None if is_old => records.push(record.number),
            None => {}
            Some(link) if is_old && !kept.contains(&segment) => {
                records.push(record.number);
                last.insert(link.segment, link);
            }
            Some(_) => {
                kept.insert(segment);
            }
        }
    }
    Pruned { records, segments: last.into_values().collect() }
}

/// Which segments without records go: those that no segment follows whose first record is still kept, and that somebody followed.
pub fn needless_segments(segments: &[AuditSegment]) -> Vec<SegmentId> {
    let followed: BTreeSet<_> = segments.iter().flat_map(|segment| &segment.follows).collect();
    let needed: BTreeSet<_> =
        segments.iter().filter(|segment| segment.first == 0).flat_map(|segment| &segment.follows).collect();
    let is_needless = |segment: &&AuditSegment| {
        segment.is_empty() && followed.contains(&segment.id) && !needed.contains(&segment.id)
    };
    segments.iter().filter(is_needless).map(|segment| segment.id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Actor, AuditEvent, AuditRecord, AuditSubject};
    use crate::{GrantId, Network, SessionId, UserId};

    const SEGMENT: SegmentId = SegmentId::from_bytes([7; 16]);
    const BEFORE: ChainHash = ChainHash::from_bytes([9; 32]);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(seconds)
    }

    fn whole() -> StoredRecord {
        let subject = AuditSubject {
            user: Some(UserId::from_bytes([1; 16])),
            grant: Some(GrantId::from_bytes([2; 16])),
            session: Some(SessionId::from_bytes([3; 16])),
            client: Some("web".into()),
            key: Some("kid".into()),
        };
        let actor = Actor::Client("app".into());
        let network = Network::V4([192, 0, 2]);
        StoredRecord::of(&AuditRecord::asked_from(network, AuditEvent::SignedIn, actor, subject, at(5)))
    }

    #[test]
    fn whatever_changes_in_a_record_changes_its_hash() {
        let (whole, hash) = (whole(), link(SEGMENT, 4, BEFORE, &whole()));
        let changed = |change: &dyn Fn(&mut StoredRecord)| {
            let mut record = whole.clone();
            change(&mut record);
            assert_ne!(record, whole);
            link(SEGMENT, 4, BEFORE, &record)
        };
        let mut hashes = vec![
            hash,
            link(SegmentId::from_bytes([8; 16]), 4, BEFORE, &whole),
            link(SEGMENT, 5, BEFORE, &whole),
            link(SEGMENT, 4, hash, &whole),
            changed(&|record| record.at = at(6)),
            changed(&|record| record.event = "signed_out".into()),
            changed(&|record| record.actor = None),
            changed(&|record| record.actor.as_mut().expect("an actor").kind = 1),
            changed(&|record| record.actor.as_mut().expect("an actor").id = None),
            changed(&|record| record.subject.user = None),
            changed(&|record| record.subject.grant = None),
            changed(&|record| record.subject.session = None),
            changed(&|record| record.subject.client = Some("Web".into())),
            changed(&|record| record.subject.key = Some("".into())),
            changed(&|record| record.subject.key = None),
            changed(&|record| record.network = Some([198, 51, 100].into())),
            changed(&|record| record.changes = Some("{}".into())),
            changed(&|record| record.changes = Some("".into())),
            changed(&|record| std::mem::swap(&mut record.subject.key, &mut record.subject.client)),
        ];
        let count = hashes.len();
        hashes.sort_by_key(|hash| *hash.as_bytes());
        hashes.dedup();
        assert_eq!(hashes.len(), count);
        assert_eq!(link(SEGMENT, 4, BEFORE, &whole), hash, "the hash depends on nothing else");
    }

    #[test]
    fn a_hash_is_read_as_it_is_written() {
        assert_eq!(ChainHash::parse(&BEFORE.to_string()), Some(BEFORE));
        for text in ["", "09", &"0".repeat(63), &"g".repeat(64), &"ü".repeat(32), &"+9".repeat(32)] {
            assert_eq!(ChainHash::parse(text), None, "{text}");
        }
    }

    fn aged(number: i64, at: i64, segment: Option<u8>) -> AgedRecord {
        let link = segment.map(|segment| Link {
            segment: SegmentId::from_bytes([segment; 16]),
            position: number.cast_unsigned(),
            hash: ChainHash::from_bytes([number as u8; 32]),
        });
        AgedRecord { number: AuditNumber(number), at: Timestamp::from_unix(at), link }
    }

    #[test]
    fn a_segment_loses_records_at_its_beginning_only() {
        let oldest = [
            aged(1, 10, Some(1)),
            aged(2, 10, Some(2)),
            aged(3, 30, Some(2)),
            aged(4, 11, Some(1)),
            aged(5, 11, Some(2)),
            aged(6, 12, None),
            aged(7, 30, None),
            aged(8, 20, Some(1)),
        ];
        let pruned = prune(&oldest, at(20));
        assert_eq!(pruned.records, [1, 2, 4, 6].map(AuditNumber));
        assert_eq!(pruned.segments, [oldest[3].link, oldest[1].link].map(Option::unwrap));
        assert_eq!(prune(&oldest, at(10)), Pruned::default());
    }

    #[test]
    fn an_empty_segment_goes_once_nobody_can_miss_it() {
        let segment = |id: u8, follows: &[u8], first, next| {
            let follows = follows.iter().map(|id| SegmentId::from_bytes([*id; 16])).collect();
            let opened = AuditSegment::open(SegmentId::from_bytes([id; 16]), follows, at(0));
            AuditSegment { first, next, ..opened }
        };
        let goes = |segments: &[AuditSegment]| needless_segments(segments);
        assert_eq!(goes(&[segment(1, &[], 3, 3)]), [], "its end is all that says that it was there");
        assert_eq!(goes(&[segment(1, &[], 3, 3), segment(2, &[1], 0, 2)]), [], "its successor names it");
        assert_eq!(
            goes(&[segment(1, &[], 3, 3), segment(2, &[1], 1, 2)]),
            [SegmentId::from_bytes([1; 16])],
            "the record of its successor that would name it is gone"
        );
        assert_eq!(goes(&[segment(1, &[], 2, 3), segment(2, &[1], 1, 2)]), [], "it has a record");
    }
}
