//! A document that is fetched when it is needed and then kept fresh, such as a JWK Set.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use jeton_jose::Timestamp;
use tokio::runtime::Handle;

use crate::error::FetchError;
use crate::flight::{Brought, Flight, Flights};
use crate::freshness::{Freshness, Plan};

/// The source of a document.
pub trait Origin: Send + Sync + 'static {
    /// The parsed document.
    type Document: Send + Sync + 'static;

    /// Fetches the document, with a text that identifies its version.
    fn fetch(&self) -> impl Future<Output = Result<(Self::Document, Box<str>), FetchError>> + Send;

    /// The current time.
    fn now(&self) -> Timestamp;

    /// Called when a changed document was fetched.
    fn changed(&self, document: &Self::Document);

    /// Called when a fetch failed.
    fn failed(&self, error: &FetchError);
}

/// A document that is kept fresh.
///
/// - At most one fetch runs at a time, however many callers wait for it. It continues if they are cancelled.
/// - The document is refreshed in the background while it is used, from [`Freshness::refresh_ahead`] on. From
///   [`Freshness::max_age`] on, callers wait for a newer one.
/// - After a failure, the host is not asked for [`Freshness::retry_pause`]. Meanwhile the last document is used, up to
///   [`Freshness::stale_if_error`].
/// - A missing key triggers a fetch immediately, but not more often than [`Freshness::cool_down`], and for the same
///   key not more often than [`Freshness::missing_for`].
/// - The result of an earlier fetch never replaces that of a later one.
///
/// Clones share one document.
pub struct Kept<O: Origin> {
    inner: Arc<Inner<O>>,
}

struct Inner<O: Origin> {
    origin: O,
    freshness: Freshness,
    current: ArcSwapOption<Fetched<O::Document>>,
    flights: Mutex<Flights>,
}

/// There was no permit for a fetch, and no document that may be used without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many fetches are in progress")]
pub struct TurnedAway;

/// Permits every fetch.
const fn always() -> Option<()> {
    Some(())
}

/// The result of one fetch.
#[derive(Debug)]
pub struct Fetched<D> {
    document: D,
    /// Identifies the version of the document.
    tag: Box<str>,
    /// Increases whenever the document changes.
    version: u64,
    /// The number of the fetch.
    number: u64,
    at: Timestamp,
}

impl<D> Fetched<D> {
    /// Increases whenever the document changes.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The document.
    #[must_use]
    pub const fn document(&self) -> &D {
        &self.document
    }
}

impl<O: Origin> Kept<O> {
    /// The document from this origin. Nothing is fetched until it is needed.
    #[must_use]
    pub fn new(origin: O, freshness: Freshness) -> Self {
        Self {
            inner: Arc::new(Inner {
                origin,
                freshness,
                current: ArcSwapOption::empty(),
                flights: Mutex::default(),
            }),
        }
    }

    /// The source of the document.
    #[must_use]
    pub fn origin(&self) -> &O {
        &self.inner.origin
    }

    /// Fetches the document now: when a program starts, so that its first request need not wait, or when an operator
    /// knows that the document has changed. A fetch that began earlier does not count.
    ///
    /// # Errors
    /// The reason of the failure. The previous document stays in use as long as it may.
    pub async fn reload(&self) -> Result<(), FetchError> {
        let (number, flight) = self.begin(&mut self.flights(), ())?;
        flight.landed().await;
        match self.inner.current.load().as_ref() {
            Some(fetched) if fetched.number >= number => Ok(()),
            _ => Err(self.flights().last_error().unwrap_or(FetchError::NoRuntime)),
        }
    }

    /// When the current document was fetched; `None` before the first fetch.
    #[must_use]
    pub fn fetched_at(&self) -> Option<Timestamp> {
        self.inner.current.load().as_ref().map(|fetched| fetched.at)
    }

    /// The document, if it may be used without waiting.
    pub fn ready(&self, now: Timestamp) -> Option<Arc<Fetched<O::Document>>> {
        self.ready_admitted(now, &always)
    }

    fn ready_admitted<P: Send + 'static>(
        &self,
        now: Timestamp,
        admit: &impl Fn() -> Option<P>,
    ) -> Option<Arc<Fetched<O::Document>>> {
        let current = self.inner.current.load();
        let fetched = current.as_ref()?;
        // The common case costs no lock.
        if fetched.at <= now && now.saturating_since(fetched.at) < self.inner.freshness.refresh_ahead {
            return Some(Arc::clone(fetched));
        }
        let mut flights = self.flights();
        match self.inner.freshness.plan(Some(fetched.at), flights.failed_at(), now) {
            Plan::Use => Some(Arc::clone(fetched)),
            Plan::UseAndRefresh => {
                if flights.running().is_none()
                    && let Some(place) = admit()
                {
                    let _ = self.begin(&mut flights, place);
                }
                Some(Arc::clone(fetched))
            }
            Plan::RefreshOrUse | Plan::RefreshOrRefuse | Plan::Refuse => None,
        }
    }

    /// The document, after waiting for a newer one if it is too old; `None` if none may be used.
    pub async fn wait(&self, now: Timestamp) -> Option<Arc<Fetched<O::Document>>> {
        self.wait_admitted(now, always).await.unwrap_or_default()
    }

    /// Like [`Kept::wait`], but a fetch begins only if `admit` grants a permit, which is held until the fetch has
    /// ended. Without a permit, an older document is used if it still may be.
    ///
    /// # Errors
    /// [`TurnedAway`] if a fetch is needed and there is no permit. This does not count as a failure of the host.
    pub async fn wait_admitted<P: Send + 'static>(
        &self,
        now: Timestamp,
        admit: impl Fn() -> Option<P>,
    ) -> Result<Option<Arc<Fetched<O::Document>>>, TurnedAway> {
        if let Some(fetched) = self.ready_admitted(now, &admit) {
            return Ok(Some(fetched));
        }
        let before = self.inner.current.load_full();
        let (plan, flight) = {
            let mut flights = self.flights();
            let plan = self.inner.freshness.plan(
                before.as_ref().map(|fetched| fetched.at),
                flights.failed_at(),
                now,
            );
            let flight = match plan {
                Plan::Refuse => return Ok(None),
                Plan::Use => return Ok(before),
                _ => match (flights.running(), plan) {
                    (Some(flight), _) => Some(flight),
                    (None, plan) => match admit() {
                        Some(place) => self.begin(&mut flights, place).ok().map(|(_, flight)| flight),
                        None if plan == Plan::RefreshOrRefuse => return Err(TurnedAway),
                        None => return Ok(before),
                    },
                },
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
        Ok(if is_newer || plan != Plan::RefreshOrRefuse { after } else { None })
    }

    /// A newer document than `seen`, which lacks the key with this `kid`; `None` if there is none, or if the host must
    /// not be asked yet.
    pub async fn look_for(
        &self,
        kid: Option<&str>,
        seen: &Fetched<O::Document>,
        now: Timestamp,
    ) -> Option<Arc<Fetched<O::Document>>> {
        self.look_for_admitted(kid, seen, now, always).await.unwrap_or_default()
    }

    /// Like [`Kept::look_for`], but a fetch begins only if `admit` grants a permit.
    ///
    /// # Errors
    /// [`TurnedAway`] if a fetch is needed and there is no permit.
    pub async fn look_for_admitted<P: Send + 'static>(
        &self,
        kid: Option<&str>,
        seen: &Fetched<O::Document>,
        now: Timestamp,
        admit: impl Fn() -> Option<P>,
    ) -> Result<Option<Arc<Fetched<O::Document>>>, TurnedAway> {
        // A fetch that others began may have left before the key was published: once it has landed, ask once more.
        for _ in 0..2 {
            let (flight, was_ours) = {
                let mut flights = self.flights();
                if let Some(newer) = self.newer_than(seen) {
                    return Ok(Some(newer));
                }
                if flights.is_missing(kid, &self.inner.freshness, now) {
                    return Ok(None);
                }
                match flights.running() {
                    Some(flight) => (flight, false),
                    None => {
                        // In this order: that the host may be asked is noted only where it is.
                        let Some(place) = admit() else { return Err(TurnedAway) };
                        if !flights.may_ask_for(kid, &self.inner.freshness, now) {
                            return Ok(None);
                        }
                        let Ok((_, flight)) = self.begin(&mut flights, place) else { return Ok(None) };
                        (flight, true)
                    }
                }
            };
            flight.landed().await;
            if let Some(newer) = self.newer_than(seen) {
                return Ok(Some(newer));
            }
            if was_ours {
                self.flights().note_missing(kid, &self.inner.freshness, now);
                return Ok(None);
            }
        }
        Ok(None)
    }

    fn newer_than(&self, seen: &Fetched<O::Document>) -> Option<Arc<Fetched<O::Document>>> {
        self.inner.current.load_full().filter(|current| current.version > seen.version)
    }

    /// Starts a fetch in a separate task, so that it finishes whatever becomes of the request.
    fn begin<P: Send + 'static>(&self, flights: &mut Flights, place: P) -> Result<(u64, Flight), FetchError> {
        let runtime = Handle::try_current().map_err(|_| FetchError::NoRuntime)?;
        let (number, flight, landed) = flights.begin();
        let this = self.clone();
        runtime.spawn(async move {
            let outcome = this.inner.origin.fetch().await;
            this.land(number, outcome);
            drop(place);
            let _ = landed.send(true);
        });
        Ok((number, flight))
    }

    fn land(&self, number: u64, outcome: Result<(O::Document, Box<str>), FetchError>) {
        let now = self.inner.origin.now();
        let mut flights = self.flights();
        let (document, tag) = match outcome {
            Ok(brought) => brought,
            Err(error) => {
                self.inner.origin.failed(&error);
                flights.failed(number, error, now);
                return;
            }
        };
        // The lock on the flights makes this the only writer.
        let before = self.inner.current.load_full();
        if before.as_ref().is_some_and(|before| before.number > number) {
            flights.succeeded(number, Brought::TheSame);
            return;
        }
        let (version, brought) = match &before {
            Some(before) if before.tag == tag => (before.version, Brought::TheSame),
            before => (before.as_ref().map_or(0, |before| before.version) + 1, Brought::Another),
        };
        if brought == Brought::Another {
            self.inner.origin.changed(&document);
        }
        self.inner.current.store(Some(Arc::new(Fetched { document, tag, version, number, at: now })));
        flights.succeeded(number, brought);
    }

    fn flights(&self) -> MutexGuard<'_, Flights> {
        self.inner.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<O: Origin> Clone for Kept<O> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<O: Origin + fmt::Debug> fmt::Debug for Kept<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("origin", &self.inner.origin).finish_non_exhaustive()
    }
}
