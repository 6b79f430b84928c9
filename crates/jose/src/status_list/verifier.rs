//! Verifying a list, and looking into it.

use std::time::Duration;

use serde::Deserialize;

use super::{Bits, Status, StatusList, StatusListError, StatusReference, TYP};
use crate::error::VerifyError;
use crate::expected::{Audience, Issuer};
use crate::jwt::Verifier;
use crate::key::KeySet;
use crate::timestamp::Timestamp;

/// Verifies the status lists of one issuer.
#[derive(Debug)]
pub struct StatusListVerifier {
    verifier: Verifier,
    leeway: Duration,
    max_bytes: usize,
}

/// A status list whose signature, type, URI and lifetime have been verified.
#[derive(Clone, Debug)]
pub struct VerifiedStatusList {
    uri: String,
    exp: Option<Timestamp>,
    ttl: Option<Duration>,
    leeway: Duration,
    list: StatusList,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    #[serde(default)]
    ttl: Option<f64>,
    status_list: ListClaim,
}

#[derive(Deserialize)]
struct ListClaim {
    bits: u64,
    lst: String,
}

impl StatusListVerifier {
    /// The longest token, unless set (bytes).
    pub const DEFAULT_MAX_LEN: usize = 1024 * 1024;
    /// The longest list when inflated, unless set (bytes): eight million statuses of one bit.
    pub const DEFAULT_MAX_BYTES: usize = 1024 * 1024;

    /// Verifies lists of this issuer, signed with one of these keys. They must contain their URI, when they were
    /// issued and when they expire. Use [`Issuer::any`] if lists contain no issuer.
    #[must_use]
    pub fn new(issuer: impl Into<Issuer>, keys: impl Into<KeySet>) -> Self {
        // A list is for everybody and has no `aud`.
        let verifier = Verifier::new(issuer, Audience::any(), keys)
            .typ(TYP)
            .require("sub")
            .require("iat")
            .max_len(Self::DEFAULT_MAX_LEN);
        Self { verifier, leeway: Verifier::DEFAULT_LEEWAY, max_bytes: Self::DEFAULT_MAX_BYTES }
    }

    /// Lets clocks differ by this much, at most ten minutes; 30 seconds unless set.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway.min(Verifier::MAX_LEEWAY);
        self.verifier = self.verifier.leeway(self.leeway);
        self
    }

    /// Refuses lists that were issued longer ago than this.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.verifier = self.verifier.max_age(age);
        self
    }

    /// Accepts lists that never expire. An attacker who replays an old copy can then hide a revocation: set
    /// [`StatusListVerifier::max_age`] as well.
    #[must_use]
    pub fn allow_missing_exp(mut self) -> Self {
        self.verifier = self.verifier.allow_missing_exp();
        self
    }

    /// Refuses tokens longer than this (bytes).
    #[must_use]
    pub fn max_len(mut self, bytes: usize) -> Self {
        self.verifier = self.verifier.max_len(bytes);
        self
    }

    /// Refuses lists longer than this when inflated (bytes).
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Verifies the token that was fetched from `uri`.
    ///
    /// # Errors
    /// [`StatusListError::Token`] if the token is refused, [`StatusListError::UriMismatch`] if it is another list,
    /// [`StatusListError::Malformed`] or [`StatusListError::TooLarge`] for its list.
    pub fn verify(
        &self,
        token: &str,
        uri: &str,
        now: Timestamp,
    ) -> Result<VerifiedStatusList, StatusListError> {
        let verified = self.verifier.verify::<Claims>(token, now)?;
        let exp = verified.registered().exp();
        let claims = verified.into_claims();
        if claims.sub != uri {
            return Err(StatusListError::UriMismatch);
        }
        let ttl = match claims.ttl {
            None => None,
            Some(seconds) if seconds > 0.0 => {
                Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
            }
            Some(_) => return Err(StatusListError::Malformed),
        };
        let bits = Bits::from_width(claims.status_list.bits).ok_or(StatusListError::Malformed)?;
        let list = StatusList::from_lst(bits, &claims.status_list.lst, self.max_bytes)?;
        Ok(VerifiedStatusList { uri: claims.sub, exp, ttl, leeway: self.leeway, list })
    }
}

impl VerifiedStatusList {
    /// The status of a token. A cached list can be used while it is valid.
    ///
    /// # Errors
    /// [`StatusListError::UriMismatch`] if the token refers to another list, [`StatusListError::Token`] if this one
    /// has expired, [`StatusListError::IndexOutOfRange`] if it is too short.
    pub fn status(&self, of: &StatusReference, now: Timestamp) -> Result<Status, StatusListError> {
        if of.uri != self.uri {
            return Err(StatusListError::UriMismatch);
        }
        if let Some(exp) = self.exp.filter(|exp| now >= exp.saturating_add(self.leeway)) {
            return Err(VerifyError::Expired { exp, now }.into());
        }
        self.list.get(of.idx)
    }

    /// Where it is published.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// When to fetch it again, if it was fetched at this time: after its `ttl`, and before it expires. `None` if it
    /// has neither.
    #[must_use]
    pub fn fetch_again_at(&self, fetched: Timestamp) -> Option<Timestamp> {
        let stale = self.ttl.map(|ttl| fetched.saturating_add(ttl));
        stale.into_iter().chain(self.exp).min()
    }

    /// The list without what stood around it.
    #[must_use]
    pub fn list(&self) -> &StatusList {
        &self.list
    }
}
