//! DPoP-bound tokens (RFC 9449 §7): a request passes with a proof that its sender has the key.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jeton_jose::dpop::{NonceDemand, Nonces, Proof, ProofVerifier, Request};
use jeton_jose::{Algorithm, Timestamp};

use crate::certificate::ClientCertificate;
use crate::received_uri::path_of;
use crate::refusal::Refusal;
use crate::resource::{ResourceUrlError, check_url};

/// How a guard checks proofs: see [`GuardBuilder::dpop`](crate::GuardBuilder::dpop).
///
/// A proof is valid for a minute, and the clocks may differ by 30 seconds at most. If a client's clock is off by more,
/// the guard sends it a nonce (RFC 9449 §9), and its second attempt passes: see [`Dpop::nonces`].
#[derive(Clone)]
pub struct Dpop {
    base: Arc<str>,
    verifier: ProofVerifier,
    memory: Arc<dyn ProofMemory>,
    nonces: Nonces,
    demand: NonceDemand,
}

/// Remembers which proofs were used.
///
/// [`InProcessMemory`] serves one process. If several processes serve one API, a proof could be used once at each of
/// them while it is valid; a shared memory prevents that.
pub trait ProofMemory: Send + Sync {
    /// Remembers a proof until `until`, and says whether it was already remembered. Called only for proofs that are
    /// otherwise valid.
    fn remember(&self, id: [u8; 32], until: Timestamp, now: Timestamp) -> ProofUse;
}

/// What a [`ProofMemory`] says about a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofUse {
    /// It is used for the first time.
    First,
    /// It was used before.
    Again,
    /// The memory is full, so it is unknown.
    Full,
}

/// Remembers the proofs used in one process.
pub struct InProcessMemory {
    capacity: usize,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    ids: HashSet<[u8; 32]>,
    by_end: BinaryHeap<Reverse<(Timestamp, [u8; 32])>>,
}

/// The header that proofs come in.
const DPOP: HeaderName = HeaderName::from_static("dpop");
/// How many proofs are remembered by default: those of two minutes at 500 requests per second, in about 8 MiB.
const PROOFS: usize = 60_000;

impl Dpop {
    /// Accepts proofs for the API whose URLs begin with `base`, such as `https://api.example`: what its clients put
    /// before the path. It cannot be taken from the request, because anybody can choose its `Host`.
    ///
    /// # Errors
    /// [`ResourceUrlError`] if `base` is not a URL without query and fragment.
    pub fn at(base: &str) -> Result<Self, ResourceUrlError> {
        check_url(base)?;
        let nonces = Nonces::random();
        Ok(Self {
            base: base.trim_end_matches('/').into(),
            verifier: ProofVerifier::new().nonces(nonces.clone(), NonceDemand::default()),
            memory: Arc::new(InProcessMemory::with_capacity(PROOFS)),
            nonces,
            demand: NonceDemand::default(),
        })
    }

    /// Verifies proofs with this verifier, which has their algorithms and maximum age.
    #[must_use]
    pub fn verifier(mut self, verifier: ProofVerifier) -> Self {
        self.verifier = verifier.nonces(self.nonces.clone(), self.demand);
        self
    }

    /// Remembers used proofs here.
    #[must_use]
    pub fn memory(mut self, memory: impl ProofMemory + 'static) -> Self {
        self.memory = Arc::new(memory);
        self
    }

    /// Uses these nonces, and requires one in every proof or only if clocks differ.
    ///
    /// By default, nonces are derived from a random secret, and required only if clocks differ. That serves one
    /// process: if several processes serve one API behind a load balancer, one refuses the nonces of another. Give all
    /// of them [`Nonces::new`] with the same secret.
    #[must_use]
    pub fn nonces(mut self, nonces: Nonces, demand: NonceDemand) -> Self {
        self.verifier = self.verifier.nonces(nonces.clone(), demand);
        self.nonces = nonces;
        self.demand = demand;
        self
    }

    pub(crate) fn algorithms(&self) -> &[Algorithm] {
        self.verifier.supported()
    }

    /// Checks the proof of a request with `token`, which is bound to the key with this thumbprint. Returns the nonce
    /// for the client's next proof, if nonces are in use.
    pub(crate) fn check(
        &self,
        request: Proved<'_>,
        token: &str,
        thumbprint: &str,
        now: Timestamp,
    ) -> Result<Option<HeaderValue>, Refusal> {
        let uri = format!("{}{}", self.base, request.path);
        let wanted = Request::new(request.method.as_str(), &uri).access_token(token).bound_to(thumbprint);
        let proof = self.verifier.verify(proof_of(request.headers)?, &wanted, now)?;
        self.use_up(&proof, now)?;
        Ok(proof.nonce().map(|_| self.nonce(now)))
    }

    /// The nonce that proofs should contain from now on.
    pub(crate) fn nonce(&self, now: Timestamp) -> HeaderValue {
        HeaderValue::try_from(self.nonces.current(now)).expect("base64url is plain letters")
    }

    fn use_up(&self, proof: &Proof, now: Timestamp) -> Result<(), Refusal> {
        match self.memory.remember(proof.replay_id(), proof.remember_until(), now) {
            ProofUse::First => Ok(()),
            ProofUse::Again => Err(Refusal::ProofReplayed),
            ProofUse::Full => Err(Refusal::ProofsNotRemembered),
        }
    }
}

/// What a proof is compared with.
#[derive(Clone, Copy)]
pub(crate) struct Proved<'r> {
    pub(crate) method: &'r Method,
    pub(crate) path: &'r str,
    pub(crate) headers: &'r HeaderMap,
    pub(crate) certificate: Option<&'r ClientCertificate>,
}

impl<'r> Proved<'r> {
    pub(crate) fn of<B>(request: &'r http::Request<B>) -> Self {
        Self {
            method: request.method(),
            path: path_of(request),
            headers: request.headers(),
            certificate: request.extensions().get(),
        }
    }
}

/// A request must have exactly one proof (RFC 9449 §4.3).
fn proof_of(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(DPOP).iter();
    let proof = values.next().ok_or(Refusal::ProofAbsent)?;
    if values.next().is_some() {
        return Err(Refusal::ProofRepeated);
    }
    proof.to_str().map_err(|_| Refusal::ProofRepeated)
}

impl InProcessMemory {
    /// Remembers at most this many proofs at a time. A request beyond that is answered 503, because otherwise a stolen
    /// proof could pass.
    #[must_use]
    pub fn with_capacity(proofs: usize) -> Self {
        Self { capacity: proofs, known: Mutex::default() }
    }
}

impl ProofMemory for InProcessMemory {
    fn remember(&self, id: [u8; 32], until: Timestamp, now: Timestamp) -> ProofUse {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // A proof is still good in the very second in which it ends.
        while let Some(&Reverse((end, old))) = known.by_end.peek()
            && end < now
        {
            known.by_end.pop();
            known.ids.remove(&old);
        }
        if known.ids.contains(&id) {
            return ProofUse::Again;
        }
        if known.ids.len() >= self.capacity {
            return ProofUse::Full;
        }
        known.ids.insert(id);
        known.by_end.push(Reverse((until, id)));
        ProofUse::First
    }
}

impl fmt::Debug for Dpop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dpop").field("base", &self.base).finish_non_exhaustive()
    }
}

impl fmt::Debug for InProcessMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcessMemory").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn proofs_are_remembered_until_they_end_and_no_more_than_there_is_room_for() {
        let start = Timestamp::from_unix(1_800_000_000);
        let later = |seconds| start.saturating_add(Duration::from_secs(seconds));
        let memory = InProcessMemory::with_capacity(2);
        assert_eq!(memory.remember([1; 32], later(10), start), ProofUse::First);
        assert_eq!(memory.remember([1; 32], later(10), later(10)), ProofUse::Again);
        assert_eq!(memory.remember([2; 32], later(20), start), ProofUse::First);
        assert_eq!(memory.remember([3; 32], later(30), start), ProofUse::Full);
        assert_eq!(memory.remember([3; 32], later(30), later(11)), ProofUse::First);
        assert_eq!(memory.remember([2; 32], later(20), later(11)), ProofUse::Again);
    }
}
