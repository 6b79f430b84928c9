//! Why a token was refused, or could not be made.

use std::fmt;

use crate::Algorithm;
use crate::expected::{Audience, Issuer, TokenType};
use crate::found::{ClaimFault, KeyNames};
use crate::json::JsonError;
use crate::material::KeyError;
use crate::shown::{Shown, ShownAlgorithms, ShownAll, ShownIf};
use crate::timestamp::Timestamp;

/// Why a token was refused, with what was found and what was wanted. Of the token it repeats what it says about itself (`alg`, `kid`,
/// `typ`, `iss`, `aud`), quoted and shortened in the text; never the token, its signature, other claims, or a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The token is longer than the verifier allows (16 KiB unless set).
    #[error("token is longer than {limit} bytes")]
    TooLarge {
        /// What is allowed.
        limit: usize,
    },
    /// The token does not consist of the right number of canonical base64url parts.
    #[error("token is malformed")]
    Malformed,
    /// The protected header is not a strict JSON object.
    #[error("protected header is malformed: {0}")]
    HeaderJson(JsonError),
    /// A member of the header has the wrong type, or must not be there.
    #[error("header member `{name}` is malformed or forbidden")]
    Header {
        /// Its name.
        name: &'static str,
    },
    /// `crit` names something this verifier does not understand (RFC 7515 §4.1.11).
    #[error("`crit` names {}, which is not understood", Shown(name))]
    CriticalHeaderUnknown {
        /// The member that it names.
        name: Box<str>,
    },
    /// `crit` is empty, repeats a name, or names what it must not (RFC 7515 §4.1.11).
    #[error("`crit` is malformed")]
    CriticalHeaderMalformed,
    /// No key of the verifier works by the token's algorithm; `none` and names nobody knows belong here.
    #[error("algorithm not allowed: alg is {}, allowed: {}", Shown(found), ShownAlgorithms(allowed))]
    AlgorithmNotAllowed {
        /// The `alg` of the token.
        found: Box<str>,
        /// The algorithms that are allowed.
        allowed: Box<[Algorithm]>,
    },
    /// No key has the token's `kid`, or there is no key at all.
    #[error("no matching key: {}", NoKey { found: found.as_deref(), wanted })]
    KeyNotFound {
        /// The `kid` of the token, if it has one.
        found: Option<Box<str>>,
        /// The keys that there are, and those that were left out of the set.
        wanted: Box<KeyNames>,
    },
    /// More keys fit the token than are tried, most often because it names none (`kid`), and it is not signed with one of those
    /// that were.
    #[error(
        "{fitting} keys fit the token, and it is not signed with one of the {tried} that were tried; tokens should name their key (`kid`)"
    )]
    KeyAmbiguous {
        /// How many fit.
        fitting: usize,
        /// How many were tried.
        tried: usize,
    },
    /// The certificates that the token carries do not lead to a key that is trusted.
    #[cfg(feature = "x509")]
    #[error("the token's certificate was refused: {0}")]
    Certificate(KeyError),
    /// The signature does not verify.
    #[error("signature is invalid")]
    SignatureInvalid,
    /// `typ` is not the one wanted (RFC 8725 §3.11).
    #[error("wrong token type: typ is {}, expected {wanted}", ShownIf(found.as_deref()))]
    TypeMismatch {
        /// The `typ` of the token, if it has one.
        found: Option<Box<str>>,
        /// The one wanted.
        wanted: TokenType,
    },
    /// The claims set is not a strict JSON object.
    #[error("claims are malformed: {0}")]
    ClaimsJson(JsonError),
    /// The claims do not fit the caller's type.
    #[error("claims do not match their type{}: {error}", At(pointer))]
    ClaimsMismatch {
        /// The member that does not fit or is missing, as a JSON pointer (RFC 6901). It is empty for the claims set itself, and
        /// where the type reads members through `flatten` or `untagged`, which hide their places.
        pointer: Box<str>,
        /// Why not.
        error: Box<JsonError>,
    },
    /// A required claim is absent.
    #[error("claim `{name}` is missing")]
    ClaimMissing {
        /// Its name.
        name: &'static str,
    },
    /// A registered claim has the wrong type or an absurd value (RFC 7519 §4.1).
    #[error("claim `{name}` is malformed: {fault}")]
    ClaimMalformed {
        /// Its name.
        name: &'static str,
        /// What was found, and what was expected.
        fault: Box<ClaimFault>,
    },
    /// `exp` has passed, leeway included (RFC 7519 §4.1.4).
    #[error("token expired at {exp}, now is {now}")]
    Expired {
        /// When it expired.
        exp: Timestamp,
        /// The time of the check.
        now: Timestamp,
    },
    /// `nbf` lies in the future, leeway included (RFC 7519 §4.1.5).
    #[error("token is not valid before {nbf}, now is {now}")]
    NotYetValid {
        /// When it begins to be valid.
        nbf: Timestamp,
        /// The time of the check.
        now: Timestamp,
    },
    /// `iat` lies in the future, leeway included.
    #[error("token was issued in the future, at {iat}, now is {now}")]
    IssuedInTheFuture {
        /// When it says it was issued.
        iat: Timestamp,
        /// The time of the check.
        now: Timestamp,
    },
    /// `iat` is longer ago than the verifier allows.
    #[error("token was issued too long ago, at {iat}, now is {now}")]
    TooOld {
        /// When it says it was issued.
        iat: Timestamp,
        /// The time of the check.
        now: Timestamp,
    },
    /// `iss` is another issuer.
    #[error("token is from another issuer: iss is {}, expected {wanted}", Shown(found))]
    IssuerMismatch {
        /// The `iss` of the token.
        found: Box<str>,
        /// The one wanted.
        wanted: Issuer,
    },
    /// `aud` names others.
    #[error("token is for another audience: aud is {}, expected {wanted}", ShownAll(found))]
    AudienceMismatch {
        /// The audiences of the token.
        found: Box<[Box<str>]>,
        /// Those of which one is wanted.
        wanted: Audience,
    },
    /// `azp` names another party than the client, to which the token was issued (OpenID Connect Core §3.1.3.7).
    #[error("token was issued to another party: azp is {}, expected {}", Shown(found), ShownAll(wanted))]
    AuthorizedPartyMismatch {
        /// The `azp` of the token.
        found: Box<str>,
        /// The parties of which one is wanted.
        wanted: Box<[Box<str>]>,
    },
}

impl VerifyError {
    /// The error of a claim that is not what the caller wants it to be, without more of it than is said here.
    #[must_use]
    pub fn claim_malformed(name: &'static str, found: &str, wanted: &'static str) -> Self {
        let pointer = crate::shown::pointer_to([name]);
        Self::ClaimMalformed { name, fault: Box::new(ClaimFault { pointer, found: found.into(), wanted }) }
    }

    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "token_too_large",
            Self::Malformed => "token_malformed",
            Self::HeaderJson(_) | Self::Header { .. } => "header_malformed",
            Self::CriticalHeaderUnknown { .. } => "critical_header_unknown",
            Self::CriticalHeaderMalformed => "critical_header_malformed",
            Self::AlgorithmNotAllowed { .. } => "algorithm_not_allowed",
            Self::KeyNotFound { .. } => "key_not_found",
            Self::KeyAmbiguous { .. } => "key_ambiguous",
            #[cfg(feature = "x509")]
            Self::Certificate(error) => error.code(),
            Self::SignatureInvalid => "signature_invalid",
            Self::TypeMismatch { .. } => "type_mismatch",
            Self::ClaimsJson(_) => "claims_malformed",
            Self::ClaimsMismatch { .. } => "claims_mismatch",
            Self::ClaimMissing { .. } => "claim_missing",
            Self::ClaimMalformed { .. } => "claim_malformed",
            Self::Expired { .. } => "token_expired",
            Self::NotYetValid { .. } => "token_not_yet_valid",
            Self::IssuedInTheFuture { .. } => "issued_in_the_future",
            Self::TooOld { .. } => "token_too_old",
            Self::IssuerMismatch { .. } => "issuer_mismatch",
            Self::AudienceMismatch { .. } => "audience_mismatch",
            Self::AuthorizedPartyMismatch { .. } => "authorized_party_mismatch",
        }
    }
}

/// A place in the claims set, for a message.
struct At<'e>(&'e str);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " at {}", Shown(self.0)) }
    }
}

/// Why no key fits, for a message.
struct NoKey<'e> {
    found: Option<&'e str>,
    wanted: &'e KeyNames,
}

impl fmt::Display for NoKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kid is {}, expected {}", ShownIf(self.found), self.wanted)?;
        match self.found.and_then(|kid| self.wanted.skipped_as(kid)) {
            Some(skipped) => write!(f, "; the key of that name cannot be used: {skipped}"),
            None => Ok(()),
        }
    }
}

/// Why a token could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The key must not sign, or its `kid` is too long.
    #[error("the key cannot sign: {0}")]
    Key(#[from] KeyError),
    /// The claims do not serialise to a JSON object.
    #[error("the claims cannot be serialised: {reason}")]
    Claims {
        /// Why not.
        reason: Box<str>,
    },
    /// A registered claim has a form that every verifier refuses (RFC 7519 §4.1): `exp` in milliseconds or as a string, `sub` as a
    /// number, `aud` without an audience.
    #[error(
        "claim `{name}` is malformed: {fault}; every verifier refuses this: who needs such a token signs it with `jws::Signer`"
    )]
    ClaimMalformed {
        /// Its name.
        name: &'static str,
        /// What was found, and what was expected.
        fault: Box<ClaimFault>,
    },
    /// The name of a header member is reserved, or already set.
    #[error("this header member cannot be set")]
    HeaderName,
    /// The payload cannot travel unencoded in this form, or not all signers want it so (RFC 7797 §5.2).
    #[error("the payload must be encoded in this serialization")]
    Unencoded,
    /// The compact form has no room for an unprotected header.
    #[error("the compact serialization has no unprotected header")]
    Unprotected,
    /// There are no signers, or more than 16.
    #[error("between 1 and 16 signers are allowed")]
    Signers,
    /// The cryptographic library failed.
    #[error("signing failed")]
    Failed,
}

impl SignError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Key(error) => error.code(),
            Self::Claims { .. } => "claims_not_serialisable",
            Self::ClaimMalformed { .. } => "claim_malformed",
            Self::HeaderName => "header_name_reserved",
            Self::Unencoded => "payload_needs_encoding",
            Self::Unprotected => "unprotected_header_in_compact",
            Self::Signers => "signers_number",
            Self::Failed => "signing_failed",
        }
    }
}
