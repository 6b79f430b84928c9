//! `bench`: Jeton against the floor, and its JOSE library against others.
#![expect(clippy::print_stdout, reason = "a benchmark tells what it finds as it finds it")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use clap::Parser;
use jeton_bench::contender::{BenchError, run_command};
use jeton_bench::jose::Findings;
use jeton_bench::measure::{self, Comparison, Effort, MANY};
use jeton_bench::operation::Operation;
use jeton_bench::place::{POSTGRES, Postgres};
use jeton_bench::report::{self, Chart, FeedReport, Machine, ManyGrantsReport, Row, ServerReport, Table};
use jeton_bench::site::{Kind, Site, Workshop};

/// Measures CPU time per request as a multiple of the floor
#[derive(Parser)]
#[command(name = "bench")]
struct Arguments {
    /// What to measure: an operation (jwks, discovery, verify, hello, hello-remembered, refresh,
    /// refresh-postgresql, client_credentials, introspect, introspect-remembered, authorization_code,
    /// authorization_code-rs256, sign-in), `feed`, `start`, `server` for all of these with a report in
    /// bench/results, `grants` (ten million of them) and `jose` (the library) with reports of their own [default:
    /// server]
    names: Vec<String>,
    /// Windows of each contender
    #[arg(long, default_value_t = 7)]
    windows: usize,
    /// Seconds of a window
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Grants of the large store, at least 100,000
    #[arg(long, default_value_t = MANY)]
    grants: u64,
    /// Measure what is built already
    #[arg(long)]
    no_build: bool,
    /// Measure the floor against itself: how far a ratio can be trusted on this machine
    #[arg(long)]
    floor_alone: bool,
    /// Exit with 1 when a ratio misses its target
    #[arg(long)]
    gate: bool,
}

fn main() -> Result<ExitCode, BenchError> {
    let arguments = Arguments::parse();
    if arguments.names == ["jose"] {
        return compare_libraries().map(|()| ExitCode::SUCCESS);
    }
    if !arguments.no_build {
        build(arguments.floor_alone)?;
    }
    let binaries = binaries()?;
    // Beside the binaries rather than in /tmp, which may be memory, where a flush costs nothing.
    let scratch = tempfile::tempdir_in(&binaries)?;
    let postgres = Postgres::from_environment()?;
    if postgres.is_none() {
        println!("{POSTGRES} names no PostgreSQL server, so nothing is measured on PostgreSQL\n");
    }
    let workshop = Workshop { binaries, scratch: scratch.path().to_owned(), postgres };
    let session = Session { workshop, effort: effort(&arguments), floor_alone: arguments.floor_alone };
    let rows = session.run(&arguments.names)?;
    let missed = rows.iter().any(Row::misses_target);
    Ok(if arguments.gate && missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn effort(arguments: &Arguments) -> Effort {
    Effort {
        windows: arguments.windows.max(1),
        window: Duration::from_secs_f64(arguments.seconds),
        warm_up: Duration::from_millis(500),
        grants: arguments.grants,
        sessions: 2048,
        starts: 7,
    }
}

/// What is measured, and how.
struct Session {
    workshop: Workshop,
    effort: Effort,
    floor_alone: bool,
}

impl Session {
    fn run(&self, names: &[String]) -> Result<Vec<Row>, BenchError> {
        let whole = names.is_empty() || names.iter().any(|name| name == "server");
        let wanted = |name: &str| whole || names.iter().any(|wanted| wanted == name);
        let operations: Vec<Operation> =
            Operation::ALL.into_iter().filter(|operation| wanted(operation.name())).collect();
        let unknown = names.iter().find(|name| {
            !["server", "start", "grants", "feed"].contains(&name.as_str())
                && Operation::ALL.iter().all(|known| known.name() != *name)
        });
        if let Some(name) = unknown {
            return Err(BenchError::Other(format!("there is nothing called {name:?} to measure")));
        }
        let rows = self.operations(&operations)?;
        let feed = if wanted("feed") && !self.floor_alone { self.feed()? } else { Vec::new() };
        // They take as long as everything else together, so they are asked for by name.
        if names.iter().any(|name| name == "grants") && !self.floor_alone {
            self.grants()?;
        }
        if !wanted("start") {
            return Ok(rows);
        }
        let report = self.report(rows, feed)?;
        if whole && !self.floor_alone {
            write_results("server", &report.to_markdown(), Some(&report.to_chart()), &report)?;
        }
        println!("{}", report.to_markdown());
        Ok(report.rows)
    }

    fn operations(&self, operations: &[Operation]) -> Result<Vec<Row>, BenchError> {
        if operations.is_empty() {
            return Ok(Vec::new());
        }
        let start = |kind: Kind, name: &str| {
            Site::start_fresh(&self.workshop, kind, &self.workshop.place(name), self.effort.sessions)
        };
        let (floor, ours) = (start(Kind::Floor, "floor")?, start(self.kind(Kind::Serve), "serve")?);
        floor.publish_as(&ours)?;
        let demo = start(self.kind(Kind::Demo), "demo")?;
        let demo_remembering = start(self.kind(Kind::DemoRemembering), "demo-remembering")?;
        let remembering = start(self.kind(Kind::ServeRemembering), "serve-remembering")?;
        let mut rows = Vec::new();
        for operation in operations {
            if *operation == Operation::RefreshPostgres {
                rows.extend(self.on_postgres(*operation)?);
                continue;
            }
            let ours = match operation {
                Operation::ProtectedApi => &demo,
                Operation::ProtectedApiRemembered => &demo_remembering,
                Operation::IntrospectRemembered => &remembering,
                _ => &ours,
            };
            let comparison = measure::compare(*operation, &floor, ours, &self.effort)?;
            println!("{}", summary(&comparison));
            rows.push(Row::from(&comparison));
        }
        Ok(rows)
    }

    /// An operation on PostgreSQL, if there is a server, on both sides.
    fn on_postgres(&self, operation: Operation) -> Result<Option<Row>, BenchError> {
        let Some(postgres) = &self.workshop.postgres else { return Ok(None) };
        let start = |kind: Kind, name: &str| {
            let place = postgres.make(name, &self.workshop.scratch)?;
            Site::start_fresh(&self.workshop, kind, &place, self.effort.sessions)
        };
        let (floor, ours) = (start(Kind::Floor, "floor")?, start(self.kind(Kind::Serve), "serve")?);
        let comparison = measure::compare(operation, &floor, &ours, &self.effort)?;
        println!("{}", summary(&comparison));
        Ok(Some(Row::from(&comparison)))
    }

    fn report(&self, rows: Vec<Row>, feed: Vec<FeedReport>) -> Result<ServerReport, BenchError> {
        Ok(ServerReport {
            machine: machine(),
            rows,
            ours: measure::start_up(&self.workshop, self.kind(Kind::Serve), &self.effort)?,
            floor: measure::start_up(&self.workshop, Kind::Floor, &self.effort)?,
            binary_bytes: match self.floor_alone {
                true => 0,
                false => measure::binary_bytes(&self.workshop.jeton())?,
            },
            feed,
        })
    }

    fn feed(&self) -> Result<Vec<FeedReport>, BenchError> {
        let reports: Vec<FeedReport> =
            measure::feed(&self.workshop, &self.effort)?.iter().map(FeedReport::from).collect();
        println!("{}", report::feed_table(&reports));
        Ok(reports)
    }

    fn grants(&self) -> Result<(), BenchError> {
        let found = measure::many_grants(&self.workshop, &self.effort)?;
        let report = ManyGrantsReport::new(machine(), &found);
        println!("{}", report.to_markdown());
        write_results("grants", &report.to_markdown(), None, &report)
    }

    fn kind(&self, kind: Kind) -> Kind {
        if self.floor_alone { Kind::Floor } else { kind }
    }
}

/// One operation on the terminal, as soon as it is known.
fn summary(comparison: &Comparison) -> Table {
    let mut table = Table::new(&[
        "operation",
        "contender",
        "CPU-ms",
        "best",
        "ratio",
        "best ratio",
        "req/s",
        "foreign cores",
    ]);
    for (name, series) in [("floor", &comparison.floor), ("jeton", &comparison.ours)] {
        let ratios = match name {
            "floor" => [String::new(), String::new()],
            _ => [comparison.ratio(), comparison.best_ratio()].map(|ratio| format!("{ratio:.3}")),
        };
        let mut cells = vec![comparison.operation.name().to_owned(), name.to_owned()];
        cells.extend([series.median_ms(), series.best_ms()].map(|milliseconds| format!("{milliseconds:.4}")));
        cells.extend(ratios);
        cells.extend([format!("{:.0}", series.per_second()), format!("{:.2}", series.foreign_cores())]);
        table.row(cells);
    }
    table
}

/// Builds what is measured, in the same profile.
fn build(floor_alone: bool) -> Result<(), BenchError> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--release", "--package", "jeton-bench"]);
    if !floor_alone {
        command.args(["--package", "jeton"]);
    }
    run_command("cargo build", &mut command, "").map(drop)
}

/// The folder that this program is in: the others are built into the same.
fn binaries() -> Result<PathBuf, BenchError> {
    let program = std::env::current_exe()?;
    program
        .parent()
        .map(Path::to_owned)
        .ok_or_else(|| BenchError::Other("a program is in a folder".to_owned()))
}

fn machine() -> Machine {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let processor = read("/proc/cpuinfo")
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name.to_owned()))
        .unwrap_or_else(|| "an unknown processor".to_owned());
    let mut git = Command::new("git");
    git.args(["-C", env!("CARGO_MANIFEST_DIR"), "rev-parse", "--short", "HEAD"]);
    Machine {
        processor,
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        revision: run_command("git", &mut git, "")
            .map_or_else(|_| "unknown".to_owned(), |name| name.trim().to_owned()),
    }
}

/// The JOSE library against others.
fn compare_libraries() -> Result<(), BenchError> {
    let findings = Findings::collect()?;
    let markdown = report::jose_markdown(&findings, &machine());
    println!("{markdown}");
    write_results("jose", &markdown, Some(&report::jose_chart(&findings)), &findings)
}

/// Writes a report two or three times: for people, for programs, and at a glance.
fn write_results(
    name: &str,
    markdown: &str,
    chart: Option<&Chart>,
    figures: &impl serde::Serialize,
) -> Result<(), BenchError> {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    std::fs::create_dir_all(&results)?;
    std::fs::write(results.join(name).with_extension("md"), markdown)?;
    if let Some(chart) = chart {
        std::fs::write(results.join(name).with_extension("svg"), chart.to_svg())?;
    }
    let json = serde_json::to_string_pretty(figures).map_err(std::io::Error::from)?;
    std::fs::write(results.join(name).with_extension("json"), json + "\n")?;
    Ok(())
}
