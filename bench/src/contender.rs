//! A server under measurement: started, waited for, stopped.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::load::LoadError;
use crate::proc::Pid;

/// How long a server may take to its first answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it may take to stop.
const FAREWELL: Duration = Duration::from_secs(15);
/// Between two attempts to reach it.
const POLL: Duration = Duration::from_micros(500);

/// Why a benchmark could not be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// A file, a process or a socket failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The load could not be made.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A server did not answer in time.
    #[error("{name} did not answer within {} s; its log is {}", PATIENCE.as_secs(), log.display())]
    NotReady {
        /// Which.
        name: &'static str,
        /// Where it wrote.
        log: PathBuf,
    },
    /// A server or a command ended.
    #[error("{name} ended with {status}: {output}")]
    Ended {
        /// Which.
        name: &'static str,
        /// How.
        status: std::process::ExitStatus,
        /// What it wrote.
        output: String,
    },
    /// Requests failed under load, so what was measured means nothing.
    #[error("{operation} on {name}: {errors} requests failed, first: {first}")]
    Failures {
        /// The operation.
        operation: &'static str,
        /// The server.
        name: &'static str,
        /// How many requests failed.
        errors: usize,
        /// What was wrong with the first.
        first: String,
    },
    /// Something else.
    #[error("{0}")]
    Other(String),
}

/// How to start a server.
#[derive(Debug, Clone)]
pub struct Launch {
    /// What reports call it.
    pub name: &'static str,
    /// Its binary.
    pub program: PathBuf,
    /// Its arguments, the address aside.
    pub arguments: Vec<String>,
    /// Settings by environment.
    pub environment: Vec<(&'static str, String)>,
    /// A path that answers as soon as the server works.
    pub ready: &'static str,
    /// Where it writes.
    pub log: PathBuf,
    /// The process of its database, if it is not its own.
    pub database: Option<Pid>,
}

/// A server that runs; it is stopped when this is dropped.
#[derive(Debug)]
pub struct Contender {
    name: &'static str,
    child: Child,
    database: Option<Pid>,
    address: SocketAddr,
    started_in: Duration,
    log: PathBuf,
}

impl Contender {
    /// Starts a server on a free port and waits for its first answer.
    ///
    /// # Errors
    /// When it ends or does not answer.
    pub fn start(launch: &Launch) -> Result<Self, BenchError> {
        let address = free_address()?;
        let log = File::create(&launch.log)?;
        let mut command = Command::new(&launch.program);
        command.args(&launch.arguments).arg("--listen").arg(address.to_string());
        command.envs(launch.environment.iter().map(|(key, value)| (key, value)));
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let spawned = Instant::now();
        let child = command.spawn()?;
        let log = launch.log.clone();
        let Launch { name, database, .. } = *launch;
        let mut contender = Self { name, child, database, address, started_in: Duration::ZERO, log };
        while !answers(address, launch.ready) {
            if let Some(status) = contender.child.try_wait()? {
                return Err(BenchError::Ended { name: launch.name, status, output: contender.output()? });
            }
            if spawned.elapsed() > PATIENCE {
                return Err(BenchError::NotReady { name: launch.name, log: launch.log.clone() });
            }
            sleep(POLL);
        }
        contender.started_in = spawned.elapsed();
        Ok(contender)
    }

    /// What reports call it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    pub fn process(&self) -> Pid {
        self.child.id()
    }

    /// Its process, then that of its database.
    pub fn processes(&self) -> Vec<Pid> {
        std::iter::once(self.process()).chain(self.database).collect()
    }

    /// From spawning it to its first answer.
    pub fn started_in(&self) -> Duration {
        self.started_in
    }

    /// What it has written.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub fn output(&self) -> Result<String, BenchError> {
        Ok(std::fs::read_to_string(&self.log)?)
    }

    /// What `read` finds in what it writes. A server may answer before it has written everything, so this waits for it.
    ///
    /// # Errors
    /// When its log cannot be read. `None` when it does not write that.
    pub fn wait_for<T>(&self, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, BenchError> {
        let asked = Instant::now();
        loop {
            let found = read(&self.output()?);
            if found.is_some() || asked.elapsed() > PATIENCE {
                return Ok(found);
            }
            sleep(POLL);
        }
    }

    /// Stops it as an operator would and waits for its end.
    ///
    /// # Errors
    /// When it does not end.
    pub fn stop(mut self) -> Result<(), BenchError> {
        self.terminate()?;
        Ok(())
    }

    fn terminate(&mut self) -> io::Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        rustix::process::kill_process(
            rustix::process::Pid::from_child(&self.child),
            rustix::process::Signal::TERM,
        )?;
        let asked = Instant::now();
        while self.child.try_wait()?.is_none() {
            if asked.elapsed() > FAREWELL {
                self.child.kill()?;
                self.child.wait()?;
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the server did not stop when asked"));
            }
            sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        // Nothing is left to be done about a server that does not stop.
        let _ = self.terminate();
    }
}

/// Runs a command to its end, with this on its standard input, and answers what it printed.
///
/// # Errors
/// When it fails.
pub fn run_command(name: &'static str, command: &mut Command, input: &str) -> Result<String, BenchError> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let output_text = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(BenchError::Ended { name, status: output.status, output: output_text })
    }
}

/// Bytes of a folder's files.
///
/// # Errors
/// When it cannot be read.
pub fn folder_bytes(folder: &Path) -> io::Result<u64> {
    std::fs::read_dir(folder)?.try_fold(0, |bytes, entry| {
        let metadata = entry?.metadata()?;
        Ok(bytes + if metadata.is_file() { metadata.len() } else { 0 })
    })
}

fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// Whether the server answers this path with anything but its own failure.
fn answers(address: SocketAddr, path: &str) -> bool {
    let ask = || -> io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
        let mut status = [0; "HTTP/1.1 2".len()];
        stream.read_exact(&mut status)?;
        Ok(matches!(status.last(), Some(b'2' | b'3' | b'4')))
    };
    ask().unwrap_or(false)
}
