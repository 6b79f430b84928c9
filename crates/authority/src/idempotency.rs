//! Requests that create something and may be sent again: an `Idempotency-Key` names the request, and what it came to is kept, sealed,
//! because it may contain a secret. So a client that lost the response gets it again, and nothing is created twice.

use std::time::Duration;

use jeton_jose::Timestamp;
use serde::{Deserialize, Serialize};

use crate::UserId;
use crate::keys::{MasterKey, SealedKey};
use crate::one_time::{OneTimeHash, OneTimeKind};
use crate::store::{Placement, Store, StoreError};

/// For how long a key is remembered.
pub const IDEMPOTENCY_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// For how long a request is taken to be executed still. After that, its server has probably gone.
const EXECUTION: Duration = Duration::from_secs(60);
/// The largest length of a key, in bytes.
pub const MAX_IDEMPOTENCY_KEY: usize = 255;
/// How often a request may be sent again that came to nothing, with one key.
const ATTEMPTS: u32 = 16;

/// What is kept of requests with an `Idempotency-Key`.
pub struct Idempotency<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) master: &'a MasterKey,
}

/// A response that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptAnswer {
    /// The status.
    pub status: u16,
    /// The headers that belong to it: names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// What is to be done about a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Repeated {
    /// It is the first one: execute it.
    First(Execution),
    /// It was executed: this is what it came to.
    Answered(KeptAnswer),
    /// It is being executed, or was a moment ago by a server that has gone since.
    InProgress,
    /// The key names another request.
    OtherRequest,
    /// It was sent too often.
    TooOften,
}

/// A request that is executed.
#[derive(Debug, PartialEq, Eq)]
pub struct Execution {
    name: String,
    attempt: u32,
    digest: Box<str>,
}

#[derive(Serialize, Deserialize)]
struct Begun {
    digest: Box<str>,
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Done {
    digest: Box<str>,
    sealed: Box<str>,
}

impl Idempotency<'_> {
    /// Begins a request of a user. `digest` tells it from others with the same key.
    ///
    /// # Errors
    /// The store fails.
    pub async fn begin(
        &self,
        user: UserId,
        key: &str,
        digest: &str,
        now: Timestamp,
    ) -> Result<Repeated, StoreError> {
        let name = format!("{user} {key}");
        if let Some(done) = self.read::<Done>(&["done", &name], now).await? {
            if *done.digest != *digest {
                return Ok(Repeated::OtherRequest);
            }
            return Ok(self.open(&name, &done).map_or(Repeated::InProgress, Repeated::Answered));
        }
        for attempt in 0..ATTEMPTS {
            let number = attempt.to_string();
            let begun = Begun { digest: digest.into(), at: now };
            match self.place(&["begun", &name, &number], &begun, now).await? {
                Placement::Placed => {
                    return Ok(Repeated::First(Execution { name, attempt, digest: digest.into() }));
                }
                Placement::Taken => {}
            }
            let Some(begun) = self.read::<Begun>(&["begun", &name, &number], now).await? else { continue };
            if *begun.digest != *digest {
                return Ok(Repeated::OtherRequest);
            }
            let is_over = self.read::<()>(&["over", &name, &number], now).await?.is_some();
            if !is_over && now < begun.at.saturating_add(EXECUTION) {
                return Ok(Repeated::InProgress);
            }
        }
        Ok(Repeated::TooOften)
    }

    /// Keeps what a request came to.
    ///
    /// # Errors
    /// The store fails.
    pub async fn keep(
        &self,
        execution: Execution,
        answer: &KeptAnswer,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Execution { name, digest, .. } = execution;
        let plain = serde_json::to_vec(answer).expect("texts are JSON");
        let sealed = self.master.seal_named(&sealed_as(&name), &plain);
        let done = Done { digest, sealed: sealed.as_str().into() };
        self.place(&["done", &name], &done, now).await.map(drop)
    }

    /// Notes that a request came to nothing: it may be sent again.
    ///
    /// # Errors
    /// The store fails.
    pub async fn give_up(&self, execution: Execution, now: Timestamp) -> Result<(), StoreError> {
        let number = execution.attempt.to_string();
        self.place(&["over", &execution.name, &number], &(), now).await.map(drop)
    }

    fn open(&self, name: &str, done: &Done) -> Option<KeptAnswer> {
        let sealed = SealedKey::new(&*done.sealed);
        let plain = self.master.open_named(&sealed_as(name), &sealed)?;
        serde_json::from_slice(&plain).ok()
    }

    async fn place(
        &self,
        parts: &[&str],
        content: &(impl Serialize + Sync),
        now: Timestamp,
    ) -> Result<Placement, StoreError> {
        let content = serde_json::to_string(content).expect("texts are JSON").into();
        let (hash, until) = (OneTimeHash::of_parts(parts), now.saturating_add(IDEMPOTENCY_KEPT));
        self.store.place(OneTimeKind::IdempotencyKey, hash, content, until, now).await
    }

    async fn read<T: for<'de> Deserialize<'de>>(
        &self,
        parts: &[&str],
        now: Timestamp,
    ) -> Result<Option<T>, StoreError> {
        let found = self.store.peek(OneTimeKind::IdempotencyKey, OneTimeHash::of_parts(parts)).await?;
        let found = found.filter(|found| found.expires_at > now);
        Ok(found.and_then(|found| serde_json::from_str(&found.content).ok()))
    }
}

fn sealed_as(name: &str) -> String {
    format!("idempotency {name}")
}
