//! What is still required from the user of a browser: one pure function, which every step returns to. No step calls
//! the next one.

use jeton_jose::Timestamp;
use jeton_oauth::authorization::ClaimRequest;
use serde::{Deserialize, Serialize};

use super::SignedIn;
use crate::client::SecondFactorPolicy;
use crate::factor::{Factor, are_two, reaches};
use crate::user::User;

/// How the user identified themselves in this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Identified {
    /// Not at all: the user was already signed in.
    #[default]
    NotYet,
    /// The user chose the account that was signed in. That is not authentication.
    ByChoice,
    /// The user signed in.
    BySignIn,
}

/// What the user did in this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Since<'a> {
    /// How the user identified themselves.
    pub identified: Identified,
    /// The user consented.
    pub consented: bool,
    /// Who presented a password and still has to present a second factor, whoever is signed in.
    pub challenged: Option<&'a User>,
}

/// The demands of a request on the sign-in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Demand<'a> {
    /// Whether an earlier sign-in counts.
    pub sign_in: Freshness,
    /// The largest age of the sign-in, in seconds.
    pub max_age: Option<u64>,
    /// The subject of the expected user, if the request expects a particular one.
    pub expected: Option<&'a str>,
    /// The requested `acr`.
    pub acr: Option<&'a ClaimRequest>,
    /// Whether a second factor is required.
    pub second_factor: SecondFactorDemand,
    /// Whether the user must be asked for consent.
    pub consent: ConsentDemand,
}

/// Whether an earlier sign-in counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Freshness {
    /// It counts.
    #[default]
    Any,
    /// It counts after the user has chosen the account.
    Chosen,
    /// It does not count: the user must sign in for this request.
    Afresh,
}

/// Whether a second factor is required.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SecondFactorDemand {
    /// Of a user who has one. A browser that the user had remembered stands in for it.
    #[default]
    IfSetUp,
    /// Of a user who has one, whatever is remembered.
    Presented,
    /// Of everybody.
    Always,
    /// Of nobody.
    None,
}

impl From<SecondFactorPolicy> for SecondFactorDemand {
    fn from(policy: SecondFactorPolicy) -> Self {
        match policy {
            SecondFactorPolicy::IfSetUp => Self::IfSetUp,
            SecondFactorPolicy::Required => Self::Always,
        }
    }
}

/// Whether the user must be asked for consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConsentDemand {
    /// No.
    #[default]
    None,
    /// Yes, in this request.
    Asked,
}

impl Demand<'_> {
    /// Whether a sign-in for it may leave the second factor out in a browser that the user had remembered. A request that names an `acr` gets
    /// the best that the user can do.
    pub fn takes_known_device(&self) -> bool {
        self.second_factor == SecondFactorDemand::IfSetUp && self.acr.is_none()
    }
}

/// What is still required.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The user's identity.
    Account,
    /// One of these factors.
    Factor(Vec<Factor>),
    /// A second factor, which the user has to set up first.
    SetUp,
    /// The user's consent.
    Consent,
    /// Nothing.
    Done,
    /// The request cannot be satisfied.
    Unmet(Unmet),
}

/// A demand of a request that asking again would not satisfy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmet {
    /// A user signed in for this request who is not the expected one.
    AnotherUser,
    /// No available factor leads to the essential `acr` (OpenID Connect Core §5.5.1.1).
    Acr,
}

/// Returns what is still required.
pub fn next(demand: &Demand<'_>, signed_in: Option<&SignedIn>, since: Since<'_>, now: Timestamp) -> Step {
    if let Some(user) = since.challenged {
        return Step::Factor(user.enrolled.second().to_vec());
    }
    let Some(signed_in) = signed_in else { return Step::Account };
    let subject = signed_in.user.subject();
    if demand.expected.is_some_and(|expected| expected != subject.as_str()) {
        return match since.identified {
            Identified::BySignIn => Step::Unmet(Unmet::AnotherUser),
            _ => Step::Account,
        };
    }
    match (since.identified, demand.sign_in) {
        (Identified::BySignIn, _) => {}
        (_, Freshness::Afresh) => return first_factor(),
        (Identified::NotYet, Freshness::Chosen) => return Step::Account,
        // A sign-in in the future is as old as the clock was ahead: nothing tells when it really was.
        _ if demand.max_age.is_some_and(|max_age| {
            now.unix().abs_diff(signed_in.session.authenticated_at.unix()) > max_age
        }) =>
        {
            return first_factor();
        }
        _ => {}
    }
    if let Some(step) = still_second(demand, signed_in).or_else(|| still_for_acr(demand, signed_in)) {
        return step;
    }
    match demand.consent {
        ConsentDemand::Asked if !since.consented => Step::Consent,
        _ => Step::Done,
    }
}

/// The same for an errand that an earlier sign-in is enough for: `challenged` goes on only where something is still required.
pub fn next_unless_done(
    demand: &Demand<'_>,
    signed_in: Option<&SignedIn>,
    challenged: Option<&User>,
    now: Timestamp,
) -> Step {
    match next(demand, signed_in, Since::default(), now) {
        Step::Account | Step::Factor(_) if challenged.is_some() => {
            next(demand, signed_in, Since { challenged, ..Since::default() }, now)
        }
        step => step,
    }
}

/// Signing in begins with one of these, whatever follows.
fn first_factor() -> Step {
    Step::Factor(Factor::FIRST.to_vec())
}

/// What is still required for a second factor. It is presented after a password that was typed for the same sign-in, so that
/// both are as recent as the sign-in is said to be.
fn still_second(demand: &Demand<'_>, signed_in: &SignedIn) -> Option<Step> {
    let met = &signed_in.session.methods;
    let is_remembered =
        demand.second_factor == SecondFactorDemand::IfSetUp && met.contains(&Factor::KnownDevice);
    if demand.second_factor == SecondFactorDemand::None || are_two(met) || is_remembered {
        return None;
    }
    match (signed_in.user.enrolled.is_two_step, demand.second_factor) {
        (true, _) => Some(first_factor()),
        (false, SecondFactorDemand::Always) => Some(Step::SetUp),
        (false, _) => None,
    }
}

/// What is still required for a requested `acr`.
fn still_for_acr(demand: &Demand<'_>, signed_in: &SignedIn) -> Option<Step> {
    let met = &signed_in.session.methods;
    let wanted = demand.acr.filter(|wanted| wanted.essential && !reaches(met, wanted))?;
    let enrolled = &signed_in.user.enrolled;
    let with_password = [&[Factor::Password], enrolled.second()].concat();
    Some(if reaches(&with_password, wanted) && !are_two(met) {
        first_factor()
    } else if enrolled.has_passkey() && reaches(&[Factor::Passkey], wanted) {
        Step::Factor(vec![Factor::Passkey])
    } else {
        Step::Unmet(Unmet::Acr)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factor::Enrolled;
    use crate::password::PasswordHash;
    use crate::session::Session;
    use crate::user::{Attributes, Role, UserStatus, Username};
    use crate::{Network, SessionId, UserId};

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
    const BY_SIGN_IN: Since<'_> =
        Since { identified: Identified::BySignIn, consented: false, challenged: None };
    const BY_CHOICE: Since<'_> =
        Since { identified: Identified::ByChoice, consented: false, challenged: None };

    fn ada(seconds_ago: i64) -> SignedIn {
        let id = UserId::from_bytes([1; 16]);
        let session = Session {
            id: SessionId::from_bytes([2; 16]),
            user: id,
            methods: vec![Factor::Password],
            network: Network::Unknown,
            device: "".into(),
            authenticated_at: Timestamp::from_unix(NOW.unix() - seconds_ago),
            last_used_at: NOW,
            expires_at: NOW,
            seen: true,
        };
        let user = User {
            id,
            imported_key: Some("ada".into()),
            username: Username::parse("ada").expect("a name"),
            email: None,
            password: PasswordHash::from_stored("x"),
            epoch: 0,
            status: UserStatus::Active,
            role: Role::Member,
            created_at: NOW,
            attributes: Attributes::default(),
            enrolled: Enrolled::default(),
        };
        SignedIn { session, user }
    }

    fn asked(demand: Demand<'_>, since: Since<'_>) -> Step {
        next(&demand, Some(&ada(10)), since, NOW)
    }

    fn a_factor() -> Step {
        Step::Factor(Factor::FIRST.to_vec())
    }

    #[test]
    fn somebody_who_is_nobody_yet_is_asked_who_they_are() {
        assert_eq!(next(&Demand::default(), None, Since::default(), NOW), Step::Account);
        assert_eq!(asked(Demand::default(), Since::default()), Step::Done);
    }

    #[test]
    fn an_account_is_chosen_once_and_choosing_it_is_no_sign_in() {
        let choose = Demand { sign_in: Freshness::Chosen, ..Demand::default() };
        assert_eq!(asked(choose, Since::default()), Step::Account);
        assert_eq!(asked(choose, BY_CHOICE), Step::Done);
        let afresh = Demand { sign_in: Freshness::Afresh, ..Demand::default() };
        assert_eq!([asked(afresh, Since::default()), asked(afresh, BY_CHOICE)], [a_factor(), a_factor()]);
        assert_eq!(asked(afresh, BY_SIGN_IN), Step::Done);
    }

    #[test]
    fn a_sign_in_that_is_too_old_is_repeated_whichever_way_the_clock_went() {
        let young = Demand { max_age: Some(10), ..Demand::default() };
        assert_eq!(next(&young, Some(&ada(10)), Since::default(), NOW), Step::Done);
        for seconds_ago in [11, -11] {
            assert_eq!(next(&young, Some(&ada(seconds_ago)), BY_CHOICE, NOW), a_factor());
        }
    }

    #[test]
    fn another_user_than_expected_is_asked_once() {
        let bob = Demand { expected: Some("bob"), ..Demand::default() };
        assert_eq!(asked(bob, Since::default()), Step::Account);
        assert_eq!(asked(bob, BY_SIGN_IN), Step::Unmet(Unmet::AnotherUser));
        assert_eq!(asked(Demand { expected: Some("ada"), ..bob }, BY_SIGN_IN), Step::Done);
    }

    #[test]
    fn an_essential_acr_that_no_factor_leads_to_is_unmet_and_a_voluntary_one_is_not() {
        let acr =
            |essential, value: &str| ClaimRequest { essential, value: Some(value.into()), values: None };
        for (wanted, step) in [
            (acr(true, "1"), Step::Done),
            (acr(true, "2"), Step::Unmet(Unmet::Acr)),
            (acr(false, "2"), Step::Done),
        ] {
            assert_eq!(asked(Demand { acr: Some(&wanted), ..Demand::default() }, Since::default()), step);
        }
    }

    /// A user with an authenticator app, who presented these factors.
    fn with_app(methods: &[Factor]) -> SignedIn {
        let mut ada = ada(10);
        ada.user.enrolled = Enrolled::parse("otp 2");
        ada.session.methods = methods.to_vec();
        ada
    }

    const TWO: &[Factor] = &[Factor::Password, Factor::OneTimeCode];

    #[test]
    fn who_has_a_second_factor_is_asked_for_both_until_both_were_presented() {
        let step = |signed_in: &SignedIn, demand| next(&demand, Some(signed_in), BY_SIGN_IN, NOW);
        let before_it_was_set_up = with_app(&[Factor::Password]);
        assert_eq!(step(&before_it_was_set_up, Demand::default()), a_factor());
        assert_eq!(step(&with_app(TWO), Demand::default()), Step::Done);
        let signing_out = Demand { second_factor: SecondFactorDemand::None, ..Demand::default() };
        assert_eq!(step(&before_it_was_set_up, signing_out), Step::Done);
        let mut removed_since = with_app(TWO);
        removed_since.user.enrolled = Enrolled::default();
        assert_eq!(step(&removed_since, Demand::default()), Step::Done);
    }

    #[test]
    fn after_the_password_the_second_factor_is_next_whoever_is_signed_in() {
        let ada = with_app(&[]).user;
        let since = Since { challenged: Some(&ada), ..Since::default() };
        for signed_in in [None, Some(with_app(TWO))] {
            for sign_in in [Freshness::Any, Freshness::Afresh] {
                let demand = Demand { sign_in, ..Demand::default() };
                let step = next(&demand, signed_in.as_ref(), since, NOW);
                assert_eq!(step, Step::Factor(vec![Factor::OneTimeCode]));
            }
        }
    }

    #[test]
    fn a_client_that_requires_a_second_factor_gets_nobody_without_one() {
        let always = Demand { second_factor: SecondFactorDemand::Always, ..Demand::default() };
        assert_eq!(asked(always, BY_SIGN_IN), Step::SetUp);
        assert_eq!(next(&always, Some(&with_app(&[Factor::Password])), BY_SIGN_IN, NOW), a_factor());
        assert_eq!(next(&always, Some(&with_app(TWO)), Since::default(), NOW), Step::Done);
    }

    #[test]
    fn two_factors_are_as_old_as_their_sign_in() {
        let young = Demand { max_age: Some(9), ..Demand::default() };
        assert_eq!(next(&young, Some(&with_app(TWO)), Since::default(), NOW), a_factor());
    }

    #[test]
    fn an_essential_acr_is_reached_with_a_second_factor_and_a_higher_one_includes_a_lower_one() {
        let wanted = |value: &str| ClaimRequest { essential: true, value: Some(value.into()), values: None };
        for (value, step) in [("1", Step::Done), ("2", Step::Done), ("3", Step::Unmet(Unmet::Acr))] {
            let wanted = wanted(value);
            let demand = Demand { acr: Some(&wanted), ..Demand::default() };
            assert_eq!(next(&demand, Some(&with_app(TWO)), Since::default(), NOW), step, "{value}");
        }
        let wanted = wanted("2");
        // Without the demand that goes by what the user has.
        let demand =
            Demand { acr: Some(&wanted), second_factor: SecondFactorDemand::None, ..Demand::default() };
        assert_eq!(next(&demand, Some(&with_app(&[Factor::Password])), BY_SIGN_IN, NOW), a_factor());
    }

    #[test]
    fn consent_comes_last_and_is_asked_for_once() {
        let asking = Demand { consent: ConsentDemand::Asked, ..Demand::default() };
        assert_eq!(asked(asking, Since::default()), Step::Consent);
        assert_eq!(asked(asking, Since { consented: true, ..Since::default() }), Step::Done);
        let both = Demand { sign_in: Freshness::Afresh, ..asking };
        assert_eq!([asked(both, Since::default()), asked(both, BY_SIGN_IN)], [a_factor(), Step::Consent]);
    }
}
