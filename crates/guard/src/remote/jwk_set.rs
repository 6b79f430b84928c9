//! The keys of one issuer, kept fresh.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use jeton_fetch::{FetchError, Fetcher, RemoteUrl};
use jeton_jose::{Algorithm, JwkSet, KeyError, KeySet, Timestamp};
use tokio::runtime::Handle;

use super::builder::RemoteJwkSetBuilder;
use super::flight::{Brought, Flight, Flights};
use super::freshness::{Freshness, Plan};
use crate::clock::Clock;

/// The JWK Set of one issuer, fetched when it is needed and kept fresh from then on.
///
/// - One fetch at a time, however many requests wait for it; it goes on when they are cancelled.
/// - Keys are refreshed after five minutes while they are used; from ten minutes on a request waits for newer ones.
/// - An issuer that cannot be reached is left alone for five seconds; its last keys are used for up to an hour.
/// - A token with an unknown `kid` has the set fetched at once, at most every thirty seconds; a `kid` that the issuer
///   turned out not to have, at most every five minutes.
/// - An answer never takes the place of one that was asked for later.
///
/// Clones are one set: guards for several audiences of one issuer share it. It belongs to its issuer and its URL, so keys
/// of one issuer never verify tokens of another, even where both name one URL.
#[derive(Clone)]
pub struct RemoteJwkSet {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    current: ArcSwapOption<Fetched>,
    flights: Mutex<Flights>,
}

/// What stays the same from fetch to fetch.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) issuer: Box<str>,
    pub(super) location: Location,
    pub(super) fetcher: Fetcher,
    pub(super) clock: Clock,
    pub(super) freshness: Freshness,
    pub(super) default_algorithm: Option<Algorithm>,
}

/// Where the set is.
#[derive(Debug)]
pub(super) enum Location {
    Known(RemoteUrl),
    /// The issuer's metadata say it. They are fetched along each time, so a set that moves is followed.
    InMetadata,
}

/// What one fetch brought.
#[derive(Debug)]
pub(crate) struct Fetched {
    keys: KeySet,
    /// The JSON of the keys, by which an unchanged set is known.
    json: Box<str>,
    /// Counts up whenever the keys change.
    version: u64,
    /// The number of the fetch.
    number: u64,
    at: Timestamp,
}

impl Fetched {
    pub(crate) const fn version(&self) -> u64 {
        self.version
    }

    pub(crate) const fn keys(&self) -> &KeySet {
        &self.keys
    }
}

impl RemoteJwkSet {
    pub(super) fn of(settings: Settings) -> Self {
        Self {
            inner: Arc::new(Inner { settings, current: ArcSwapOption::empty(), flights: Mutex::default() }),
        }
    }

    /// The set of this issuer at this URL.
    #[must_use]
    pub fn new(issuer: impl Into<String>, url: RemoteUrl) -> Self {
        RemoteJwkSetBuilder::new(issuer, url).build()
    }

    /// The set that the metadata of this issuer name.
    #[must_use]
    pub fn discovered(issuer: impl Into<String>) -> Self {
        RemoteJwkSetBuilder::discovered(issuer).build()
    }

    /// Whose keys they are.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.inner.settings.issuer
    }

    /// Fetches the keys now: when a program starts, so that its first request need not wait, or when an operator knows
    /// that they have changed. A fetch that began earlier is not taken for it.
    ///
    /// # Errors
    /// Why it failed. The keys from before stay in use as long as they may.
    pub async fn reload(&self) -> Result<(), FetchError> {
        let (number, flight) = self.begin(&mut self.flights())?;
        flight.landed().await;
        match self.inner.current.load().as_ref() {
            Some(fetched) if fetched.number >= number => Ok(()),
            _ => Err(self.flights().last_error().unwrap_or(FetchError::NoRuntime)),
        }
    }

    /// When the keys in use were fetched; nothing before the first time.
    #[must_use]
    pub fn fetched_at(&self) -> Option<Timestamp> {
        self.inner.current.load().as_ref().map(|fetched| fetched.at)
    }

    /// The keys, where they may be used without waiting.
    pub(crate) fn ready(&self, now: Timestamp) -> Option<Arc<Fetched>> {
        let current = self.inner.current.load();
        let fetched = current.as_ref()?;
        // The common case costs no lock.
        if fetched.at <= now && now.saturating_since(fetched.at) < self.inner.settings.freshness.refresh_ahead
        {
            return Some(Arc::clone(fetched));
        }
        let mut flights = self.flights();
        match self.inner.settings.freshness.plan(Some(fetched.at), flights.failed_at(), now) {
            Plan::Use => Some(Arc::clone(fetched)),
            Plan::UseAndRefresh => {
                if flights.running().is_none() {
                    let _ = self.begin(&mut flights);
                }
                Some(Arc::clone(fetched))
            }
            Plan::RefreshOrUse | Plan::RefreshOrRefuse | Plan::Refuse => None,
        }
    }

    /// The keys, after waiting for newer ones where they are too old; nothing where none may be used.
    pub(crate) async fn wait(&self, now: Timestamp) -> Option<Arc<Fetched>> {
        if let Some(fetched) = self.ready(now) {
            return Some(fetched);
        }
        let before = self.inner.current.load_full();
        let (plan, flight) = {
            let mut flights = self.flights();
            let plan = self.inner.settings.freshness.plan(
                before.as_ref().map(|fetched| fetched.at),
                flights.failed_at(),
                now,
            );
            let flight = match plan {
                Plan::Refuse => return None,
                Plan::Use => return before,
                _ => flights.running().or_else(|| self.begin(&mut flights).ok().map(|(_, flight)| flight)),
            };
            (plan, flight)
        };
        if let Some(flight) = flight {
            flight.landed().await;
        }
        let after = self.inner.current.load_full();
        let is_newer = match (&before, &after) {
            (Some(before), Some(after)) => after.number > before.number,
            (None, after) => after.is_some(),
            (Some(_), None) => false,
        };
        if is_newer || plan != Plan::RefreshOrRefuse { after } else { None }
    }

    /// Newer keys than `seen`, which lack this `kid`; nothing where there are none, or the issuer must not be asked yet.
    pub(crate) async fn look_for(
        &self,
        kid: Option<&str>,
        seen: &Fetched,
        now: Timestamp,
    ) -> Option<Arc<Fetched>> {
        // A fetch that others began may have left before the key was published: once it has landed, ask once more.
        for _ in 0..2 {
            let (flight, was_ours) = {
                let mut flights = self.flights();
                if let Some(newer) = self.newer_than(seen) {
                    return Some(newer);
                }
                if flights.is_missing(kid, &self.inner.settings.freshness, now) {
                    return None;
                }
                match flights.running() {
                    Some(flight) => (flight, false),
                    None if flights.may_ask_for(kid, &self.inner.settings.freshness, now) => {
                        (self.begin(&mut flights).ok()?.1, true)
                    }
                    None => return None,
                }
            };
            flight.landed().await;
            if let Some(newer) = self.newer_than(seen) {
                return Some(newer);
            }
            if was_ours {
                self.flights().note_missing(kid, &self.inner.settings.freshness, now);
                return None;
            }
        }
        None
    }

    fn newer_than(&self, seen: &Fetched) -> Option<Arc<Fetched>> {
        self.inner.current.load_full().filter(|current| current.version > seen.version)
    }

    /// Begins a fetch in a task of its own, so that it ends whatever becomes of the request that wanted it.
    fn begin(&self, flights: &mut Flights) -> Result<(u64, Flight), FetchError> {
        let runtime = Handle::try_current().map_err(|_| FetchError::NoRuntime)?;
        let (number, flight, landed) = flights.begin();
        let this = self.clone();
        runtime.spawn(async move {
            let outcome = this.fetch().await;
            this.land(number, outcome);
            let _ = landed.send(true);
        });
        Ok((number, flight))
    }

    async fn fetch(&self) -> Result<(KeySet, Box<str>), FetchError> {
        let settings = &self.inner.settings;
        let set = match &settings.location {
            Location::Known(url) => settings.fetcher.jwk_set(url).await?,
            Location::InMetadata => settings.fetcher.jwk_set_of(&settings.issuer).await?,
        };
        let set = match settings.default_algorithm {
            Some(algorithm) => named(set, algorithm),
            None => set,
        };
        let keys = KeySet::from_jwk_set(&set)?;
        Ok((keys, set.to_json().as_str().into()))
    }

    fn land(&self, number: u64, outcome: Result<(KeySet, Box<str>), FetchError>) {
        let now = self.inner.settings.clock.now();
        let mut flights = self.flights();
        let (keys, json) = match outcome {
            Ok(brought) => brought,
            Err(error) => {
                tracing::warn!(issuer = %self.inner.settings.issuer, code = error.code(), %error, "the issuer's keys were not fetched");
                flights.failed(number, error, now);
                return;
            }
        };
        // The lock on the flights makes this the only writer.
        let before = self.inner.current.load_full();
        if before.as_ref().is_some_and(|before| before.number > number) {
            flights.succeeded(number, Brought::SameKeys);
            return;
        }
        let (version, brought) = match &before {
            Some(before) if before.json == json => (before.version, Brought::SameKeys),
            before => (before.as_ref().map_or(0, |before| before.version) + 1, Brought::OtherKeys),
        };
        if brought == Brought::OtherKeys {
            tracing::info!(issuer = %self.inner.settings.issuer, keys = keys.len(), "the issuer's keys were fetched");
        }
        self.inner.current.store(Some(Arc::new(Fetched { keys, json, version, number, at: now })));
        flights.succeeded(number, brought);
    }

    fn flights(&self) -> MutexGuard<'_, Flights> {
        self.inner.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The set with `algorithm` said of the keys that say none and could be for several.
fn named(set: JwkSet, algorithm: Algorithm) -> JwkSet {
    let name = |jwk: &jeton_jose::Jwk| match jwk.signature_algorithm() {
        Err(KeyError::AlgorithmMissing) if jwk.is_public() => jwk.clone().with_alg(algorithm.as_str()),
        _ => jwk.clone(),
    };
    JwkSet::new(set.keys().iter().map(name).collect())
}

impl fmt::Debug for RemoteJwkSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteJwkSet")
            .field("issuer", &self.inner.settings.issuer)
            .field("location", &self.inner.settings.location)
            .finish_non_exhaustive()
    }
}
