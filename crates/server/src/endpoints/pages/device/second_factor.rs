//! The second factor of a sign-in to decide about a device.

use axum::response::Response;
use jeton_authority::FormVerdict;
use jeton_authority::store::StoreError;

use super::{Decision, to_confirm};
use crate::interaction::{Challenged, Errand, Notice, PageError, Posted, SecondFactorForm};
use crate::urls::path::DEVICE_SECOND_FACTOR;

/// The page that asks for a code or a passkey.
pub(super) async fn page(errand: &Errand<Decision>, challenged: &Challenged) -> Result<Response, StoreError> {
    let Errand { app, browser, purpose: Decision { device, notice, .. }, .. } = errand;
    let form = SecondFactorForm {
        action: &errand.action(DEVICE_SECOND_FACTOR),
        another: &app.urls.local(&to_confirm(app, browser, &device.user_code).path),
        // The device goes on by itself once its code has expired.
        can_cancel: false,
    };
    errand.second_factor_page(challenged, &form, *notice).await
}

/// `POST /device/second-factor`: a code.
pub(crate) async fn post(Posted { errand, form }: Posted<Decision>) -> Result<Response, PageError> {
    let Errand { app, browser, purpose: Decision { device, challenged, .. }, .. } = &errand;
    let Some((challenged, _)) = challenged else { return Err(errand.did_nothing(Notice::SignInOver, None)) };
    let verdict = errand.judge_second_factor(challenged, &form);
    let mut on = to_confirm(app, browser, &device.user_code);
    // They pressed twice, and the first press signed them in.
    let completed = browser.signed_in.as_ref().is_some_and(|user| challenged.is_completed_by(user));
    if !completed || verdict != FormVerdict::Current {
        errand.demand_current(verdict, None)?;
        on.cookies = errand.present_code(challenged, &form).await?.1;
    }
    Ok(on.go(app))
}
