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
    /// A passkey. Alone, only if its authenticator verified its user, which makes two factors of it; after a password, in any
    /// case.
    #[serde(rename = "pop")]
    Passkey,
    /// A browser in which the user presented a second factor before, and wanted not to be asked for a while. It is no factor: tokens do not
    /// say it, and only a request that requires a second factor of those alone who have one is content with it.
    #[serde(rename = "dev")]
    KnownDevice,
}

/// The `acr` of a sign-in with one factor that is not resistant to phishing (RFC 8485 and others number from 0; this
/// is the value that ISO/IEC 29115 calls level 1).
const SINGLE_FACTOR: &str = "1";
/// The `acr` of a sign-in with two factors.
const TWO_FACTORS: &str = "2";
/// The `acr` of a sign-in with a passkey: two factors, one of which works at no other site (OpenID Connect Extended
/// Authentication Profile ACR Values 1.0 §2).
const PHISHING_RESISTANT: &str = "phr";
/// The levels, the lowest first.
pub const ACR_VALUES: &[&str] = &[SINGLE_FACTOR, TWO_FACTORS, PHISHING_RESISTANT];

/// What `amr` says besides the factors if there were several (RFC 8176 §2).
const SEVERAL: &str = "mfa";

impl Factor {
    /// The available factors, in the order in which they are asked for.
    pub const OFFERED: &[Self] = &[Self::Password, Self::OneTimeCode, Self::Passkey];

    /// All that is stored.
    const STORED: &[Self] = &[Self::Password, Self::OneTimeCode, Self::Passkey, Self::KnownDevice];

    /// The factors that say who somebody is.
    pub const FIRST: &[Self] = &[Self::Password, Self::Passkey];

    /// Its name in `amr` (RFC 8176 §2), which is also what the store keeps.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::OneTimeCode => "otp",
            Self::Passkey => "pop",
            Self::KnownDevice => "dev",
        }
    }

    /// The factor with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::STORED.iter().copied().find(|factor| factor.as_str() == name)
    }

    /// Whether a sign-in with it has two factors: because it comes after a password, or is two by itself.
    pub const fn makes_two(self) -> bool {
        match self {
            Self::Password | Self::KnownDevice => false,
            Self::OneTimeCode | Self::Passkey => true,
        }
    }
}

/// What a user has set up besides the password.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Enrolled {
    /// The factors.
    pub factors: Vec<Factor>,
    /// Whether one of them is required after the password.
    pub is_two_step: bool,
}

/// What stands for [`Enrolled::is_two_step`] in the stored text.
const TWO_STEP: &str = "2";

impl Enrolled {
    /// The factors of which one is required after the password.
    pub fn second(&self) -> &[Factor] {
        if self.is_two_step { &self.factors } else { &[] }
    }

    /// Whether there is a passkey.
    pub fn has_passkey(&self) -> bool {
        self.factors.contains(&Factor::Passkey)
    }

    /// Reads [`Self::to_text`]. As in [`parse_factors`], unknown names are left out.
    pub fn parse(text: &str) -> Self {
        Self { factors: parse_factors(text), is_two_step: text.split(' ').any(|name| name == TWO_STEP) }
    }

    /// What the store keeps.
    pub fn to_text(&self) -> String {
        let names = self.factors.iter().map(|factor| factor.as_str());
        names.chain(self.is_two_step.then_some(TWO_STEP)).collect::<Vec<_>>().join(" ")
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

/// Whether these are two factors.
pub(crate) fn are_two(met: &[Factor]) -> bool {
    met.iter().any(|factor| factor.makes_two())
}

/// How many of [`ACR_VALUES`] these factors reach.
fn levels(met: &[Factor]) -> usize {
    // Grants from before factors were noted came from a password.
    match met {
        met if met.contains(&Factor::Passkey) => 3,
        met if are_two(met) => 2,
        _ => 1,
    }
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
    let factors = met.iter().filter(|factor| **factor != Factor::KnownDevice);
    factors.map(|factor| factor.as_str()).chain(several).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &[Factor] = &[Factor::Password];
    const TWO: &[Factor] = &[Factor::Password, Factor::OneTimeCode];
    const PASSKEY: &[Factor] = &[Factor::Passkey];
    const AFTER_PASSWORD: &[Factor] = &[Factor::Password, Factor::Passkey];

    fn wanted(values: &[&str]) -> ClaimRequest {
        let values = values.iter().map(|value| (*value).into()).collect();
        ClaimRequest { essential: true, value: None, values: Some(values) }
    }

    #[test]
    fn a_known_device_is_stored_and_is_no_factor() {
        let met = &[Factor::Password, Factor::KnownDevice];
        assert_eq!((amr(met), acr(met, None), are_two(met)), (vec!["pwd"], "1", false));
        assert_eq!(parse_factors(&factors_to_text(met)), met);
    }

    #[test]
    fn the_claims_say_which_factors_there_were() {
        assert_eq!((amr(&[]), acr(&[], None)), (vec![], "1"));
        assert_eq!((amr(ONE), acr(ONE, None)), (vec!["pwd"], "1"));
        assert_eq!((amr(TWO), acr(TWO, None)), (vec!["pwd", "otp", "mfa"], "2"));
        assert_eq!((amr(PASSKEY), acr(PASSKEY, None)), (vec!["pop", "mfa"], "phr"));
        assert_eq!((amr(AFTER_PASSWORD), acr(AFTER_PASSWORD, None)), (vec!["pwd", "pop", "mfa"], "phr"));
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
            (TWO, &["phr"], false, "2"),
            (TWO, &["3"], false, "2"),
            (PASSKEY, &["phr"], true, "phr"),
            (PASSKEY, &["2"], true, "2"),
            (PASSKEY, &["1", "phr"], true, "phr"),
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
        for (text, second, has_passkey) in [
            ("", &[][..], false),
            ("pop", &[], true),
            ("otp 2", &[Factor::OneTimeCode], false),
            ("otp pop 2", &[Factor::OneTimeCode, Factor::Passkey], true),
        ] {
            let enrolled = Enrolled::parse(text);
            assert_eq!((enrolled.second(), enrolled.has_passkey()), (second, has_passkey), "{text}");
            assert_eq!(enrolled.to_text(), text);
        }
    }
}
