//! `jeton doctor`: what is wrong with a deployment, and what to do.

mod facts;
mod observing;
mod rules;

use clap::Args;
use serde::Serialize;

use crate::data;
use crate::failure::Failure;
use crate::options::ServeOptions;
use crate::output::{self, Style};
use rules::{Finding, Level, Subject, judge};

/// Look for what is wrong with a deployment: the machine, the files, the database, and what clients see
#[derive(Debug, Args)]
#[command(after_help = "\
Run it as the user of the server, with the server's configuration, while the
server runs. It changes nothing. It looks at the clock, the disk, permissions,
the master key, backups, what answers at the issuer's URL, its certificate,
trusted proxies, the database with its connections, transactions and
replication, the ages of keys, and secrets that are easy to guess.

Exit status 1 if something is wrong; with --strict also if there is advice.

Examples:
  jeton doctor --config /etc/jeton.toml
  jeton doctor --data /var/lib/jeton --issuer https://login.example.org
  jeton doctor --database postgres://jeton@db.example.org/jeton --nodes 5 --json")]
pub(crate) struct Doctor {
    #[command(flatten)]
    options: ServeOptions,
    /// How many servers use the database [default: as many as are connected]
    #[arg(long, value_name = "NUMBER")]
    nodes: Option<u32>,
    /// Count advice as a problem
    #[arg(long)]
    strict: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The result as a document.
#[derive(Serialize)]
struct Report<'a> {
    ok: bool,
    subjects: &'a [Subject],
}

impl Doctor {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let style = Style::of(self.json);
        let file = self.options.config.file().map(ToOwned::to_owned);
        let loaded = self.options.load()?;
        let facts = data::run(async { Ok(observing::observe(&loaded, file.as_deref(), self.nodes).await) })?;
        let subjects = judge(&facts);
        let counts = |level| findings(&subjects).filter(|finding| finding.level == level).count();
        let (problems, advice) = (counts(Level::Problem), counts(Level::Advice));
        let ok = problems == 0 && (advice == 0 || !self.strict);
        style.print(&Report { ok, subjects: &subjects }, || text(&subjects))?;
        if ok {
            return Ok(());
        }
        let text = match (problems, advice) {
            (0, advice) => format!("{advice} pieces of advice"),
            (1, _) => "1 problem".to_owned(),
            (problems, _) => format!("{problems} problems"),
        };
        Err(Failure::coded("doctor_found_problems", format!("jeton doctor found {text}")))
    }
}

fn findings(subjects: &[Subject]) -> impl Iterator<Item = &Finding> {
    subjects.iter().flat_map(|subject| &subject.findings)
}

/// A line for each subject that is well, and three for each finding.
fn text(subjects: &[Subject]) -> String {
    let mut lines = vec![];
    for Subject { name, findings } in subjects {
        if findings.is_empty() {
            lines.push(format!("ok       {name}"));
        }
        for Finding { level, code, what, remedy } in findings {
            let level = match level {
                Level::Problem => "PROBLEM",
                Level::Advice => "advice ",
            };
            lines.push(format!("{level}  {name}: {} [{code}]", output::printable(what)));
            lines.push(format!("         {}", output::printable(remedy)));
        }
    }
    lines.join("\n")
}
