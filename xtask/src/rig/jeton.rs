//! The command under test: one-off commands on a data folder, and servers on a free port.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::http::{Answer, Client};
use super::process::{self, Running};

/// The `jeton` command with a data folder and settings.
#[derive(Debug, Clone)]
pub(crate) struct Jeton {
    binary: PathBuf,
    data: PathBuf,
    settings: Vec<(String, String)>,
}

/// A running `jeton serve`.
#[derive(Debug)]
pub(crate) struct Server {
    process: Running,
    client: Client,
}

/// The two tokens of a sign-in or a refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenPair {
    /// The access token.
    pub(crate) access: String,
    /// The refresh token.
    pub(crate) refresh: String,
}

impl Jeton {
    /// The command at `binary`, with `data` as its data folder and nothing of this process's own settings.
    pub(crate) fn new(binary: &Path, data: &Path) -> Self {
        Self { binary: binary.to_owned(), data: data.to_owned(), settings: Vec::new() }
    }

    /// The same with a setting, by the name of its variable.
    pub(crate) fn with(mut self, variable: &str, value: &str) -> Self {
        self.settings.retain(|(name, _)| name != variable);
        self.settings.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// The same with another data folder.
    pub(crate) fn in_folder(mut self, data: &Path) -> Self {
        self.data = data.to_owned();
        self
    }

    /// The data folder.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// The command with these arguments, not yet started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("JETON_") {
                command.env_remove(name);
            }
        }
        command.args(arguments).envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs one of the commands that work on a data folder, and answers its standard output.
    ///
    /// # Errors
    /// When it exits with a failure.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<String> {
        let name = format!("jeton {}", arguments.join(" "));
        process::output(&name, self.command(arguments).arg("--data").arg(&self.data))
    }

    /// Runs one of the commands that need no data folder, and answers its standard output.
    ///
    /// # Errors
    /// When it exits with a failure.
    pub(crate) fn tool(&self, arguments: &[&str]) -> Result<String> {
        process::output(&format!("jeton {}", arguments.join(" ")), &mut self.command(arguments))
    }

    /// Adds a user.
    ///
    /// # Errors
    /// When the command fails.
    pub(crate) fn add_user(&self, name: &str, password: &str) -> Result<()> {
        let mut command = self.command(&["user", "add", name, "--password-stdin"]);
        let mut child = command
            .arg("--data")
            .arg(&self.data)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot run jeton user add")?;
        let mut stdin = child.stdin.take().context("no standard input")?;
        writeln!(stdin, "{password}")?;
        drop(stdin);
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!(
                "jeton user add {name} failed ({}): {}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(())
    }

    /// Starts `jeton serve` on this port, and does not wait until it answers.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start_on(&self, port: u16) -> Result<Server> {
        let address = format!("127.0.0.1:{port}");
        let mut command = self.command(&["serve", "--listen", &address, "--data"]);
        let log = self.data.with_extension("log");
        let process = Running::start("jeton serve", command.arg(&self.data), &log)?;
        Ok(Server { process, client: Client::new(format!("http://{address}")) })
    }

    /// Starts `jeton serve` on this port and waits until it answers.
    ///
    /// # Errors
    /// When it does not come up; the error quotes its log.
    pub(crate) fn serve_on(&self, port: u16) -> Result<Server> {
        let mut server = self.start_on(port)?;
        let client = server.client.clone();
        let healthy = || client.fetch("/startupz").is_ok_and(|answer| answer.status == 200);
        server.process.wait_until("it answers", healthy)?;
        Ok(server)
    }

    /// Starts `jeton serve` on a free port and waits until it answers.
    ///
    /// # Errors
    /// As [`Jeton::serve_on`].
    pub(crate) fn serve(&self) -> Result<Server> {
        self.serve_on(process::free_port()?)
    }
}

impl Server {
    /// A client of this server.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The process, for its id and its log.
    pub(crate) fn process(&mut self) -> &mut Running {
        &mut self.process
    }

    /// Kills it at once.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn kill(self) -> Result<()> {
        self.process.kill()
    }

    /// Asks it to end and waits for that.
    ///
    /// # Errors
    /// When it does not end in time, or exits with a failure.
    pub(crate) fn stop(self) -> Result<()> {
        let status = self.process.stop()?;
        super::expect(status.success(), || format!("jeton serve ended with {status} after SIGTERM"))
    }
}

/// Asks for tokens with a user name and a password.
///
/// # Errors
/// When there is no answer.
pub(crate) fn sign_in(client: &Client, username: &str, password: &str) -> Result<Answer> {
    client.post("/api/token/", &json!({ "username": username, "password": password }))
}

/// Refreshes.
///
/// # Errors
/// When there is no answer.
pub(crate) fn refresh(client: &Client, refresh_token: &str) -> Result<Answer> {
    client.post("/api/token/refresh/", &json!({ "refresh": refresh_token }))
}

impl TokenPair {
    /// The tokens of an answer that must be a success.
    ///
    /// # Errors
    /// When it is not.
    pub(crate) fn of(answer: Answer) -> Result<Self> {
        let answer = answer.expect(200)?;
        Ok(Self { access: answer.text("access")?, refresh: answer.text("refresh")? })
    }
}
