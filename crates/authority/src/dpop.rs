//! Proof of possession by DPoP (RFC 9449): whoever sends a request has the key that its tokens are, or will be, bound to.

use std::time::Duration;

use jeton_jose::dpop::{DpopError, ProofVerifier, Request};
use jeton_jose::{Algorithm, Timestamp, base64url};
use jeton_oauth::ErrorCode;

use crate::Network;
use crate::authority::Authority;
use crate::client::{Client, SecurityProfile};
use crate::one_time::{OneTimeHash, OneTimeKind};
use crate::refusal::{OAuthError, Refusal};
use crate::store::Placement;

/// How long a window of nonces is. A nonce of the window before is taken too, so each holds for at least as long as this.
const NONCE_WINDOW: Duration = Duration::from_secs(60);

const USED: Refusal = Refusal::new(ErrorCode::InvalidDpopProof, "the DPoP proof was used before");

/// Whether proofs have to hold a nonce of the server's (RFC 9449 §8), which keeps anybody from making them in advance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DpopNonces {
    /// They need none.
    #[default]
    Unused,
    /// They need one. It costs clients a second request whenever theirs is too old.
    Demanded,
}

/// A proof, and the request that it came with.
#[derive(Debug, Clone, Copy)]
pub struct PresentedProof<'a> {
    /// What the header `DPoP` says.
    pub proof: &'a str,
    /// The request's method.
    pub method: &'a str,
    /// The URLs that the sender may know the request's by.
    pub uris: &'a [&'a str],
    /// The access token that came with it.
    pub access_token: Option<&'a str>,
    /// The security profile of whoever sends it, where that is known: it says what may sign.
    pub profile: Option<SecurityProfile>,
}

/// A proof that is good, if it is used for the first time.
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

impl Authority {
    /// Checks a proof and uses it up. Answers the thumbprint of its key: `cnf.jkt`.
    ///
    /// # Errors
    /// As [`Authority::check_proof`] and [`Authority::use_proof`]; [`OAuthError::Throttled`] where the network of a client that
    /// anybody can be uses up too many.
    pub async fn redeem_proof(
        &self,
        presented: PresentedProof<'_>,
        client: &Client,
        network: Network,
        now: Timestamp,
    ) -> Result<Box<str>, OAuthError> {
        let proof = self.check_proof(presented, now)?;
        self.rates.identifiers.take_for(client, network, now)?;
        self.use_proof(&proof, now).await?;
        Ok(proof.jkt)
    }

    /// Checks everything about a proof but whether it was used. Anybody can make such a proof, so what else speaks for the
    /// request should be looked at before [`Authority::use_proof`] stores anything for it.
    ///
    /// # Errors
    /// `invalid_dpop_proof`, or `use_dpop_nonce` where a nonce is wanted that it has not.
    pub fn check_proof(
        &self,
        presented: PresentedProof<'_>,
        now: Timestamp,
    ) -> Result<GoodProof, OAuthError> {
        let mut verifier = ProofVerifier::new();
        if let Some(profile) = presented.profile {
            let permitted: Vec<_> =
                verifier.supported().iter().copied().filter(|it| profile.permits(*it)).collect();
            verifier = verifier.algorithms(permitted);
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
            OAuthError::Refused(
                Refusal::new(ErrorCode::InvalidDpopProof, description(&error)).because(error.to_string()),
            )
        })?;
        if self.settings.dpop_nonces == DpopNonces::Demanded
            && !proof.nonce().is_some_and(|nonce| self.is_dpop_nonce(nonce, now))
        {
            return Err(OAuthError::refused(
                ErrorCode::UseDpopNonce,
                "the DPoP proof needs the nonce of this answer",
            ));
        }
        Ok(GoodProof {
            jkt: proof.thumbprint().into(),
            id: OneTimeHash::of_parts(&[proof.thumbprint(), proof.jti()]),
            until: proof.remember_until(),
        })
    }

    /// Uses a proof up. Proofs are remembered in the store, so one that was used at any node is refused at all of them (RFC 9449
    /// §11.1).
    ///
    /// # Errors
    /// `invalid_dpop_proof` where it was used before.
    pub async fn use_proof(&self, proof: &GoodProof, now: Timestamp) -> Result<(), OAuthError> {
        let placed = self.store.place(OneTimeKind::DpopProofId, proof.id, "".into(), proof.until, now);
        match placed.await? {
            Placement::Placed => Ok(()),
            Placement::Taken => Err(USED.into()),
        }
    }

    /// The nonce that proofs should hold from now on; none where they need none.
    pub fn dpop_nonce(&self, now: Timestamp) -> Option<String> {
        (self.settings.dpop_nonces == DpopNonces::Demanded).then(|| self.nonce_of(window(now)))
    }

    fn is_dpop_nonce(&self, nonce: &str, now: Timestamp) -> bool {
        let current = window(now);
        [current, current.saturating_sub(1)].into_iter().any(|window| nonce == self.nonce_of(window))
    }

    /// Nothing is stored for a nonce: every node makes the same one, and nobody else can.
    fn nonce_of(&self, window: i64) -> String {
        self.with_ring(|ring| base64url::encode(&ring.seal("dpop_nonce", &[&window.to_be_bytes()])[..16]))
    }
}

fn window(now: Timestamp) -> i64 {
    now.unix() / i64::try_from(NONCE_WINDOW.as_secs()).unwrap_or(i64::MAX)
}

/// What proofs may be signed by (`dpop_signing_alg_values_supported`).
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
