//! `jeton backup`: everything that is stored, in one file.

use std::path::PathBuf;

use clap::Args;
use jeton_store::Existing;
use serde_json::json;

use super::moving::{self, failure};
use crate::failure::Failure;
use crate::options::StoreOptions;
use crate::words::{counted, grouped};
use crate::{clock, data};

/// Back up the database to a file, while the server runs
#[derive(Debug, Args)]
#[command(after_help = "\
The backup contains users, clients, keys, sessions, grants and the audit trail as of one moment.
It is written under another name, read again and compared with the database, and only then gets
its name. It is the same for SQLite and PostgreSQL, so it can be restored into either.

The master key is not in the backup, and a backup without it is useless: keep a copy of
master.key in another place. The backup contains the key's id, which `jeton check` shows, too.

Examples:
  jeton backup /backup/jeton-2026-11-30.backup
  jeton backup --replace /backup/jeton.backup          replace the last one
  JETON_DATABASE=postgres://… jeton backup nightly.backup")]
pub(crate) struct BackupCommand {
    #[command(flatten)]
    store: StoreOptions,
    /// The file to write
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    replace: bool,
}

impl BackupCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        let style = self.store.style();
        let config = self.store.load()?.config;
        let existing = if self.replace { Existing::Replace } else { Existing::Keep };
        let database = data::existing_database(&config);
        let program = concat!("jeton ", env!("CARGO_PKG_VERSION"));
        let (now, progress) = (clock::now(), moving::progress());
        let made = data::run(async {
            let made = jeton_store::backup(&database, &self.file, existing, program, now, &progress);
            made.await.map_err(failure)
        })?;
        moving::done();
        let master_key = made.master_key.as_ref().map(ToString::to_string);
        let document = json!({
            "file": self.file,
            "bytes": made.bytes,
            "schema": made.schema,
            "rows": moving::rows(&made.tables),
            "master_key": master_key,
        });
        style.print(&document, || {
            let mut text = format!(
                "backed up {} to {} ({} bytes)",
                counted(moving::total(&made.tables), "row"),
                self.file.display(),
                grouped(made.bytes),
            );
            if let Some(id) = master_key {
                text.push_str(&format!(
                    "\nit can be restored only with the master key {id}, which it does not contain"
                ));
            }
            text
        })
    }
}
