//! `jeton migrate`: everything from one database to another.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use jeton_authority::keys::MasterKey;
use jeton_store::{DataFolder, Migrated, ServerLock};
use serde_json::json;

use super::moving::{self, Place, failure, problems};
use crate::config::Config;
use crate::failure::Failure;
use crate::options::StoreOptions;
use crate::output::Style;
use crate::words::counted;
use crate::{data, master_key};

/// Move everything to another database: from SQLite to PostgreSQL, or back
#[derive(Debug, Args)]
#[command(after_help = "\
Stop the servers first. The new database must be empty. Users, clients, keys, sessions, grants
and the audit trail are copied, so nobody is signed out; the old database stays as it is. All
rows are read again and compared before servers can use the new database. If the command is
interrupted, repeat it: it continues where it stopped.

The master key is not in a database. Servers that use the new one need the same master.key; it
is copied if --to is a folder without one. `--data` names the folder with the key, if neither
--from nor --to does.

Examples:
  jeton migrate --from /var/lib/jeton --to 'postgres://jeton@db.example.com/jeton?password_file=/etc/jeton/password'
  jeton migrate --from postgres://… --to /var/lib/jeton-new --data /var/lib/jeton")]
pub(crate) struct MigrateCommand {
    #[command(flatten)]
    store: StoreOptions,
    /// The data folder, or the URL of the database, that everything is copied from
    #[arg(long, value_name = "DIR|URL", env = "JETON_MIGRATE_FROM", hide_env_values = true)]
    from: String,
    /// The data folder, or the URL of the database, that everything is copied to
    #[arg(long, value_name = "DIR|URL", env = "JETON_MIGRATE_TO", hide_env_values = true)]
    to: String,
}

impl MigrateCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        let style = self.store.style();
        let (from, to) = (Place::parse(&self.from)?, Place::parse(&self.to)?);
        let config = self.store.load()?.config;
        let (source, target) = (from.database(), to.database());
        if source == target {
            return Err(Failure::usage("--from and --to are the same database"));
        }
        if let Some(missing) = from.folder().filter(|folder| !folder.exists()) {
            return Err(Failure::coded(
                "database_missing",
                format!("there is no folder {}", missing.display()),
            ));
        }
        let _locks = [lock(&from)?, lock(&to)?];
        let (key, found_in) = key(&config, [from.folder(), Some(&config.data), to.folder()])?;
        let migrated = data::run(async {
            jeton_store::migrate(&source, &target, key, &moving::progress()).await.map_err(failure)
        })?;
        moving::done();
        if let (Some(found_in), Some(to)) = (found_in, to.folder()) {
            master_key::copy(&config, found_in, to)?;
        }
        show(&migrated, [&source.to_string(), &target.to_string()], style)
    }
}

/// Keeps servers from starting on a folder.
fn lock(place: &Place) -> Result<Option<ServerLock>, Failure> {
    let Some(folder) = place.folder() else { return Ok(None) };
    let locked = DataFolder::open(folder).and_then(|folder| folder.lock_for_server());
    let locked =
        locked.map_err(|error| Failure::coded(error.code(), format!("{}: {error}", folder.display())))?;
    Ok(Some(locked))
}

/// The master key, and in which of these folders it was.
fn key<'a>(
    config: &Config,
    folders: [Option<&'a Path>; 3],
) -> Result<(Option<Arc<MasterKey>>, Option<&'a Path>), Failure> {
    for folder in folders.into_iter().flatten() {
        if let Some(key) = master_key::read(config, folder)? {
            return Ok((Some(Arc::new(key)), Some(folder)));
        }
    }
    Ok((None, None))
}

fn show(migrated: &Migrated, [from, to]: [&str; 2], style: Style) -> Result<(), Failure> {
    let total = moving::total(&migrated.tables);
    let document = json!({
        "from": from,
        "to": to,
        "rows": moving::rows(&migrated.tables),
        "resumed_after": migrated.resumed,
        "master_key": migrated.master_key.as_ref().map(ToString::to_string),
        "problems": problems(&migrated.findings),
    });
    style.print(&document, || {
        let mut text =
            format!("copied {} from {from} to {to}, and read all of them again", counted(total, "row"));
        if migrated.resumed > 0 {
            text.push_str(&format!(
                "\n{} were there from a run that was interrupted",
                counted(migrated.resumed, "row")
            ));
        }
        if let Some(id) = &migrated.master_key {
            text.push_str(&format!("\nservers that use {to} need the same master key ({id})"));
        }
        for problem in problems(&migrated.findings) {
            text.push_str(&format!("\nproblem in {}", problem.line()));
        }
        text
    })
}
