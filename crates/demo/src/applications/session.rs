//! The application's own sessions: a random name in a cookie, and what is known under it in memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderValue};
use jeton_jose::{Timestamp, base64url};

use super::cookies;
use crate::clock;

/// The most sessions, and the most logout tokens, that are remembered. Beyond that the oldest goes.
const REMEMBERED: usize = 1_000;

/// Somebody who is signed in.
#[derive(Clone)]
pub(super) struct SignedIn {
    pub(super) name: String,
    pub(super) sub: String,
    /// The authority's name for this sign-in to this application.
    pub(super) sid: String,
    /// When the password was typed, and when this application sent the browser to the authority.
    pub(super) auth_time: Timestamp,
    pub(super) begun_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) refreshed: u32,
    pub(super) access_token: String,
    pub(super) refresh_token: String,
    pub(super) id_token: String,
    /// The claims of the ID token, to be shown.
    pub(super) claims: String,
    /// What came of stealing the access token, where somebody tried.
    pub(super) thefts: Vec<Theft>,
}

/// Somebody else's try with the access token.
#[derive(Clone)]
pub(super) struct Theft {
    /// How the token was shown.
    pub(super) how: &'static str,
    /// Whether it was taken.
    pub(super) taken: bool,
    /// What the authority answered.
    pub(super) answer: String,
}

/// Somebody who pressed "Sign out everywhere". The session here has ended. Whether it has ended at the authority is known once the
/// authority says so.
#[derive(Clone)]
pub(super) struct Leaving {
    pub(super) sid: String,
    /// Names the session to the authority.
    pub(super) id_token: String,
    /// Comes back from the authority with the browser.
    pub(super) state: String,
    /// Whether the browser came back.
    pub(super) returned: bool,
}

/// Why nobody is signed in any more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// They signed out here, and the authority confirmed the end of their session.
    Here,
    /// The authority told the application that they signed out elsewhere.
    Elsewhere,
    /// The authority gives no more tokens.
    NoMoreTokens,
}

/// What is known of a browser.
#[derive(Clone)]
pub(super) enum Visit {
    SignedIn(Box<SignedIn>),
    Leaving(Leaving),
    Ended(Ended),
}

/// All browsers.
pub(super) struct Sessions {
    cookie: &'static str,
    visits: Mutex<HashMap<String, (Timestamp, Visit)>>,
    /// The logout tokens that were taken, by `jti`, and the session that each ended.
    logouts: Mutex<HashMap<String, (Timestamp, Option<String>)>>,
}

impl Sessions {
    pub(super) fn new(cookie: &'static str) -> Self {
        Self { cookie, visits: Mutex::default(), logouts: Mutex::default() }
    }

    /// What is known of the browser that sent these headers.
    pub(super) fn of(&self, headers: &HeaderMap) -> Option<Visit> {
        let name = cookies::value(headers, self.cookie)?;
        self.with(|visits| visits.get(name).map(|(_, visit)| visit.clone()))
    }

    /// Whether somebody is signed in at the browser that sent these headers.
    pub(super) fn is_signed_in(&self, headers: &HeaderMap) -> bool {
        matches!(self.of(headers), Some(Visit::SignedIn(_)))
    }

    /// Begins a session under a new name, and answers the name. What the browser had before is forgotten: a name that somebody
    /// planted before the sign-in is worth nothing after it.
    pub(super) fn begin(&self, headers: &HeaderMap, signed_in: SignedIn) -> String {
        let name = random();
        // The authority may have ended the session while its code was on the way here.
        let visit = if self.was_ended(&signed_in.sid) {
            Visit::Ended(Ended::Elsewhere)
        } else {
            Visit::SignedIn(Box::new(signed_in))
        };
        self.with(|visits| {
            if let Some(old) = cookies::value(headers, self.cookie) {
                visits.remove(old);
            }
            make_room(visits, |(at, _)| *at);
            visits.insert(name.clone(), (clock::now(), visit));
        });
        name
    }

    /// The cookie of a session, where somebody is signed in under this name.
    pub(super) fn cookie_of(&self, name: &str) -> Option<HeaderValue> {
        let signed_in = self.with(|visits| matches!(visits.get(name), Some((_, Visit::SignedIn(_)))));
        signed_in.then(|| cookies::set(self.cookie, name, None))
    }

    /// Changes what is known of a browser. What answers after the session has ended must not bring it back, so the change is told
    /// what is there now.
    pub(super) fn change<T>(&self, headers: &HeaderMap, change: impl FnOnce(&mut Visit) -> T) -> Option<T> {
        let name = cookies::value(headers, self.cookie)?;
        self.with(|visits| visits.get_mut(name).map(|(_, visit)| change(visit)))
    }

    /// Changes the session that somebody is signed in with, if it is still the one of this `sid`.
    pub(super) fn change_signed_in(
        &self,
        headers: &HeaderMap,
        sid: &str,
        change: impl FnOnce(&mut SignedIn),
    ) {
        self.change(headers, |visit| match visit {
            Visit::SignedIn(known) if known.sid == sid => change(known),
            _ => {}
        });
    }

    /// Ends every session that a logout token means, unless it was taken before: those of a `sid`, or else all of a user.
    pub(super) fn end(&self, jti: &str, sid: Option<&str>, sub: Option<&str>) {
        {
            let mut taken = self.logouts.lock().unwrap_or_else(PoisonError::into_inner);
            make_room(&mut taken, |(at, _)| *at);
            if taken.insert(jti.to_owned(), (clock::now(), sid.map(str::to_owned))).is_some() {
                return;
            }
        }
        self.with(|visits| {
            for (_, visit) in visits.values_mut() {
                match visit {
                    Visit::SignedIn(known) if sid.map_or(sub == Some(&known.sub), |sid| sid == known.sid) => {
                        *visit = Visit::Ended(Ended::Elsewhere);
                    }
                    Visit::Leaving(leaving) if sid == Some(&leaving.sid) => {
                        *visit = Visit::Ended(Ended::Here);
                    }
                    _ => {}
                }
            }
        });
    }

    fn was_ended(&self, sid: &str) -> bool {
        let taken = self.logouts.lock().unwrap_or_else(PoisonError::into_inner);
        taken.values().any(|(_, ended)| ended.as_deref() == Some(sid))
    }

    fn with<T>(&self, with: impl FnOnce(&mut HashMap<String, (Timestamp, Visit)>) -> T) -> T {
        with(&mut self.visits.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Forgets the oldest entry of a full map.
pub(super) fn make_room<T>(map: &mut HashMap<String, T>, at: impl Fn(&T) -> Timestamp) {
    if map.len() < REMEMBERED {
        return;
    }
    if let Some(oldest) = map.iter().min_by_key(|(_, entry)| at(entry)).map(|(name, _)| name.clone()) {
        map.remove(&oldest);
    }
}

/// 256 random bits as text.
pub(super) fn random() -> String {
    let mut bytes = [0; 32];
    jeton_jose::random::fill(&mut bytes);
    base64url::encode(bytes)
}
