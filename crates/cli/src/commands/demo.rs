//! `jeton demo`: an authority with a user and a protected API beside it, to try it out.

use std::path::Path;

use clap::Args;
use jeton_authority::accounts::{AccountError, Accounts, NewAccount};
use jeton_authority::audit::Actor;
use jeton_authority::password::Password;
use jeton_authority::settings::DpopNonces;
use jeton_authority::user::{Attributes, Username};
use jeton_demo::Surroundings;
use jeton_server::Signals;
use tokio::signal::unix::{SignalKind, signal};

use super::user::refused;
use crate::clock;
use crate::config::{self, Config, Issuer};
use crate::failure::Failure;
use crate::options::ConfigOptions;
use crate::output;
use crate::serving::{self, Prepared};

/// Run a demo authority with a user, a protected API and two sample applications, in a temporary folder
#[derive(Debug, Args)]
#[command(after_help = "\
Prints commands to paste into another terminal; the demo page offers the same
as buttons. All data is deleted when the demo ends. Settings other than the
data folder apply here too: JETON_ACCESS_ALGORITHM=Ed25519 jeton demo

Examples:
  jeton demo
  jeton demo --listen 127.0.0.1:0        on any free port")]
pub(crate) struct Demo {
    #[command(flatten)]
    config: ConfigOptions,
    /// The address to listen on; port 0 picks a free port [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// How many verified tokens the API caches
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    remember: usize,
}

/// What the demo's user signs in with.
const USERNAME: &str = "demo";

/// What the demo does differently where nobody says otherwise: a grace that one can wait for, and a quiet terminal.
const DEFAULTS: [(&str, &str); 2] = [("refresh.grace", "5s"), ("log.level", "warn")];

impl Demo {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut flags = self.config.flags([("listen", "--listen", self.listen)]);
        flags.command_defaults = DEFAULTS.to_vec();
        let mut config = config::load(&flags)?.config;
        if config.tls_certificate.is_some() {
            return Err(Failure::coded(
                "demo_with_tls",
                "the demo serves plain http: remove tls.certificate",
            ));
        }
        serving::start_log(&config)?;
        let scratch = tempfile::Builder::new().prefix("jeton-demo-").tempdir().map_err(|error| {
            Failure::coded("scratch_unusable", format!("cannot make a scratch folder: {error}"))
        })?;
        config.data = scratch.path().join("data");
        config.database.0 = None;
        // Browsers make passkeys for names, not for addresses.
        let listen = config.listen.0;
        if config.issuer.is_none() && listen.ip().is_loopback() && listen.port() != 0 {
            config.issuer = Some(Issuer(format!("http://localhost:{}", listen.port())));
        }
        // The demo's applications are on this machine, and hear of sign-outs here.
        config.fetch_allow.0 = vec![jeton_server::Reach::Loopback];
        // It is half of what the demo shows.
        config.token_api_enabled = true;
        // The sample applications keep no nonces.
        config.authority.dpop.nonces = DpopNonces::Unused;
        let outcome =
            serving::run(async |signals| serve(signals, config, self.remember, scratch.path()).await);
        scratch.close().map_err(|error| {
            Failure::coded("scratch_unusable", format!("cannot remove the scratch folder: {error}"))
        })?;
        outcome
    }
}

async fn serve(signals: Signals, config: Config, remember: usize, scratch: &Path) -> Result<(), Failure> {
    let mut terminal_closed = signal(SignalKind::hangup())
        .map_err(|error| Failure::coded("start_failed", format!("cannot listen for signals: {error}")))?;
    let Some(server) = Prepared::new(config, signals).await? else { return Ok(()) };
    let demo = jeton_demo::Demo::prepare(Surroundings {
        authority: &server.authority,
        issuer: server.config.issuer_at(server.address),
        address: server.address,
        near: server.config.listen.0.port(),
        grace: server.config.authority.refresh.policy.grace,
        remember,
        username: USERNAME,
        password: add_user(server.authority.accounts()).await?,
    });
    let demo = demo.await.map_err(|error| Failure::coded(error.code(), error.to_string()))?;
    let (routes, welcome) = (demo.routes(), demo.welcome(&scratch.join("tokens.json")));
    // Dropping the set ends what runs in it.
    let _beside = demo.into_beside();
    tokio::select! {
        outcome = server.run(routes, || output::announce(welcome)) => outcome,
        // Nobody reads on; what was made is removed all the same.
        _ = terminal_closed.recv() => Ok(()),
    }
}

/// Adds the demo's user with a password of its own for each demo.
async fn add_user(accounts: &Accounts) -> Result<String, Failure> {
    // Easy to read aloud and to type: no letter that looks like another.
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = [0; 12];
    jeton_jose::random::fill(&mut random);
    let letters: Vec<char> = random.iter().map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect();
    let password = letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-");

    let username =
        Username::parse(USERNAME).map_err(|error| Failure::coded("internal", error.to_string()))?;
    let attributes = Attributes::from_json(r#"{"name": "Demo User", "locale": "en"}"#)
        .map_err(|error| Failure::coded("internal", error.to_string()))?;
    let account = NewAccount::new(username, Password::new(password.as_str()));
    let account = NewAccount { attributes, ..account };
    match accounts.add(account, Actor::Operator, clock::now()).await {
        Ok(_) => Ok(password),
        Err(AccountError::NameTaken { .. }) => {
            Err(Failure::coded("scratch_unusable", "the scratch folder was not empty"))
        }
        Err(error) => Err(refused(error)),
    }
}
