//! PostgreSQL servers of the tests' own: on free ports, in scratch folders, and gone when they end.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use super::process::{self, Running, free_port};
use crate::machine;

/// Where Debian puts the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Who runs the server where root runs the tests: PostgreSQL refuses to be run by root.
const USER: &str = "postgres";

/// A server that trusts everybody on this machine.
#[derive(Debug)]
pub(crate) struct Postgres {
    // Stopped before its folder goes.
    server: Option<Running>,
    programs: PathBuf,
    owner: Option<(u32, u32)>,
    folder: PathBuf,
    port: u16,
    /// What its processes find in their environment.
    environment: Vec<(&'static str, String)>,
}

impl Postgres {
    /// Starts a server, installing PostgreSQL where it is missing and may be installed. Commits reach the disk, as they would anywhere.
    ///
    /// # Errors
    /// When it is missing and cannot be installed, or does not start; the error quotes its log.
    pub(crate) fn start() -> Result<Self> {
        Self::start_on(free_port()?, &[])
    }

    /// The same for tests that never end it before its time: its commits reach the system only, which is several times as fast.
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub(crate) fn start_without_flushes() -> Result<Self> {
        Self::start_on(free_port()?, &["fsync=off", "full_page_writes=off"])
    }

    /// The same on this port, with settings (`name=value`).
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub(crate) fn start_on(port: u16, settings: &[&str]) -> Result<Self> {
        Self::new(port)?.set_up(settings)
    }

    /// The same with more in the environment of its processes.
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub(crate) fn start_with(environment: &[(&'static str, String)]) -> Result<Self> {
        let mut postgres = Self::new(free_port()?)?;
        postgres.environment = environment.to_vec();
        postgres.set_up(&[])
    }

    fn set_up(mut self, settings: &[&str]) -> Result<Self> {
        let mut command = self.command("initdb");
        command.args(["--username=jeton", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]);
        // Texts that were left to the database's own order would show: it is not that of their bytes.
        command.args(["--locale-provider=icu", "--icu-locale=en-US", "--pgdata"]);
        process::output("initdb", command.arg(self.data()))?;
        self.run(settings)?;
        Ok(self)
    }

    /// Starts a server on this port that follows this one.
    ///
    /// # Errors
    /// When this one cannot be copied, or the copy does not start.
    pub(crate) fn standby_on(&self, port: u16) -> Result<Self> {
        let mut standby = Self::new(port)?;
        let mut command = standby.command("pg_basebackup");
        command.args(["--host=127.0.0.1", "--username=jeton", "--checkpoint=fast", "--write-recovery-conf"]);
        command.args(["--port", &self.port.to_string(), "--pgdata"]).arg(standby.data());
        process::output("pg_basebackup", &mut command)?;
        standby.run(&[])?;
        Ok(standby)
    }

    /// Waits until a server follows this one.
    ///
    /// # Errors
    /// When none does.
    pub(crate) fn wait_until_followed(&self) -> Result<()> {
        super::wait_for("a standby", Duration::from_secs(20), || {
            let followers = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'";
            Ok((self.sql(followers)? != "0").then_some(()))
        })
    }

    /// Lets it take writes, where it followed another, and waits until it does.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) fn promote(&self) -> Result<()> {
        self.sql("SELECT pg_promote(true, 30)").map(drop)
    }

    /// Kills it with all of its processes, as a power cut would.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn kill(&mut self) -> Result<()> {
        let Some(server) = self.server.take() else { return Ok(()) };
        server.kill_with_children()
    }

    /// Keeps all of its processes from doing anything, as if it were cut off.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn freeze(&self) -> Result<()> {
        self.server.as_ref().context("it runs")?.signal_with_children(Signal::STOP)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn thaw(&self) -> Result<()> {
        self.server.as_ref().context("it runs")?.signal_with_children(Signal::CONT)
    }

    /// Runs a statement; answers what it answered, without headings.
    ///
    /// # Errors
    /// When the server refuses.
    pub(crate) fn sql(&self, statement: &str) -> Result<String> {
        let mut command = Command::new(self.programs.join("psql"));
        command.args(["-X", "-q", "-A", "-t", "-h", "127.0.0.1", "-U", "jeton", "-d", "postgres"]);
        process::output("psql", command.args(["-p", &self.port.to_string(), "-c", statement]))
    }

    /// Everything in one of its databases, as SQL.
    ///
    /// # Errors
    /// When the server refuses.
    pub(crate) fn dump(&self, database: &str) -> Result<String> {
        let mut command = Command::new(self.programs.join("pg_dump"));
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "jeton", "-d", database]);
        command.args(["--inserts", "--no-owner", "--no-privileges", "--no-comments"]);
        process::output("pg_dump", &mut command)
    }

    /// What leads to another database of this server.
    pub(crate) fn url_of(&self, database: &str) -> String {
        format!("postgres://jeton@127.0.0.1:{}/{database}", self.port)
    }

    /// The port that it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The folder in which its socket is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What leads to its own database; tests make theirs beside it.
    pub(crate) fn url(&self) -> String {
        url(&[self.port])
    }

    fn new(port: u16) -> Result<Self> {
        let (programs, owner) = (programs()?, owner()?);
        // Not under `target`, which its user may not be allowed to enter.
        let folder = std::env::temp_dir().join(format!("jeton-postgres-{}-{port}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        if let Some((user, group)) = owner {
            chown(&folder, Some(user), Some(group))?;
        }
        Ok(Self { server: None, programs, owner, folder, port, environment: vec![] })
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn run(&mut self, settings: &[&str]) -> Result<()> {
        let port = self.port.to_string();
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).args(["-p", &port, "-k"]).arg(&self.folder);
        for setting in ["listen_addresses=127.0.0.1", "max_connections=400"].iter().chain(settings) {
            command.args(["-c", setting]);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let mut server = Running::start("postgres", &mut command, &self.folder.join("log"))?;
        let ready = self.programs.join("pg_isready");
        server.wait_until("PostgreSQL takes connections", || {
            let mut asked = Command::new(&ready);
            asked.args(["-q", "-h", "127.0.0.1", "-p", &port]).status().is_ok_and(|status| status.success())
        })?;
        self.server = Some(server);
        Ok(())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(&self.folder);
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }
}

/// What leads to the same database on servers on these ports, whichever takes writes.
pub(crate) fn url(ports: &[u16]) -> String {
    let hosts: Vec<String> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    format!("postgres://jeton@{}/postgres", hosts.join(","))
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.server.take());
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The folder with the newest version's programs, installing PostgreSQL where it is missing and may be installed.
///
/// # Errors
/// When it is missing and cannot be installed.
pub(crate) fn programs() -> Result<PathBuf> {
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

/// A user and a group that are not root's.
///
/// # Errors
/// When there are none.
pub(crate) fn unprivileged() -> Result<(u32, u32)> {
    owner()?.context("there is no other user")
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
