//! The URL of a PostgreSQL database: `postgres://USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE?sslmode=verify-full`.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

/// The port of PostgreSQL.
const PORT: u16 = 5432;

/// Where Debian's servers have their sockets.
const SOCKETS: &str = "/var/run/postgresql";

/// Connections of a process, unless the URL says otherwise. Few, and not as many as there are cores: those of all nodes have to fit into
/// the server's `max_connections`.
const POOL_SIZE: usize = 8;

/// How long an operation waits for a connection where the URL does not say.
const POOL_WAIT: Duration = Duration::from_secs(10);

/// What leads to a PostgreSQL database.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PostgresUrl {
    /// In the order in which they are tried.
    pub(crate) hosts: Vec<Host>,
    /// Servers that may lag behind and are asked for lists alone; often none.
    pub(crate) replica: Vec<Host>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Zeroizing<Vec<u8>>>,
    /// A file with the password, which then stands in no argument and no variable.
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) database: Option<String>,
    pub(crate) application: Option<String>,
    ssl: Option<SslMode>,
    /// The certificates that servers are verified with; the system's where none are named.
    pub(crate) roots: Option<PathBuf>,
    /// Whether statements are prepared at the server. A pooler that gives each transaction another connection may not support that.
    pub(crate) prepares: bool,
    /// How many connections a process makes at most.
    pub(crate) pool_size: usize,
    /// How long an operation waits for a connection.
    pub(crate) pool_wait: Duration,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Host {
    /// By its name or address.
    Tcp { name: String, port: u16 },
    /// By the folder of its socket.
    Socket { folder: PathBuf, port: u16 },
}

/// What `sslmode` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SslMode {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// How a connection to a host is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protection {
    /// Plain text.
    None,
    /// TLS if the server offers it.
    IfOffered,
    /// TLS or nothing.
    Tls,
}

/// How much of a server's certificate is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verification {
    /// Nothing: whoever answers is taken for the server.
    None,
    /// That an authority that is trusted issued it.
    Chain,
    /// That, and that it names the host.
    Full,
}

/// What is wrong with a URL of this kind. The URL may hold a password, so nothing of it is repeated.
pub(crate) type Wrong = &'static str;

impl PostgresUrl {
    /// Parses what follows `postgres://`.
    pub(crate) fn parse(rest: &str) -> Result<Self, Wrong> {
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = match login.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (login, None),
        };
        let mut url = Self {
            hosts: hosts.split(',').map(host).collect::<Result<_, _>>()?,
            replica: Vec::new(),
            user: Some(decoded(user)?).filter(|user| !user.is_empty()),
            password: password.map(|password| Zeroizing::new(percent_decode_str(password).collect())),
            password_file: None,
            database: Some(decoded(database)?).filter(|database| !database.is_empty()),
            application: None,
            ssl: None,
            roots: None,
            prepares: true,
            pool_size: POOL_SIZE,
            pool_wait: POOL_WAIT,
        };
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) =
                parameter.split_once('=').ok_or("expected NAME=VALUE after the question mark")?;
            url.set(name, decoded(value)?)?;
        }
        Ok(url)
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), Wrong> {
        match (name, value.as_str()) {
            ("sslmode", mode) => self.ssl = Some(SslMode::parse(mode)?),
            ("sslrootcert", "system") => self.roots = None,
            ("sslrootcert", file) => self.roots = Some(file.into()),
            // Where nothing can be written nothing can be served, so no other server will do.
            ("target_session_attrs", "read-write" | "primary") => {}
            ("target_session_attrs", _) => return Err("target_session_attrs must be read-write"),
            ("application_name", _) => self.application = Some(value),
            ("user", _) => self.user = Some(value),
            ("password", _) => self.password = Some(Zeroizing::new(value.into_bytes())),
            ("password_file", file) => self.password_file = Some(file.into()),
            ("dbname", _) => self.database = Some(value),
            ("host", hosts) => self.hosts = hosts.split(',').map(host).collect::<Result<_, _>>()?,
            ("replica", hosts) => self.replica = hosts.split(',').map(host).collect::<Result<_, _>>()?,
            ("prepared_statements", "on") => self.prepares = true,
            ("prepared_statements", "off") => self.prepares = false,
            ("prepared_statements", _) => return Err("prepared_statements must be on or off"),
            ("pool_size", size) => {
                let size = size.parse().ok().filter(|size| (1..=1000).contains(size));
                self.pool_size = size.ok_or("pool_size must be a number from 1 to 1000")?;
            }
            ("pool_wait", seconds) => {
                let seconds = seconds.parse().ok().filter(|seconds| (1..=300).contains(seconds));
                let seconds = seconds.ok_or("pool_wait must be a number of seconds from 1 to 300")?;
                self.pool_wait = Duration::from_secs(seconds);
            }
            _ => {
                return Err(
                    "a parameter is not known: there are sslmode, sslrootcert, target_session_attrs, host, user, password, \
                            password_file, dbname, application_name, prepared_statements, pool_size, pool_wait, replica",
                );
            }
        }
        Ok(())
    }

    /// How connections to a host are protected. What leaves the machine is encrypted and the server verified, unless the URL says
    /// otherwise.
    pub(crate) fn protection(&self, host: &Host) -> Protection {
        match (host, self.ssl) {
            (Host::Socket { .. }, _) | (_, Some(SslMode::Disable)) => Protection::None,
            (host, None | Some(SslMode::Prefer)) if host.is_local() => Protection::IfOffered,
            _ => Protection::Tls,
        }
    }

    /// Whether nothing that is sent to the servers leaves this machine.
    pub(crate) fn are_all_local(&self) -> bool {
        self.hosts.iter().chain(&self.replica).all(Host::is_local)
    }

    /// How much of the certificates of these servers is verified.
    pub(crate) fn verification(&self, hosts: &[Host]) -> Verification {
        let all_local = hosts.iter().all(Host::is_local);
        match self.ssl {
            Some(SslMode::VerifyFull) => Verification::Full,
            Some(SslMode::VerifyCa) => Verification::Chain,
            // As with PostgreSQL's own clients: who names certificates wants servers to be verified with them.
            Some(SslMode::Prefer | SslMode::Require) if self.roots.is_some() => Verification::Chain,
            None if self.roots.is_some() || !all_local => Verification::Full,
            _ => Verification::None,
        }
    }
}

impl SslMode {
    fn parse(text: &str) -> Result<Self, Wrong> {
        match text {
            "disable" => Ok(Self::Disable),
            "prefer" => Ok(Self::Prefer),
            "require" => Ok(Self::Require),
            "verify-ca" => Ok(Self::VerifyCa),
            "verify-full" => Ok(Self::VerifyFull),
            _ => Err("sslmode must be disable, prefer, require, verify-ca or verify-full"),
        }
    }
}

impl Host {
    /// Whether what is sent there stays on this machine.
    pub(crate) fn is_local(&self) -> bool {
        match self {
            Self::Socket { .. } => true,
            Self::Tcp { name, .. } => {
                name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
            }
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { name, port } if name.contains(':') => write!(f, "[{name}]:{port}"),
            Self::Tcp { name, port } => write!(f, "{name}:{port}"),
            Self::Socket { folder, port } => write!(f, "{}/.s.PGSQL.{port}", folder.display()),
        }
    }
}

fn host(text: &str) -> Result<Host, Wrong> {
    const WRONG: Wrong =
        "a host is malformed: expected HOST, HOST:PORT, [ADDRESS]:PORT or the folder of a socket";
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = rest.split_once(']').ok_or(WRONG)?;
            let port = if rest.is_empty() { None } else { Some(rest.strip_prefix(':').ok_or(WRONG)?) };
            (address, port)
        }
        None => text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port))),
    };
    let port = port.map_or(Ok(PORT), str::parse).map_err(|_| WRONG)?;
    let name = decoded(name)?;
    Ok(match name.as_str() {
        "" => Host::Socket { folder: SOCKETS.into(), port },
        folder if folder.starts_with('/') => Host::Socket { folder: folder.into(), port },
        name if name.chars().all(|c| c.is_alphanumeric() || ".-_:".contains(c)) => {
            Host::Tcp { name: name.to_owned(), port }
        }
        // Perhaps a password with a character that is not encoded.
        _ => return Err(WRONG),
    })
}

fn decoded(text: &str) -> Result<String, Wrong> {
    let decoded =
        percent_decode_str(text).decode_utf8().map_err(|_| "what is percent-encoded is not UTF-8")?;
    Ok(decoded.into_owned())
}

impl fmt::Display for PostgresUrl {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        for (number, host) in self.hosts.iter().enumerate() {
            write!(f, "{}{host}", if number == 0 { "" } else { "," })?;
        }
        match &self.database {
            Some(database) => write!(f, "/{database}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> PostgresUrl {
        PostgresUrl::parse(text).expect("a URL")
    }

    fn tcp(name: &str, port: u16) -> Host {
        Host::Tcp { name: name.to_owned(), port }
    }

    #[test]
    fn a_url_names_hosts_a_user_and_a_database() {
        let url =
            parsed("ada@one,two:6543,[::1]:7/jeton?target_session_attrs=read-write&pool_size=3&pool_wait=30");
        assert_eq!(url.hosts, [tcp("one", 5432), tcp("two", 6543), tcp("::1", 7)]);
        assert_eq!((url.user.as_deref(), url.database.as_deref()), (Some("ada"), Some("jeton")));
        assert_eq!((url.pool_size, url.prepares, url.pool_wait), (3, true, Duration::from_secs(30)));
        for socket in ["%2Frun%2Fpg:7/jeton", "ignored/jeton?host=/run/pg:7"] {
            assert_eq!(parsed(socket).hosts, [Host::Socket { folder: "/run/pg".into(), port: 7 }]);
        }
        let url = parsed("one/jeton?replica=two,three:6543");
        assert_eq!(
            (url.hosts, url.replica),
            (vec![tcp("one", 5432)], vec![tcp("two", 5432), tcp("three", 6543)])
        );
        assert_eq!(parsed("/jeton").hosts, [Host::Socket { folder: SOCKETS.into(), port: PORT }]);
    }

    #[test]
    fn a_password_has_any_characters_and_is_never_shown() {
        let url = parsed("ada:p%40s%23s%25w%0Aord%FF@db/jeton");
        assert_eq!(url.password.as_ref().map(|it| it.as_slice()), Some(b"p@s#s%w\nord\xff".as_slice()));
        assert_eq!(
            format!("{url} {url:?}"),
            "postgres://ada@db:5432/jeton PostgresUrl(postgres://ada@db:5432/jeton)"
        );
        for wrong in
            ["ada:hunter2?x@db/jeton", "ada:hunter2/x@db/jeton", "ada:hunter2@db/jeton?sslmode=hunter2"]
        {
            let said = PostgresUrl::parse(wrong).expect_err("it is malformed");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn what_leaves_the_machine_is_encrypted_and_verified_unless_the_url_says_otherwise() {
        let of = |text: &str| {
            let url = parsed(text);
            (url.protection(&url.hosts[0]), url.verification(&url.hosts))
        };
        assert_eq!(of("db/jeton"), (Protection::Tls, Verification::Full));
        assert_eq!(of("localhost/jeton"), (Protection::IfOffered, Verification::None));
        assert_eq!(of("127.0.0.1/jeton?sslmode=verify-full"), (Protection::Tls, Verification::Full));
        let url = parsed("localhost/jeton?replica=db");
        assert_eq!(
            (url.verification(&url.hosts), url.verification(&url.replica), url.protection(&url.replica[0])),
            (Verification::None, Verification::Full, Protection::Tls)
        );
        assert_eq!(of("/jeton").0, Protection::None);
        assert_eq!(of("db/jeton?sslmode=disable").0, Protection::None);
        assert_eq!(of("db/jeton?sslmode=prefer"), (Protection::Tls, Verification::None));
        assert_eq!(of("db/jeton?sslmode=require"), (Protection::Tls, Verification::None));
        assert_eq!(of("db/jeton?sslmode=require&sslrootcert=ca.pem"), (Protection::Tls, Verification::Chain));
        assert_eq!(of("db/jeton?sslmode=verify-ca"), (Protection::Tls, Verification::Chain));
    }
}
