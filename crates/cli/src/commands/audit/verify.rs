//! `jeton audit verify`: whether a record was removed or changed.

use std::fs;
use std::path::Path;

use jeton_authority::audit::{
    AuditHead, AuditReport, AuditSegment, AuditVerification, ChainHash, FINDINGS_LISTED, SegmentId,
};
use jeton_authority::store::Store;
use serde::{Deserialize, Serialize};

use super::{PAGE, failed};
use crate::failure::Failure;
use crate::output::Style;
use crate::words::{self, counted};

/// The largest file of heads that is read, in bytes.
const HEADS_LIMIT: u64 = 64 << 20;

/// Verifies the trail, and prints what came of it.
pub(super) async fn run(store: &dyn Store, heads: Option<&Path>, style: Style) -> Result<(), Failure> {
    let noted = heads.map(read_heads).transpose()?.unwrap_or_default();
    let report = verified(store, noted).await?;
    style.print(&Shown::of(&report), || summary(&report))?;
    match report.finding_count {
        0 => Ok(()),
        count => Err(Failure::coded(
            "audit_trail_broken",
            format!("the audit trail is not intact: {}", counted(count, "finding")),
        )),
    }
}

async fn verified(store: &dyn Store, noted: Vec<AuditHead>) -> Result<AuditReport, Failure> {
    let mut verification = AuditVerification::new(store.audit_segments().await.map_err(failed)?, noted);
    let mut after = None;
    loop {
        let page = store.read_audit_chain(after, PAGE).await.map_err(failed)?;
        page.iter().for_each(|record| verification.verify(record));
        match page.last() {
            Some(last) => after = Some(last.number),
            None => return Ok(verification.finish(store.audit_segments().await.map_err(failed)?)),
        }
    }
}

/// What is printed for programs, and read again as the heads that were noted.
#[derive(Serialize)]
struct Shown {
    intact: bool,
    verified: u64,
    /// Records that an earlier version wrote, without a hash.
    without_hash: u64,
    segments: Vec<ShownSegment>,
    findings: Vec<String>,
    finding_count: u64,
}

#[derive(Serialize)]
struct ShownSegment {
    segment: SegmentId,
    opened_at: String,
    /// How many records it has had, removed ones included.
    records: u64,
    /// How many of them are kept no longer.
    expired: u64,
    /// The hash of the last one.
    head: String,
}

impl Shown {
    fn of(report: &AuditReport) -> Self {
        let segment = |segment: &AuditSegment| ShownSegment {
            segment: segment.id,
            opened_at: words::date(segment.opened_at),
            records: segment.next,
            expired: segment.first,
            head: segment.head.to_string(),
        };
        Self {
            intact: report.finding_count == 0,
            verified: report.verified,
            without_hash: report.unlinked,
            segments: report.segments.iter().map(segment).collect(),
            findings: report.findings.iter().map(ToString::to_string).collect(),
            finding_count: report.finding_count,
        }
    }
}

fn summary(report: &AuditReport) -> String {
    let AuditReport { verified, unlinked, unlinked_later, segments, findings, finding_count } = report;
    let mut lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    if *finding_count > findings.len() as u64 {
        lines.push(format!(
            "… and {} more; the first {FINDINGS_LISTED} are listed",
            finding_count - findings.len() as u64
        ));
    }
    if *unlinked > 0 {
        lines.push(format!(
            "{} without a hash, because an earlier version wrote them{}.",
            counted(*unlinked, "record"),
            match unlinked_later {
                0 => String::new(),
                later => format!("; newer than the first record with a hash: {later}"),
            }
        ));
    }
    if *finding_count == 0 {
        lines.push(format!(
            "{} in {}: none was removed or changed.",
            counted(*verified, "record"),
            counted(segments.len() as u64, "segment")
        ));
    }
    lines.join("\n")
}

/// What of an earlier output is read.
#[derive(Deserialize)]
struct Heads {
    segments: Vec<Head>,
}

#[derive(Deserialize)]
struct Head {
    segment: SegmentId,
    records: u64,
    head: String,
}

fn read_heads(path: &Path) -> Result<Vec<AuditHead>, Failure> {
    let unreadable =
        |why: String| Failure::coded("heads_unreadable", format!("cannot read {}: {why}", path.display()));
    let size = fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
    if size > HEADS_LIMIT {
        return Err(unreadable(format!("it is larger than {} MiB", HEADS_LIMIT >> 20)));
    }
    let text = fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let heads: Heads = serde_json::from_slice(&text).map_err(|error| {
        unreadable(format!("expected the output of `jeton audit verify --json`: {error}"))
    })?;
    let head = |Head { segment, records, head }| {
        let hash =
            ChainHash::parse(&head).ok_or_else(|| unreadable(format!("`{head}` is not a SHA-256 hash")))?;
        Ok(AuditHead { segment, records, hash })
    };
    heads.segments.into_iter().map(head).collect()
}
