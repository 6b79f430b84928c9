//! Verifying signed bytes.

use std::borrow::Cow;

use super::json_form::{self, JsonForm, SignatureForm};
use super::signer::signing_input;
use super::{Header, PayloadEncoding, Verified, compact, header};
use crate::base64url;
use crate::error::VerifyError;
use crate::expected::TokenType;
use crate::json::{Document, Limits};
use crate::key::KeySet;

/// Verifies signed bytes with the keys of one signer.
///
/// Each form has its own door; none guesses. A verifier never changes; share it by reference or `Arc`.
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: KeySet,
    typ: TokenType,
    understood: Vec<Cow<'static, str>>,
    max_len: usize,
}

impl Verifier {
    /// The longest JWS, unless set (bytes).
    pub const DEFAULT_MAX_LEN: usize = 16 * 1024;

    /// Verifies with these keys. `typ` may be anything unless [`Verifier::typ`] says otherwise.
    #[must_use]
    pub fn new(keys: impl Into<KeySet>) -> Self {
        Self { keys: keys.into(), typ: TokenType::Any, understood: vec![], max_len: Self::DEFAULT_MAX_LEN }
    }

    /// Requires this `typ`.
    #[must_use]
    pub fn typ(mut self, typ: impl Into<TokenType>) -> Self {
        self.typ = typ.into();
        self
    }

    /// Accepts `crit` to name this header member, whose meaning the caller sees to.
    #[must_use]
    pub fn understands(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.understood.push(name.into());
        self
    }

    /// Refuses a JWS longer than this (bytes). A detached payload is not counted.
    #[must_use]
    pub fn max_len(mut self, bytes: usize) -> Self {
        self.max_len = bytes;
        self
    }

    /// Verifies the compact form.
    ///
    /// # Errors
    /// [`VerifyError`] says which check failed.
    pub fn verify(&self, jws: &str) -> Result<Verified, VerifyError> {
        self.check_len(jws)?;
        let parts = compact::split(jws)?;
        let header = self.header(parts.header)?;
        self.verify_with_keys(&header, None, parts.signing_input, parts.signature)?;
        let payload = match header.payload {
            PayloadEncoding::Base64url => {
                base64url::decode(parts.payload).map_err(|_| VerifyError::Malformed)?
            }
            // RFC 7797 §5.2: no control characters.
            PayloadEncoding::Unencoded if parts.payload.iter().all(|byte| (0x20..0x7f).contains(byte)) => {
                parts.payload.to_vec()
            }
            PayloadEncoding::Unencoded => return Err(VerifyError::Malformed),
        };
        Ok(Verified { header, payload, index: 0 })
    }

    /// Verifies a detached signature in the compact serialization, whose payload was sent separately (RFC 7515
    /// appendix F).
    ///
    /// # Errors
    /// As for [`Verifier::verify`]; [`VerifyError::Malformed`] if the JWS contains a payload.
    pub fn verify_detached(&self, jws: &str, payload: &[u8]) -> Result<Verified, VerifyError> {
        self.check_len(jws)?;
        let parts = compact::split(jws)?;
        if !parts.payload.is_empty() {
            return Err(VerifyError::Malformed);
        }
        let header = self.header(parts.header)?;
        let message = signing_input(parts.header, payload, header.payload);
        self.verify_with_keys(&header, None, &message, parts.signature)?;
        Ok(Verified { header, payload: payload.to_vec(), index: 0 })
    }

    /// Verifies a JSON form, flattened or general. Of several signatures one must be by a key of this verifier; which one
    /// it was, [`Verified::signature_index`] says.
    ///
    /// # Errors
    /// As [`Verifier::verify`]. Where several signatures fail, the error is about the last of them.
    pub fn verify_json(&self, jws: &str) -> Result<Verified, VerifyError> {
        self.check_len(jws)?;
        let document = Document::parse_str(jws, Limits::HEADER).map_err(|_| VerifyError::Malformed)?;
        let form = json_form::read(&document)?;
        let payload = form.payload.as_deref().ok_or(VerifyError::Malformed)?;
        self.verify_any(&form, |encoding| match encoding {
            PayloadEncoding::Base64url => base64url::decode(payload).map_err(|_| VerifyError::Malformed),
            PayloadEncoding::Unencoded => Ok(payload.as_bytes().to_vec()),
        })
    }

    /// Verifies a detached signature in a JSON serialization, whose payload was sent separately.
    ///
    /// # Errors
    /// As for [`Verifier::verify_json`]; [`VerifyError::Malformed`] if the JWS contains a payload.
    pub fn verify_json_detached(&self, jws: &str, payload: &[u8]) -> Result<Verified, VerifyError> {
        self.check_len(jws)?;
        let document = Document::parse_str(jws, Limits::HEADER).map_err(|_| VerifyError::Malformed)?;
        let form = json_form::read(&document)?;
        if form.payload.is_some() {
            return Err(VerifyError::Malformed);
        }
        self.verify_any(&form, |_| Ok(payload.to_vec()))
    }

    fn verify_any(
        &self,
        form: &JsonForm<'_>,
        payload: impl Fn(PayloadEncoding) -> Result<Vec<u8>, VerifyError>,
    ) -> Result<Verified, VerifyError> {
        // Every signature is read before any is verified, so that a malformed one refuses the whole.
        let mut judged = Vec::with_capacity(form.signatures.len());
        for signature in &form.signatures {
            judged.push(self.judge(signature)?);
        }
        // RFC 7797 §3: all of them mean the same payload.
        let mut encodings =
            judged.iter().filter_map(|judged| judged.as_ref().ok()).map(|(header, _)| header.payload);
        if let Some(first) = encodings.next()
            && encodings.any(|encoding| encoding != first)
        {
            return Err(VerifyError::Header { name: "b64" });
        }
        let mut failure = VerifyError::SignatureInvalid;
        for (index, (judged, signature)) in judged.into_iter().zip(&form.signatures).enumerate() {
            let verified = judged.and_then(|(header, kid)| {
                let payload = payload(header.payload)?;
                let protected = signature.protected.as_deref().unwrap_or_default();
                let message = signing_input(protected.as_bytes(), &payload, header.payload);
                self.verify_with_keys(&header, kid.as_deref(), &message, signature.signature.as_bytes())?;
                Ok(Verified { header, payload, index })
            });
            match verified {
                Ok(verified) => return Ok(verified),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// Reads the headers of one signature. What makes the whole JWS malformed is the outer error; what only means that this
    /// signature does not count, because another verifier is meant by it, is the inner one.
    fn judge(
        &self,
        signature: &SignatureForm<'_>,
    ) -> Result<Result<(Header, Option<String>), VerifyError>, VerifyError> {
        let Some(protected) = signature.protected.as_deref() else {
            if let Some(unprotected) = signature.unprotected {
                json_form::check_unprotected(None, unprotected)?;
            }
            return Ok(Err(VerifyError::Header { name: "alg" }));
        };
        let json = header::decode(protected.as_bytes())?;
        let document = Document::parse(&json, Limits::HEADER).map_err(VerifyError::HeaderJson)?;
        let root = document.root();
        let kid = match signature.unprotected {
            Some(unprotected) => json_form::check_unprotected(Some(root), unprotected)?,
            None => None,
        };
        match Header::read_jws(root, &self.understood) {
            Ok(header) => Ok(Ok((header, kid))),
            Err(
                error @ (VerifyError::AlgorithmNotAllowed { .. }
                | VerifyError::CriticalHeaderUnknown { .. }
                | VerifyError::Header { name: "alg" }),
            ) => Ok(Err(self.keys.say_allowed(error))),
            Err(error) => Err(error),
        }
    }

    fn header(&self, segment: &[u8]) -> Result<Header, VerifyError> {
        let json = header::decode(segment)?;
        let document = Document::parse(&json, Limits::HEADER).map_err(VerifyError::HeaderJson)?;
        Header::read_jws(document.root(), &self.understood).map_err(|error| self.keys.say_allowed(error))
    }

    fn verify_with_keys(
        &self,
        header: &Header,
        unprotected_kid: Option<&str>,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), VerifyError> {
        if !self.typ.accepts(header.typ.as_deref()) {
            return Err(VerifyError::TypeMismatch { found: header.typ.clone(), wanted: self.typ.clone() });
        }
        // The `kid` is only a hint, so it may stand outside what is protected.
        let kid = header.kid.as_deref().or(unprotected_kid);
        self.keys.candidates(header.algorithm, kid)?.verify(message, signature)
    }

    fn check_len(&self, jws: &str) -> Result<(), VerifyError> {
        if jws.len() > self.max_len { Err(VerifyError::TooLarge { limit: self.max_len }) } else { Ok(()) }
    }
}
