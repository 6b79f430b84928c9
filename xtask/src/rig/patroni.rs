//! Three PostgreSQL servers under Patroni, with etcd, each on a machine of its own.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::network::Network;
use super::postgres;
use super::process::{self, Running};
use crate::machine;

/// How many servers there are.
pub(crate) const MEMBERS: usize = 3;

/// How long a cluster may take until all of its servers follow one; a server that was a primary is wound back first.
const PATIENCE: Duration = Duration::from_secs(180);

/// How long that has to be so: Patroni may give the part of the one that confirms commits to another.
const STEADY: Duration = Duration::from_secs(4);

/// Where Debian puts them.
const PATRONI: &str = "/usr/bin/patroni";
const ETCD: &str = "/usr/bin/etcd";

/// The database of the tests, and its owner.
const NAME: &str = "jeton";

/// How standbys follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replication {
    /// A commit is answered when a standby has it.
    Synchronous,
    /// Standbys get it soon after.
    Asynchronous,
}

/// The servers, numbered from 0. They end with this.
#[derive(Debug)]
pub(crate) struct Cluster {
    // Patroni and etcd, which the end of the network has ended before they are waited for.
    network: Network,
    members: Vec<Member>,
    programs: PathBuf,
    user: (u32, u32),
    replication: Replication,
    folder: PathBuf,
}

#[derive(Debug, Default)]
struct Member {
    etcd: Option<Running>,
    patroni: Option<Running>,
}

impl Cluster {
    /// Starts it, and waits until two servers follow the third.
    ///
    /// # Errors
    /// When something is missing and cannot be installed, or does not start.
    pub(crate) fn start(replication: Replication) -> Result<Self> {
        let programs = postgres::programs()?;
        machine::need_file(Path::new(PATRONI), &["patroni"])?;
        machine::need_file(Path::new(ETCD), &["etcd-server"])?;
        let user = postgres::unprivileged()?;
        let folder = std::env::temp_dir().join(format!("jeton-patroni-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let network = Network::start(MEMBERS)?;
        let members = (0..MEMBERS).map(|_| Member::default()).collect();
        let mut cluster = Self { network, members, programs, user, replication, folder };
        for number in 0..MEMBERS {
            let folder = cluster.folder_of(number);
            fs::create_dir_all(&folder)?;
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
            fs::write(folder.join("patroni.yml"), cluster.configuration(number))?;
            for path in [&folder, &folder.join("patroni.yml")] {
                chown(path, Some(user.0), Some(user.1))?;
            }
        }
        for number in 0..MEMBERS {
            cluster.start_etcd(number)?;
        }
        for number in 0..MEMBERS {
            cluster.start_patroni(number)?;
        }
        cluster.wait_until_whole()?;
        let primary = cluster.primary()?.context("there is no primary")?;
        cluster.sql(primary, "postgres", &format!("CREATE ROLE {NAME} LOGIN"))?;
        cluster.sql(primary, "postgres", &format!("CREATE DATABASE {NAME} OWNER {NAME}"))?;
        Ok(cluster)
    }

    /// What leads to the database on the server that takes writes.
    pub(crate) fn url(&self) -> String {
        let hosts: Vec<String> = (0..MEMBERS).map(|number| self.network.address(number)).collect();
        format!(
            "postgres://{NAME}@{}/{NAME}?target_session_attrs=read-write&sslmode=disable",
            hosts.join(",")
        )
    }

    /// The machines.
    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// The server that takes writes.
    ///
    /// # Errors
    /// Never where one does not answer.
    pub(crate) fn primary(&self) -> Result<Option<usize>> {
        Ok((0..MEMBERS).find(|number| self.takes_writes(*number) == Some(true)))
    }

    /// Whether a server takes writes; nothing where it does not answer.
    pub(crate) fn takes_writes(&self, number: usize) -> Option<bool> {
        let answer = self.sql(number, "postgres", "SELECT pg_is_in_recovery()").ok()?;
        Some(answer == "f")
    }

    /// Runs a statement at a server in the database of the tests; answers what it answered, without headings.
    ///
    /// # Errors
    /// When the server refuses, or is not there.
    pub(crate) fn ask(&self, number: usize, statement: &str) -> Result<String> {
        self.sql(number, NAME, statement)
    }

    /// Waits until two servers follow one, and one of them confirms commits where replication is synchronous.
    ///
    /// # Errors
    /// When they do not.
    pub(crate) fn wait_until_whole(&self) -> Result<()> {
        let wanted = match self.replication {
            Replication::Synchronous => "2 1",
            Replication::Asynchronous => "2 0",
        };
        let followers = "SELECT count(*) || ' ' || count(*) FILTER (WHERE sync_state IN ('sync', 'quorum'))
                         FROM pg_stat_replication WHERE state = 'streaming'";
        let mut since = None;
        super::wait_for("two servers that follow a third", PATIENCE, || {
            let primary = self.primary()?;
            let found = primary.and_then(|primary| self.sql(primary, "postgres", followers).ok());
            if found.as_deref() != Some(wanted) {
                since = None;
            }
            std::thread::sleep(Duration::from_millis(500));
            let is_whole = found.as_deref() == Some(wanted);
            let since = is_whole.then(|| *since.get_or_insert_with(Instant::now));
            Ok(since.filter(|since| since.elapsed() >= STEADY).map(drop))
        })
    }

    /// Ends everything on a server's machine, as a power cut would.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn cut_power(&mut self, number: usize) -> Result<()> {
        self.network.cut_power(number)?;
        self.members[number] = Member::default();
        Ok(())
    }

    /// Starts it again.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn restore_power(&mut self, number: usize) -> Result<()> {
        self.start_etcd(number)?;
        self.start_patroni(number)
    }

    fn sql(&self, number: usize, database: &str, statement: &str) -> Result<String> {
        let mut command = Command::new(self.programs.join("psql"));
        command.env("PGCONNECT_TIMEOUT", "2").env("PGOPTIONS", "-c statement_timeout=5000");
        command.args(["-X", "-q", "-A", "-t", "-h", &self.network.address(number), "-U", "postgres"]);
        process::output("psql", command.args(["-d", database, "-c", statement]))
    }

    fn folder_of(&self, number: usize) -> PathBuf {
        self.folder.join(number.to_string())
    }

    fn start_etcd(&mut self, number: usize) -> Result<()> {
        let address = |number| self.network.address(number);
        let peers: Vec<String> =
            (0..MEMBERS).map(|number| format!("etcd{number}=http://{}:2380", address(number))).collect();
        let (clients, peer) =
            (format!("http://{}:2379", address(number)), format!("http://{}:2380", address(number)));
        let mut command = self.command(number, ETCD);
        command
            .args(["--name", &format!("etcd{number}"), "--data-dir"])
            .arg(self.folder_of(number).join("etcd"));
        command.args(["--listen-client-urls", &clients, "--advertise-client-urls", &clients]);
        command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
        command.args(["--initial-cluster", &peers.join(","), "--initial-cluster-state", "new"]);
        let log = self.folder_of(number).join("etcd.log");
        self.members[number].etcd = Some(Running::start("etcd", &mut command, &log)?);
        Ok(())
    }

    fn start_patroni(&mut self, number: usize) -> Result<()> {
        let folder = self.folder_of(number);
        let mut command = self.command(number, PATRONI);
        command.current_dir(&folder).arg(folder.join("patroni.yml"));
        // So that it finds no settings of this machine's.
        command.env_remove("PGDATA").env("HOME", &folder);
        self.members[number].patroni =
            Some(Running::start("patroni", &mut command, &folder.join("patroni.log"))?);
        Ok(())
    }

    /// A program on a server's machine, not as root.
    fn command(&self, number: usize, program: &str) -> Command {
        let (user, group) = self.user;
        let mut command = self.network.command(number, "setpriv");
        command.arg(format!("--reuid={user}")).arg(format!("--regid={group}"));
        command.args(["--clear-groups", program]);
        command
    }

    fn configuration(&self, number: usize) -> String {
        let address = self.network.address(number);
        let etcd: Vec<String> =
            (0..MEMBERS).map(|number| format!("{}:2379", self.network.address(number))).collect();
        let folder = self.folder_of(number);
        let synchronous = self.replication == Replication::Synchronous;
        format!(
            "scope: jeton
name: server{number}
restapi:
  listen: {address}:8008
  connect_address: {address}:8008
etcd3:
  hosts: {etcd}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 2
    retry_timeout: 8
    synchronous_mode: {synchronous}
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters:
        max_connections: 100
        wal_keep_size: 256MB
  initdb:
    - encoding: UTF8
    - locale: C.UTF-8
    - data-checksums
postgresql:
  listen: {address}:5432
  connect_address: {address}:5432
  data_dir: {folder}/data
  bin_dir: {programs}
  pgpass: {folder}/pgpass
  authentication:
    superuser:
      username: postgres
    replication:
      username: replicator
  parameters:
    unix_socket_directories: {folder}
  pg_hba:
    - local all all trust
    - host all all 10.213.0.0/16 trust
    - host replication all 10.213.0.0/16 trust
",
            etcd = etcd.join(","),
            folder = folder.display(),
            programs = self.programs.display(),
        )
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for number in 0..MEMBERS {
            // What Patroni started does not end with it.
            let _ = self.network.cut_power(number);
        }
        self.members.clear();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
