//! Proof of possession with DPoP (RFC 9449): the sender of a request has the key that its tokens are or will be bound
//! to.

use std::sync::Arc;

use jeton_jose::dpop::{DpopError, NonceDemand, Nonces, ProofVerifier, Request};
use jeton_jose::{Algorithm, Timestamp};
use jeton_oauth::ErrorCode;

use crate::Network;
use crate::client::{Client, SecurityProfile};
use crate::keyring::Keys;
use crate::oauth_error::OAuthError;
use crate::one_time::{OneTimeHash, OneTimeKind};
use crate::refusal::Refusal;
use crate::settings::{DpopNonces, DpopSettings};
use crate::store::{Placement, Store};
use crate::throttle::Rates;
use crate::used_up::UsedUp;

const NONCE_NEEDED: Refusal =
    Refusal::new(ErrorCode::UseDpopNonce, "the DPoP proof must contain the nonce of this response");
const USED: Refusal = Refusal::new(ErrorCode::InvalidDpopProof, "the DPoP proof was already used");

/// A proof, and the request that it came with.
#[derive(Debug, Clone, Copy)]
pub struct PresentedProof<'a> {
    /// The value of the `DPoP` header.
    pub proof: &'a str,
    /// The request's method.
    pub method: &'a str,
    /// The URLs of the request, as the sender may know it.
    pub uris: &'a [&'a str],
    /// The access token in the request.
    pub access_token: Option<&'a str>,
    /// The security profile of the sender, if it is known: it restricts the algorithms.
    pub profile: Option<SecurityProfile>,
}

/// A valid proof, if it has not been used before.
#[derive(Debug, Clone)]
pub struct GoodProof {
    jkt: Box<str>,
    id: OneTimeHash,
    until: Timestamp,
}

impl GoodProof {
    /// The thumbprint of its key: `cnf.jkt`.
    pub fn jkt(&self) -> &str {
        &self.jkt
    }
}

/// Checks proofs of possession.
pub struct Proofs {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: DpopSettings,
    pub(crate) rates: Arc<Rates>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) used_up: Arc<UsedUp>,
}

impl Proofs {
    /// Checks a proof and uses it up. Returns the thumbprint of its key: `cnf.jkt`.
    ///
    /// # Errors
    /// As for [`Self::check`] and [`Self::use_up`]; [`OAuthError::Throttled`] if the network of a client that anybody
    /// can create uses up too many.
    pub async fn redeem(
        &self,
        presented: PresentedProof<'_>,
        client: &Client,
        network: Network,
        now: Timestamp,
    ) -> Result<Box<str>, OAuthError> {
        let proof = self.check(presented, now)?;
        self.rates.identifiers.take_for(client, network, now)?;
        self.use_up(&proof, now).await?;
        Ok(proof.jkt)
    }

    /// Checks everything about a proof except whether it was used. Anybody can make such a proof, so the other
    /// credentials of the request should be checked before [`Self::use_up`] stores anything.
    ///
    /// # Errors
    /// `invalid_dpop_proof`, or `use_dpop_nonce` if a required nonce is missing.
    pub fn check(&self, presented: PresentedProof<'_>, now: Timestamp) -> Result<GoodProof, OAuthError> {
        let demand = match self.settings.nonces {
            DpopNonces::Unused => NonceDemand::WhereClocksDiffer,
            DpopNonces::Demanded => NonceDemand::Always,
        };
        let mut verifier = ProofVerifier::new();
        let mut demanded_beside_iat = false;
        match presented.profile {
            None => verifier = verifier.nonces(self.nonces(), demand),
            // FAPI 2.0 Security Profile §5.3.2.1, item 13, refuses what is from the future, whatever nonce it holds.
            Some(profile) => {
                let permitted: Vec<_> =
                    verifier.supported().iter().copied().filter(|it| profile.permits(*it)).collect();
                verifier = verifier.algorithms(permitted);
                demanded_beside_iat = demand == NonceDemand::Always;
            }
        }
        let mut outcome = Err(DpopError::UriMismatch);
        for uri in presented.uris {
            let mut request = Request::new(presented.method, uri);
            if let Some(token) = presented.access_token {
                request = request.access_token(token);
            }
            outcome = verifier.verify(presented.proof, &request, now);
            if !matches!(outcome, Err(DpopError::UriMismatch)) {
                break;
            }
        }
        let proof = outcome.map_err(|error| {
            let refusal = if error.asks_for_nonce() {
                NONCE_NEEDED
            } else {
                Refusal::new(ErrorCode::InvalidDpopProof, description(&error))
            };
            OAuthError::Refused(refusal.because(error.to_string()))
        })?;
        if demanded_beside_iat && !proof.nonce().is_some_and(|nonce| self.nonces().is_fresh(nonce, now)) {
            return Err(NONCE_NEEDED.into());
        }
        Ok(GoodProof {
            jkt: proof.thumbprint().into(),
            id: OneTimeHash::of_parts(&[proof.thumbprint(), proof.jti()]),
            until: proof.remember_until(),
        })
    }

    /// Uses a proof up. Used proofs are in the store, so a proof used on one node is refused on all of them (RFC 9449
    /// §11.1).
    ///
    /// # Errors
    /// `invalid_dpop_proof` if it was used before.
    pub async fn use_up(&self, proof: &GoodProof, now: Timestamp) -> Result<(), OAuthError> {
        let kind = OneTimeKind::DpopProofId;
        match self.used_up.place(&*self.store, kind, proof.id, proof.until, now).await? {
            Placement::Placed => Ok(()),
            Placement::Taken => Err(USED.into()),
        }
    }

    /// The nonce that proofs should contain from now on.
    pub fn nonce(&self, now: Timestamp) -> String {
        self.nonces().current(now)
    }

    /// Nonces are not stored: every node derives the same ones, and nobody else can.
    fn nonces(&self) -> Nonces {
        let secret = self.keys.with_ring(|ring| ring.seal("dpop_nonces", &[]));
        Nonces::new(&secret).expect("a seal has 32 bytes")
    }
}

/// The supported algorithms for proofs (`dpop_signing_alg_values_supported`).
pub fn dpop_algorithms() -> Vec<Algorithm> {
    ProofVerifier::new().supported().to_vec()
}

const fn description(error: &DpopError) -> &'static str {
    match error {
        DpopError::MethodMismatch => "the DPoP proof is for another method",
        DpopError::UriMismatch => "the DPoP proof is for another URL",
        DpopError::AccessTokenMismatch => "the DPoP proof is for another access token",
        _ => "the DPoP proof is not valid",
    }
}
