//! The report on the server: figures with their targets and the peers' beside them.

use std::fmt::Write;

use serde::Serialize;

use super::chart::multiple;
use super::{Bar, Chart, Group, Table};
use crate::measure::{Comparison, FeedFindings, Footprint, GUARDS, PER_SECOND};
use crate::operation::Operation;
use crate::peers::{self, FOOTPRINTS, PeerFigure};
use crate::proc::Memory;

/// The least that a ratio may be over its target without being called missed: what the neighbours of a machine do to it.
const NOISE: f64 = 1.1;

/// Where the figures are from.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// The processor, as it calls itself.
    pub processor: String,
    /// Its cores.
    pub cores: usize,
    /// The kernel.
    pub kernel: String,
    /// The project's revision.
    pub revision: String,
}

/// One operation.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Which.
    pub operation: Operation,
    /// CPU milliseconds per request: median window of the floor.
    pub floor_ms: f64,
    /// The same of Jeton.
    pub ours_ms: f64,
    /// The one over the other.
    pub ratio: f64,
    /// Best window over best window.
    pub best_ratio: f64,
    /// The most that the ratio may be.
    pub target: f64,
    /// Requests a second that saturate floor and load tool on this machine.
    pub floor_per_second: f64,
    /// Requests a second that saturate Jeton and load tool on this machine.
    pub ours_per_second: f64,
    /// Milliseconds that half the requests took at most, at half that rate.
    pub p50_ms: f64,
    /// Milliseconds that 99 of 100 requests took at most, at half that rate.
    pub p99_ms: f64,
    /// The floor's own, at half its rate.
    pub floor_p50_ms: f64,
    /// The floor's own, at half its rate.
    pub floor_p99_ms: f64,
    /// Cores that others used meanwhile.
    pub foreign_cores: f64,
    /// Memory of Jeton at the end of these windows.
    pub memory: Memory,
    /// What others take.
    pub peers: &'static [PeerFigure],
}

impl From<&Comparison> for Row {
    fn from(comparison: &Comparison) -> Self {
        let Comparison { operation, floor, ours } = comparison;
        Self {
            operation: *operation,
            floor_ms: floor.median_ms(),
            ours_ms: ours.median_ms(),
            ratio: comparison.ratio(),
            best_ratio: comparison.best_ratio(),
            target: operation.target(),
            floor_per_second: floor.per_second(),
            ours_per_second: ours.per_second(),
            p50_ms: ours.latency_at_half(0.5),
            p99_ms: ours.latency_at_half(0.99),
            floor_p50_ms: floor.latency_at_half(0.5),
            floor_p99_ms: floor.latency_at_half(0.99),
            foreign_cores: ours.foreign_cores().max(floor.foreign_cores()),
            memory: ours.memory(),
            peers: peers::of(*operation),
        }
    }
}

impl Row {
    /// Whether the ratio is over its target by more than the machine's noise.
    pub fn misses_target(&self) -> bool {
        self.ratio.min(self.best_ratio) > self.target * NOISE
    }
}

/// How long a sign-out takes to reach an API.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct FeedReport {
    /// Where the nodes store.
    pub backend: &'static str,
    /// How many nodes there are: the first takes the revocations, the guards listen to the last.
    pub nodes: usize,
    /// How many guards listen.
    pub guards: usize,
    /// Revocations a second.
    pub per_second: u32,
    /// Milliseconds from sending a revocation to the refusal at a guard: half of them at most.
    pub p50_ms: f64,
    /// The same: 99 of 100 at most.
    pub p99_ms: f64,
    /// CPU microseconds of the guards' node for an event, with one guard.
    pub event_us: f64,
    /// The same for an event and each further guard.
    pub guard_us: f64,
}

impl From<&FeedFindings> for FeedReport {
    fn from(found: &FeedFindings) -> Self {
        Self {
            backend: found.backend,
            nodes: found.nodes,
            guards: GUARDS,
            per_second: PER_SECOND,
            p50_ms: found.latencies.quantile(0.5),
            p99_ms: found.latencies.quantile(0.99),
            event_us: found.event_us,
            guard_us: found.guard_us,
        }
    }
}

/// Everything that a full run finds.
#[derive(Debug, Clone, Serialize)]
pub struct ServerReport {
    /// Where.
    pub machine: Machine,
    /// The operations.
    pub rows: Vec<Row>,
    /// Start and memory at rest of Jeton.
    pub ours: Footprint,
    /// Start and memory at rest of the floor.
    pub floor: Footprint,
    /// Bytes of the stripped binary.
    pub binary_bytes: u64,
    /// The revocation feed.
    pub feed: Vec<FeedReport>,
}

impl ServerReport {
    /// The report as Markdown.
    pub fn to_markdown(&self) -> String {
        let Machine { processor, cores, kernel, revision } = &self.machine;
        let mut text = format!(
            "# Jeton against the floor and its peers\n\n\
             Written by `cargo xtask bench`. {cores} cores of {processor}, Linux {kernel}, revision {revision}. Loopback, \
             HTTP/1.1 without TLS.\n\
             CPU is milliseconds of the server's process tree per request: the median of alternating windows; the ratio \
             in brackets is best window over best window. Peers were measured on another day against the floor of that day \
             and are quoted as multiples of it.\n\n## Operations\n\n"
        );
        append(&mut text, &operations_table(&self.rows));
        text.push_str("\n## At half load\n\n");
        append(&mut text, &latency_table(&self.rows));
        text.push_str("\n## Start, memory, space\n\n");
        append(&mut text, &self.footprint_table());
        if !self.feed.is_empty() {
            text.push_str("\n## Revocation feed\n\n");
            append(&mut text, &feed_table(&self.feed));
        }
        text.push_str(
            "\n## Many grants\n\n`cargo xtask bench grants` measures them separately and writes `grants.md`.\n",
        );
        text.push_str("\n## Floor\n\n");
        for row in &self.rows {
            append(&mut text, &format_args!("- {}: {}\n", row.operation.name(), row.operation.floor()));
        }
        text
    }

    /// The operations as a chart of multiples of the floor.
    pub fn to_chart(&self) -> Chart {
        Chart {
            title: "CPU per request, as a multiple of the floor".to_owned(),
            subtitle:
                "Shorter is better; logarithmic. Peers: measured 2026-11-22 against the floor of that day."
                    .to_owned(),
            groups: self.rows.iter().map(chart_group).collect(),
        }
    }

    fn footprint_table(&self) -> Table {
        let mut table = Table::new(&[
            "",
            "start, existing data",
            "start, new data",
            "RSS idle",
            "RSS after load",
            "installed",
        ]);
        let loaded = self.rows.iter().map(|row| row.memory.rss).fold(0.0, f64::max);
        let cells = |name: &str, footprint: &Footprint, loaded: Option<f64>, installed: String| {
            vec![
                name.to_owned(),
                format!("{:.0} ms", footprint.start_up.existing_ms),
                format!("{:.0} ms", footprint.start_up.new_ms),
                format!("{:.1} MiB", footprint.idle.rss),
                loaded.map(|rss| format!("{rss:.1} MiB")).unwrap_or_default(),
                installed,
            ]
        };
        table.row(cells("floor", &self.floor, None, String::new()));
        let installed = format!("{:.1} MB", self.binary_bytes as f64 / 1e6);
        table.row(cells("**jeton**", &self.ours, Some(loaded), installed));
        let target = ["target", "50 ms", "100 ms", "25 MiB", "64 MiB + 19 per hash", "12 MB"];
        table.row(target.map(str::to_owned).to_vec());
        for peer in FOOTPRINTS {
            table.row(vec![
                peer.server.to_owned(),
                format!("{:.0} ms", peer.start_ms),
                String::new(),
                format!("{:.0} MiB", peer.idle_rss),
                format!("{:.0} MiB", peer.loaded_rss),
                peer.install.to_owned(),
            ]);
        }
        table
    }
}

fn operations_table(rows: &[Row]) -> Table {
    let mut table =
        Table::new(&["operation", "floor", "jeton", "ratio", "target", "req/s", "peers, × floor"]);
    for row in rows {
        table.row(vec![
            row.operation.name().to_owned(),
            milliseconds(row.floor_ms),
            milliseconds(row.ours_ms),
            format!("{:.2} ({:.2})", row.ratio, row.best_ratio),
            format!("{:.2}", row.target),
            format!("{:.0}", row.ours_per_second),
            row.peers.iter().map(peer_cell).collect::<Vec<_>>().join("; "),
        ]);
    }
    table
}

fn peer_cell(peer: &PeerFigure) -> String {
    let PeerFigure { server, note, times_floor, .. } = peer;
    if note.is_empty() {
        format!("{server} {times_floor}")
    } else {
        format!("{server} {times_floor} ({note})")
    }
}

fn latency_table(rows: &[Row]) -> Table {
    let mut table =
        Table::new(&["operation", "p50", "p99", "floor p50", "floor p99", "foreign cores in the run", "RSS"]);
    for row in rows {
        let quantiles = [row.p50_ms, row.p99_ms, row.floor_p50_ms, row.floor_p99_ms];
        let mut cells = vec![row.operation.name().to_owned()];
        cells.extend(quantiles.map(|quantile| format!("{quantile:.2} ms")));
        cells.push(format!("{:.2}", row.foreign_cores));
        cells.push(format!("{:.1} MiB", row.memory.rss));
        table.row(cells);
    }
    table
}

/// The feed's figures as a table.
pub fn feed_table(reports: &[FeedReport]) -> Table {
    let mut table = Table::new(&[
        "nodes",
        "guards",
        "revocations/s",
        "sign-out to refusal, p50",
        "p99",
        "CPU an event",
        "CPU an event and guard",
    ]);
    for report in reports {
        let nodes = if report.nodes == 1 { "one".to_owned() } else { format!("{}, another's", report.nodes) };
        table.row(vec![
            format!("{} on {}", nodes, report.backend),
            report.guards.to_string(),
            report.per_second.to_string(),
            format!("{:.0} ms", report.p50_ms),
            format!("{:.0} ms (target 1000)", report.p99_ms),
            format!("{:.1} µs", report.event_us),
            format!("{:.2} µs", report.guard_us),
        ]);
    }
    table
}

fn chart_group(row: &Row) -> Group {
    let bar = |label: String, value: f64, highlighted: bool| Bar {
        label,
        value,
        text: multiple(value),
        highlighted,
    };
    let mut bars = vec![bar("Jeton".to_owned(), row.ratio, true)];
    bars.extend(row.peers.iter().map(|peer| {
        let label = if peer.note.is_empty() {
            peer.server.to_owned()
        } else {
            format!("{}: {}", peer.server, peer.note)
        };
        bar(label, peer.times_floor, false)
    }));
    Group { title: format!("{} ({} CPU-ms)", row.operation.name(), milliseconds(row.ours_ms)), bars }
}

pub(super) fn milliseconds(value: f64) -> String {
    if value < 1.0 { format!("{value:.4}") } else { format!("{value:.2}") }
}

fn append(text: &mut String, part: &dyn std::fmt::Display) {
    write!(text, "{part}").expect("a String takes what is written to it");
}
