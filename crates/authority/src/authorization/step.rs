//! What has to happen next in an authorization: one pure function of the request, the browser's session, and what the user
//! has allowed.

use jeton_jose::Timestamp;
use jeton_oauth::ErrorCode;
use jeton_oauth::authorization::Prompt;
use serde::{Deserialize, Serialize};

use super::request::AuthorizationRequest;
use crate::client::{Consent, ConsentPolicy};
use crate::issue::ACR_SINGLE_FACTOR;
use crate::refusal::Refusal;
use crate::sign_in::SignedIn;

/// How the user said who they are, as part of this very request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Identified {
    /// Not at all: somebody was signed in before.
    #[default]
    NotYet,
    /// They chose the account that was signed in. That is no authentication.
    ByChoice,
    /// They signed in.
    BySignIn,
}

/// What the user did as part of this very request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Since {
    /// How they said who they are.
    pub identified: Identified,
    /// They consented.
    pub consented: bool,
}

/// What has to happen next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextStep {
    /// The user has to sign in.
    SignIn,
    /// The user has to be asked whether the client may have this.
    Consent,
    /// The client gets its code.
    Grant,
    /// The client gets an error.
    Refuse(Refusal),
}

/// What the log says of a client that expects another user.
const ANOTHER_USER: &str = "its id_token_hint, or the value of sub in its claims, names another user";

/// Decides what has to happen next.
///
/// `expected` is the subject that the client expects, by an ID token that came as a hint or a claim with a value; `allowed` is what
/// the user has allowed this client before.
pub fn next_step(
    request: &AuthorizationRequest,
    signed_in: Option<&SignedIn>,
    expected: Option<&str>,
    allowed: Option<&Consent>,
    since: Since,
    now: Timestamp,
) -> NextStep {
    let silent = request.prompt.contains(&Prompt::None);
    // They signed in for this very request, and it was somebody else: asking once more would change nothing.
    if since.identified == Identified::BySignIn
        && signed_in.is_some_and(|signed_in| !is_expected(signed_in, expected))
    {
        let refusal =
            Refusal::new(ErrorCode::LoginRequired, "another user signed in than the client expects");
        return NextStep::Refuse(refusal.because(ANOTHER_USER));
    }
    let Some(_) = signed_in.filter(|signed_in| stands(request, signed_in, expected, since.identified, now))
    else {
        return if silent {
            NextStep::Refuse(Refusal::new(ErrorCode::LoginRequired, "the user has to sign in"))
        } else {
            NextStep::SignIn
        };
    };
    if !acr_can_be_met(request) {
        let refusal =
            Refusal::new(ErrorCode::UnmetAuthenticationRequirements, "the essential acr cannot be met");
        return NextStep::Refuse(refusal);
    }
    if needs_consent(request, allowed, since) {
        return if silent {
            NextStep::Refuse(Refusal::new(ErrorCode::ConsentRequired, "the user has to consent"))
        } else {
            NextStep::Consent
        };
    }
    NextStep::Grant
}

/// Whether the user may go on as who is signed in, without a password. Choosing an account satisfies neither `prompt=login` nor
/// `max_age`.
pub fn may_continue(
    request: &AuthorizationRequest,
    signed_in: &SignedIn,
    expected: Option<&str>,
    now: Timestamp,
) -> bool {
    stands(request, signed_in, expected, Identified::ByChoice, now)
}

/// Whether the sign-in is good enough for the request.
fn stands(
    request: &AuthorizationRequest,
    signed_in: &SignedIn,
    expected: Option<&str>,
    identified: Identified,
    now: Timestamp,
) -> bool {
    if !is_expected(signed_in, expected) {
        return false;
    }
    if identified == Identified::BySignIn {
        return true;
    }
    let asks_for_sign_in =
        [Prompt::Login, Prompt::Create].iter().any(|prompt| request.prompt.contains(prompt));
    // `max_age=0` asks for a sign-in as `prompt=login` does (OpenID Connect Core §3.1.2.1).
    if asks_for_sign_in || request.max_age == Some(0) {
        return false;
    }
    if request.prompt.contains(&Prompt::SelectAccount) && identified == Identified::NotYet {
        return false;
    }
    // A sign-in in the future is as old as the clock was ahead: nothing tells when it really was.
    let age = now.unix().abs_diff(signed_in.session.authenticated_at.unix());
    request.max_age.is_none_or(|max_age| age <= max_age)
}

/// Whether this is whom the client expects.
fn is_expected(signed_in: &SignedIn, expected: Option<&str>) -> bool {
    expected.is_none_or(|expected| expected == signed_in.user.subject().as_str())
}

fn needs_consent(request: &AuthorizationRequest, allowed: Option<&Consent>, since: Since) -> bool {
    if since.consented {
        return false;
    }
    if request.prompt.contains(&Prompt::Consent) {
        return true;
    }
    match request.client.policy.consent {
        ConsentPolicy::Implied => false,
        // Nothing proves that a request of an app on the user's own machine is the app's (RFC 8252 §8.6).
        ConsentPolicy::Asked if request.client.is_public() && request.redirect_uri.is_native() => true,
        ConsentPolicy::Asked => !allowed.is_some_and(|allowed| allowed.covers(&request.wanted())),
    }
}

/// Whether an `acr` that is asked for as essential is one that a sign-in here has (OpenID Connect Core §5.5.1.1).
fn acr_can_be_met(request: &AuthorizationRequest) -> bool {
    let Some(Some(acr)) = request.claims.id_token.get("acr") else { return true };
    !acr.essential || acr.permits(ACR_SINGLE_FACTOR)
}
