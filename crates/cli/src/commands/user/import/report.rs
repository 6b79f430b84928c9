//! What an import did.

use jeton_authority::accounts::Imported;
use jeton_authority::store::AccountChange;
use serde_json::json;

use super::Bad;
use super::judge::Row;
use crate::failure::Failure;
use crate::output::{self, Style, printable};
use crate::words;

/// What an import did.
#[derive(Default)]
pub(super) struct Report {
    imported: usize,
    updated: Vec<String>,
    /// Who was there already, and did not change.
    skipped: Vec<String>,
    /// Who came without a password, and why.
    without_password: Vec<(String, String)>,
    /// Whose password may have changed and was left as it is.
    password_unknown: Vec<String>,
    left_out: Vec<Bad>,
    grants_ended: u64,
    notes: Vec<String>,
}

impl Report {
    /// What is known before anything is written.
    pub(super) fn new(left_out: Vec<Bad>, notes: Vec<String>) -> Self {
        Self { left_out, notes, ..Self::default() }
    }

    /// Notes what came of a row.
    pub(super) fn came(&mut self, row: &Row, imported: Imported) {
        match imported {
            Imported::Added => {
                self.imported += 1;
                self.password(row);
            }
            Imported::Updated(change) => self.updated(row, change),
            Imported::Left(name) => self.skipped.push(name.to_string()),
        }
    }

    fn updated(&mut self, row: &Row, change: AccountChange) {
        let name = row.name().to_owned();
        self.grants_ended += change.grants_ended;
        if change.password_unknown {
            self.password_unknown.push(name.clone());
        }
        if change.changed {
            self.updated.push(name);
            self.password(row);
        } else {
            self.skipped.push(name);
        }
    }

    fn password(&mut self, row: &Row) {
        if let Some(problem) = row.without_password {
            self.without_password.push((row.name().to_owned(), problem.to_string()));
        }
    }

    /// Prints it. That nothing was imported is an error, unless there was nothing to import.
    pub(super) fn print(&self, update: bool, style: Style) -> Result<(), Failure> {
        self.notes.iter().for_each(|note| output::note(&format!("note: {note}")));
        let named = |pairs: &[(String, String)]| -> Vec<_> {
            pairs.iter().map(|(username, reason)| json!({"username": username, "reason": reason})).collect()
        };
        let left_out: Vec<_> =
            self.left_out.iter().map(|bad| json!({"place": bad.place, "reason": bad.problem})).collect();
        let document = json!({
            "imported": self.imported,
            "updated": self.updated,
            "skipped": self.skipped,
            "without_password": named(&self.without_password),
            "password_unknown": self.password_unknown,
            "left_out": left_out,
            "grants_ended": self.grants_ended,
            // Its name in earlier versions.
            "sessions_ended": self.grants_ended,
        });
        style.print(&document, || self.text(update))?;
        if self.imported == 0 && self.updated.is_empty() && !self.left_out.is_empty() {
            return Err(Failure::coded("import_nothing", "nothing was imported"));
        }
        Ok(())
    }

    fn text(&self, update: bool) -> String {
        let mut summary = vec![format!("imported {}", users(self.imported))];
        if update {
            summary.push(format!("updated {}", users(self.updated.len())));
        }
        match (self.skipped.len(), update) {
            (0, _) => {}
            (1, false) => summary.push("1 already existed".to_owned()),
            (count, false) => summary.push(format!("{count} already existed")),
            (count, true) => summary.push(format!("{count} unchanged")),
        }
        let mut lines = vec![words::with_ended_grants(&summary.join("; "), self.grants_ended)];
        let mut list = |heading: String, of: Vec<String>| {
            if !of.is_empty() {
                lines.push(heading);
                lines.extend(of.iter().map(|line| format!("  {line}")));
            }
        };
        list(
            "without a password, until `jeton user passwd NAME` sets one:".to_owned(),
            self.without_password.iter().map(|(name, why)| format!("{}: {why}", printable(name))).collect(),
        );
        list(
            "imported by an earlier version, so that a changed password is not seen; their passwords stay as they are:".to_owned(),
            self.password_unknown.iter().map(|name| printable(name)).collect(),
        );
        list(
            "left out:".to_owned(),
            self.left_out.iter().map(|bad| format!("{}: {}", bad.place, bad.problem)).collect(),
        );
        lines.join("\n")
    }
}

fn users(count: usize) -> String {
    words::counted(count as u64, "user")
}
