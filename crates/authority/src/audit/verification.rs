//! Verifying the audit trail: whether a record was removed or changed since it was written.

use std::collections::BTreeMap;
use std::fmt;

use jeton_jose::Timestamp;

use super::chain::{AuditHead, AuditSegment, ChainHash, Link, LinkedRecord, link};
use crate::id::SegmentId;

/// How many findings are listed. All are counted.
pub const FINDINGS_LISTED: usize = 100;

/// Something that is wrong with the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditFinding {
    /// A record, or the place where it says that it stands, is not what was written.
    Changed {
        /// Where it stands.
        link: Link,
        /// When it says that it happened.
        at: Timestamp,
    },
    /// Records are missing.
    Missing {
        /// The segment.
        segment: SegmentId,
        /// The position of the first one.
        from: u64,
        /// The position of the last one.
        to: u64,
    },
    /// A record stands at a position where another one stands, or stood.
    OutOfPlace {
        /// Where it says that it stands.
        link: Link,
    },
    /// The last hash of a segment is not that of its last record.
    HeadChanged {
        /// The segment.
        segment: SegmentId,
    },
    /// A segment is missing that another one followed, or that was noted.
    SegmentMissing {
        /// The segment.
        segment: SegmentId,
    },
    /// Records belong to a segment that is missing.
    SegmentUnknown {
        /// The segment.
        segment: SegmentId,
        /// How many records.
        records: u64,
    },
    /// The chain is another one than when a head of it was noted.
    Replaced {
        /// What was noted.
        head: AuditHead,
    },
}

impl fmt::Display for AuditFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { link: Link { segment, position, .. }, at } => {
                write!(f, "record {position} of segment {segment} was changed; it is dated {}", at.unix())
            }
            Self::Missing { segment, from, to } if from == to => {
                write!(f, "record {from} of segment {segment} was removed")
            }
            Self::Missing { segment, from, to } => {
                write!(f, "records {from} to {to} of segment {segment} were removed")
            }
            Self::OutOfPlace { link: Link { segment, position, .. } } => {
                write!(
                    f,
                    "a second record {position} was added to segment {segment}, or the records were reordered"
                )
            }
            Self::HeadChanged { segment } => {
                write!(f, "the last hash of segment {segment} is not the hash of its last record")
            }
            Self::SegmentMissing { segment } => {
                write!(f, "segment {segment} was removed with all its records")
            }
            Self::SegmentUnknown { segment, records } => {
                write!(f, "the row of segment {segment} was removed; records left of it: {records}")
            }
            Self::Replaced { head: AuditHead { segment, records, .. } } => {
                write!(
                    f,
                    "segment {segment} was replaced: its records up to number {records} are not those that were noted"
                )
            }
        }
    }
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditReport {
    /// How many records were verified.
    pub verified: u64,
    /// How many records have no place in the chain: a version from before there was a chain wrote them.
    pub unlinked: u64,
    /// How many of those were written after the first one with a place.
    pub unlinked_later: u64,
    /// The segments.
    pub segments: Vec<AuditSegment>,
    /// What is wrong: the first [`FINDINGS_LISTED`] of it.
    pub findings: Vec<AuditFinding>,
    /// How much is wrong.
    pub finding_count: u64,
}

/// A verification under way. Records are added and removed by others meanwhile.
#[derive(Debug)]
pub struct AuditVerification {
    segments: BTreeMap<SegmentId, Progress>,
    unknown: BTreeMap<SegmentId, u64>,
    noted: Vec<AuditHead>,
    verified: u64,
    unlinked: u64,
    unlinked_later: u64,
    findings: Vec<AuditFinding>,
}

/// How far a segment was verified.
#[derive(Debug)]
struct Progress {
    segment: AuditSegment,
    /// The position of the record that is to come.
    next: u64,
    /// The hash before it.
    before: ChainHash,
    /// The hash at the segment's end, once that was reached.
    head: Option<ChainHash>,
    /// The noted hashes, by the number of records up to them.
    noted: BTreeMap<u64, ChainHash>,
}

impl AuditVerification {
    /// Begins. `segments` were read before the first record is. `noted` are heads that were noted earlier.
    pub fn new(segments: Vec<AuditSegment>, noted: Vec<AuditHead>) -> Self {
        let segments = segments.into_iter().map(|segment| (segment.id, Progress::new(segment, &noted)));
        Self {
            segments: segments.collect(),
            unknown: BTreeMap::new(),
            noted,
            verified: 0,
            unlinked: 0,
            unlinked_later: 0,
            findings: Vec::new(),
        }
    }

    /// Verifies the next record, in the order in which they were written.
    pub fn verify(&mut self, record: &LinkedRecord) {
        let Some(link) = record.link else {
            self.unlinked += 1;
            self.unlinked_later += u64::from(self.verified > 0);
            return;
        };
        match self.segments.get_mut(&link.segment) {
            Some(progress) => {
                self.verified += 1;
                self.findings.extend(progress.verify(link, record));
            }
            None => *self.unknown.entry(link.segment).or_default() += 1,
        }
    }

    /// Ends. `segments` were read after the last record was.
    pub fn finish(mut self, segments: Vec<AuditSegment>) -> AuditReport {
        let now: BTreeMap<_, _> = segments.iter().map(|segment| (segment.id, segment)).collect();
        for progress in self.segments.values() {
            self.findings.extend(progress.finish());
        }
        // What was opened meanwhile is verified the next time.
        let unknown = self.unknown.iter().filter(|(segment, _)| !now.contains_key(segment));
        self.findings.extend(
            unknown.map(|(segment, records)| AuditFinding::SegmentUnknown {
                segment: *segment,
                records: *records,
            }),
        );
        let is_there = |segment: &SegmentId| now.contains_key(segment) || self.segments.contains_key(segment);
        let followed =
            segments.iter().filter(|segment| segment.first == 0).flat_map(|segment| &segment.follows);
        let named = followed.chain(self.noted.iter().map(|head| &head.segment));
        let mut missing: Vec<_> = named.filter(|segment| !is_there(segment)).copied().collect();
        missing.sort_unstable();
        missing.dedup();
        self.findings.extend(missing.into_iter().map(|segment| AuditFinding::SegmentMissing { segment }));
        // The sweep may have removed old records between two looks.
        self.findings.retain(|finding| match finding {
            AuditFinding::Missing { segment, to, .. } => {
                now.get(segment).is_some_and(|segment| *to >= segment.first)
            }
            _ => true,
        });
        let finding_count = self.findings.len() as u64;
        self.findings.truncate(FINDINGS_LISTED);
        AuditReport {
            verified: self.verified,
            unlinked: self.unlinked,
            unlinked_later: self.unlinked_later,
            segments,
            findings: self.findings,
            finding_count,
        }
    }
}

impl Progress {
    fn new(segment: AuditSegment, noted: &[AuditHead]) -> Self {
        let noted = noted.iter().filter(|head| head.segment == segment.id);
        let noted = noted.map(|head| (head.records, head.hash)).collect();
        let (next, before) = (segment.first, segment.before_first);
        let head = segment.is_empty().then_some(before);
        Self { segment, next, before, head, noted }
    }

    fn verify(&mut self, found: Link, record: &LinkedRecord) -> Vec<AuditFinding> {
        let mut findings = Vec::new();
        if found.position < self.next {
            findings.push(AuditFinding::OutOfPlace { link: found });
            return findings;
        }
        if found.position > self.next {
            let (segment, from, to) = (self.segment.id, self.next, found.position - 1);
            findings.push(AuditFinding::Missing { segment, from, to });
        } else if link(found.segment, found.position, self.before, &record.record) != found.hash {
            findings.push(AuditFinding::Changed { link: found, at: record.record.at });
        }
        self.next = found.position + 1;
        self.before = found.hash;
        if self.next == self.segment.next {
            self.head = Some(found.hash);
        }
        if let Some(hash) = self.noted.get(&self.next).filter(|hash| **hash != found.hash) {
            let head = AuditHead { segment: self.segment.id, records: self.next, hash: *hash };
            findings.push(AuditFinding::Replaced { head });
        }
        findings
    }

    fn finish(&self) -> Vec<AuditFinding> {
        let segment = self.segment.id;
        let mut findings = Vec::new();
        if self.next < self.segment.next {
            findings.push(AuditFinding::Missing { segment, from: self.next, to: self.segment.next - 1 });
        } else if self.head != Some(self.segment.head) {
            findings.push(AuditFinding::HeadChanged { segment });
        }
        // What is beyond the end was there once.
        let beyond = self.noted.range(self.next + 1..);
        findings.extend(beyond.map(|(records, hash)| AuditFinding::Replaced {
            head: AuditHead { segment, records: *records, hash: *hash },
        }));
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UserId;
    use crate::audit::{Actor, AuditEvent, AuditNumber, AuditRecord, AuditSubject, StoredRecord};

    const A: SegmentId = SegmentId::from_bytes([1; 16]);
    const B: SegmentId = SegmentId::from_bytes([2; 16]);

    /// Two segments of five records each, whose records take turns. The second follows the first.
    #[derive(Clone)]
    struct Trail {
        segments: Vec<AuditSegment>,
        records: Vec<LinkedRecord>,
    }

    fn record(at: i64) -> StoredRecord {
        let subject = AuditSubject::user(UserId::from_bytes([5; 16]));
        let at = Timestamp::from_unix(at);
        StoredRecord::of(&AuditRecord::new(AuditEvent::UserDisabled, Actor::Operator, subject, at))
    }

    impl Trail {
        fn new() -> Self {
            let now = Timestamp::from_unix(0);
            let segments = vec![AuditSegment::open(A, vec![], now), AuditSegment::open(B, vec![A], now)];
            let mut trail = Self { segments, records: Vec::new() };
            (0..10).for_each(|number| trail.append(number % 2, number as i64));
            trail
        }

        fn append(&mut self, segment: usize, at: i64) {
            let (number, record) = (AuditNumber(self.records.len() as i64), record(at));
            let link = Some(self.segments[segment].append(&record));
            self.records.push(LinkedRecord { number, link, record });
        }

        fn report(&self, noted: Vec<AuditHead>) -> AuditReport {
            let mut verification = AuditVerification::new(self.segments.clone(), noted);
            self.records.iter().for_each(|record| verification.verify(record));
            verification.finish(self.segments.clone())
        }

        fn findings(&self) -> Vec<AuditFinding> {
            self.report(vec![]).findings
        }

        /// The `position`th record of a segment.
        fn of(&mut self, segment: SegmentId, position: u64) -> &mut LinkedRecord {
            let is_it = |link: Link| (link.segment, link.position) == (segment, position);
            self.records.iter_mut().find(|record| record.link.is_some_and(is_it)).expect("a record")
        }

        fn without(&self, goes: impl Fn(Link) -> bool) -> Self {
            let mut trail = self.clone();
            trail.records.retain(|record| !record.link.is_some_and(&goes));
            trail
        }
    }

    #[test]
    fn a_trail_that_nobody_touched_is_whole() {
        let report = Trail::new().report(vec![]);
        assert_eq!((report.verified, report.unlinked, report.finding_count), (10, 0, 0));
        assert_eq!(report.findings, []);
    }

    #[test]
    fn a_removed_record_is_named_wherever_it_stood() {
        let trail = Trail::new();
        for position in 0..5 {
            let found = trail.without(|link| (link.segment, link.position) == (A, position)).findings();
            assert_eq!(found, [AuditFinding::Missing { segment: A, from: position, to: position }]);
        }
        let found = trail.without(|link| link.segment == B && link.position > 1).findings();
        assert_eq!(found, [AuditFinding::Missing { segment: B, from: 2, to: 4 }], "the end was cut off");
        let found = trail.without(|link| link.segment == B).findings();
        assert_eq!(found, [AuditFinding::Missing { segment: B, from: 0, to: 4 }]);
    }

    #[test]
    fn a_removed_segment_is_named_by_the_next_one() {
        let mut trail = Trail::new().without(|link| link.segment == A);
        trail.segments.remove(0);
        assert_eq!(trail.findings(), [AuditFinding::SegmentMissing { segment: A }]);
        trail.segments[0].first = 2;
        let found = trail.without(|link| link.position < 2).findings();
        assert_eq!(found.len(), 1, "the hash before its first record is not that of its opening: {found:?}");
    }

    #[test]
    fn records_without_their_segment_are_counted() {
        let mut trail = Trail::new();
        trail.segments.remove(1);
        assert_eq!(trail.findings(), [AuditFinding::SegmentUnknown { segment: B, records: 5 }]);
    }

    #[test]
    fn a_changed_record_is_named() {
        let mut trail = Trail::new();
        trail.of(A, 2).record.event = "user_enabled".into();
        let link = trail.of(A, 2).link.expect("a link");
        assert_eq!(trail.findings(), [AuditFinding::Changed { link, at: Timestamp::from_unix(4) }]);
    }

    #[test]
    fn a_changed_record_with_a_new_hash_breaks_the_chain_behind_it() {
        let mut trail = Trail::new();
        let before = trail.of(A, 1).link.expect("a link").hash;
        let changed = trail.of(A, 2);
        changed.record.event = "user_enabled".into();
        let hash = link(A, 2, before, &changed.record);
        changed.link.as_mut().expect("a link").hash = hash;
        let next = trail.of(A, 3).link.expect("a link");
        assert_eq!(trail.findings(), [AuditFinding::Changed { link: next, at: Timestamp::from_unix(6) }]);
        let before = trail.of(A, 3).link.expect("a link").hash;
        let last = trail.of(A, 4);
        last.record.event = "user_enabled".into();
        let hash = link(A, 4, before, &last.record);
        last.link.as_mut().expect("a link").hash = hash;
        assert!(trail.findings().contains(&AuditFinding::HeadChanged { segment: A }));
    }

    #[test]
    fn reordered_records_are_noticed() {
        let mut trail = Trail::new();
        trail.records.swap(2, 4);
        assert_ne!(trail.findings(), []);
    }

    #[test]
    fn a_new_chain_does_not_end_in_a_hash_that_was_noted() {
        let noted: Vec<_> = Trail::new().segments.iter().map(AuditSegment::head).collect();
        let mut longer = Trail::new();
        longer.append(0, 99);
        assert_eq!(longer.report(noted.clone()).findings, [], "the trail only grew");

        let now = Timestamp::from_unix(0);
        let segments = vec![AuditSegment::open(A, vec![], now), AuditSegment::open(B, vec![A], now)];
        let mut forged = Trail { segments, records: Vec::new() };
        (0..10).for_each(|number| forged.append(number % 2, 2 * number as i64));
        assert_eq!(forged.findings(), []);
        let replaced = noted.iter().map(|head| AuditFinding::Replaced { head: *head });
        assert_eq!(forged.report(noted.clone()).findings, replaced.collect::<Vec<_>>());

        let mut shorter = Trail { segments: Trail::new().segments, records: Vec::new() };
        shorter.segments = vec![AuditSegment::open(A, vec![], now)];
        (0..3).for_each(|number| shorter.append(0, 2 * number));
        assert_eq!(shorter.findings(), []);
        assert_eq!(
            shorter.report(noted.clone()).findings,
            [AuditFinding::Replaced { head: noted[0] }, AuditFinding::SegmentMissing { segment: B }]
        );
    }

    #[test]
    fn what_the_sweep_removed_is_not_missed() {
        let mut trail = Trail::new();
        let last = trail.of(A, 1).link.expect("a link");
        let before = trail.segments.clone();
        trail.segments[0] = AuditSegment { first: 2, before_first: last.hash, ..before[0].clone() };
        let swept = trail.without(|link| link.segment == A && link.position < 2);
        assert_eq!(swept.findings(), []);

        let mut verification = AuditVerification::new(before, vec![]);
        swept.records.iter().for_each(|record| verification.verify(record));
        assert_eq!(
            verification.finish(swept.segments.clone()).findings,
            [],
            "it swept during the verification"
        );
    }

    #[test]
    fn what_is_written_meanwhile_is_not_missed() {
        let (before, mut after) = (Trail::new(), Trail::new());
        after.append(0, 20);
        let id = SegmentId::from_bytes([3; 16]);
        after.segments.push(AuditSegment::open(id, vec![A, B], Timestamp::from_unix(21)));
        after.append(2, 21);
        let mut verification = AuditVerification::new(before.segments, vec![]);
        after.records.iter().for_each(|record| verification.verify(record));
        assert_eq!(verification.finish(after.segments).findings, []);
    }

    #[test]
    fn records_of_a_version_without_a_chain_are_counted() {
        let mut trail = Trail::new();
        trail.records[0].link = None;
        trail.records[7].link = None;
        let report = trail.report(vec![]);
        assert_eq!((report.verified, report.unlinked, report.unlinked_later), (8, 2, 1));
    }

    #[test]
    fn the_findings_of_a_ruined_trail_are_counted_and_not_all_listed() {
        let mut trail = Trail::new();
        (0..1_000).for_each(|_| trail.append(0, 1));
        trail.records.iter_mut().for_each(|record| record.record.event = "user_enabled".into());
        let report = trail.report(vec![]);
        assert_eq!((report.findings.len(), report.finding_count), (FINDINGS_LISTED, 1_010));
    }
}
