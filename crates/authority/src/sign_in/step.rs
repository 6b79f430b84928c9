//! What is still required from the user of a browser: one pure function, which every step returns to. No step calls
//! the next one.

use jeton_jose::Timestamp;
use jeton_oauth::authorization::ClaimRequest;
use serde::{Deserialize, Serialize};

use super::SignedIn;
use crate::factor::{Factor, acr};

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
pub struct Since {
    /// How the user identified themselves.
    pub identified: Identified,
    /// The user consented.
    pub consented: bool,
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

/// Whether the user must be asked for consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConsentDemand {
    /// No.
    #[default]
    None,
    /// Yes, in this request.
    Asked,
}

/// What is still required.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The user's identity.
    Account,
    /// One of these factors.
    Factor(Vec<Factor>),
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
pub fn next(demand: &Demand<'_>, signed_in: Option<&SignedIn>, since: Since, now: Timestamp) -> Step {
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
        (_, Freshness::Afresh) => return Step::Factor(Factor::OFFERED.to_vec()),
        (Identified::NotYet, Freshness::Chosen) => return Step::Account,
        // A sign-in in the future is as old as the clock was ahead: nothing tells when it really was.
        _ if demand.max_age.is_some_and(|max_age| {
            now.unix().abs_diff(signed_in.session.authenticated_at.unix()) > max_age
        }) =>
        {
            return Step::Factor(Factor::OFFERED.to_vec());
        }
        _ => {}
    }
    if let Some(step) = still_for_acr(demand, &signed_in.session.methods) {
        return step;
    }
    match demand.consent {
        ConsentDemand::Asked if !since.consented => Step::Consent,
        _ => Step::Done,
    }
}

/// Which factors are still required, besides those presented, for a requested `acr`.
fn still_for_acr(demand: &Demand<'_>, met: &[Factor]) -> Option<Step> {
    let wanted = demand.acr.filter(|wanted| wanted.essential && !wanted.permits(acr(met)))?;
    let leads_there = |factor: &Factor| wanted.permits(acr(&[met, &[*factor]].concat()));
    let others = Factor::OFFERED.iter().filter(|factor| !met.contains(factor));
    let others: Vec<_> = others.copied().filter(leads_there).collect();
    Some(if others.is_empty() { Step::Unmet(Unmet::Acr) } else { Step::Factor(others) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::PasswordHash;
    use crate::session::Session;
    use crate::user::{Attributes, Role, User, UserStatus, Username};
    use crate::{Network, SessionId, UserId};

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
    const BY_SIGN_IN: Since = Since { identified: Identified::BySignIn, consented: false };
    const BY_CHOICE: Since = Since { identified: Identified::ByChoice, consented: false };

    fn ada(seconds_ago: i64) -> SignedIn {
        let id = UserId::from_bytes([1; 16]);
        let session = Session {
            id: SessionId::from_bytes([2; 16]),
            user: id,
            methods: vec![Factor::Password],
            network: Network::Unknown,
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
        };
        SignedIn { session, user }
    }

    fn asked(demand: Demand<'_>, since: Since) -> Step {
        next(&demand, Some(&ada(10)), since, NOW)
    }

    fn a_factor() -> Step {
        Step::Factor(vec![Factor::Password])
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

    #[test]
    fn consent_comes_last_and_is_asked_for_once() {
        let asking = Demand { consent: ConsentDemand::Asked, ..Demand::default() };
        assert_eq!(asked(asking, Since::default()), Step::Consent);
        assert_eq!(asked(asking, Since { consented: true, ..Since::default() }), Step::Done);
        let both = Demand { sign_in: Freshness::Afresh, ..asking };
        assert_eq!([asked(both, Since::default()), asked(both, BY_SIGN_IN)], [a_factor(), Step::Consent]);
    }
}
