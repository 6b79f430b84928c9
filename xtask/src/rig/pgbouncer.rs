//! PgBouncer in transaction mode before a PostgreSQL server: each transaction may get another connection.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::postgres::Postgres;
use super::process::{Running, free_port};
use crate::machine;

/// Where Debian puts it.
const PROGRAM: &str = "/usr/sbin/pgbouncer";

/// A running PgBouncer, which trusts everybody on this machine.
#[derive(Debug)]
pub(crate) struct PgBouncer {
    // Stopped before its folder goes.
    _process: Running,
    folder: PathBuf,
    port: u16,
}

impl PgBouncer {
    /// Starts it before a server, with a few connections for each user.
    ///
    /// # Errors
    /// When it is missing and cannot be installed, or does not start; the error quotes its log.
    pub(crate) fn before(postgres: &Postgres) -> Result<Self> {
        machine::need_file(Path::new(PROGRAM), &["pgbouncer"])?;
        let port = free_port()?;
        let folder = std::env::temp_dir().join(format!("jeton-pgbouncer-{port}"));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let users = folder.join("users");
        fs::write(&users, "\"jeton\" \"\"\n")?;
        let settings = folder.join("pgbouncer.ini");
        fs::write(&settings, configuration(postgres.port(), port, &users))?;
        let mut command = Command::new(PROGRAM);
        if machine::is_root() {
            // It does not run as root either.
            let (user, group) = super::postgres::unprivileged()?;
            std::os::unix::process::CommandExt::gid(
                std::os::unix::process::CommandExt::uid(&mut command, user),
                group,
            );
        }
        let mut process = Running::start("pgbouncer", command.arg(&settings), &folder.join("log"))?;
        process
            .wait_until("PgBouncer takes connections", || TcpStream::connect(("127.0.0.1", port)).is_ok())?;
        Ok(Self { _process: process, folder, port })
    }

    /// What leads through it to the server's own database.
    pub(crate) fn url(&self) -> String {
        super::postgres::url(&[self.port])
    }
}

fn configuration(server: u16, port: u16, users: &Path) -> String {
    format!(
        "[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {}
auth_user = jeton
auth_query = SELECT usename, passwd FROM pg_shadow WHERE usename = $1
pool_mode = transaction
default_pool_size = 4
max_client_conn = 2000
server_idle_timeout = 2
log_connections = 0
log_disconnections = 0
",
        users.display()
    )
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
