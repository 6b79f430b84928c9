//! Checking proofs.

use std::time::Duration;

use super::nonces::Judged;
use super::prover::access_token_hash;
use super::request::same_uri;
use super::{DpopError, NonceDemand, Nonces, Request, request};
use crate::Algorithm;
use crate::base64url;
use crate::crypto;
use crate::error::VerifyError;
use crate::expected::TokenType;
use crate::json::{Document, Limits, NumericDate, Rounding, Value};
use crate::jwk;
use crate::jws::{self, Header, header};
use crate::jwt::{self, Verifier};
use crate::key::{PublicKey, VerifyingKey};
use crate::material::KeyError;
use crate::timestamp::Timestamp;

/// Checks proofs.
#[derive(Clone, Debug)]
pub struct ProofVerifier {
    algorithms: Vec<Algorithm>,
    max_age: Duration,
    leeway: Duration,
    nonces: Option<(Nonces, NonceDemand)>,
}

/// A proof that has passed every check but the one for replay, which is the caller's.
#[derive(Clone, Debug)]
pub struct Proof {
    thumbprint: String,
    jti: String,
    iat: Timestamp,
    nonce: Option<String>,
    remember_until: Timestamp,
}

/// The longest `jti` (bytes), since somebody has to remember it.
const MAX_JTI: usize = 256;

impl Default for ProofVerifier {
    fn default() -> Self {
        Self::new()
    }
}

impl ProofVerifier {
    /// Takes proofs by ES256, ES384, ES512, Ed25519 and PS256, at most a minute old, by clocks that differ by 30 seconds at most.
    #[must_use]
    pub fn new() -> Self {
        use Algorithm::{ES256, ES384, ES512, Ed25519, PS256};
        Self {
            algorithms: vec![ES256, ES384, ES512, Ed25519, PS256],
            max_age: Duration::from_secs(60),
            leeway: Verifier::DEFAULT_LEEWAY,
            nonces: None,
        }
    }

    /// Takes these algorithms instead; symmetric ones are left out, for a proof by a shared secret proves nothing.
    #[must_use]
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().filter(|algorithm| !algorithm.is_symmetric()).collect();
        self
    }

    /// The algorithms it takes, for the server's metadata (`dpop_signing_alg_values_supported`).
    #[must_use]
    pub fn supported(&self) -> &[Algorithm] {
        &self.algorithms
    }

    /// Refuses proofs older than this.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// Lets clocks differ by this much, at most ten minutes.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway.min(Verifier::MAX_LEEWAY);
        self
    }

    /// Takes these nonces. A proof with a fresh one was made just now, whatever its `iat` says (RFC 9449 §4.3, item 11).
    #[must_use]
    pub fn nonces(mut self, nonces: Nonces, demand: NonceDemand) -> Self {
        self.nonces = Some((nonces, demand));
        self
    }

    /// Checks a proof against the request that it came with (RFC 9449 §4.3).
    ///
    /// # Errors
    /// [`DpopError`] says which check failed.
    pub fn verify(&self, proof: &str, request: &Request<'_>, now: Timestamp) -> Result<Proof, DpopError> {
        if proof.len() > Verifier::DEFAULT_MAX_LEN {
            return Err(VerifyError::TooLarge { limit: Verifier::DEFAULT_MAX_LEN }.into());
        }
        let parts = jws::split(proof)?;
        let (key, thumbprint) = self.key(parts.header)?;
        jws::verify_signature(&key, parts.signing_input, parts.signature)?;
        let json = base64url::decode(parts.payload).map_err(|_| VerifyError::Malformed)?;
        let document = Document::parse(&json, Limits::PAYLOAD).map_err(VerifyError::ClaimsJson)?;
        let (jti, iat, nonce) = check_claims(document.root(), request)?;
        if request.thumbprint.is_some_and(|wanted| wanted != thumbprint) {
            return Err(DpopError::KeyMismatch);
        }
        let remember_until = self.check_time(iat, nonce.as_deref(), now)?;
        Ok(Proof { thumbprint, jti, iat, nonce, remember_until })
    }

    /// The key in the header. Nowhere else in this crate is such a key used.
    fn key(&self, segment: &[u8]) -> Result<(VerifyingKey, String), DpopError> {
        let header = Header::decode(segment, &[])?;
        let wanted = TokenType::from("dpop+jwt");
        if !wanted.accepts(header.typ.as_deref()) {
            return Err(VerifyError::TypeMismatch { found: header.typ, wanted }.into());
        }
        if !self.algorithms.contains(&header.algorithm) {
            let (found, allowed) = (header.algorithm.as_str().into(), self.algorithms.as_slice().into());
            return Err(VerifyError::AlgorithmNotAllowed { found, allowed }.into());
        }
        let json = header::decode(segment)?;
        let document = Document::parse(&json, Limits::HEADER).map_err(VerifyError::HeaderJson)?;
        let jwk = document.root().get("jwk").ok_or(VerifyError::Header { name: "jwk" })?;
        let jwk = jwk::from_value(jwk)?;
        if !jwk.is_public() {
            return Err(KeyError::Kind { found: "a private or shared key", wanted: "a public key" }.into());
        }
        let key = PublicKey::from_jwk_for(header.algorithm, &jwk)?;
        Ok((key.into(), jwk.thumbprint()))
    }

    /// Checks that the proof was made just now. Answers until when it has to be remembered.
    fn check_time(
        &self,
        iat: Timestamp,
        nonce: Option<&str>,
        now: Timestamp,
    ) -> Result<Timestamp, DpopError> {
        let by_clock = self.check_iat(iat, now);
        let Some((nonces, demand)) = &self.nonces else { return Ok(by_clock?) };
        match (nonce.map_or(Judged::Foreign, |nonce| nonces.judge(nonce, now)), demand) {
            (Judged::Fresh { until }, _) => Ok(until),
            // Its `iat` does not count: a clock that is ahead would let the proof pass a second time, once it is forgotten.
            (Judged::Stale, _) | (Judged::Foreign, NonceDemand::Always) => Err(DpopError::NonceMismatch),
            (Judged::Foreign, NonceDemand::WhereClocksDiffer) => by_clock.map_err(DpopError::NonceNeeded),
        }
    }

    fn check_iat(&self, iat: Timestamp, now: Timestamp) -> Result<Timestamp, VerifyError> {
        let end = iat.saturating_add(self.max_age).saturating_add(self.leeway);
        if now.saturating_add(self.leeway) < iat {
            return Err(VerifyError::IssuedInTheFuture { iat, now });
        }
        if now > end { Err(VerifyError::TooOld { iat, now }) } else { Ok(end) }
    }
}

fn check_claims(
    claims: Value<'_, '_>,
    request: &Request<'_>,
) -> Result<(String, Timestamp, Option<String>), DpopError> {
    let jti = text(claims, "jti")?.ok_or(VerifyError::ClaimMissing { name: "jti" })?;
    if jti.is_empty() || jti.len() > MAX_JTI {
        return Err(
            VerifyError::claim_malformed("jti", &format!("{} bytes", jti.len()), "1 to 256 bytes").into()
        );
    }
    if text(claims, "htm")?.ok_or(VerifyError::ClaimMissing { name: "htm" })? != request.method {
        return Err(DpopError::MethodMismatch);
    }
    let htu = text(claims, "htu")?.ok_or(VerifyError::ClaimMissing { name: "htu" })?;
    // Neither side's query or fragment counts (RFC 9449 §4.3, item 9), though a proof should have none.
    if !same_uri(request::without_query(&htu), request::without_query(request.uri)) {
        return Err(DpopError::UriMismatch);
    }
    let iat = claims.get("iat").ok_or(VerifyError::ClaimMissing { name: "iat" })?;
    let iat = iat
        .as_number()
        .and_then(|number| NumericDate::read(number, Rounding::Up))
        .and_then(|date| Timestamp::try_from_unix(date.0))
        .ok_or_else(|| VerifyError::ClaimMalformed {
            name: "iat",
            fault: Box::new(jwt::fault("iat", iat)),
        })?;
    let ath = text(claims, "ath")?;
    if let Some(token) = request.access_token
        && ath != Some(access_token_hash(token))
    {
        return Err(DpopError::AccessTokenMismatch);
    }
    let nonce = text(claims, "nonce")?;
    if request.nonce.is_some_and(|wanted| nonce.as_deref() != Some(wanted)) {
        return Err(DpopError::NonceMismatch);
    }
    Ok((jti, iat, nonce))
}

fn text(claims: Value<'_, '_>, name: &'static str) -> Result<Option<String>, VerifyError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let malformed = || VerifyError::ClaimMalformed { name, fault: Box::new(jwt::fault(name, value)) };
    value.as_str().map(|text| Some(text.into_owned())).ok_or_else(malformed)
}

impl Proof {
    /// The thumbprint of its key, to which a token is bound (`cnf.jkt`).
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Its own name, chosen by the client.
    #[must_use]
    pub fn jti(&self) -> &str {
        &self.jti
    }

    /// When it was made.
    #[must_use]
    pub fn iat(&self) -> Timestamp {
        self.iat
    }

    /// The server's nonce in it, for callers that take more than the one of [`Request::nonce`].
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    /// What the caller remembers, so that the same proof is refused a second time: a hash of its key and `jti`, always 32 bytes.
    #[must_use]
    pub fn replay_id(&self) -> [u8; 32] {
        crypto::sha256(format!("{}.{}", self.thumbprint, self.jti).as_bytes())
    }

    /// Until when it has to be remembered: afterwards it is too old anyway.
    #[must_use]
    pub fn remember_until(&self) -> Timestamp {
        self.remember_until
    }
}
