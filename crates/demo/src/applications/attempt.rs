//! Sign-ins that were begun. Each has an entry and a cookie of its own, named by its `state`, so that two tabs do not disturb each
//! other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use jeton_jose::Timestamp;
use tokio::sync::OnceCell;

use super::cookies;
use super::session::{make_room, random};
use crate::clock;

/// How long a sign-in may take: people look for their password, or make tea.
const PATIENCE: Duration = Duration::from_secs(60 * 60);
/// The most sign-ins that one browser may have begun at once.
const AT_ONCE: usize = 5;
/// How many letters of `state` name the cookie.
const SHORT: usize = 12;

/// A sign-in that was begun.
pub(super) struct Attempt {
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) at: Timestamp,
    /// The name of the session that came of it. A code works once, so the answer is used once, however often it comes.
    pub(super) session: OnceCell<String>,
}

/// The sign-ins that were begun and may come back.
pub(super) struct Attempts {
    /// What the cookies' names begin with.
    prefix: String,
    begun: Mutex<HashMap<String, Arc<Attempt>>>,
}

impl Attempts {
    pub(super) fn new(id: &str) -> Self {
        Self { prefix: format!("{id}-begun-"), begun: Mutex::default() }
    }

    /// Begins a sign-in. The cookies bind it to this browser, and take away those of old ones.
    pub(super) fn begin(&self, headers: &HeaderMap) -> (Arc<Attempt>, Vec<HeaderValue>) {
        let attempt = Arc::new(Attempt {
            state: random(),
            nonce: random(),
            verifier: random(),
            at: clock::now(),
            session: OnceCell::new(),
        });
        let mut set = self.clear_old(headers);
        set.push(cookies::set(&self.cookie(&attempt.state), &attempt.state, Some(PATIENCE)));
        self.with(|begun| {
            let now = clock::now();
            begun.retain(|_, attempt| attempt.at.saturating_add(PATIENCE) > now);
            make_room(begun, |attempt| attempt.at);
            begun.insert(attempt.state.clone(), Arc::clone(&attempt));
        });
        (attempt, set)
    }

    /// The sign-in that an answer belongs to, if this browser began it.
    pub(super) fn find(&self, headers: &HeaderMap, state: &str) -> Option<Arc<Attempt>> {
        let bound = cookies::value(headers, &self.cookie(state))?;
        let attempt = self.with(|begun| begun.get(bound).cloned())?;
        (attempt.state == state && attempt.at.saturating_add(PATIENCE) > clock::now()).then_some(attempt)
    }

    /// Takes away the cookies of sign-ins that are over, and of the oldest where there are too many.
    fn clear_old(&self, headers: &HeaderMap) -> Vec<HeaderValue> {
        let sent: Vec<_> = cookies::all(headers).filter(|(name, _)| name.starts_with(&self.prefix)).collect();
        let mut known = Vec::new();
        let mut cleared = Vec::new();
        for (name, state) in sent {
            match self.with(|begun| begun.get(state).map(|attempt| attempt.at)) {
                Some(at) => known.push((at, name)),
                None => cleared.push(cookies::clear(name)),
            }
        }
        known.sort_unstable();
        let too_many = (known.len() + 1).saturating_sub(AT_ONCE);
        cleared.extend(known.into_iter().take(too_many).map(|(_, name)| cookies::clear(name)));
        cleared
    }

    fn cookie(&self, state: &str) -> String {
        format!("{}{}", self.prefix, state.get(..SHORT).unwrap_or(state))
    }

    fn with<T>(&self, with: impl FnOnce(&mut HashMap<String, Arc<Attempt>>) -> T) -> T {
        with(&mut self.begun.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
