//! The servers under measurement and how each is asked for an operation.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use crate::contender::{BenchError, Contender, Launch, run_command};
use crate::floor;
use crate::grants::{self, ISSUER};
use crate::load::{self, Request, Rotation};
use crate::operation::Operation;

/// The user that signs in.
const USERNAME: &str = floor::USERNAME;
const PASSWORD: &str = floor::PASSWORD;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The floor.
    Floor,
    /// `jeton serve`.
    Serve,
    /// `jeton demo`, for the protected API beside it.
    Demo,
    /// `jeton demo` whose API remembers the tokens that it has verified.
    DemoRemembering,
}

/// Where the binaries are and where servers may write.
#[derive(Debug, Clone)]
pub struct Workshop {
    /// The folder of `floor` and `jeton`.
    pub binaries: PathBuf,
    /// A scratch folder on a disk whose flushes count.
    pub scratch: PathBuf,
}

impl Workshop {
    /// The command's binary.
    pub fn jeton(&self) -> PathBuf {
        self.binaries.join("jeton")
    }

    /// A folder or file of this name in the scratch folder.
    pub fn place(&self, name: &str) -> PathBuf {
        self.scratch.join(name)
    }

    /// How to start a server that keeps its data in `data`.
    pub fn launch(&self, kind: Kind, data: &Path) -> Launch {
        let path = |path: &Path| path.display().to_string();
        let log = data.with_extension("log");
        // Without grace each refresh advances its grant and writes.
        let without_grace = ("JETON_REFRESH_GRACE", "0s".to_owned());
        match kind {
            Kind::Floor => Launch {
                name: "floor",
                program: self.binaries.join("floor"),
                arguments: vec!["--database".to_owned(), path(data)],
                environment: Vec::new(),
                ready: "/jwks",
                log,
            },
            Kind::Serve => Launch {
                name: "jeton serve",
                program: self.jeton(),
                arguments: vec!["serve".to_owned(), "--data".to_owned(), path(data)],
                environment: vec![without_grace, ("JETON_ISSUER", ISSUER.to_owned()), master_key()],
                ready: "/.well-known/jwks.json",
                log,
            },
            Kind::Demo | Kind::DemoRemembering => Launch {
                name: "jeton demo",
                program: self.jeton(),
                arguments: match kind {
                    Kind::DemoRemembering => vec!["demo".to_owned(), "--remember=1024".to_owned()],
                    _ => vec!["demo".to_owned()],
                },
                environment: vec![without_grace],
                ready: "/.well-known/jwks.json",
                log,
            },
        }
    }

    /// Adds the user that signs in to a data folder, which is made if it does not exist.
    ///
    /// # Errors
    /// When the command refuses.
    pub fn add_user(&self, data: &Path) -> Result<(), BenchError> {
        let mut command = Command::new(self.jeton());
        command.args(["user", "add", USERNAME, "--password-stdin", "--data"]).arg(data).envs([master_key()]);
        run_command("jeton user add", &mut command, &format!("{PASSWORD}\n")).map(drop)
    }
}

/// A server that runs, and who signs in there.
#[derive(Debug)]
pub struct Site {
    /// The process.
    pub contender: Contender,
    kind: Kind,
    credentials: String,
    sessions: Vec<String>,
}

impl Site {
    /// Starts a server on data that it does not have yet, with so many sessions.
    ///
    /// # Errors
    /// When the data cannot be made or the server cannot be started.
    pub fn start_fresh(
        workshop: &Workshop,
        kind: Kind,
        data: &Path,
        sessions: usize,
    ) -> Result<Self, BenchError> {
        let mut tokens = Vec::new();
        if kind == Kind::Serve {
            workshop.add_user(data)?;
            tokens = grants::open_grants(data, sessions as u64, 1)?;
        }
        let mut site = Self::start(workshop, kind, data)?;
        if kind == Kind::Floor {
            let bodies = load::send_many(site.contender.address(), &site.open_session(), sessions, 64)?;
            tokens = bodies.iter().map(|body| load::member(body, "refresh")).collect::<Result<_, _>>()?;
        }
        site.sessions = tokens;
        Ok(site)
    }

    /// Starts a server.
    ///
    /// # Errors
    /// When it cannot be started, or the demo does not say who signs in.
    pub fn start(workshop: &Workshop, kind: Kind, data: &Path) -> Result<Self, BenchError> {
        let contender = Contender::start(&workshop.launch(kind, data))?;
        let credentials = match kind {
            Kind::Floor | Kind::Serve => format!(r#"{{"username":"{USERNAME}","password":"{PASSWORD}"}}"#),
            Kind::Demo | Kind::DemoRemembering => {
                demo_credentials(&contender.output()?).ok_or_else(|| {
                    BenchError::Other("jeton demo printed no curl line that signs in".to_owned())
                })?
            }
        };
        Ok(Self { contender, kind, credentials, sessions: Vec::new() })
    }

    /// The request of an operation; a refresh is one of the sessions that it was started with.
    ///
    /// # Errors
    /// When the server refuses to sign in.
    pub fn request(&self, operation: Operation) -> Result<Request, BenchError> {
        let path = self.path(operation);
        Ok(match operation {
            Operation::JwkSet => Request::get(path),
            Operation::Verify => {
                Request::post_json(path, format!(r#"{{"token":"{}"}}"#, self.access_token()?))
            }
            Operation::ProtectedApi | Operation::ProtectedApiRemembered => {
                Request::get(path).bearer(&self.access_token()?)
            }
            Operation::Refresh => self.refresh_of(self.sessions.clone()),
            Operation::SignIn => Request::post_json(path, self.credentials.clone()),
        })
    }

    /// A refresh of these tokens.
    pub fn refresh_of(&self, tokens: Vec<String>) -> Request {
        rotation(self.path(Operation::Refresh), tokens)
    }

    fn path(&self, operation: Operation) -> &'static str {
        match (self.kind, operation) {
            (Kind::Floor, Operation::JwkSet) => "/jwks",
            (Kind::Floor, Operation::Verify) => "/verify",
            (Kind::Floor, Operation::ProtectedApi | Operation::ProtectedApiRemembered) => "/hello",
            (Kind::Floor, Operation::Refresh) => "/refresh",
            (Kind::Floor, Operation::SignIn) => "/hash",
            (_, Operation::JwkSet) => "/.well-known/jwks.json",
            (_, Operation::Verify) => "/api/token/verify/",
            (_, Operation::ProtectedApi | Operation::ProtectedApiRemembered) => "/hello/",
            (_, Operation::Refresh) => "/api/token/refresh/",
            (_, Operation::SignIn) => "/api/token/",
        }
    }

    fn open_session(&self) -> Request {
        let path = if self.kind == Kind::Floor { "/session" } else { "/api/token/" };
        Request::post_json(path, self.credentials.clone())
    }

    fn access_token(&self) -> Result<String, BenchError> {
        let body = load::send_once(self.contender.address(), &self.open_session())?;
        Ok(load::member(&body, "access")?)
    }
}

fn rotation(path: &str, tokens: Vec<String>) -> Request {
    Request::rotate(path, Rotation { member: "refresh", tokens: Rc::new(RefCell::new(tokens)) })
}

fn master_key() -> (&'static str, String) {
    ("JETON_KEYS_MASTER_KEY", grants::master_key_setting())
}

/// The sign-in body in the demo's curl lines.
fn demo_credentials(output: &str) -> Option<String> {
    let at = output.find(r#""username""#)?;
    let start = output[..at].rfind('{')?;
    let end = at + output[at..].find('}')?;
    Some(output[start..=end].replace('\\', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_says_who_signs_in() {
        let output = r#"curl -d '{"username": "ada", "password": "lace"}' http://127.0.0.1:8000/api/token/"#;
        assert_eq!(demo_credentials(output).as_deref(), Some(r#"{"username": "ada", "password": "lace"}"#));
    }
}
