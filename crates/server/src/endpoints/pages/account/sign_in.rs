//! Signing in to one's account.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use jeton_authority::sign_in::Step;
use jeton_authority::{FormVerdict, StaleForm};

use super::{Account, CHALLENGE, with_query};
use crate::app::App;
use crate::interaction::{
    Elsewhere, Errand, Notice, PageError, Posted, Query, Seal, SecondFactorForm, SignInForm, SignedInBy,
};
use crate::urls::path::{ACCOUNT_SECOND_FACTOR, ACCOUNT_SIGN_IN};

/// The page that asks for what is still required.
pub(super) async fn page(errand: &Errand<Account>, wanted: &Step) -> Result<Response, PageError> {
    let Errand { app, browser, purpose, .. } = errand;
    let local = |path: String| app.urls.local(&path);
    match (wanted, &purpose.challenged) {
        (Step::Factor(factors), Some((challenged, _))) if factors.iter().all(|factor| factor.makes_two()) => {
            let another = with_query(purpose.page.path(), purpose.kept());
            let form = SecondFactorForm {
                action: &local(purpose.sign_in_address(ACCOUNT_SECOND_FACTOR)),
                another: &local(another),
                can_cancel: false,
            };
            Ok(errand.second_factor_page(challenged, &form, purpose.notice).await?)
        }
        _ => {
            let form = SignInForm {
                action: &local(purpose.sign_in_address(ACCOUNT_SIGN_IN)),
                seal: Seal::AccountSignIn { page: purpose.page.path() },
                login_hint: browser.username(),
                signed_in_as: None,
                can_cancel: false,
            };
            Ok(errand.sign_in_page(wanted, form, purpose.notice))
        }
    }
}

/// `POST /account/sign-in`: a username and a password.
pub(crate) async fn post(Posted { errand, form }: Posted<Account>) -> Result<Response, PageError> {
    let purpose = &errand.purpose;
    let verdict = errand.judge(Seal::AccountSignIn { page: purpose.page.path() }, &form);
    let typed = form.get("username").unwrap_or_default();
    // They pressed twice, or signed in in another tab.
    let is_same = verdict == FormVerdict::Stale(StaleForm::Account) && errand.is_signed_in_as_typed(&form);
    let to = |challenge: Option<String>| {
        let challenge = challenge.map(|challenge| (CHALLENGE, challenge));
        with_query(purpose.page.path(), challenge.into_iter().chain(purpose.kept()))
    };
    if !is_same {
        errand.demand_current(verdict, Some(typed))?;
    }
    let on = match errand.sign_in(&form).await? {
        SignedInBy::Factors(_, cookies) => Elsewhere { path: to(None), cookies },
        SignedInBy::NoOneYet(challenge) => Elsewhere::at(to(Some(challenge))),
    };
    Ok(on.go(&errand.app))
}

/// `POST /account/second-factor`: a code.
pub(crate) async fn post_second_factor(
    Posted { errand, form }: Posted<Account>,
) -> Result<Response, PageError> {
    let purpose = &errand.purpose;
    let Some((challenged, _)) = &purpose.challenged else {
        return Err(errand.did_nothing(Notice::SignInOver, None));
    };
    let verdict = errand.judge_second_factor(challenged, &form);
    let mut on = Elsewhere::at(with_query(purpose.page.path(), purpose.kept()));
    // They pressed twice, and the first press signed them in.
    let completed = errand.browser.signed_in.as_ref().is_some_and(|user| challenged.is_completed_by(user));
    if !completed || verdict != FormVerdict::Current {
        errand.demand_current(verdict, None)?;
        on.cookies = errand.present_code(challenged, &form).await?.1;
    }
    Ok(on.go(&errand.app))
}

/// `GET` on the URL of a form: redirects to the page with the form.
pub(crate) async fn lead_to_page(State(app): State<Arc<App>>, query: Result<Query, PageError>) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let page = super::Page::of("", &query);
    let kept = [super::BACK, super::SHOWN, CHALLENGE];
    let kept = kept.into_iter().filter_map(|name| Some((name, query.get(name)?.to_owned())));
    Elsewhere::at(with_query(page.path(), kept)).go(&app)
}
