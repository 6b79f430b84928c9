//! `jeton check`: whether everything that is stored is there, whole and readable.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use jeton_store::{Checked, KeyAtHand};
use serde_json::json;

use super::moving::{self, failure, problems};
use crate::failure::Failure;
use crate::options::StoreOptions;
use crate::output::{self, Style};
use crate::words::{counted, grouped};
use crate::{data, master_key};

/// Check that the database is intact, readable, and matches the master key
#[derive(Debug, Args)]
#[command(after_help = "\
Checks the structure of the database (SQLite's integrity check), reads every row through the
code that the server reads it with, and decrypts every key and client secret with the master
key. Shows the id of the master key, so that you can tell which copy belongs to the database.
The server may run meanwhile. Exits with status 1 if anything is wrong.

Examples:
  jeton check
  jeton check --data /var/lib/jeton --json
  JETON_DATABASE=postgres://… jeton check")]
pub(crate) struct CheckCommand {
    #[command(flatten)]
    store: StoreOptions,
}

impl CheckCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        let style = self.store.style();
        let config = self.store.load()?.config;
        let key = master_key::read(&config, &config.data)?.map(Arc::new);
        let database = data::existing_database(&config);
        let checked = data::run(async {
            jeton_store::check(&database, key, &moving::progress()).await.map_err(failure)
        })?;
        moving::done();
        show(&checked, style)?;
        verdict(&checked, &config.data)
    }
}

fn show(checked: &Checked, style: Style) -> Result<(), Failure> {
    let tables = || checked.findings.iter().filter(|found| &*found.table != "database");
    let rows: Vec<_> = tables().map(|found| (found.table.clone(), found.rows)).collect();
    let key = match checked.key {
        KeyAtHand::Fits => "fits",
        KeyAtHand::NotNeeded => "not_needed",
        KeyAtHand::Missing => "missing",
        KeyAtHand::Other => "other",
    };
    let id = checked.master_key.as_ref().map(ToString::to_string);
    let document = json!({
        "sound": checked.is_sound(),
        "rows": moving::rows(&rows),
        "wrong": checked.findings.iter().map(|found| found.wrong).sum::<u64>(),
        "problems": problems(&checked.findings),
        "master_key": { "id": id, "at_hand": key },
    });
    style.print(&document, || {
        let cells: Vec<_> = tables()
            .map(|found| [found.table.to_string(), grouped(found.rows), grouped(found.wrong)])
            .collect();
        let mut text = output::table(["TABLE", "ROWS", "WRONG"], &cells);
        for problem in problems(&checked.findings) {
            text.push_str(&format!("\n{}", problem.line()));
        }
        match (&id, checked.key) {
            (Some(id), KeyAtHand::Fits) => text.push_str(&format!("\nmaster key {id}: decrypts all keys")),
            (Some(id), _) => text.push_str(&format!("\nmaster key {id} is needed")),
            (None, KeyAtHand::NotNeeded) => text.push_str("\nnothing is encrypted with a master key yet"),
            (None, _) => {}
        }
        text
    })
}

fn verdict(checked: &Checked, data: &Path) -> Result<(), Failure> {
    let wrong: u64 = checked.findings.iter().map(|found| found.wrong).sum();
    if wrong > 0 {
        let text = format!("{} wrong; restore a backup, or correct what is named", is_are(wrong));
        return Err(Failure::coded("database_unsound", text));
    }
    let id = checked.master_key.as_ref().map_or(String::new(), |id| format!(" {id}"));
    match checked.key {
        KeyAtHand::Fits | KeyAtHand::NotNeeded => Ok(()),
        KeyAtHand::Missing => Err(Failure::coded(
            "master_key_missing",
            format!(
                "the master key{id} is not in {}: the keys in the database cannot be decrypted without it",
                data.display()
            ),
        )),
        KeyAtHand::Other => Err(Failure::coded(
            "master_key_mismatch",
            format!("the master key at hand is not the key{id} that encrypted the keys in the database"),
        )),
    }
}

fn is_are(wrong: u64) -> String {
    let verb = if wrong == 1 { "is" } else { "are" };
    format!("{} {verb}", counted(wrong, "row"))
}
