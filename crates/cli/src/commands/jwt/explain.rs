//! Why a token was refused, in words: which check, by how much, by which clock.

use jeton_jose::jwt::Unverified;
use jeton_jose::{Timestamp, VerifyError};

use crate::commands::peek::{is_json, shortened, too_large};
use crate::key_choice::Skipped;
use crate::members::Members;
use crate::words;

/// Which clock a check went by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// The one of this machine.
    Machine,
    /// `--at`.
    Given,
}

impl Clock {
    fn name(self) -> &'static str {
        match self {
            Self::Machine => "by this machine's clock",
            Self::Given => "by --at",
        }
    }
}

/// What was asked for, to be set against what was found.
pub(super) struct Wanted {
    /// `iss`: one of these.
    pub(super) issuers: Vec<String>,
    /// `aud`: one of these.
    pub(super) audiences: Vec<String>,
    /// `typ`.
    pub(super) typ: Option<String>,
    /// The algorithms that the keys allow.
    pub(super) algorithms: String,
    /// What the keys are called, in words.
    pub(super) kids: String,
    /// How far clocks may differ.
    pub(super) leeway: std::time::Duration,
    /// `--max-size`.
    pub(super) max_size: usize,
    /// Which clock was asked.
    pub(super) clock: Clock,
    /// The keys that were left out.
    pub(super) skipped: Skipped,
}

/// The refusal of `token` in one line.
pub(super) fn explain(error: &VerifyError, token: &str, wanted: &Wanted) -> String {
    let unverified = Unverified::parse(token).ok();
    let quoted =
        |text: Option<&str>| text.map_or("absent".to_owned(), |text| format!("{:?}", shortened(text)));
    let now_and_leeway = |now: Timestamp| {
        let leeway = match wanted.leeway.is_zero() {
            true => String::new(),
            false => format!(", with {} of leeway", words::span(wanted.leeway)),
        };
        format!("now {} {}{leeway}", words::date(now), wanted.clock.name())
    };
    let skipped = || wanted.skipped.explain(unverified.as_ref().and_then(Unverified::kid));
    match error {
        VerifyError::Expired { exp, now } => {
            let ago = words::span(now.saturating_since(*exp));
            format!("expired {ago} ago: exp {}, {}", words::date(*exp), now_and_leeway(*now))
        }
        VerifyError::NotYetValid { nbf, now } => {
            let early = words::span(nbf.saturating_since(*now));
            format!("not valid for another {early}: nbf {}, {}", words::date(*nbf), now_and_leeway(*now))
        }
        VerifyError::IssuedInTheFuture { iat, now } => {
            let early = words::span(iat.saturating_since(*now));
            format!("issued {early} in the future: iat {}, {}", words::date(*iat), now_and_leeway(*now))
        }
        VerifyError::IssuerMismatch { .. } => {
            let found = unverified.as_ref().and_then(Unverified::iss);
            format!("from another issuer: iss is {}, expected {}", quoted(found), one_of(&wanted.issuers))
        }
        VerifyError::AudienceMismatch { .. } => {
            let found = unverified.as_ref().and_then(|token| Members::parse(token.claims_json()).ok());
            let found = found.as_ref().and_then(|claims| claims.get("aud")).map_or("absent", |aud| aud.get());
            format!(
                "for another audience: aud is {}, expected {}",
                shortened(found),
                one_of(&wanted.audiences)
            )
        }
        VerifyError::Malformed | VerifyError::TypeMismatch { .. } if another_form(token).is_some() => {
            another_form(token).unwrap_or_default().to_owned()
        }
        VerifyError::TypeMismatch { .. } => {
            let found = unverified.as_ref().and_then(Unverified::typ);
            let wanted = wanted.typ.as_deref().map_or("\"JWT\" or none".to_owned(), |typ| quoted(Some(typ)));
            format!("wrong token type: typ is {}, expected {wanted} (--typ says which)", quoted(found))
        }
        VerifyError::AlgorithmNotAllowed { .. } => {
            let found = unverified.as_ref().map(Unverified::alg);
            format!(
                "algorithm not allowed: alg is {}, allowed: {}{}",
                quoted(found),
                wanted.algorithms,
                skipped()
            )
        }
        VerifyError::SignatureInvalid => format!("{error}{}", skipped()),
        VerifyError::KeyNotFound { .. } => {
            let found = unverified.as_ref().and_then(Unverified::kid);
            format!("no matching key: kid is {}{}{}", quoted(found), wanted.kids, skipped())
        }
        VerifyError::ClaimMissing { name: "exp" } => {
            "claim `exp` is missing: a token that never expires is accepted with --allow-no-exp".to_owned()
        }
        VerifyError::Malformed if token.split('.').count() == 5 => {
            "token is encrypted: --decrypt-key decrypts it first".to_owned()
        }
        VerifyError::Malformed if token.contains(char::is_whitespace) => {
            "token is malformed: it has white space in it".to_owned()
        }
        VerifyError::CriticalHeaderUnknown { name } => {
            format!(
                "`crit` names {:?}, which is not understood: if you process it, allow it with --understands",
                shortened(name)
            )
        }
        VerifyError::TooLarge { limit } => too_large("token", *limit, wanted.max_size),
        other => other.to_string(),
    }
}

/// Names of which one is wanted.
fn one_of(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("{:?}", shortened(name))).collect();
    names.join(" or ")
}

/// What a text is that is no signed token in the compact form, and which command takes it.
pub(super) fn another_form(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        Some("no token: the input is empty")
    } else if is_json(text) {
        Some("the text is in a JSON form, but a token is compact: use `jeton jws verify`")
    } else if text.contains('~') {
        Some("token is an SD-JWT: use `jeton jwt sd verify`")
    } else {
        None
    }
}
