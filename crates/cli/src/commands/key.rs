//! `jeton key`: the keys that access tokens and ID tokens are signed with.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use jeton_authority::audit::Actor;
use jeton_authority::keyring;
use jeton_authority::keys::{KeyId, KeyPurpose, KeyState, StoredKey};
use jeton_authority::store::Store;
use jeton_jose::{Algorithm, PrivateKey, Timestamp};
use serde::Serialize;

use super::user::failed;
use crate::config::Config;
use crate::data::{self, Data};
use crate::failure::Failure;
use crate::key_file::{KeyFile, name_of};
use crate::options::StoreOptions;
use crate::output::{self, Style};
use crate::{clock, served, words};

/// List, rotate, retire and import the keys that tokens are signed with
#[derive(Debug, Args)]
#[command(after_help = "\
A new key is published at once, and signs when every API has had the time to
fetch it (keys.publish_wait, 24 hours); the very first one signs at once. The
one before it stays published until its last token has expired. A running server
follows at once, without a restart.

After a theft: `key rotate --now`, then `key retire KID`. Until they fetch the
key set again, APIs refuse tokens of the new key and take those of the stolen one.

Examples:
  jeton key list
  jeton key rotate                       new keys for the same algorithms
  jeton key rotate --alg Ed25519         access tokens by another one, ID tokens as before
  jeton key retire KID                   after a theft: its tokens are refused from now on")]
pub(crate) struct KeyCommand {
    #[command(flatten)]
    store: StoreOptions,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the keys
    List,
    /// Make new keys: for access tokens, and for each algorithm that ID tokens are signed with
    Rotate {
        /// Rotate only the access token key, to this algorithm [default: that of the newest key]
        #[arg(long)]
        alg: Option<Algorithm>,
        /// Use the new keys at once, for emergencies: APIs with a cached key set refuse new tokens until they fetch it again
        #[arg(long)]
        now: bool,
    },
    /// Withdraw a key at once, for emergencies: its tokens are refused, and everybody who has one gets another by a refresh
    Retire {
        /// The key
        // Its thumbprint may begin with a hyphen.
        #[arg(allow_hyphen_values = true)]
        kid: String,
    },
    /// Take a private key that was made elsewhere
    Import {
        /// A private JWK, PEM or DER; `-` is standard input
        file: PathBuf,
        /// The algorithm, if the key does not name one
        #[arg(long)]
        alg: Option<Algorithm>,
    },
}

impl KeyCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        let style = self.store.style();
        let loaded = self.store.load()?;
        let own_wait =
            loaded.is_set("keys.publish_wait").then_some(loaded.config.authority.keys.publish_wait);
        let mut config = loaded.config;
        let imported = match &self.action {
            Action::Import { file, alg } => Some(private_key(file, *alg)?),
            _ => None,
        };
        data::run(async {
            let mut data = Data::open(&config).await?;
            // When a key signs, and when its last token has expired, is the running server's to say.
            served::follow(&mut config, &data);
            let store = Arc::clone(&data.store);
            let store = &*store;
            let now = clock::now();
            let wait = own_wait.unwrap_or(config.authority.keys.publish_wait);
            match self.action {
                Action::List => return list(store, &config, style).await,
                Action::Rotate { alg, now: at_once } => {
                    let wait = if at_once { Duration::ZERO } else { wait };
                    let master = data.master(&config).await?;
                    let keys = keyring::rotate(store, &master, alg, wait, Actor::Operator, now)
                        .await
                        .map_err(refused)?;
                    data.follow();
                    if at_once {
                        output::note(AT_ONCE);
                    }
                    added(&keys, &config, now, style)
                }
                Action::Import { .. } => {
                    let key = imported.ok_or_else(|| Failure::usage("no key was given"))?;
                    let master = data.master(&config).await?;
                    let key = keyring::import(store, &master, &key, wait, Actor::Operator, now)
                        .await
                        .map_err(refused)?;
                    data.follow();
                    added(&[key], &config, now, style)
                }
                Action::Retire { kid } => {
                    let kid = KeyId::new(kid);
                    keyring::retire(store, &kid, config.authority.access.lifetime, Actor::Operator, now)
                        .await
                        .map_err(refused)?;
                    data.follow();
                    output::note(RETIRED);
                    style.print(&serde_json::json!({"retired": kid.as_str()}), || format!("retired {kid}"))
                }
            }
        })
    }
}

/// What a rotation costs that waits for nobody.
const AT_ONCE: &str = "note: APIs that keep the key set refuse tokens of the new keys until they fetch it again: after minutes in most \
                       libraries, after hours at some gateways";
/// What withdrawing a key costs.
const RETIRED: &str = "note: tokens of this key are refused here from now on, and by each API once it has fetched the key set again; clients \
                       get others by a refresh";

/// A key as it is shown.
#[derive(Serialize)]
struct Shown {
    kid: String,
    alg: &'static str,
    /// What it signs: `access` or `id_token`.
    purpose: &'static str,
    #[serde(skip)]
    signs: &'static str,
    state: &'static str,
    created_at: String,
    /// When it moves on by itself: begins to sign, or has seen its last token expire.
    changes_at: Option<String>,
}

async fn list(store: &dyn Store, config: &Config, style: Style) -> Result<(), Failure> {
    let keys = keyring::list(store, config.authority.access.lifetime, clock::now()).await.map_err(failed)?;
    let shown: Vec<_> = keys
        .iter()
        .map(|(key, state)| Shown {
            kid: key.id.to_string(),
            alg: key.algorithm.as_str(),
            purpose: key.purpose.as_str(),
            signs: tokens(key.purpose),
            state: state.as_str(),
            created_at: words::date(key.created_at),
            changes_at: match state {
                KeyState::Next { signs_from } => Some(words::date(*signs_from)),
                KeyState::Superseded { until } => Some(words::date(*until)),
                _ => None,
            },
        })
        .collect();
    style.print(&shown, || {
        let rows: Vec<_> = shown
            .iter()
            .map(|key| {
                [
                    output::printable(&key.kid),
                    key.alg.to_owned(),
                    key.signs.to_owned(),
                    key.state.to_owned(),
                    key.created_at.clone(),
                    match (key.state, &key.changes_at) {
                        ("next", Some(at)) => format!("signs from {at}"),
                        (_, Some(at)) => format!("retired at {at}"),
                        _ => String::new(),
                    },
                ]
            })
            .collect();
        output::table(["KID", "ALG", "SIGNS", "STATE", "CREATED", ""], &rows)
    })
}

/// Shows keys that were added: one for access tokens, and those for ID tokens that came with it.
fn added(keys: &[StoredKey], config: &Config, now: Timestamp, style: Style) -> Result<(), Failure> {
    let wanted = config.access_algorithm.map(|access| access.algorithm);
    let secret = wanted.filter(|algorithm| algorithm.is_symmetric());
    let mut documents = keys.iter().map(|key| {
        serde_json::json!({
            "kid": key.id.as_str(),
            "alg": key.algorithm.as_str(),
            "created_at": words::date(key.created_at),
            "signs_from": words::date(key.signs_from),
            "signs_access_tokens": key.purpose == KeyPurpose::Access && secret.is_none(),
        })
    });
    let mut document = documents.next().unwrap_or_default();
    let others: Vec<_> = documents.collect();
    if !others.is_empty() {
        document["id_tokens"] = others.into();
    }
    style.print(&document, || {
        let line = |key: &StoredKey| {
            let when = if key.signs_from <= now {
                "signs at once".to_owned()
            } else {
                format!("signs from {}", words::date(key.signs_from))
            };
            let published = format!("{} ({}) is published and {when}", key.id, key.algorithm);
            match (secret, wanted) {
                _ if key.purpose == KeyPurpose::IdToken => format!("{published}; it is for ID tokens"),
                (Some(algorithm), _) => format!(
                    "{published}, but no access tokens: while access.algorithm is {algorithm}, they are signed with the shared secret. To \
                     change that, change access.shared_secret or its file, here and at the APIs, and restart the server"
                ),
                (None, Some(algorithm)) if algorithm != key.algorithm => format!(
                    "{published}; access.algorithm is {algorithm}, so the next start of the server generates a key for that"
                ),
                _ => published,
            }
        };
        keys.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}

/// What keys of a purpose sign.
const fn tokens(purpose: KeyPurpose) -> &'static str {
    match purpose {
        KeyPurpose::IdToken => "ID tokens",
        _ => "access tokens",
    }
}

fn private_key(file: &Path, algorithm: Option<Algorithm>) -> Result<PrivateKey, Failure> {
    let refused = |error: jeton_jose::KeyError| match error {
        jeton_jose::KeyError::AlgorithmMissing => {
            Failure::usage(format!("{}: {error}: choose one with --alg", name_of(file)))
        }
        _ => Failure::coded(error.code(), format!("{}: {error}", name_of(file))),
    };
    let read = KeyFile::read(file)?;
    let [key] = read.keys() else {
        return Err(Failure::coded(
            "keys_number",
            format!("{}: exactly one private key is required", name_of(file)),
        ));
    };
    match algorithm {
        Some(algorithm) => PrivateKey::from_jwk_for(algorithm, key),
        None => PrivateKey::from_jwk(key),
    }
    .map_err(refused)
}

fn refused(error: keyring::KeyChangeError) -> Failure {
    Failure::coded(error.code(), error.to_string())
}
