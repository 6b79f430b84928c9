//! The application's own sessions: a random name in a cookie, and what is known under it in memory.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderValue, header};
use jeton_jose::{Timestamp, base64url};

/// The most sessions, and the most logout tokens, that are remembered. Beyond that all are forgotten.
const REMEMBERED: usize = 1_000;

/// A sign-in that was begun and has not come back.
#[derive(Clone)]
pub(super) struct Begun {
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) at: Timestamp,
}

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

/// Why nobody is signed in any more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// They signed out here.
    Here,
    /// The authority told the application that they signed out elsewhere.
    Elsewhere,
    /// The authority gives no more tokens.
    NoMoreTokens,
}

/// What is known of a browser.
#[derive(Clone)]
pub(super) enum Visit {
    Begun(Begun),
    SignedIn(Box<SignedIn>),
    Ended(Ended),
}

/// All browsers.
pub(super) struct Sessions {
    cookie: &'static str,
    visits: Mutex<HashMap<String, Visit>>,
    /// The logout tokens that were taken, by `jti`.
    logouts: Mutex<HashSet<String>>,
}

impl Sessions {
    pub(super) fn new(cookie: &'static str) -> Self {
        Self { cookie, visits: Mutex::default(), logouts: Mutex::default() }
    }

    /// What is known of the browser that sent these headers.
    pub(super) fn of(&self, headers: &HeaderMap) -> Option<Visit> {
        self.with(|visits| visits.get(self.name_in(headers)?).cloned())
    }

    /// Remembers a visit under a new name, forgets it under the old one, and hands out the cookie. A name that somebody
    /// planted before the sign-in is worth nothing after it.
    pub(super) fn begin(&self, headers: &HeaderMap, visit: Visit) -> HeaderValue {
        let name = random();
        self.with(|visits| {
            if visits.len() >= REMEMBERED {
                visits.clear();
            }
            if let Some(old) = self.name_in(headers) {
                visits.remove(old);
            }
            visits.insert(name.clone(), visit);
        });
        // Lax: the browser comes back from the authority, which is another site.
        let cookie = format!("{}={name}; Path=/; HttpOnly; SameSite=Lax", self.cookie);
        HeaderValue::try_from(cookie).expect("base64url is plain letters")
    }

    /// Puts another visit in the place of a browser's.
    pub(super) fn replace(&self, headers: &HeaderMap, visit: Visit) {
        self.with(|visits| {
            if let Some(place) = self.name_in(headers).and_then(|name| visits.get_mut(name)) {
                *place = visit;
            }
        });
    }

    /// Ends every visit that a logout token means, unless it was taken before: those of a `sid`, or else all of a user.
    pub(super) fn end(&self, jti: &str, sid: Option<&str>, sub: Option<&str>) {
        let mut taken = self.logouts.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len() >= REMEMBERED {
            taken.clear();
        }
        if !taken.insert(jti.to_owned()) {
            return;
        }
        self.with(|visits| {
            for visit in visits.values_mut() {
                let Visit::SignedIn(signed_in) = visit else { continue };
                if sid.map_or(sub == Some(&signed_in.sub), |sid| sid == signed_in.sid) {
                    *visit = Visit::Ended(Ended::Elsewhere);
                }
            }
        });
    }

    fn with<T>(&self, with: impl FnOnce(&mut HashMap<String, Visit>) -> T) -> T {
        with(&mut self.visits.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn name_in<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == self.cookie).map(|(_, value)| value)
    }
}

/// 256 random bits as text.
pub(super) fn random() -> String {
    let mut bytes = [0; 32];
    jeton_jose::random::fill(&mut bytes);
    base64url::encode(bytes)
}
