//! Verifying tokens.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::known_header::KnownHeaders;
use super::profile::Profile;
use super::registered::{Flaws, Subject};
use super::{Audience, Issuer, RegisteredClaims, TokenType, Verified};
use crate::base64url;
use crate::error::VerifyError;
use crate::json::{self, Document, JsonError, Limits};
use crate::jws::{self, Header, Parts};
use crate::key::KeySet;
use crate::timestamp::Timestamp;

/// Verifies the tokens of one issuer for one audience.
///
/// The algorithm comes from the keys, never from the token. A verifier never changes; share it by reference or `Arc`.
#[derive(Debug)]
pub struct Verifier {
    issuer: Issuer,
    audience: Audience,
    keys: KeySet,
    typ: TokenType,
    leeway: Duration,
    max_age: Option<Duration>,
    max_len: usize,
    expiry: Expiry,
    issue_time: IssueTime,
    required: Vec<&'static str>,
    subject: Subject,
    authorized: Option<Box<[Box<str>]>>,
    understood: Vec<Cow<'static, str>>,
    profile: Profile,
    known: KnownHeaders,
}

/// Whether tokens must say when they expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expiry {
    Required,
    Optional,
}

/// Whether tokens may have been issued in the future.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IssueTime {
    Past,
    Any,
}

impl Verifier {
    /// The leeway for clocks that differ, unless set.
    pub const DEFAULT_LEEWAY: Duration = Duration::from_secs(30);
    /// The largest leeway.
    pub const MAX_LEEWAY: Duration = Duration::from_secs(600);
    /// The longest token, unless set (bytes).
    pub const DEFAULT_MAX_LEN: usize = 16 * 1024;

    /// Verifies tokens of this issuer, for this audience, signed with one of these keys. By default, their `typ` is
    /// `JWT` or absent, `exp` is required, and clocks may differ by 30 seconds.
    #[must_use]
    pub fn new(issuer: impl Into<Issuer>, audience: impl Into<Audience>, keys: impl Into<KeySet>) -> Self {
        let mut verifier = Self {
            issuer: issuer.into(),
            audience: audience.into(),
            keys: keys.into(),
            typ: TokenType::default(),
            leeway: Self::DEFAULT_LEEWAY,
            max_age: None,
            max_len: Self::DEFAULT_MAX_LEN,
            expiry: Expiry::Required,
            issue_time: IssueTime::Past,
            required: vec![],
            subject: Subject::Text,
            authorized: None,
            understood: vec![],
            profile: Profile::default(),
            known: KnownHeaders::default(),
        };
        verifier.prepare();
        verifier
    }

    /// Requires this `typ`, such as `at+jwt`.
    #[must_use]
    pub fn typ(mut self, typ: impl Into<TokenType>) -> Self {
        self.typ = typ.into();
        self.prepare();
        self
    }

    /// Lets clocks differ by this much, at most ten minutes: more is taken for ten minutes.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway.min(Self::MAX_LEEWAY);
        self
    }

    /// Refuses tokens that were issued longer ago than this, and those that do not say when (`iat`).
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Refuses tokens longer than this (bytes).
    #[must_use]
    pub fn max_len(mut self, bytes: usize) -> Self {
        self.max_len = bytes;
        self
    }

    /// Accepts tokens without `exp`, which are good for ever.
    #[must_use]
    pub fn allow_missing_exp(mut self) -> Self {
        self.expiry = Expiry::Optional;
        self
    }

    /// Accepts tokens whose `iat` lies in the future: for an issuer that checks its own tokens. If its clock was ahead when it
    /// issued them and was set back since, they are genuine all the same.
    #[must_use]
    pub fn allow_future_iat(mut self) -> Self {
        self.issue_time = IssueTime::Any;
        self
    }

    /// Refuses tokens without this claim.
    #[must_use]
    pub fn require(mut self, claim: &'static str) -> Self {
        self.required.push(claim);
        self
    }

    /// Accepts a `sub` that is not a string, which RFC 7519 §4.1.2 does not allow but some issuers write, usually as a
    /// number. [`RegisteredClaims::sub`] is then `None`; the caller's type reads it, and must distinguish `42` from
    /// `"42"`.
    #[must_use]
    pub fn any_subject(mut self) -> Self {
        self.subject = Subject::Any;
        self
    }

    /// Accepts these parties in `azp` besides the client itself: other clients of the same application, to which the issuer gives
    /// ID tokens for this one, such as Google's for Android (OpenID Connect Core §2). A token of another kind that has an `azp`
    /// must then name one of them.
    #[must_use]
    pub fn authorized_parties<P: Into<String>>(mut self, parties: impl IntoIterator<Item = P>) -> Self {
        self.authorized = Some(parties.into_iter().map(|party| party.into().into_boxed_str()).collect());
        self
    }

    /// Accepts `crit` to name this header member, whose meaning the caller sees to: [`Verified::header`] has it.
    #[must_use]
    pub fn understands(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.understood.push(name.into());
        self.prepare();
        self
    }

    /// The keys that it verifies with.
    #[must_use]
    pub fn keys(&self) -> &KeySet {
        &self.keys
    }

    pub(super) fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    fn prepare(&mut self) {
        let typ = match &self.typ {
            TokenType::Named(name) => Some(&**name),
            _ => Some("JWT"),
        };
        self.known = KnownHeaders::new(&self.keys, typ);
    }

    /// Verifies a token in compact form: its signature first, then its claims. `C` is read from the whole claims set; it needs only
    /// what is not registered, since [`Verified::registered`] has the rest, uncopied.
    ///
    /// # Errors
    /// [`VerifyError`] says which check failed, and by how much.
    pub fn verify<C: DeserializeOwned>(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Verified<C>, VerifyError> {
        if token.len() > self.max_len {
            return Err(VerifyError::TooLarge { limit: self.max_len });
        }
        let parts = jws::split(token)?;
        let header = self.verify_signature(parts)?;
        let json = base64url::decode(parts.payload).map_err(|_| VerifyError::Malformed)?;
        let json = String::from_utf8(json).map_err(|_| VerifyError::ClaimsJson(JsonError::Utf8))?;
        let mut registered = RegisteredClaims::new(json);
        let mut flaws = Flaws::new(&self.required, self.subject);
        let claims =
            registered.read(&mut flaws).map_err(|error| self.explain::<C>(registered.json(), error, now))?;
        self.check_claims(&registered, &flaws, now)?;
        self.profile.check(&registered, self.authorized.as_deref())?;
        Ok(Verified::new(header, registered, claims))
    }

    /// Why claims that could not be read are refused: for their text, else by their policy, else by the caller's type.
    #[cold]
    fn explain<C: DeserializeOwned>(&self, json: &str, error: JsonError, now: Timestamp) -> VerifyError {
        let document = match Document::parse_str(json, Limits::PAYLOAD) {
            Ok(document) => document,
            Err(fault) => return VerifyError::ClaimsJson(fault),
        };
        let (mut registered, mut flaws) =
            (RegisteredClaims::new(json.to_owned()), Flaws::new(&self.required, self.subject));
        let checked = match registered.look_through(&document, &mut flaws) {
            Ok(()) => self.check_claims(&registered, &flaws, now),
            Err(not_an_object) => Err(VerifyError::ClaimsJson(not_an_object)),
        };
        checked.err().unwrap_or_else(|| {
            let (pointer, error) = json::misfit::<C>(json).unwrap_or((Box::default(), error));
            VerifyError::ClaimsMismatch { pointer, error: Box::new(error) }
        })
    }

    fn verify_signature(&self, parts: Parts<'_>) -> Result<Arc<Header>, VerifyError> {
        if let Some((index, header)) = self.known.find(parts.header)
            && let Some(key) = self.keys.iter().nth(index)
        {
            jws::verify_signature(key, parts.signing_input, parts.signature)?;
            return Ok(Arc::clone(header));
        }
        let header =
            Header::decode(parts.header, &self.understood).map_err(|error| self.keys.say_allowed(error))?;
        let header = Arc::new(header);
        if !self.typ.accepts(header.typ.as_deref()) {
            return Err(VerifyError::TypeMismatch { found: header.typ.clone(), wanted: self.typ.clone() });
        }
        let candidates = self.keys.candidates(header.algorithm, header.kid.as_deref())?;
        candidates.verify(parts.signing_input, parts.signature)?;
        if let Some(only) = candidates.only() {
            self.known.learn(&self.keys, only, parts.header, &header);
        }
        Ok(header)
    }

    fn check_claims(
        &self,
        claims: &RegisteredClaims,
        flaws: &Flaws,
        now: Timestamp,
    ) -> Result<(), VerifyError> {
        if let Some(name) = flaws.malformed {
            return Err(claims.malformed(name));
        }
        match claims.iss() {
            Some(iss) if self.issuer.accepts(iss) => {}
            Some(iss) => {
                return Err(VerifyError::IssuerMismatch { found: iss.into(), wanted: self.issuer.clone() });
            }
            None if self.issuer.is_required() => return Err(VerifyError::ClaimMissing { name: "iss" }),
            None => {}
        }
        let mut audiences = claims.aud().peekable();
        if audiences.peek().is_none() {
            if self.audience.is_required() {
                return Err(VerifyError::ClaimMissing { name: "aud" });
            }
        } else if !audiences.any(|audience| self.audience.accepts(audience)) {
            let found = claims.aud().map(Into::into).collect();
            return Err(VerifyError::AudienceMismatch { found, wanted: self.audience.clone() });
        }
        match claims.exp() {
            Some(exp) if now >= exp.saturating_add(self.leeway) => {
                return Err(VerifyError::Expired { exp, now });
            }
            None if self.expiry == Expiry::Required => return Err(VerifyError::ClaimMissing { name: "exp" }),
            _ => {}
        }
        if let Some(nbf) = claims.nbf().filter(|&nbf| now.saturating_add(self.leeway) < nbf) {
            return Err(VerifyError::NotYetValid { nbf, now });
        }
        let in_the_future = |iat: &Timestamp| now.saturating_add(self.leeway) < *iat;
        if let Some(iat) = claims.iat().filter(in_the_future).filter(|_| self.issue_time == IssueTime::Past) {
            return Err(VerifyError::IssuedInTheFuture { iat, now });
        }
        if let Some(age) = self.max_age {
            let iat = claims.iat().ok_or(VerifyError::ClaimMissing { name: "iat" })?;
            if now > iat.saturating_add(age).saturating_add(self.leeway) {
                return Err(VerifyError::TooOld { iat, now });
            }
        }
        match flaws.missing.first() {
            Some(name) => Err(VerifyError::ClaimMissing { name }),
            None => Ok(()),
        }
    }
}
