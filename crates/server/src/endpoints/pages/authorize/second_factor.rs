//! The second factor of the sign-in step.

use axum::response::Response;
use jeton_authority::FormVerdict;
use jeton_authority::sign_in::Identified;
use jeton_authority::store::StoreError;

use super::progress::{Answer, Progress};
use super::{Authorization, Step};
use crate::interaction::{Browser, Challenged, Elsewhere, Notice, PageError, Posted, SecondFactorForm};
use crate::urls::path::{AUTHORIZE, AUTHORIZE_SECOND_FACTOR};

/// The page that asks for a code or a passkey.
pub(super) async fn page(
    step: &Step,
    challenged: &Challenged,
    notice: Option<Notice>,
) -> Result<Response, StoreError> {
    let form = SecondFactorForm {
        action: &step.action(AUTHORIZE_SECOND_FACTOR),
        another: &step.app.urls.local(&step.purpose.path(AUTHORIZE, "")),
        can_cancel: true,
    };
    step.second_factor_page(challenged, &form, notice).await
}

/// `POST /authorize/second-factor`: a code, or the choice to go back.
pub(crate) async fn post(
    Posted { errand: step, form }: Posted<Authorization>,
) -> Result<Response, PageError> {
    let Authorization { request, progress, challenged, .. } = &step.purpose;
    // It leads where the first answer led.
    if request.is_answered() {
        return Ok(step.go_on(&Progress::default()));
    }
    let Some(challenged) = challenged else { return Err(step.did_nothing(Notice::SignInOver, None)) };
    let verdict = step.judge_second_factor(challenged, &form);
    // They pressed twice, and the first press signed them in.
    let completed = step.browser.signed_in.as_ref().is_some_and(|user| challenged.is_completed_by(user));
    if completed && verdict == FormVerdict::Current {
        return Ok(step.go_on(&Progress::identified(&step.browser, Identified::BySignIn)));
    }
    // Going back gives nothing away, however long ago the page was shown.
    if form.get("action") == Some("cancel") && verdict != FormVerdict::Foreign {
        return Ok(step.go_on(&progress.answered(&step.browser, Answer::Cancelled)));
    }
    step.demand_current(verdict, None)?;
    let (signed_in, cookies) = step.present_code(challenged, &form).await?;
    let browser = Browser { signed_in: Some(signed_in), ..step.browser.clone() };
    let progress = Progress::identified(&browser, Identified::BySignIn);
    Ok(Elsewhere { path: step.path(&browser, AUTHORIZE, &progress), cookies }.go(&step.app))
}
