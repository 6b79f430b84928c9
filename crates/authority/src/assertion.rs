//! Assertions: what a client, or somebody whom it trusts, signs for this authority (RFC 7523 §3). Each serves once, and soon. A
//! client proves itself by one, asks in a user's name with one, and signs its requests as one (RFC 9101).

use std::time::Duration;

use jeton_jose::jwt::{Audience, RegisteredClaims, TokenType, Unverified, Verified, Verifier};
use jeton_jose::{Algorithm, KeySet, Timestamp, VerifyError};
use serde::de::DeserializeOwned;

use crate::one_time::{OneTimeHash, OneTimeKind};
use crate::store::{Placement, Store, StoreError};
use crate::typ::is_one_of;
use crate::used_up::UsedUp;

/// For how long an assertion may hold. It is remembered for as long, so that it works once.
pub(crate) const MAX_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// What is wrong with an assertion. Who presents it is told in the words of what it is presented for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AssertionError {
    /// It cannot be read, or is not verified by the keys, the issuer and the audience that were wanted.
    #[error("the assertion: {0}")]
    Refused(#[from] VerifyError),
    /// It is another kind of token that the same key signed, such as a DPoP proof.
    #[error("typ of the assertion is that of another kind of token")]
    Typ,
    #[error("the assertion has no exp")]
    Endless,
    #[error("the assertion is valid for more than an hour")]
    TooLong,
}

/// An assertion of which nothing is verified yet: it says whose keys are wanted.
pub(crate) struct Presented<'a> {
    token: &'a str,
    unverified: Unverified,
}

impl<'a> Presented<'a> {
    /// Cuts an assertion whose `typ`, if it has one, is one of these.
    pub(crate) fn read(token: &'a str, typs: &[&str]) -> Result<Self, AssertionError> {
        let unverified = Unverified::parse(token)?;
        if is_one_of(unverified.typ(), typs) {
            Ok(Self { token, unverified })
        } else {
            Err(AssertionError::Typ)
        }
    }

    pub(crate) fn iss(&self) -> Option<&str> {
        self.unverified.iss()
    }

    pub(crate) fn kid(&self) -> Option<&str> {
        self.unverified.kid()
    }

    /// What it says that it is signed by; nothing where that is not known here.
    pub(crate) fn algorithm(&self) -> Option<Algorithm> {
        self.unverified.alg().parse().ok()
    }

    /// Verifies it: signature, issuer, audience, times.
    pub(crate) fn verify<C: DeserializeOwned>(
        &self,
        issuer: &str,
        audience: Audience,
        keys: KeySet,
        now: Timestamp,
    ) -> Result<Verified<C>, AssertionError> {
        // What it may say in `typ` has been looked at.
        let verifier = Verifier::new(issuer, audience, keys).typ(TokenType::Any);
        Ok(verifier.verify(self.token, now)?)
    }
}

/// Checks for how long an assertion holds, and says until when it has to be remembered.
pub(crate) fn remembered_until(
    claims: &RegisteredClaims,
    now: Timestamp,
) -> Result<Timestamp, AssertionError> {
    let exp = claims.exp().ok_or(AssertionError::Endless)?;
    if exp > now.saturating_add(MAX_LIFETIME) {
        return Err(AssertionError::TooLong);
    }
    Ok(exp.saturating_add(Verifier::DEFAULT_LEEWAY))
}

/// What an assertion is remembered by.
pub(crate) struct AssertionId {
    kind: OneTimeKind,
    hash: OneTimeHash,
    until: Timestamp,
}

impl AssertionId {
    /// The `jti` among those that `issuer` gives.
    pub(crate) fn new(kind: OneTimeKind, issuer: &[&str], jti: &str, until: Timestamp) -> Self {
        Self { kind, hash: OneTimeHash::of_parts(&[issuer, &[jti]].concat()), until }
    }

    /// Uses the assertion up. It is taken where it was used before.
    pub(crate) async fn use_up(
        self,
        used_up: &UsedUp,
        store: &dyn Store,
        now: Timestamp,
    ) -> Result<Placement, StoreError> {
        used_up.place(store, self.kind, self.hash, self.until, now).await
    }
}
