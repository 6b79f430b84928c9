//! `jeton config`: what is in force, and what is wrong with it.

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::config::{self, KEYS, Loaded, Problems, Source};
use crate::data;
use crate::failure::Failure;
use crate::options::ServeOptions;
use crate::output::{self, Style};

/// Show or check the configuration
#[derive(Debug, Args)]
#[command(after_help = "\
`check` reports everything that would keep a server from starting: the file, the
variables, the flags, the files that they name, and whether the master key fits
the database. It writes nothing and needs no free port.

Examples:
  jeton config show                       each effective value and its source
  jeton config check --config jeton.toml  whether a server would start with the file
  jeton config check --data /var/lib/jeton --issuer https://login.example.org
  jeton config reference                  every key, with its default and its meaning")]
pub(crate) struct ConfigCommand {
    #[command(flatten)]
    options: ServeOptions,
    /// Print one JSON document
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print each effective value and its source, with secrets hidden
    Show,
    /// Report mistakes; exit status 1 if there are any
    Check,
    /// Print the reference page of all settings (Markdown)
    Reference,
}

impl ConfigCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        let style = Style::of(self.json);
        let load = || self.options.clone().load();
        match self.action {
            Action::Show => show(&load()?, style),
            Action::Check => check(load().and_then(checked), style),
            Action::Reference => output::bytes(config::reference().as_bytes()),
        }
    }
}

/// What would keep a server from starting, beside the values themselves.
fn checked(loaded: Loaded) -> Result<Loaded, Problems> {
    let of_data = data::problem(&loaded.config);
    loaded.check_files(of_data.iter().map(|(key, text)| (*key, text.as_str())))?;
    Ok(loaded)
}

/// One value in force.
#[derive(Serialize)]
struct Shown {
    value: String,
    source: String,
}

fn show(loaded: &Loaded, style: Style) -> Result<(), Failure> {
    let shown = loaded.shown().map(|shown| (shown.name, Shown { value: shown.value, source: shown.source }));
    match style {
        Style::Json => {
            let document: serde_json::Map<_, _> = shown
                .map(|(name, shown)| {
                    (name.to_owned(), serde_json::json!({"value": shown.value, "source": shown.source}))
                })
                .collect();
            output::json(&document)
        }
        Style::Text => {
            let rows: Vec<_> = shown
                .map(|(name, shown)| {
                    let value = if shown.value.is_empty() {
                        "–".to_owned()
                    } else {
                        output::printable(&shown.value)
                    };
                    [name.to_owned(), value, shown.source]
                })
                .collect();
            output::line(&output::table(["KEY", "VALUE", "FROM"], &rows))
        }
    }
}

fn check(loaded: Result<Loaded, Problems>, style: Style) -> Result<(), Failure> {
    match loaded {
        Ok(loaded) => {
            loaded.config.warnings().iter().for_each(|warning| output::note(warning));
            let set = loaded.values.iter().filter(|value| value.source != Source::Default).count();
            style.print(&serde_json::json!({"valid": true, "problems": []}), || {
                format!("the configuration is valid: {set} of {} keys are set", KEYS.len())
            })
        }
        Err(problems) => {
            if style == Style::Json {
                let list: Vec<_> = problems
                    .iter()
                    .map(|(place, text)| serde_json::json!({"where": place, "problem": text}))
                    .collect();
                output::json(&serde_json::json!({"valid": false, "problems": list}))?;
            }
            Err(problems.into())
        }
    }
}
