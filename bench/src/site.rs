//! The servers under measurement and how each is asked for an operation.

use std::cell::RefCell;
use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;

use crate::client::{
    CLIENT_ID, CLIENT_SECRET, OWN_SCOPE, REDIRECT_URI, RS256_CLIENT_ID, USER_SCOPE, basic_credentials,
};
use crate::codes::{self, CodeSource};
use crate::contender::{BenchError, Contender, Launch, run_command};
use crate::floor::{self, ISSUER};
use crate::grants;
use crate::load::{self, Presented, Request};
use crate::operation::Operation;
use crate::place::{Place, Postgres};

/// The user that signs in.
const USERNAME: &str = floor::USERNAME;
const PASSWORD: &str = floor::PASSWORD;
/// Authorization codes for one window, which ends when they are used up.
const CODES: usize = 32_768;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The floor.
    Floor,
    /// `jeton serve` that verifies each token anew.
    Serve,
    /// `jeton serve` that remembers the tokens that it has verified, as it does unless told otherwise.
    ServeRemembering,
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
    /// The PostgreSQL server, if there is one.
    pub postgres: Option<Postgres>,
}

impl Workshop {
    /// The command's binary.
    pub fn jeton(&self) -> PathBuf {
        self.binaries.join("jeton")
    }

    /// A folder or file of this name in the scratch folder.
    pub fn place(&self, name: &str) -> Place {
        Place::Folder(self.scratch.join(name))
    }

    /// How to start a server that keeps its data there.
    pub fn launch(&self, kind: Kind, data: &Place) -> Launch {
        let log = data.log();
        let database = match data {
            Place::Folder(_) => None,
            Place::Database { .. } => self.postgres.as_ref().map(Postgres::process),
        };
        // Without grace each refresh advances its grant and writes.
        let without_grace = ("JETON_REFRESH_GRACE", "0s".to_owned());
        match kind {
            Kind::Floor => Launch {
                name: "floor",
                program: self.binaries.join("floor"),
                arguments: vec!["--database".to_owned(), data.of_floor()],
                environment: Vec::new(),
                ready: "/static",
                log,
                database,
            },
            Kind::Serve | Kind::ServeRemembering => Launch {
                name: "jeton serve",
                program: self.jeton(),
                arguments: std::iter::once("serve".to_owned()).chain(data.arguments()).collect(),
                environment: vec![
                    without_grace,
                    ("JETON_ISSUER", ISSUER.to_owned()),
                    ("JETON_ACCESS_REMEMBER", if kind == Kind::Serve { "0" } else { "1024" }.to_owned()),
                    master_key(),
                ],
                ready: "/.well-known/jwks.json",
                log,
                database,
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
                database,
            },
        }
    }

    /// Adds the user that signs in to a store, which is made if it does not exist.
    ///
    /// # Errors
    /// When the command refuses.
    pub fn add_user(&self, data: &Place) -> Result<(), BenchError> {
        let mut command = Command::new(self.jeton());
        command
            .args(["user", "add", USERNAME, "--password-stdin"])
            .args(data.arguments())
            .envs([master_key()]);
        run_command("jeton user add", &mut command, &format!("{PASSWORD}\n")).map(drop)
    }

    /// Adds the clients that ask for tokens: one that gets small ID tokens by ES256, and one as it is by default.
    ///
    /// # Errors
    /// When the command refuses.
    pub fn add_clients(&self, data: &Place) -> Result<(), BenchError> {
        self.add_client(data, CLIENT_ID, &["--id-token-alg", "ES256"])?;
        self.add_client(data, RS256_CLIENT_ID, &[])
    }

    fn add_client(&self, data: &Place, id: &str, more: &[&str]) -> Result<(), BenchError> {
        let mut command = Command::new(self.jeton());
        command.args(["client", "add", "--id", id, "--secret-stdin", "--redirect-uri", REDIRECT_URI]);
        command.args(more);
        // What it introspects is a token of the token API.
        command.args(["--introspect", "all"]);
        for grant_type in ["authorization_code", "refresh_token", "client_credentials"] {
            command.args(["--grant-type", grant_type]);
        }
        command.args(["--scope", USER_SCOPE, "--scope", OWN_SCOPE]).args(data.arguments());
        command.envs([master_key()]);
        run_command("jeton client add", &mut command, &format!("{CLIENT_SECRET}\n")).map(drop)
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
        data: &Place,
        sessions: usize,
    ) -> Result<Self, BenchError> {
        let mut tokens = Vec::new();
        if matches!(kind, Kind::Serve | Kind::ServeRemembering) {
            workshop.add_user(data)?;
            workshop.add_clients(data)?;
            let pairs = grants::open_grants(data, sessions as u64, 1)?;
            tokens = pairs.into_iter().map(|pair| pair.refresh).collect();
        }
        let mut site = Self::start(workshop, kind, data)?;
        if kind == Kind::Floor {
            let replies = load::send_many(site.contender.address(), &site.open_session(), sessions, 64)?;
            let token = |reply: &load::Reply| load::member(&reply.body, "refresh");
            tokens = replies.iter().map(token).collect::<Result<_, _>>()?;
        }
        site.sessions = tokens;
        Ok(site)
    }

    /// Starts a server.
    ///
    /// # Errors
    /// When it cannot be started, or the demo does not say who signs in.
    pub fn start(workshop: &Workshop, kind: Kind, data: &Place) -> Result<Self, BenchError> {
        let contender = Contender::start(&workshop.launch(kind, data))?;
        let credentials = match kind {
            Kind::Floor | Kind::Serve | Kind::ServeRemembering => {
                format!(r#"{{"username":"{USERNAME}","password":"{PASSWORD}"}}"#)
            }
            Kind::Demo | Kind::DemoRemembering => contender.wait_for(demo_credentials)?.ok_or_else(|| {
                BenchError::Other("jeton demo printed no curl line that signs in".to_owned())
            })?,
        };
        Ok(Self { contender, kind, credentials, sessions: Vec::new() })
    }

    /// Lets this floor publish what a contender publishes, byte by byte.
    ///
    /// # Errors
    /// When one of the two refuses.
    pub fn publish_as(&self, contender: &Self) -> Result<(), BenchError> {
        for operation in [Operation::JwkSet, Operation::Discovery] {
            let request = Request::get(contender.path(operation));
            let document = load::send_once(contender.contender.address(), &request)?.body;
            let publish = Request::post_json(self.path(operation), document);
            load::send_once(self.contender.address(), &publish)?;
        }
        Ok(())
    }

    /// The request of an operation; a refresh is one of the sessions that it was started with.
    ///
    /// # Errors
    /// When the server refuses to sign in.
    pub fn request(&self, operation: Operation) -> Result<Request, BenchError> {
        let path = self.path(operation);
        let credentials = basic_credentials(self.client(operation));
        let by_client =
            |form: &str| Request::post_form(path, form.to_owned()).header("authorization", &credentials);
        Ok(match operation {
            Operation::JwkSet | Operation::Discovery => Request::get(path),
            Operation::Verify => {
                Request::post_json(path, format!(r#"{{"token":"{}"}}"#, self.access_token()?))
            }
            Operation::ProtectedApi | Operation::ProtectedApiRemembered => {
                Request::get(path).bearer(&self.access_token()?)
            }
            Operation::Refresh | Operation::RefreshPostgres => self.refresh_of(self.sessions.clone()),
            Operation::ClientCredentials => by_client("grant_type=client_credentials"),
            Operation::Introspect | Operation::IntrospectRemembered => {
                by_client(&format!("token={}", self.access_token()?))
            }
            Operation::AuthorizationCode | Operation::AuthorizationCodeRs256 => {
                let [before, after] = codes::redemption();
                by_client("").presenting(Presented { before, after, renewed_by: None, texts: Rc::default() })
            }
            Operation::SignIn => Request::post_json(path, self.credentials.clone()),
        })
    }

    /// Gets ready what a window of an operation uses up: its codes, each from an authorization request of its own.
    ///
    /// # Errors
    /// When the server refuses one.
    pub fn stock(&self, operation: Operation, request: &Request) -> Result<(), BenchError> {
        let takes_codes =
            matches!(operation, Operation::AuthorizationCode | Operation::AuthorizationCodeRs256);
        if let Some(presented) = request.presented().filter(|_| takes_codes) {
            let server = self.contender.address();
            let source = match self.kind {
                Kind::Floor => CodeSource::Floor,
                _ => CodeSource::sign_in(server, self.client(operation))?,
            };
            *presented.texts.borrow_mut() = source.take(server, CODES)?;
        }
        Ok(())
    }

    /// A refresh of these tokens.
    pub fn refresh_of(&self, tokens: Vec<String>) -> Request {
        Request::post_json(self.path(Operation::Refresh), String::new()).presenting(Presented {
            before: r#"{"refresh":""#.to_owned(),
            after: r#""}"#.to_owned(),
            renewed_by: Some("refresh"),
            texts: Rc::new(RefCell::new(tokens)),
        })
    }

    /// Who asks. The floor knows one client.
    fn client(&self, operation: Operation) -> &'static str {
        match (self.kind, operation) {
            (Kind::Floor, _) => CLIENT_ID,
            (_, Operation::AuthorizationCodeRs256) => RS256_CLIENT_ID,
            _ => CLIENT_ID,
        }
    }

    fn path(&self, operation: Operation) -> &'static str {
        let [floor, jeton] = match operation {
            Operation::JwkSet => ["/jwks", "/.well-known/jwks.json"],
            Operation::Discovery => ["/discovery", "/.well-known/openid-configuration"],
            Operation::Verify => ["/verify", "/api/token/verify/"],
            Operation::ProtectedApi | Operation::ProtectedApiRemembered => ["/hello", "/hello/"],
            Operation::Refresh | Operation::RefreshPostgres => ["/refresh", "/api/token/refresh/"],
            Operation::ClientCredentials => ["/client-token", "/token"],
            Operation::Introspect | Operation::IntrospectRemembered => ["/introspect", "/introspect"],
            Operation::AuthorizationCode => ["/redeem", "/token"],
            Operation::AuthorizationCodeRs256 => ["/redeem-rs256", "/token"],
            Operation::SignIn => ["/hash", "/api/token/"],
        };
        if self.kind == Kind::Floor { floor } else { jeton }
    }

    fn open_session(&self) -> Request {
        let path = if self.kind == Kind::Floor { "/session" } else { "/api/token/" };
        Request::post_json(path, self.credentials.clone())
    }

    fn access_token(&self) -> Result<String, BenchError> {
        let reply = load::send_once(self.contender.address(), &self.open_session())?;
        Ok(load::member(&reply.body, "access")?)
    }
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
