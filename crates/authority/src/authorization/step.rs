//! The next step of an authorization: what its request demands of the sign-in, and the error for the client if that is
//! not possible.

use jeton_jose::Timestamp;
use jeton_oauth::ErrorCode;
use jeton_oauth::authorization::Prompt;

use super::request::AuthorizationRequest;
use crate::client::{Consent, ConsentPolicy};
use crate::factor::Factor;
use crate::refusal::Refusal;
use crate::sign_in::{ConsentDemand, Demand, Freshness, Identified, SignedIn, Since, Step, Unmet, next};

/// The next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextStep {
    /// The user must identify themselves.
    Account,
    /// The user must present one of these factors.
    Factor(Vec<Factor>),
    /// The user must set up a second factor.
    SetUp,
    /// The user must be asked for consent to this.
    Consent,
    /// The client gets its code.
    Grant,
    /// The client gets an error.
    Refuse(Refusal),
}

/// What the log says if a client expects another user.
const ANOTHER_USER: &str = "its id_token_hint, or the value of sub in its claims, names another user";

/// Decides the next step.
///
/// `expected` is the subject that the client expects, from an ID token hint or a claim with a value; `allowed` is what
/// the user has allowed this client before.
pub fn next_step(
    request: &AuthorizationRequest,
    signed_in: Option<&SignedIn>,
    expected: Option<&str>,
    allowed: Option<&Consent>,
    since: Since<'_>,
    now: Timestamp,
) -> NextStep {
    let refuse = |code, description| NextStep::Refuse(Refusal::new(code, description));
    let silent = request.prompt.contains(&Prompt::None);
    match next(&demand(request, expected, allowed), signed_in, since, now) {
        Step::Account | Step::Factor(_) if silent => {
            refuse(ErrorCode::LoginRequired, "the user must sign in")
        }
        Step::Account => NextStep::Account,
        Step::Factor(factors) => NextStep::Factor(factors),
        Step::SetUp if silent => {
            refuse(ErrorCode::InteractionRequired, "the user must set up a second factor")
        }
        Step::SetUp => NextStep::SetUp,
        Step::Consent if silent => refuse(ErrorCode::ConsentRequired, "user consent is required"),
        Step::Consent => NextStep::Consent,
        Step::Done => NextStep::Grant,
        Step::Unmet(Unmet::AnotherUser) => {
            let another = "another user signed in than the client expects";
            NextStep::Refuse(Refusal::new(ErrorCode::LoginRequired, another).because(ANOTHER_USER))
        }
        Step::Unmet(Unmet::Acr) => {
            refuse(ErrorCode::UnmetAuthenticationRequirements, "the essential acr cannot be met")
        }
    }
}

/// Whether the user may continue as the signed-in account, without a password. Choosing an account satisfies neither
/// `prompt=login` nor `max_age`.
pub fn may_continue(
    request: &AuthorizationRequest,
    signed_in: &SignedIn,
    expected: Option<&str>,
    now: Timestamp,
) -> bool {
    let since = Since { identified: Identified::ByChoice, ..Since::default() };
    let step = next(&demand(request, expected, None), Some(signed_in), since, now);
    !matches!(step, Step::Account | Step::Factor(_))
}

/// Whether a sign-in for a request may leave the second factor out in a browser that the user had remembered.
pub fn takes_known_device(request: &AuthorizationRequest) -> bool {
    demand(request, None, None).takes_known_device()
}

/// The demands of a request on the sign-in.
fn demand<'a>(
    request: &'a AuthorizationRequest,
    expected: Option<&'a str>,
    allowed: Option<&Consent>,
) -> Demand<'a> {
    let prompts = |prompt| request.prompt.contains(&prompt);
    Demand {
        // `max_age=0` asks for a sign-in as `prompt=login` does (OpenID Connect Core §3.1.2.1).
        sign_in: if prompts(Prompt::Login) || prompts(Prompt::Create) || request.max_age == Some(0) {
            Freshness::Afresh
        } else if prompts(Prompt::SelectAccount) {
            Freshness::Chosen
        } else {
            Freshness::Any
        },
        max_age: request.max_age,
        expected,
        acr: request.claims.id_token.get("acr").and_then(Option::as_ref),
        second_factor: request.client.policy.second_factor.into(),
        consent: consent_demand(request, allowed),
    }
}

fn consent_demand(request: &AuthorizationRequest, allowed: Option<&Consent>) -> ConsentDemand {
    let is_asked = match request.client.policy.consent {
        _ if request.prompt.contains(&Prompt::Consent) => true,
        ConsentPolicy::Implied => false,
        // Nothing proves that a request of an app on the user's own machine is the app's (RFC 8252 §8.6).
        ConsentPolicy::Asked if request.client.is_public() && request.redirect_uri.is_native() => true,
        ConsentPolicy::Asked => !allowed.is_some_and(|allowed| allowed.covers(&request.wanted())),
    };
    if is_asked { ConsentDemand::Asked } else { ConsentDemand::None }
}
