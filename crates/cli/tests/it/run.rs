//! Running the binary, and talking to a server that it starts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The binary with these arguments, and nothing of the environment that could change what it does.
pub(crate) fn jeton(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jeton"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("JETON_")) {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            status: output.status.code().expect("it ended by itself"),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// Standard output of a command that did what it should.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!(self.status, 0, "{self:?}");
        self.out
    }

    /// The one JSON document of a command that did what it should.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        let out = self.done();
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    /// Standard error of a command that was refused: one line, status 1.
    #[track_caller]
    pub(crate) fn refused(self) -> String {
        assert_eq!(self.status, 1, "{self:?}");
        assert_eq!(self.err.lines().count(), 1, "{self:?}");
        assert_eq!(self.out, "", "{self:?}");
        self.err.trim_end().to_owned()
    }

    /// Standard error of a command that was used wrongly.
    #[track_caller]
    pub(crate) fn misused(self) -> String {
        assert_eq!(self.status, 2, "{self:?}");
        self.err
    }
}

/// Runs a command to its end.
pub(crate) fn run(arguments: &[&str]) -> Ran {
    Ran::of(jeton(arguments).output().expect("it starts"))
}

/// Runs a command to its end, with variables.
pub(crate) fn run_with(arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    Ran::of(jeton(arguments).envs(variables.iter().copied()).output().expect("it starts"))
}

/// Runs a command to its end that reads `input`.
pub(crate) fn run_reading(arguments: &[&str], input: &[u8]) -> Ran {
    let mut command = jeton(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    // A command that refuses early reads nothing.
    let _ = child.stdin.take().expect("piped").write_all(input);
    Ran::of(child.wait_with_output().expect("it ends"))
}

/// A data folder that is not there yet, in a scratch folder.
pub(crate) struct Folder {
    scratch: TempDir,
    data: String,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let scratch = tempfile::tempdir().expect("a scratch folder");
        let data = scratch.path().join("data").to_str().expect("UTF-8").to_owned();
        Self { scratch, data }
    }

    pub(crate) fn path(&self) -> &Path {
        Path::new(&self.data)
    }

    /// A file beside the data folder.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.scratch.path().join(name);
        std::fs::write(&path, content).expect("a scratch file");
        path.to_str().expect("UTF-8").to_owned()
    }

    pub(crate) fn with<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        [arguments, &["--data", &self.data]].concat()
    }

    /// Runs a command on the folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        run(&self.with(arguments))
    }

    /// Runs a command on the folder that reads `input`.
    pub(crate) fn run_reading(&self, arguments: &[&str], input: &[u8]) -> Ran {
        run_reading(&self.with(arguments), input)
    }

    pub(crate) fn add_user(&self, name: &str, password: &str) {
        self.run_reading(&["user", "add", name, "--password-stdin"], format!("{password}\n").as_bytes())
            .done();
    }

    /// Starts a server on the folder.
    pub(crate) fn serve(&self, variables: &[(&str, &str)]) -> Server {
        Server::start(&self.with(&["serve", "--listen", "127.0.0.1:0"]), variables)
    }
}

/// A server that runs until it is dropped or stopped.
pub(crate) struct Server {
    child: Child,
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    /// What it printed, up to the line that names the address, which comes first for `serve`.
    pub(crate) printed: String,
}

impl Server {
    /// Starts a server and waits until it says where it listens.
    pub(crate) fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = jeton(arguments);
        // As patient as the tests: on a busy machine, an imported password takes its time.
        command.env("JETON_LIMITS_REQUEST_TIME", "120s");
        command.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self::spawn(command)
    }

    /// Starts a server whose standard output is piped, and waits until it says where it listens. What it writes to a piped
    /// standard error is read and thrown away.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().expect("it starts");
        let out = child.stdout.take().expect("piped");
        let mut printed = String::new();
        let mut lines = BufReader::new(out);
        let address = loop {
            if lines.read_line(&mut printed).expect("it prints") == 0 {
                let mut err = String::new();
                let _ = child.stderr.take().expect("piped").read_to_string(&mut err);
                panic!("the server ended: {printed}{err}");
            }
            let url = printed.split_once("http://").or_else(|| printed.split_once("https://"));
            if let Some((_, rest)) = url {
                break rest.trim_end().trim_end_matches('/').to_owned();
            }
        };
        // All of what follows at once is read too, so that the pipe never fills up.
        let buffered = String::from_utf8_lossy(lines.buffer()).into_owned();
        printed.push_str(&buffered);
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut lines, &mut std::io::sink());
        });
        if let Some(mut err) = child.stderr.take() {
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut err, &mut std::io::sink());
            });
        }
        Self { child, address, printed }
    }

    /// A server that listens where it was told to, and may say nothing. Waits until it answers.
    pub(crate) fn spawn_at(address: &str, mut command: Command) -> Self {
        let child = command.spawn().expect("it starts");
        let server = Self { child, address: address.to_owned(), printed: String::new() };
        eventually(|| TcpStream::connect(address).is_ok() && server.get("/startupz").0 == 200);
        server
    }

    /// The identifier of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop and answers its exit status.
    pub(crate) fn stop(self) -> i32 {
        self.end_by("-TERM")
    }

    /// Sends a signal, and waits for the process to end.
    pub(crate) fn end_by(mut self, signal: &str) -> i32 {
        let id = self.child.id().to_string();
        let killed = Command::new("kill").args([signal, &id]).status().expect("kill runs");
        assert!(killed.success());
        self.child.wait().expect("it ends").code().expect("it ends by itself")
    }

    /// Sends a JSON body.
    pub(crate) fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let body = body.to_string();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.exchange(&head)
    }

    /// Sends a form.
    pub(crate) fn post_form(&self, path: &str, body: &str) -> (u16, Value) {
        self.exchange(&format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            body.len()
        ))
    }

    pub(crate) fn get(&self, path: &str) -> (u16, Value) {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address))
    }

    fn exchange(&self, request: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(120))).expect("a time-out");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let body = answer.split_once("\r\n\r\n").expect("a body").1;
        (status, serde_json::from_str(body).unwrap_or(Value::String(body.to_owned())))
    }

    /// Signs in and answers the pair of tokens.
    #[track_caller]
    pub(crate) fn sign_in(&self, username: &str, password: &str) -> Value {
        let (status, pair) =
            self.post("/api/token/", &serde_json::json!({"username": username, "password": password}));
        assert_eq!(status, 200, "{pair}");
        pair
    }

    pub(crate) fn refresh(&self, token: &Value) -> (u16, Value) {
        self.post("/api/token/refresh/", &serde_json::json!({"refresh": token}))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until `holds` does, for as long as a busy machine may need.
#[track_caller]
pub(crate) fn eventually(mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(120), "it did not come true");
        std::thread::sleep(Duration::from_millis(50));
    }
}
