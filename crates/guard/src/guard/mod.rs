//! The guard: which requests may pass.

mod builder;

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use http::{HeaderMap, HeaderValue, Request};
use jeton_jose::KeySet;
#[cfg(feature = "remote")]
use jeton_jose::jwt::Unverified;
use jeton_jose::jwt::{Audience, Issuer};
use jeton_oauth::AccessTokenClaims;

pub use builder::GuardBuilder;

use crate::answer::{Answer, Answers};
use crate::claims::GuardedClaims;
use crate::clock::Clock;
use crate::credentials::{self, Scheme};
use crate::dpop::{Dpop, Proved};
use crate::policy::{Policy, Snapshot};
use crate::refusal::Refusal;
#[cfg(feature = "remote")]
use crate::remote::{Fetched, RemoteJwkSet};
use crate::token::AccessToken;

/// Verifies the access tokens of one issuer for one audience, and answers requests with invalid ones.
///
/// Cloning is cheap: the clones share one state, and [`Guard::replace_keys`] affects all of them.
pub struct Guard<C = AccessTokenClaims> {
    inner: Arc<Inner<C>>,
}

struct Inner<C> {
    policy: Policy,
    source: Source,
    /// The current keys, with the tokens verified with them. It is replaced as a whole, never changed.
    current: ArcSwap<Snapshot<C>>,
    clock: Clock,
    answers: Arc<Answers>,
    dpop: Option<Dpop>,
}

/// The source of the keys.
pub(crate) enum Source {
    Caller,
    #[cfg(feature = "remote")]
    Remote(RemoteJwkSet),
}

/// The keys of this guard are fetched from its issuer, so they cannot be replaced by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the keys of this guard are fetched from its issuer")]
pub struct KeysAreRemote;

impl KeysAreRemote {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "keys_are_remote"
    }
}

impl Guard {
    /// A guard that accepts the access tokens (RFC 9068) of this issuer for this audience, signed with one of these keys.
    #[must_use]
    pub fn new(issuer: impl Into<Issuer>, audience: impl Into<Audience>, keys: impl Into<KeySet>) -> Self {
        Self::builder(issuer, audience, keys).build()
    }

    /// Like [`Guard::new`], with further settings before it is built.
    #[must_use]
    pub fn builder(
        issuer: impl Into<Issuer>,
        audience: impl Into<Audience>,
        keys: impl Into<KeySet>,
    ) -> GuardBuilder {
        GuardBuilder::new(issuer.into(), audience.into(), keys.into(), Source::Caller)
    }

    /// A guard that accepts the access tokens of the issuer whose keys are fetched, for this audience.
    ///
    /// It must run within a tokio runtime.
    #[cfg(feature = "remote")]
    #[must_use]
    pub fn remote(audience: impl Into<Audience>, keys: RemoteJwkSet) -> GuardBuilder {
        let issuer = Issuer::new(keys.issuer());
        GuardBuilder::new(issuer, audience.into(), KeySet::default(), Source::Remote(keys))
    }
}

impl<C: GuardedClaims> Guard<C> {
    pub(crate) fn assemble(
        policy: Policy,
        source: Source,
        keys: KeySet,
        clock: Clock,
        answers: Answers,
        dpop: Option<Dpop>,
    ) -> Self {
        let answers = Arc::new(answers);
        let current = ArcSwap::from_pointee(Snapshot::new(&policy, &answers, keys, 0));
        Self { inner: Arc::new(Inner { policy, source, current, clock, answers, dpop }) }
    }

    /// Verifies with these keys from now on, and clears the cache of verified tokens.
    ///
    /// # Errors
    /// [`KeysAreRemote`] if the guard fetches its keys itself.
    pub fn replace_keys(&self, keys: impl Into<KeySet>) -> Result<(), KeysAreRemote> {
        match &self.inner.source {
            Source::Caller => {
                let version = self.inner.current.load().version() + 1;
                self.inner.current.store(self.snapshot(keys.into(), version));
                Ok(())
            }
            #[cfg(feature = "remote")]
            Source::Remote(_) => Err(KeysAreRemote),
        }
    }

    /// Finds and verifies the bearer token of a request. A token that is bound to a key is refused, because its proof
    /// is for a method and a URL, which only [`Guard::admit_request`] knows.
    ///
    /// # Errors
    /// [`Refusal`] says why the request must not pass.
    pub async fn admit(&self, headers: &HeaderMap) -> Result<AccessToken<C>, Refusal> {
        self.verify(self.token_of(headers)?).await
    }

    /// Finds and verifies the token of a request. A token that is bound to a key is verified with its proof, and one
    /// that is bound to a certificate with the [`ClientCertificate`] in the request's extensions.
    ///
    /// [`ClientCertificate`]: crate::ClientCertificate
    ///
    /// # Errors
    /// [`Refusal`] says why the request must not pass.
    pub async fn admit_request<B: Sync>(&self, request: &Request<B>) -> Result<AccessToken<C>, Refusal> {
        let token = match self.judge_request(request.headers()) {
            Judgement::Now(outcome) => outcome?,
            #[cfg(feature = "remote")]
            Judgement::Later => self.judge_later(self.token_of(request.headers())?).await?,
        };
        self.check_binding(&token, Proved::of(request))?;
        Ok(token)
    }

    /// The nonce that proofs should contain from now on (RFC 9449 §9), for programs that answer refusals themselves:
    /// send it as `DPoP-Nonce` in the response to [`Refusal::Proof`] if
    /// [`asks_for_nonce`](jeton_jose::dpop::DpopError::asks_for_nonce) is true. `None` if the guard does not check
    /// proofs.
    #[must_use]
    pub fn dpop_nonce(&self) -> Option<HeaderValue> {
        self.inner.dpop.as_ref().map(|dpop| dpop.nonce(self.inner.clock.now()))
    }

    /// Verifies a token that did not come in a header, but for example in the first message of a WebSocket. A token
    /// that is bound to a key is refused.
    ///
    /// # Errors
    /// [`Refusal`] says why the token is invalid.
    pub async fn verify(&self, token: &str) -> Result<AccessToken<C>, Refusal> {
        let token = match self.judge(token) {
            Judgement::Now(outcome) => outcome?,
            #[cfg(feature = "remote")]
            Judgement::Later => self.judge_later(token).await?,
        };
        if token.claims().confirmation().is_some() { Err(Refusal::ProofAbsent) } else { Ok(token) }
    }

    /// The result for the request's token without waiting for anything, and without checking its binding.
    pub(crate) fn judge_request(&self, headers: &HeaderMap) -> Judgement<C> {
        match self.token_of(headers) {
            Ok(token) => self.judge(token),
            Err(refusal) => Judgement::Now(Err(refusal)),
        }
    }

    pub(crate) fn token_of<'h>(&self, headers: &'h HeaderMap) -> Result<&'h str, Refusal> {
        self.credentials_of(headers).map(|(_, token)| token)
    }

    fn credentials_of<'h>(&self, headers: &'h HeaderMap) -> Result<(Scheme, &'h str), Refusal> {
        const BOTH: [Scheme; 2] = [Scheme::Bearer, Scheme::Dpop];
        let schemes = if self.inner.dpop.is_some() { &BOTH[..] } else { &BOTH[..1] };
        Ok(credentials::token(headers, self.inner.answers.style().dialect(), schemes)?)
    }

    /// Checks that the sender of the request has what its token is bound to (RFC 9449 §7). Returns the nonce for the
    /// client's next proof, if nonces are in use.
    pub(crate) fn check_binding(
        &self,
        token: &AccessToken<C>,
        request: Proved<'_>,
    ) -> Result<Option<HeaderValue>, Refusal> {
        let (scheme, text) = self.credentials_of(request.headers)?;
        let Some(confirmation) = token.claims().confirmation() else {
            // Whoever proves a key believes that the token is bound to it.
            return if scheme == Scheme::Dpop { Err(Refusal::NotBound) } else { Ok(None) };
        };
        // What else a token may be bound to is not known here.
        if confirmation.jkt.is_none() && confirmation.x5t_s256.is_none() {
            return Err(Refusal::ProofAbsent);
        }
        if let Some(thumbprint) = &confirmation.x5t_s256
            && request.certificate.is_none_or(|shown| shown.thumbprint() != thumbprint)
        {
            return Err(Refusal::CertificateAbsent);
        }
        match (&confirmation.jkt, &self.inner.dpop) {
            (Some(thumbprint), Some(dpop)) if scheme == Scheme::Dpop => {
                dpop.check(request, text, thumbprint, self.inner.clock.now())
            }
            (None, _) if scheme == Scheme::Bearer => Ok(None),
            (None, _) => Err(Refusal::NotBound),
            _ => Err(Refusal::ProofAbsent),
        }
    }

    fn judge(&self, token: &str) -> Judgement<C> {
        let now = self.inner.clock.now();
        match &self.inner.source {
            Source::Caller => {
                Judgement::Now(self.inner.current.load().verify(&self.inner.policy, token, now))
            }
            #[cfg(feature = "remote")]
            Source::Remote(remote) => {
                let Some(fetched) = remote.ready(now) else {
                    // Garbage is refused without asking anybody.
                    return match Unverified::parse(token) {
                        Ok(_) => Judgement::Later,
                        Err(error) => Judgement::Now(Err(Refusal::Token(error))),
                    };
                };
                let snapshot = self.snapshot_of(&fetched);
                match snapshot.verify(&self.inner.policy, token, now) {
                    Err(Refusal::Token(error)) if snapshot.may_lack_the_key(&error, token).is_some() => {
                        Judgement::Later
                    }
                    outcome => Judgement::Now(outcome),
                }
            }
        }
    }

    /// Waits for keys if none may be used, and fetches newer ones if the token's key is unknown.
    #[cfg(feature = "remote")]
    pub(crate) async fn judge_later(&self, token: &str) -> Result<AccessToken<C>, Refusal> {
        let Source::Remote(remote) = &self.inner.source else {
            return self.inner.current.load().verify(&self.inner.policy, token, self.inner.clock.now());
        };
        let fetched = remote.wait(self.inner.clock.now()).await.ok_or(Refusal::KeysUnavailable)?;
        let snapshot = self.snapshot_of(&fetched);
        let outcome = snapshot.verify(&self.inner.policy, token, self.inner.clock.now());
        let Err(Refusal::Token(error)) = &outcome else { return outcome };
        let Some(kid) = snapshot.may_lack_the_key(error, token) else { return outcome };
        let newer = remote.look_for(kid.as_deref(), &fetched, self.inner.clock.now()).await;
        match newer {
            Some(newer) => self.snapshot_of(&newer).verify(&self.inner.policy, token, self.inner.clock.now()),
            None => outcome,
        }
    }

    /// The snapshot for a fetched set, or for a newer one.
    #[cfg(feature = "remote")]
    fn snapshot_of(&self, fetched: &Fetched) -> arc_swap::Guard<Arc<Snapshot<C>>> {
        let current = self.inner.current.load();
        if current.version() >= fetched.version() {
            return current;
        }
        let made = self.snapshot(fetched.document().clone(), fetched.version());
        // Another request may have been faster, with this set or with a newer one: the newest stays.
        self.inner.current.rcu(|current| {
            if current.version() >= made.version() { Arc::clone(current) } else { Arc::clone(&made) }
        });
        self.inner.current.load()
    }

    fn snapshot(&self, keys: KeySet, version: u64) -> Arc<Snapshot<C>> {
        Arc::new(Snapshot::new(&self.inner.policy, &self.inner.answers, keys, version))
    }

    /// The response to a refused request.
    pub(crate) fn answer_to(&self, refusal: &Refusal) -> Answer {
        let answer = self.inner.answers.to(refusal);
        match refusal {
            Refusal::Proof(error) if error.asks_for_nonce() => answer.with_nonce(self.dpop_nonce()),
            _ => answer,
        }
    }

    pub(crate) fn answers(&self) -> Arc<Answers> {
        Arc::clone(&self.inner.answers)
    }
}

/// The result of checking a token without waiting.
pub(crate) enum Judgement<C> {
    Now(Result<AccessToken<C>, Refusal>),
    /// The keys must be fetched first.
    #[cfg(feature = "remote")]
    Later,
}

impl<C> Clone for Guard<C> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<C> fmt::Debug for Guard<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("policy", &self.inner.policy).finish_non_exhaustive()
    }
}
