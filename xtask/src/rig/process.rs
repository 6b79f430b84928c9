//! A process of a suite: what it says goes to a file, and it ends with the value that stands for it.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

/// How long a process may take to end after it was asked to.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running process.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    name: String,
    log: PathBuf,
}

impl Running {
    /// Starts `command`; both its outputs are appended to `log`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::options().create(true).append(true).open(log);
        let file = file.with_context(|| format!("cannot write {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Self { child, name: name.to_owned(), log: log.to_owned() })
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything that it and its predecessors with the same log have said.
    pub(crate) fn log(&self) -> String {
        std::fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// How it ended, if it did.
    ///
    /// # Errors
    /// When the system does not say.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits until `ready` answers yes.
    ///
    /// # Errors
    /// When the process ends before, or does not get there within half a minute; the error quotes its log.
    pub(crate) fn wait_until(&mut self, what: &str, mut ready: impl FnMut() -> bool) -> Result<()> {
        let waited = super::wait_for(what, Duration::from_secs(30), || {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended ({status}) before {what}", self.name);
            }
            Ok(ready().then_some(()))
        });
        waited.with_context(|| format!("the end of its log:\n{}", self.end_of_log()))
    }

    fn end_of_log(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(6)..].join("\n")
    }

    /// Ends it at once (SIGKILL), as a power cut would end it.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Ends it and its children at once, none of which does anything in between.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn kill_with_children(self) -> Result<()> {
        signal(self.id(), Signal::STOP)?;
        for child in children(self.id())? {
            signal(child, Signal::KILL)?;
        }
        self.kill()
    }

    /// Sends a signal to it and to its children.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn signal_with_children(&self, what: Signal) -> Result<()> {
        signal(self.id(), what)?;
        children(self.id())?.into_iter().try_for_each(|child| signal(child, what))
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    ///
    /// # Errors
    /// When it takes longer than ten seconds; it is killed then.
    pub(crate) fn stop(mut self) -> Result<ExitStatus> {
        self.ask_to_end();
        super::wait_for(&format!("{} to end after SIGTERM", self.name), PATIENCE, || {
            Ok(self.child.try_wait()?)
        })
    }

    fn ask_to_end(&self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // It may have ended by itself, which is what is wanted.
            let _ = kill_process(pid, Signal::TERM);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        self.ask_to_end();
        if super::wait_for("the end", PATIENCE, || Ok(self.child.try_wait()?)).is_err() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn signal(id: u32, what: Signal) -> Result<()> {
    let pid = i32::try_from(id).ok().and_then(Pid::from_raw).context("no process")?;
    // A child may have ended by itself.
    match kill_process(pid, what) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(error).context("cannot send a signal"),
    }
}

/// The processes that a process started.
fn children(parent: u32) -> Result<Vec<u32>> {
    let mut children = Vec::new();
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // It may have ended meanwhile.
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name, in parentheses, may have any characters; the state and the parent follow.
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        if after_name.split_whitespace().nth(1) == Some(&parent.to_string()) {
            children.push(id);
        }
    }
    Ok(children)
}

/// A port of the loopback interface that nobody listens on.
///
/// # Errors
/// When the system has none.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}

/// Runs a command to its end and answers what it wrote to standard output.
///
/// # Errors
/// When it fails; the error quotes what it wrote to standard error.
pub(crate) fn output(name: &str, command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {name}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    if !output.status.success() {
        bail!("{name} failed ({}): {} {}", output.status, text(&output.stderr), text(&output.stdout));
    }
    Ok(text(&output.stdout))
}
