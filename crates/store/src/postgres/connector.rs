//! How connections are made: to the first host that answers and takes writes, or to a replica, each within a time limit.

use std::fs;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jeton_jose::random;
use tokio::time::timeout;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::{AsyncMessage, Config};
use zeroize::Zeroizing;

use super::connection::Connection;
use super::error::{Failed, describe};
use super::tls::Tls;
use crate::cause::cause;
use crate::postgres_url::{Host, PostgresUrl, Protection};

/// For how long a host may keep us waiting, from looking its name up to its being ready for statements.
const CONNECTING: Duration = Duration::from_secs(2);

/// How long a connection that is idle goes without a sign that the other side is there.
const KEEPALIVE: Duration = Duration::from_secs(10);

/// How long what was sent may go without being acknowledged.
const UNACKNOWLEDGED: Duration = Duration::from_secs(5);

/// For how long a connection is used. Connections that are made at once do not end at once: up to a quarter is added.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// Makes connections to a database.
#[derive(Debug)]
pub(super) struct Connector {
    /// Each host, and how to reach it.
    hosts: Vec<(Host, Config)>,
    tls: Tls,
    prepares: bool,
}

impl Connector {
    /// Prepares connections. Certificates are read from files.
    pub(super) fn new(url: &PostgresUrl) -> Result<Self, String> {
        // Where nothing can be written nothing can be served.
        Self::to(url, &url.hosts, TargetSessionAttrs::ReadWrite)
    }

    /// Prepares connections to the replica, if the URL names one.
    pub(super) fn to_replica(url: &PostgresUrl) -> Result<Option<Self>, String> {
        if url.replica.is_empty() {
            return Ok(None);
        }
        // Also to one that has taken over.
        Self::to(url, &url.replica, TargetSessionAttrs::Any).map(Some)
    }

    fn to(url: &PostgresUrl, hosts: &[Host], servers: TargetSessionAttrs) -> Result<Self, String> {
        let tls = Tls::new(url.verification(hosts), url.roots.as_deref())?;
        let password = password(url)?;
        let password = password.as_ref().map(|password| password.as_slice());
        let config = |host| config(url, host, servers, password);
        let hosts = hosts.iter().map(|host| (host.clone(), config(host))).collect();
        Ok(Self { hosts, tls, prepares: url.prepares })
    }

    /// Connects to the first host that answers and, unless these are replicas, takes writes.
    pub(super) async fn connect(&self) -> Result<Connection, Failed> {
        let mut refusals = Vec::new();
        for (host, config) in &self.hosts {
            match timeout(CONNECTING, self.connect_to(config)).await {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(error)) => refusals.push(format!("{host}: {}", describe(&error))),
                Err(_) => refusals.push(format!("{host}: no answer within {} s", CONNECTING.as_secs())),
            }
        }
        Err(Failed::Unreachable(format!("cannot connect to the database ({})", refusals.join("; "))))
    }

    async fn connect_to(&self, config: &Config) -> Result<Connection, tokio_postgres::Error> {
        let (client, mut driver) = config.connect(self.tls.clone()).await?;
        let warned = Arc::new(AtomicBool::new(false));
        let noticed = Arc::clone(&warned);
        // It ends with the client, or with the connection. Whoever waits for an answer is told of errors.
        tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| driver.poll_message(context)).await {
                if let AsyncMessage::Notice(notice) = message
                    && notice.severity() == "WARNING"
                {
                    noticed.store(true, Ordering::Release);
                }
            }
        });
        let lifetime = LIFETIME + LIFETIME.mul_f64(fraction() / 4.0);
        Ok(Connection::new(client, self.tls.clone(), self.prepares, warned, lifetime))
    }
}

/// The password, from its file where there is one. One line break at its end does not count.
fn password(url: &PostgresUrl) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
    let Some(file) = &url.password_file else { return Ok(url.password.clone()) };
    let read = fs::read(file).map(Zeroizing::new);
    let mut read =
        read.map_err(|error| format!("cannot read {}: {}", file.display(), cause(file, &error)))?;
    if read.ends_with(b"\n") {
        read.pop();
    }
    if read.ends_with(b"\r") {
        read.pop();
    }
    Ok(Some(read))
}

fn config(url: &PostgresUrl, host: &Host, servers: TargetSessionAttrs, password: Option<&[u8]>) -> Config {
    let mut config = Config::new();
    match host {
        Host::Tcp { name, port } => config.host(name).port(*port),
        Host::Socket { folder, port } => config.host_path(folder).port(*port),
    };
    if let Some(user) = &url.user {
        config.user(user);
    }
    if let Some(password) = password {
        config.password(password);
    }
    if let Some(database) = &url.database {
        config.dbname(database);
    }
    config
        .application_name(url.application.as_deref().unwrap_or("jeton"))
        .target_session_attrs(servers)
        .ssl_mode(match url.protection(host) {
            Protection::None => SslMode::Disable,
            Protection::IfOffered => SslMode::Prefer,
            Protection::Tls => SslMode::Require,
        })
        .connect_timeout(CONNECTING)
        .keepalives_idle(KEEPALIVE)
        .keepalives_interval(KEEPALIVE / 4)
        .keepalives_retries(3)
        .tcp_user_timeout(UNACKNOWLEDGED);
    config
}

/// A number from 0 to 1, so that what many do does not happen in the same moment.
pub(super) fn fraction() -> f64 {
    let mut bytes = [0; 4];
    random::fill(&mut bytes);
    f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX)
}
