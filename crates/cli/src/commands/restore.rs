//! `jeton restore`: a database from a backup.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use jeton_jose::Timestamp;
use jeton_store::{Restored, Risen};
use serde_json::json;

use super::moving::{self, failure, problems};
use crate::failure::Failure;
use crate::options::StoreOptions;
use crate::output::Style;
use crate::words::{self, counted};
use crate::{clock, data, master_key};

/// Restore a backup into an empty database, while no server runs
#[derive(Debug, Args)]
#[command(after_help = "\
Reads all of the backup and decrypts a key in it before anything is written. The target must be
empty: move an old database away first. Servers can use the database only when everything in it
was written and read again. A restore that was interrupted continues when it is repeated.

Nobody is signed out: refresh tokens that were issued after the backup are accepted, too. But
what was ended, disabled, withdrawn or used after the backup was made works again. The command
says how much that can be.

Examples:
  jeton restore /backup/jeton.backup --data /var/lib/jeton
  JETON_DATABASE=postgres://… jeton restore nightly.backup")]
pub(crate) struct RestoreCommand {
    #[command(flatten)]
    store: StoreOptions,
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl RestoreCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        let style = self.store.style();
        let config = self.store.load()?.config;
        let folder = data::folder(&config)?;
        let _lock = folder.lock_for_server().map_err(|error| {
            Failure::coded(error.code(), format!("{error}: stop it; nothing was changed"))
        })?;
        let key = master_key::at_hand(&config, &folder)?.map(Arc::new);
        let database = data::database(&config, &folder);
        let (now, progress) = (clock::now(), moving::progress());
        let restored = data::run(async {
            let restored = jeton_store::restore(&self.file, &database, key, now, &progress);
            restored.await.map_err(failure)
        })?;
        moving::done();
        show(&restored, &database.to_string(), now, style)
    }
}

fn show(restored: &Restored, database: &str, now: Timestamp, style: Style) -> Result<(), Failure> {
    let Risen { grants, sessions, users, clients, keys, codes } = restored.risen;
    let risen = json!({
        "grants": grants, "sessions": sessions, "users": users, "clients": clients, "keys": keys, "codes": codes,
    });
    let document = json!({
        "database": database,
        "created_at": words::date(restored.created_at),
        "made_from": &*restored.made_from,
        "rows": moving::rows(&restored.tables),
        "master_key": restored.master_key.as_ref().map(ToString::to_string),
        "may_have_risen": risen,
        "problems": problems(&restored.findings),
    });
    style.print(&document, || {
        let mut text = format!(
            "restored {} into {database}\nthe backup was made {}",
            counted(moving::total(&restored.tables), "row"),
            words::date_and_distance(restored.created_at, now),
        );
        text.push_str("\n\nWhat was ended, disabled, withdrawn or used since then works again. That may be some of these:");
        for (number, one) in [
            (grants, "grant"),
            (sessions, "session"),
            (codes, "unused code"),
            (users, "user who may sign in"),
            (clients, "client"),
            (keys, "key"),
        ] {
            if number > 0 {
                text.push_str(&format!("\n  {}", several(number, one)));
            }
        }
        text.push_str(
            "\nSee what happened since then in a copy of the audit trail. `jeton session end --all` signs everybody out;\n\
             `jeton user disable`, `jeton client remove` and `jeton key retire` repeat what else was done.",
        );
        for problem in problems(&restored.findings) {
            text.push_str(&format!("\nproblem in {}", problem.line()));
        }
        text
    })
}

fn several(number: u64, one: &str) -> String {
    match one.split_once(' ') {
        Some(("user", rest)) => format!("{} {rest}", counted(number, "user")),
        _ => counted(number, one),
    }
}
