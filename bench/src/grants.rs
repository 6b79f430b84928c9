//! Many grants at once: a store is filled through the authority itself, which is asked to believe every password.
//!
//! The refresh tokens are those that the authority would have handed out, so a server started on that store takes them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jeton_authority::keys::MasterKey;
use jeton_authority::password::{Hashing, HashingBusy, Padding, Password, PasswordHash, Verification};
use jeton_authority::settings::Settings;
use jeton_authority::sweep::{SweepCursor, SweepPace, Swept};
use jeton_authority::{Authority, Network, Ports};
use jeton_jose::Timestamp;
use jeton_store::{Access, DataFolder, DatabaseUrl, OpenMode};
use tokio::runtime::Runtime;

use crate::clock::unix_seconds;
use crate::contender::BenchError;
use crate::floor::{ISSUER, PASSWORD, USERNAME};
use crate::place::Place;

/// The master key of a benchmark's data folders: 32 zero bytes. What it seals is thrown away with them.
const MASTER_KEY: [u8; 32] = [0; 32];
/// Sign-ins under way at a time; each commit takes as many.
const AT_ONCE: u64 = 512;

/// The master key as `JETON_KEYS_MASTER_KEY` takes it.
pub fn master_key_setting() -> String {
    jeton_jose::base64url::encode(MASTER_KEY)
}

/// What a sign-in gets.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

/// Signs the user in `count` times and answers what every `nth` sign-in gets.
///
/// # Errors
/// When the data or its keys cannot be used, or the user does not exist.
pub fn open_grants(data: &Place, count: u64, nth: u64) -> Result<Vec<Pair>, BenchError> {
    runtime()?.block_on(async {
        let authority = Arc::new(open(data, now()).await?);
        let shares =
            (0..AT_ONCE).map(|share| tokio::spawn(sign_in_share(Arc::clone(&authority), share, count, nth)));
        let mut tokens = Vec::new();
        for share in shares.collect::<Vec<_>>() {
            tokens.extend(share.await.map_err(other)??);
        }
        Ok(tokens)
    })
}

/// Lets two days pass and sweeps the grants, as fast as the sweep can; answers how many it removed.
///
/// # Errors
/// When the data or its keys cannot be used.
pub fn sweep_expired(data: &Place) -> Result<u64, BenchError> {
    runtime()?.block_on(async {
        let later = now().saturating_add(Duration::from_secs(2 * 24 * 3600));
        let authority = open(data, later).await?;
        let (mut removed, mut from) = (0, SweepCursor::default());
        loop {
            let step = authority.sweep(Swept::Grants, from, later).await.map_err(other)?;
            removed += step.removed;
            from = step.next;
            if step.pace == SweepPace::Later {
                return Ok(removed);
            }
        }
    })
}

fn runtime() -> Result<Runtime, BenchError> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

async fn open(data: &Place, now: Timestamp) -> Result<Authority, BenchError> {
    let database = match data {
        Place::Folder(folder) => DataFolder::open(folder).map_err(other)?.database_url(),
        Place::Database { url, .. } => DatabaseUrl::parse(url).map_err(other)?,
    };
    let store = jeton_store::open(&database, OpenMode::CreateOrMigrate, Access::Command, None).await;
    let (master, settings) = (MasterKey::from_bytes(MASTER_KEY), Settings::new(ISSUER));
    let ports = Ports { hashing: Arc::new(Believing), ..Ports::default() };
    Authority::open(store.map_err(other)?, master, settings, ports, now).await.map_err(other)
}

/// Each task takes every so many-th sign-in.
async fn sign_in_share(
    authority: Arc<Authority>,
    share: u64,
    count: u64,
    nth: u64,
) -> Result<Vec<Pair>, BenchError> {
    let mut tokens = Vec::new();
    for index in (share..count).step_by(AT_ONCE as usize) {
        let network = Network::V4([127, 0, 0]);
        let pair = authority
            .sign_in()
            .with_password(USERNAME, Password::new(PASSWORD), network, now())
            .await
            .map_err(other)?;
        if index % nth == 0 {
            tokens.push(Pair { access: pair.access, refresh: pair.refresh });
        }
    }
    Ok(tokens)
}

/// Takes every password for the right one: a million sign-ins would otherwise hash for four hours.
struct Believing;

#[async_trait]
impl Hashing for Believing {
    async fn verify(&self, _: PasswordHash, _: Password, _: Padding) -> Result<Verification, HashingBusy> {
        Ok(Verification::Matches { needs_rehash: false })
    }

    async fn hash(&self, _: Password, _: [u8; 16]) -> Result<PasswordHash, HashingBusy> {
        Err(HashingBusy)
    }
}

fn now() -> Timestamp {
    Timestamp::from_unix(unix_seconds().cast_signed())
}

fn other(error: impl std::fmt::Display) -> BenchError {
    BenchError::Other(error.to_string())
}
