//! The control socket, through which the command line tells a running server on the same data folder to reload its
//! keys immediately, and asks for its settings.
//!
//! The protocol is one line in each direction: `reload` is answered with `done`, or with `failed` and the reason;
//! `settings` with a JSON object.

use std::fs::{self, File, Permissions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jeton_authority::settings::Settings;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::logging::Trouble;
use crate::service::Service;

/// The name of the socket in the data folder.
pub const SOCKET_NAME: &str = "jeton.sock";

/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest line, in bytes: long enough for an issuer and an audience.
const LINE_BYTES: u64 = 16 * 1024;
/// The longest path in a socket address that every system supports, in bytes.
const PATH_BYTES: usize = 100;
/// The pause after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Whether a server was running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reloaded {
    /// A running server has reloaded its keys.
    ByRunningServer,
    /// No server runs on the folder.
    NoServer,
}

/// Why a running server could not be reached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The socket failed.
    #[error("the running server does not answer on its control socket: {0}")]
    Io(#[from] io::Error),
    /// The server failed to do it.
    #[error("the running server could not read its keys: {0}")]
    Failed(String),
}

/// The settings of a running server, as far as commands on the same folder show or use them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedSettings {
    /// `issuer`, or its default.
    pub issuer: String,
    /// `access.audience`.
    pub audience: String,
    /// `access.lifetime` in seconds, like all that follow.
    pub access_lifetime: u64,
    /// `refresh.idle_lifetime`.
    pub refresh_idle_lifetime: u64,
    /// `session.idle_lifetime`.
    pub session_idle_lifetime: u64,
    /// `keys.publish_wait`.
    pub publish_wait: u64,
}

impl ServedSettings {
    fn of(settings: &Settings) -> Self {
        Self {
            issuer: settings.issuer.clone(),
            audience: settings.access.audience.clone(),
            access_lifetime: settings.access.lifetime.as_secs(),
            refresh_idle_lifetime: settings.refresh.idle_lifetime.as_secs(),
            session_idle_lifetime: settings.session.idle_lifetime.as_secs(),
            publish_wait: settings.keys.publish_wait.as_secs(),
        }
    }
}

/// Tells the server on a data folder, if one is running, to reload its keys, and waits for it.
///
/// # Errors
/// A server is running but does not answer, or fails.
pub fn reload(data: &Path) -> Result<Reloaded, ControlError> {
    let Some(line) = ask(data, "reload")? else { return Ok(Reloaded::NoServer) };
    match line.trim_end() {
        "done" => Ok(Reloaded::ByRunningServer),
        other => Err(ControlError::Failed(other.strip_prefix("failed ").unwrap_or(other).to_owned())),
    }
}

/// Asks the server on a data folder for its settings. `None` if no server is running, or only one of an older version,
/// which does not know the request.
///
/// # Errors
/// A server is running but does not answer.
pub fn settings(data: &Path) -> Result<Option<ServedSettings>, ControlError> {
    let line = ask(data, "settings")?;
    Ok(line.and_then(|line| serde_json::from_str(&line).ok()))
}

/// Sends a line to the server on a data folder, and waits for its answer. `None` if no server is running.
fn ask(data: &Path, question: &str) -> Result<Option<String>, ControlError> {
    use io::ErrorKind::{ConnectionRefused, NotFound};
    let socket = match Address::of(data).and_then(|address| UnixStream::connect(address.path(SOCKET_NAME))) {
        Ok(socket) => socket,
        Err(error) if matches!(error.kind(), NotFound | ConnectionRefused) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    (&socket).write_all(format!("{question}\n").as_bytes())?;
    let mut line = String::new();
    BufReader::new(io::Read::take(&socket, LINE_BYTES)).read_line(&mut line)?;
    match line.trim_end() {
        "" => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
        _ => Ok(Some(line)),
    }
}

/// The control socket of a server. Dropping it removes the file.
#[derive(Debug)]
pub struct ControlSocket {
    listener: tokio::net::UnixListener,
    address: Address,
    /// The device and inode of the socket file, because another file may take its name.
    file: Option<(u64, u64)>,
}

impl ControlSocket {
    /// Opens the socket in a data folder that no other server uses, for its owner only. A socket file left behind by
    /// another server is replaced.
    ///
    /// # Errors
    /// The system does not permit it.
    pub fn open(data: &Path) -> io::Result<Self> {
        let address = Address::of(data)?;
        // Under a name of its own until only the owner may connect.
        let unready = address.path(&format!("{SOCKET_NAME}.{}", std::process::id()));
        let _ = fs::remove_file(&unready);
        let listener = UnixListener::bind(&unready)?;
        fs::set_permissions(&unready, Permissions::from_mode(0o600))?;
        fs::rename(&unready, address.path(SOCKET_NAME))?;
        listener.set_nonblocking(true)?;
        let file = file_at(&address.path(SOCKET_NAME));
        Ok(Self { listener: tokio::net::UnixListener::from_std(listener)?, address, file })
    }

    /// Answers on the socket while it is polled.
    pub async fn serve(self, service: Service) {
        let mut trouble = Trouble::new("control_accept_failed");
        loop {
            match self.listener.accept().await {
                // One at a time: what comes here comes from the owner of the folder.
                Ok((mut stream, _)) => match timeout(PATIENCE, answer(&mut stream, &service)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::debug!("control socket: {error}"),
                    Err(_) => tracing::debug!("control socket: no request within {PATIENCE:?}"),
                },
                Err(error) => {
                    trouble.again(&format_args!("control socket: {error}"));
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        let path = self.address.path(SOCKET_NAME);
        // Where the folder was moved away, the socket in its place is another server's.
        if self.file.is_some() && file_at(&path) == self.file {
            let _ = fs::remove_file(path);
        }
    }
}

fn file_at(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

async fn answer(stream: &mut tokio::net::UnixStream, service: &Service) -> io::Result<()> {
    let (read, mut write) = stream.split();
    let mut line = String::new();
    tokio::io::BufReader::new(read.take(LINE_BYTES)).read_line(&mut line).await?;
    let reply = match line.trim_end() {
        "reload" => match service.authority().reload(service.clock().now()).await {
            Ok(_) => {
                tracing::info!("reloaded keys and clients");
                "done\n".to_owned()
            }
            Err(error) => {
                tracing::error!(code = "keys_not_refreshed", "{error}");
                format!("failed {}\n", error.to_string().replace('\n', " "))
            }
        },
        "settings" => {
            let settings = ServedSettings::of(service.authority().settings());
            format!("{}\n", serde_json::to_string(&settings).unwrap_or_default())
        }
        _ => "failed unknown request\n".to_owned(),
    };
    write.write_all(reply.as_bytes()).await
}

/// The folder as the address of a socket in it can name it, because addresses are shorter than paths.
#[derive(Debug)]
struct Address {
    folder: PathBuf,
    /// Kept open while `folder` refers to its descriptor.
    _open: Option<File>,
}

impl Address {
    fn of(data: &Path) -> io::Result<Self> {
        if data.as_os_str().len() + SOCKET_NAME.len() + 12 <= PATH_BYTES {
            return Ok(Self { folder: data.to_owned(), _open: None });
        }
        let open = File::open(data)?;
        Ok(Self { folder: PathBuf::from(format!("/proc/self/fd/{}", open.as_raw_fd())), _open: Some(open) })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}
