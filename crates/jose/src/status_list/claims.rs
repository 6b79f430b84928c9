//! Publishing a list.

use std::time::Duration;

use serde::Serialize;

use super::{StatusList, TYP};
use crate::error::SignError;
use crate::jwt::Signer;
use crate::key::SigningKey;
use crate::timestamp::Timestamp;

/// The claims of a status list, ready to be signed (draft §5.1).
#[derive(Clone, Debug, Serialize)]
pub struct StatusListClaims {
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    sub: String,
    iat: Timestamp,
    exp: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u64>,
    status_list: ListClaim,
}

#[derive(Clone, Debug, Serialize)]
struct ListClaim {
    bits: u32,
    lst: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    aggregation_uri: Option<String>,
}

impl StatusListClaims {
    /// The list as it is `now`, to be published at `uri`, good for `lifetime`: as long as somebody who cannot reach the issuer,
    /// or is kept from reaching it, takes a revoked token for valid.
    #[must_use]
    pub fn new(uri: impl Into<String>, list: &StatusList, now: Timestamp, lifetime: Duration) -> Self {
        Self {
            iss: None,
            sub: uri.into(),
            iat: now,
            exp: now.saturating_add(lifetime),
            ttl: None,
            status_list: ListClaim { bits: list.bits().width(), lst: list.to_lst(), aggregation_uri: None },
        }
    }

    /// Says who issued it.
    #[must_use]
    pub fn iss(mut self, iss: impl Into<String>) -> Self {
        self.iss = Some(iss.into());
        self
    }

    /// Asks for a fresh copy after this time (whole seconds, at least one).
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl.as_secs().max(1));
        self
    }

    /// Says where the URIs of all lists of the issuer are found (draft §9).
    #[must_use]
    pub fn aggregation_uri(mut self, uri: impl Into<String>) -> Self {
        self.status_list.aggregation_uri = Some(uri.into());
        self
    }

    /// Signs the list, with the required `typ`. If the key is remote, pass these claims and [`TYP`](super::TYP) to a
    /// [`RemoteJwtSigner`](crate::remote_signer::RemoteJwtSigner).
    ///
    /// # Errors
    /// [`SignError::Key`] if the key must not sign.
    pub fn sign(&self, key: impl Into<SigningKey>) -> Result<String, SignError> {
        Signer::new(key).typ(TYP).sign(self)
    }
}
