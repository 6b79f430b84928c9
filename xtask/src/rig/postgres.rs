//! A PostgreSQL server of the tests' own: on a free port, in a scratch folder, and gone when they end.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::process::{self, Running, free_port};
use crate::machine;

/// Where Debian puts the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Who runs the server where root runs the tests: PostgreSQL refuses to be run by root.
const USER: &str = "postgres";

/// A running server that trusts everybody on this machine.
#[derive(Debug)]
pub(crate) struct Postgres {
    // Stopped before its folder goes.
    server: Option<Running>,
    folder: PathBuf,
    port: u16,
}

impl Postgres {
    /// Starts a server, installing PostgreSQL where it is missing and may be installed. Commits reach the disk, as they would anywhere.
    ///
    /// # Errors
    /// When it is missing and cannot be installed, or does not start; the error quotes its log.
    pub(crate) fn start() -> Result<Self> {
        let programs = programs()?;
        let owner = owner()?;
        // Not under `target`, which its user may not be allowed to enter.
        let folder = std::env::temp_dir().join(format!("jeton-postgres-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        if let Some((user, group)) = owner {
            chown(&folder, Some(user), Some(group))?;
        }
        let port = free_port()?;
        let mut postgres = Self { server: None, folder, port };
        postgres.make(&programs, owner)?;
        postgres.server = Some(postgres.run(&programs, owner)?);
        Ok(postgres)
    }

    /// What leads to its own database; tests make theirs beside it.
    pub(crate) fn url(&self) -> String {
        format!("postgres://jeton@127.0.0.1:{}/postgres", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn make(&self, programs: &Path, owner: Option<(u32, u32)>) -> Result<()> {
        let mut command = self.command(&programs.join("initdb"), owner);
        command.args(["--username=jeton", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]);
        // Texts that were left to the database's own order would show: it is not that of their bytes.
        command.args(["--locale-provider=icu", "--icu-locale=en-US", "--pgdata"]);
        process::output("initdb", command.arg(self.data())).map(drop)
    }

    fn run(&self, programs: &Path, owner: Option<(u32, u32)>) -> Result<Running> {
        let mut command = self.command(&programs.join("postgres"), owner);
        command.arg("-D").arg(self.data()).args(["-p", &self.port.to_string(), "-k"]).arg(&self.folder);
        for setting in ["listen_addresses=127.0.0.1", "max_connections=400"] {
            command.args(["-c", setting]);
        }
        let mut server = Running::start("postgres", &mut command, &self.folder.join("log"))?;
        let ready = programs.join("pg_isready");
        server.wait_until("PostgreSQL takes connections", || {
            let mut asked = Command::new(&ready);
            asked.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
            asked.status().is_ok_and(|status| status.success())
        })?;
        Ok(server)
    }

    fn command(&self, program: &Path, owner: Option<(u32, u32)>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder);
        if let Some((user, group)) = owner {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.server.take());
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The folder with the newest version's programs.
fn programs() -> Result<PathBuf> {
    let newest = || {
        let versions = fs::read_dir(VERSIONS).ok()?.flatten().map(|entry| entry.path().join("bin"));
        let number = |bin: &PathBuf| bin.parent()?.file_name()?.to_str()?.parse::<u32>().ok();
        versions.filter(|bin| bin.join("postgres").is_file()).max_by_key(number)
    };
    if let Some(bin) = newest() {
        return Ok(bin);
    }
    machine::need_file(Path::new(VERSIONS), &["postgresql"])?;
    newest().context("there is no PostgreSQL server: install postgresql")
}

/// Whom the server belongs to, where it may not be us: a user and a group.
fn owner() -> Result<Option<(u32, u32)>> {
    if !machine::is_root() {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
    for line in users.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        if let [USER, _, user, group, ..] = fields.as_slice() {
            return Ok(Some((user.parse()?, group.parse()?)));
        }
    }
    bail!("there is no user called {USER}")
}
