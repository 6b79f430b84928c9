//! Verifies the tokens of the feed: signature, type, issuer and age.

use std::sync::Arc;
use std::time::Duration;

use jeton_jose::jwt::{Audience, Unverified, Verified, Verifier};
use jeton_jose::{KeySet, Timestamp, VerifyError};
use jeton_oauth::revocations::{REVOCATION_LIST_TYP, RevocationList, SECURITY_EVENT_TYP, SecurityEvent};
use serde::de::DeserializeOwned;

use crate::remote::{Fetched, RemoteJwkSet};

/// The longest token of a feed (bytes).
const MAX_TOKEN: usize = 256 * 1024;
/// The server makes a list when a reader connects. An older list was replayed or cached.
const MAX_LIST_AGE: Duration = Duration::from_secs(60);

/// The source of the issuer's keys.
#[derive(Debug)]
pub(super) enum FeedKeys {
    Remote(RemoteJwkSet),
    Fixed(KeySet),
}

/// Why a token of the feed is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum TokenRefused {
    #[error("a token of the feed was refused: {0}")]
    Token(#[from] VerifyError),
    #[error("the issuer's keys are unavailable")]
    KeysUnavailable,
    #[error("a token of the feed is signed with a key that was withdrawn")]
    Withdrawn,
}

impl TokenRefused {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Token(error) => error.code(),
            Self::KeysUnavailable => "keys_unavailable",
            Self::Withdrawn => "key_withdrawn",
        }
    }
}

/// Verifies the tokens of one feed.
pub(super) struct Reading {
    issuer: Box<str>,
    keys: FeedKeys,
    /// The verifiers for the newest keys.
    verifiers: Option<Verifiers>,
}

struct Verifiers {
    version: u64,
    event: Verifier,
    list: Verifier,
}

impl Verifiers {
    fn new(issuer: &str, keys: &KeySet, version: u64) -> Self {
        let verifier = |typ: &'static str| {
            Verifier::new(issuer, Audience::any(), keys.clone())
                .typ(typ)
                .allow_missing_exp()
                .max_len(MAX_TOKEN)
        };
        let list = verifier(REVOCATION_LIST_TYP).max_age(MAX_LIST_AGE);
        Self { version, event: verifier(SECURITY_EVENT_TYP), list }
    }
}

impl Reading {
    pub(super) fn new(issuer: &str, keys: FeedKeys) -> Self {
        Self { issuer: issuer.into(), keys, verifiers: None }
    }

    /// One event.
    pub(super) async fn event(
        &mut self,
        token: &str,
        now: Timestamp,
    ) -> Result<Verified<SecurityEvent>, TokenRefused> {
        self.verify(token, now, |verifiers| &verifiers.event).await
    }

    /// A list of events.
    pub(super) async fn list(
        &mut self,
        token: &str,
        now: Timestamp,
    ) -> Result<Verified<RevocationList>, TokenRefused> {
        self.verify(token, now, |verifiers| &verifiers.list).await
    }

    /// Fetches the issuer's keys again: one was withdrawn.
    pub(super) async fn reload_keys(&self) {
        if let FeedKeys::Remote(remote) = &self.keys {
            // The set logs a failure, and retries when it is used.
            let _ = remote.reload().await;
        }
    }

    async fn verify<C: DeserializeOwned>(
        &mut self,
        token: &str,
        now: Timestamp,
        choose: impl Fn(&Verifiers) -> &Verifier,
    ) -> Result<Verified<C>, TokenRefused> {
        let first = choose(self.verifiers(now).await?).verify(token, now);
        let may_lack_the_key = matches!(
            first,
            Err(VerifyError::KeyNotFound { .. }
                | VerifyError::AlgorithmNotAllowed { .. }
                | VerifyError::SignatureInvalid)
        );
        if may_lack_the_key && matches!(self.keys, FeedKeys::Remote(_)) && Unverified::parse(token).is_ok() {
            // The withdrawal of a key may be signed with a key that was not fetched yet.
            self.reload_keys().await;
            return Ok(choose(self.verifiers(now).await?).verify(token, now)?);
        }
        Ok(first?)
    }

    async fn verifiers(&mut self, now: Timestamp) -> Result<&Verifiers, TokenRefused> {
        let fetched: Option<Arc<Fetched>> = match &self.keys {
            FeedKeys::Fixed(_) => None,
            FeedKeys::Remote(remote) => Some(remote.wait(now).await.ok_or(TokenRefused::KeysUnavailable)?),
        };
        let version = fetched.as_ref().map_or(0, |fetched| fetched.version());
        if self.verifiers.as_ref().is_none_or(|verifiers| verifiers.version != version) {
            let keys = match (&fetched, &self.keys) {
                (Some(fetched), _) => fetched.document(),
                (None, FeedKeys::Fixed(keys)) => keys,
                (None, FeedKeys::Remote(_)) => return Err(TokenRefused::KeysUnavailable),
            };
            self.verifiers = Some(Verifiers::new(&self.issuer, keys, version));
        }
        self.verifiers.as_ref().ok_or(TokenRefused::KeysUnavailable)
    }
}
