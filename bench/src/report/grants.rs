//! The report on stores full of grants.

use serde::Serialize;

use super::server::milliseconds;
use super::{Machine, Table};
use crate::measure::{FEW, ManyGrants};

/// What stores full of grants cost.
#[derive(Debug, Clone, Serialize)]
pub struct ManyGrantsReport {
    machine: Machine,
    grants: Vec<GrantsReport>,
}

/// What a store full of grants costs.
#[derive(Debug, Clone, Copy, Serialize)]
struct GrantsReport {
    /// Where they are stored.
    backend: &'static str,
    /// Grants of the small store.
    few: u64,
    /// Grants of the large one.
    many: u64,
    /// CPU milliseconds of a refresh in the small store.
    few_ms: f64,
    /// The same in the large one.
    many_ms: f64,
    /// The one over the other.
    ratio: f64,
    /// Growth of the data per grant, after a clean stop.
    bytes_per_grant: f64,
    /// Seconds of `jeton backup` of the large store.
    backup_seconds: f64,
    /// Seconds of `jeton migrate` into the large store.
    migrate_seconds: Option<f64>,
    /// Seconds that the sweep needs to remove all of its grants.
    sweep_seconds: f64,
}

impl From<&ManyGrants> for GrantsReport {
    fn from(found: &ManyGrants) -> Self {
        Self {
            backend: found.backend,
            few: FEW,
            many: found.grants,
            few_ms: found.comparison.floor.median_ms(),
            many_ms: found.comparison.ours.median_ms(),
            ratio: found.comparison.ratio(),
            bytes_per_grant: found.bytes_per_grant,
            backup_seconds: found.backup_seconds,
            migrate_seconds: found.migrate_seconds,
            sweep_seconds: found.sweep_seconds,
        }
    }
}

impl ManyGrantsReport {
    /// The report of what was found on a machine.
    pub fn new(machine: Machine, found: &[ManyGrants]) -> Self {
        Self { machine, grants: found.iter().map(GrantsReport::from).collect() }
    }

    /// The report as Markdown.
    pub fn to_markdown(&self) -> String {
        let Machine { processor, cores, kernel, revision } = &self.machine;
        format!(
            "# Many grants against few\n\n\
             Written by `cargo xtask bench grants`. {cores} cores of {processor}, Linux {kernel}, revision {revision}.\n\
             A refresh is in CPU milliseconds of the server's process tree, on PostgreSQL with its own: the median of \
             alternating windows.\n\n{}",
            grants_table(&self.grants)
        )
    }
}

fn grants_table(reports: &[GrantsReport]) -> Table {
    let mut table = Table::new(&[
        "store",
        "grants",
        "refresh",
        "ratio",
        "bytes on disk a grant",
        "backup",
        "migration from SQLite",
        "sweep of all",
    ]);
    let seconds = |seconds: f64| format!("{seconds:.0} s");
    for report in reports {
        table.row(vec![report.backend.to_owned(), report.few.to_string(), milliseconds(report.few_ms)]);
        table.row(vec![
            report.backend.to_owned(),
            report.many.to_string(),
            milliseconds(report.many_ms),
            format!("{:.2} (target 1.30)", report.ratio),
            format!("{:.0} (target 300)", report.bytes_per_grant),
            seconds(report.backup_seconds),
            report.migrate_seconds.map(seconds).unwrap_or_default(),
            seconds(report.sweep_seconds),
        ]);
    }
    table
}
