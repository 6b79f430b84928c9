//! The sign-in step.

use axum::response::Response;
use jeton_authority::factor::Factor;
use jeton_authority::sign_in::{Identified, SignedIn};
use jeton_authority::{FormVerdict, StaleForm};
use jeton_oauth::Parameters;
use jeton_oauth::authorization::Prompt;

use super::progress::{Answer, Progress};
use super::{Authorization, Step};
use crate::interaction::{Browser, Elsewhere, Notice, PageError, Posted, Seal, SignInForm, SignedInBy};
use crate::pages::SignedInAs;
use crate::urls::path::{AUTHORIZE, AUTHORIZE_SIGN_IN};

/// The page on which users identify themselves. It offers to continue as the signed-in user if the user has to choose,
/// or pressed a button without effect, and only if the request permits it.
pub(super) fn account_page(step: &Step, notice: Option<Notice>) -> Response {
    let Authorization { request, query, .. } = &step.purpose;
    let offered = notice.is_some() || request.prompt.contains(&Prompt::SelectAccount);
    let signed_in = step.browser.signed_in.as_ref();
    let signed_in = signed_in.filter(|signed_in| offered && step.may_continue(signed_in));
    let continue_token = step.token(Seal::Continue { request: query });
    let signed_in_as = signed_in.map(|signed_in| SignedInAs {
        username: signed_in.user.username.as_str(),
        form_token: &continue_token,
    });
    step.account_page(SignInForm { signed_in_as, ..form(step, &step.action(AUTHORIZE_SIGN_IN)) }, notice)
}

/// The page on which the signed-in user presents one of these factors.
pub(super) fn factor_page(step: &Step, factors: &[Factor], notice: Option<Notice>) -> Response {
    step.factor_page(factors, form(step, &step.action(AUTHORIZE_SIGN_IN)), notice)
}

fn form<'a>(step: &'a Step, action: &'a str) -> SignInForm<'a> {
    let Authorization { request, query, .. } = &step.purpose;
    SignInForm {
        action,
        seal: Seal::SignIn { request: query },
        login_hint: request.login_hint.as_deref(),
        signed_in_as: None,
        can_cancel: true,
    }
}

impl Step {
    fn may_continue(&self, signed_in: &SignedIn) -> bool {
        self.app.authority.authorization().may_continue(
            &self.purpose.request,
            signed_in,
            self.app.clock.now(),
        )
    }
}

/// `POST /authorize/sign-in`: a username and a password, a passkey, or the choice to continue as the signed-in user or to go
/// back.
pub(crate) async fn post(
    Posted { errand: step, form }: Posted<Authorization>,
) -> Result<Response, PageError> {
    let Authorization { request, query, progress, .. } = &step.purpose;
    // It leads where the first answer led.
    if request.is_answered() {
        return Ok(step.go_on(&Progress::default()));
    }
    if form.get("action") == Some("continue") {
        return go_on(&step, &form);
    }
    let verdict = step.judge(Seal::SignIn { request: query }, &form);
    let typed = form.get("username").unwrap_or_default();
    // Going back gives nothing away, however long ago the page was shown.
    if form.get("action") == Some("cancel") && verdict != FormVerdict::Foreign {
        return Ok(step.go_on(&progress.answered(&step.browser, Answer::Cancelled)));
    }
    // They pressed twice, or signed in in another tab: it is the account that they ask for.
    if verdict != FormVerdict::Stale(StaleForm::Account) || !step.is_signed_in_as_typed(&form) {
        step.demand_current(verdict, Some(typed))?;
    }
    let (signed_in, cookies) = match step.sign_in(&form).await? {
        SignedInBy::Factors(signed_in, cookies) => (*signed_in, cookies),
        SignedInBy::NoOneYet(challenge) => {
            return Ok(step.go_on(&Progress::challenged(&step.browser, challenge)));
        }
    };
    let browser = Browser { signed_in: Some(signed_in), ..step.browser.clone() };
    let progress = Progress::identified(&browser, Identified::BySignIn);
    Ok(Elsewhere { path: step.path(&browser, AUTHORIZE, &progress), cookies }.go(&step.app))
}

/// Continues as the signed-in user, if the page offered it and the request still permits it.
fn go_on(step: &Step, form: &Parameters) -> Result<Response, PageError> {
    step.demand_current(step.judge(Seal::Continue { request: &step.purpose.query }, form), None)?;
    match &step.browser.signed_in {
        Some(signed_in) if step.may_continue(signed_in) => {
            Ok(step.go_on(&Progress::identified(&step.browser, Identified::ByChoice)))
        }
        // The sign-in has become too old while the page was open.
        _ => Err(step.did_nothing(Notice::Expired, None)),
    }
}
