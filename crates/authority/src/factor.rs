//! The factors with which users prove their identity, and their values in tokens.

use jeton_oauth::authorization::ClaimRequest;
use serde::{Deserialize, Serialize};

/// A factor with which a user proved their identity. A new factor needs an entry in [`Factor::OFFERED`], a name, a
/// step of [`sign_in`](crate::sign_in) that checks it, and a page of the server that asks for it; the claims in tokens
/// follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Factor {
    /// A password.
    #[serde(rename = "pwd")]
    Password,
    /// A one-time code: of an authenticator app (RFC 6238), or one of the recovery codes that stand in for it.
    #[serde(rename = "otp")]
    OneTimeCode,
}

/// The `acr` of a sign-in with one factor that is not resistant to phishing (RFC 8485 and others number from 0; this
/// is the value that ISO/IEC 29115 calls level 1).
const SINGLE_FACTOR: &str = "1";
/// The `acr` of a sign-in with two factors.
const TWO_FACTORS: &str = "2";
/// The levels, the lowest first.
pub const ACR_VALUES: &[&str] = &[SINGLE_FACTOR, TWO_FACTORS];

/// What `amr` says besides the factors if there were several (RFC 8176 §2).
const SEVERAL: &str = "mfa";

impl Factor {
    /// The available factors, in the order in which they are asked for.
    pub const OFFERED: &[Self] = &[Self::Password, Self::OneTimeCode];

    /// The factors that say who somebody is.
    pub const FIRST: &[Self] = &[Self::Password];

    /// Its name in `amr` (RFC 8176 §2), which is also what the store keeps.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::OneTimeCode => "otp",
        }
    }

    /// The factor with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::OFFERED.iter().copied().find(|factor| factor.as_str() == name)
    }

    /// Whether it is asked for after another one.
    pub const fn is_second(self) -> bool {
        match self {
            Self::Password => false,
            Self::OneTimeCode => true,
        }
    }
}

/// The factors with these names, separated by spaces, as the store keeps them. Names that this version does not know
/// are left out: on a database that a newer version shares, the others still count.
pub fn parse_factors(names: &str) -> Vec<Factor> {
    names.split(' ').filter_map(Factor::parse).collect()
}

/// What [`parse_factors`] reads.
pub fn factors_to_text(factors: &[Factor]) -> String {
    factors.iter().map(|factor| factor.as_str()).collect::<Vec<_>>().join(" ")
}

/// Whether a second factor is among them.
pub(crate) fn has_second(met: &[Factor]) -> bool {
    met.iter().any(|factor| factor.is_second())
}

/// How many of [`ACR_VALUES`] these factors reach.
fn levels(met: &[Factor]) -> usize {
    // Grants from before factors were noted came from a password.
    if has_second(met) && met.iter().any(|factor| !factor.is_second()) { 2 } else { 1 }
}

/// The authentication context class of these factors: `acr` (OpenID Connect Core §2). Who reached a level reached those
/// below it too, so a request that names only a lower one gets that (§5.5.1.1).
pub(crate) fn acr(met: &[Factor], requested: Option<&ClaimRequest>) -> &'static str {
    let reached = &ACR_VALUES[..levels(met)];
    let highest = reached[reached.len() - 1];
    let permitted = requested.and_then(|requested| reached.iter().rev().find(|acr| requested.permits(acr)));
    permitted.copied().unwrap_or(highest)
}

/// Whether these factors satisfy a request for an `acr`.
pub(crate) fn reaches(met: &[Factor], requested: &ClaimRequest) -> bool {
    ACR_VALUES[..levels(met)].iter().any(|acr| requested.permits(acr))
}

/// The names of these factors: `amr` (RFC 8176).
pub(crate) fn amr(met: &[Factor]) -> Vec<&'static str> {
    let several = (levels(met) > 1).then_some(SEVERAL);
    met.iter().map(|factor| factor.as_str()).chain(several).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &[Factor] = &[Factor::Password];
    const TWO: &[Factor] = &[Factor::Password, Factor::OneTimeCode];

    fn wanted(values: &[&str]) -> ClaimRequest {
        let values = values.iter().map(|value| (*value).into()).collect();
        ClaimRequest { essential: true, value: None, values: Some(values) }
    }

    #[test]
    fn the_claims_say_which_factors_there_were() {
        assert_eq!((amr(&[]), acr(&[], None)), (vec![], "1"));
        assert_eq!((amr(ONE), acr(ONE, None)), (vec!["pwd"], "1"));
        assert_eq!((amr(TWO), acr(TWO, None)), (vec!["pwd", "otp", "mfa"], "2"));
    }

    #[test]
    fn a_level_includes_those_below_it_and_the_claim_says_what_was_asked_for() {
        for (met, values, reached, said) in [
            (ONE, &["1"][..], true, "1"),
            (ONE, &["2"], false, "1"),
            (ONE, &["2", "1"], true, "1"),
            (TWO, &["1"], true, "1"),
            (TWO, &["2"], true, "2"),
            (TWO, &["1", "2"], true, "2"),
            (TWO, &["3"], false, "2"),
        ] {
            let wanted = wanted(values);
            assert_eq!(
                (reaches(met, &wanted), acr(met, Some(&wanted))),
                (reached, said),
                "{met:?} {values:?}"
            );
        }
    }

    #[test]
    fn the_store_keeps_names_and_those_of_newer_versions_are_passed_over() {
        assert_eq!(factors_to_text(TWO), "pwd otp");
        assert_eq!(parse_factors("pwd otp"), TWO);
        assert_eq!(parse_factors("pwd retina"), ONE);
        assert_eq!(parse_factors(""), []);
    }
}
