//! From a chain of certificates to a key that can be trusted.

use std::time::Duration;

use rustls_pki_types::UnixTime;
use webpki::{EndEntityCert, VerifiedPath};

use super::purpose::AnyOf;
use super::{CertificateName, Purpose, TrustRoots};
use crate::Algorithm;
use crate::certificate::{CertificateChain, MalformedMember};
use crate::encoding::certificate::Certificate;
use crate::encoding::spki;
use crate::error::VerifyError;
use crate::json::{Document, Limits};
use crate::jws::{self, header};
use crate::key::{KeySet, PublicKey};
use crate::material::CertificateError;
use crate::material::KeyError;
use crate::timestamp::Timestamp;

/// Finds out whether a key may be trusted that comes with certificates.
///
/// The only way from the `x5c` of a token to a key. A verifier never changes; share it by reference or `Arc`.
#[derive(Clone, Debug)]
pub struct Verifier {
    roots: TrustRoots,
    name: CertificateName,
    algorithms: Box<[Algorithm]>,
    purposes: Vec<Purpose>,
    max_len: usize,
}

impl Verifier {
    /// The longest token of which the header is read, unless set (bytes).
    pub const DEFAULT_MAX_LEN: usize = 16 * 1024;

    /// Trusts keys whose certificates lead to these roots and are for this name, to sign by one of these algorithms: a
    /// certificate says only which kind of key it is for, so that the token's `alg` chooses among those that the caller names.
    ///
    /// Certificates that say what they are for must say that it is signing JWTs, access tokens or documents.
    #[must_use]
    pub fn new(
        roots: TrustRoots,
        name: CertificateName,
        algorithms: impl IntoIterator<Item = Algorithm>,
    ) -> Self {
        Self {
            roots,
            name,
            algorithms: algorithms.into_iter().collect(),
            purposes: vec![Purpose::JwtSigning, Purpose::AccessTokenSigning, Purpose::DocumentSigning],
            max_len: Self::DEFAULT_MAX_LEN,
        }
    }

    /// Accepts certificates for this purpose as well.
    #[must_use]
    pub fn purpose(mut self, purpose: Purpose) -> Self {
        self.purposes.push(purpose);
        self
    }

    /// Refuses to look at tokens longer than this (bytes).
    #[must_use]
    pub fn max_len(mut self, bytes: usize) -> Self {
        self.max_len = bytes;
        self
    }

    /// The key that a token in compact form carries in the `x5c` of its protected header, for the algorithm that the header
    /// names, when its certificates have been verified. The token itself has not: give the key to a
    /// [`jwt::Verifier`](crate::jwt::Verifier) or a [`jws::Verifier`](crate::jws::Verifier).
    ///
    /// # Errors
    /// [`VerifyError::KeyNotFound`] where the header has no `x5c`; [`VerifyError::AlgorithmNotAllowed`];
    /// [`VerifyError::Certificate`] where the certificates do not lead to the key; others where the header is malformed.
    pub fn key_of(&self, token: &str, now: Timestamp) -> Result<PublicKey, VerifyError> {
        self.check_len(token)?;
        self.key_of_header(jws::split(token)?.header, now)
    }

    /// The keys that a JWS in a JSON form carries in the `x5c` of its protected headers, as far as their certificates have been
    /// verified: a [`jws::Verifier`](crate::jws::Verifier) with these keys wants a signature by one of them.
    ///
    /// # Errors
    /// As [`Verifier::key_of`], for the last signature, where none carries such a key.
    pub fn keys_of_json(&self, jws: &str, now: Timestamp) -> Result<KeySet, VerifyError> {
        self.check_len(jws)?;
        let mut keys = vec![];
        let mut failure = no_certificate(None);
        for header in jws::protected_headers(jws)? {
            match self.key_of_header(header.as_bytes(), now) {
                Ok(key) => keys.push(key),
                Err(error) => failure = error,
            }
        }
        if keys.is_empty() { Err(failure) } else { KeySet::new(keys).map_err(VerifyError::Certificate) }
    }

    /// The key of a chain's first certificate, when the chain has been verified (RFC 5280 §6): signatures, lifetimes, basic and
    /// name constraints, key usage, purpose and name. Revocation is not looked up.
    ///
    /// # Errors
    /// [`KeyError::Certificate`] says which check failed; [`KeyError::AlgorithmMismatch`] where the key is not one for
    /// `algorithm`, or the verifier does not allow it; others where the key itself is refused.
    pub fn verify(
        &self,
        chain: &CertificateChain,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<PublicKey, KeyError> {
        if !self.algorithms.contains(&algorithm) {
            return Err(KeyError::AlgorithmMismatch { wanted: algorithm });
        }
        let leaf = follow(chain, &self.roots, &self.purposes, now)?;
        self.name.check(&leaf)?;
        // Taken from the parser that has verified the chain, so that no two readers can disagree about it.
        PublicKey::new(algorithm, spki::read(&leaf.subject_public_key_info())?)
    }

    fn key_of_header(&self, segment: &[u8], now: Timestamp) -> Result<PublicKey, VerifyError> {
        let json = header::decode(segment)?;
        let document = Document::parse(&json, Limits::HEADER).map_err(VerifyError::HeaderJson)?;
        let root = document.root();
        let name = header::text(root, "alg")?.ok_or(VerifyError::Header { name: "alg" })?;
        let algorithm = Algorithm::from_name(&name).filter(|algorithm| self.algorithms.contains(algorithm));
        let algorithm = algorithm.ok_or_else(|| VerifyError::AlgorithmNotAllowed {
            found: (&*name).into(),
            allowed: self.algorithms.clone(),
        })?;
        let chain = CertificateChain::from_members(root)
            .map_err(|MalformedMember(name)| VerifyError::Header { name })?
            .map_err(VerifyError::Certificate)?
            .ok_or_else(|| no_certificate(header::kid(root).ok().flatten().as_deref()))?;
        self.verify(&chain, algorithm, now).map_err(VerifyError::Certificate)
    }

    fn check_len(&self, text: &str) -> Result<(), VerifyError> {
        if text.len() > self.max_len { Err(VerifyError::TooLarge { limit: self.max_len }) } else { Ok(()) }
    }
}

/// The refusal of a token that brings no certificate along.
fn no_certificate(kid: Option<&str>) -> VerifyError {
    VerifyError::KeyNotFound { found: kid.map(Into::into), wanted: Box::default() }
}

impl TrustRoots {
    /// Whether a chain leads to one of these roots, and its first certificate is for this purpose (RFC 5280 §6): signatures,
    /// lifetimes, basic and name constraints, key usage. Whose certificate it is, is for the caller to compare, and so is that
    /// the sender has its key. Revocation is not looked up.
    ///
    /// # Errors
    /// [`CertificateError`] says which check failed.
    pub fn verify(
        &self,
        chain: &CertificateChain,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<(), CertificateError> {
        follow(chain, self, &[purpose], now).map(drop)
    }
}

/// Follows a chain to one of the roots, and gives back its first certificate.
fn follow<'a>(
    chain: &'a CertificateChain,
    roots: &TrustRoots,
    purposes: &[Purpose],
    now: Timestamp,
) -> Result<EndEntityCert<'a>, CertificateError> {
    let (certificate, others) = chain.split().ok_or(CertificateError::Malformed)?;
    let refused = |error: webpki::Error| CertificateError::of(&error, now);
    let leaf = EndEntityCert::try_from(certificate).map_err(refused)?;
    leaf.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        roots.anchors(),
        others,
        UnixTime::since_unix_epoch(Duration::from_secs(now.unix().unsigned_abs())),
        AnyOf(purposes),
        None,
        Some(&issuers_may_certify),
    )
    .map_err(refused)?;
    let usage = Certificate::parse(certificate).map_err(|_| CertificateError::Malformed)?.key_usage;
    if usage.is_some_and(|usage| !usage.digital_signature()) {
        return Err(CertificateError::Purpose);
    }
    Ok(leaf)
}

/// Key usage of the issuers, which path validation itself leaves to its caller: where one says it, it may sign certificates.
fn issuers_may_certify(path: &VerifiedPath<'_>) -> Result<(), webpki::Error> {
    for issuer in path.intermediate_certificates() {
        let issuer = issuer.der();
        let usage = Certificate::parse(&issuer).map_err(|_| webpki::Error::BadDer)?.key_usage;
        if usage.is_some_and(|usage| !usage.certificate_signature()) {
            return Err(webpki::Error::EndEntityUsedAsCa);
        }
    }
    Ok(())
}
