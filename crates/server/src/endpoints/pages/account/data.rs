//! The page on which users download what is stored about them, and delete their account.

use axum::response::Response;
use http::StatusCode;
use jeton_authority::own_account::LeaveError;

use super::{Account, Page, sign_in};
use crate::interaction::{Done, Errand, Notice, PageError, Posted, Seal};
use crate::pages::{DataPage, day, in_words};

/// What the buttons do.
const LEAVE: &str = "leave";
const STAY: &str = "stay";

/// `GET /account/data`
pub(crate) async fn get(errand: Errand<Account>) -> Result<Response, PageError> {
    let signed_in = match errand.user(Page::Data.recency()) {
        Ok(signed_in) => signed_in,
        Err(wanted) => return sign_in::page(&errand, &wanted).await,
    };
    let authority = &errand.app.authority;
    let token = |action| errand.token(Seal::Account { action });
    let sentence = errand.sentence(errand.purpose.notice);
    let wait = authority.settings().account.removal.map(|wait| match wait.as_secs() {
        0 => "within an hour".to_owned(),
        _ => format!("after {}", in_words(wait)),
    });
    let shown = DataPage {
        username: signed_in.user.username.as_str(),
        notice: sentence.text(),
        export: &errand.url(Page::Export),
        wait,
        removal_on: authority.own_account().removal(signed_in.user.id).await?.map(day),
        action: &errand.url(Page::Data),
        leave_token: &token(LEAVE),
        stay_token: &token(STAY),
        account: &errand.url(Page::Home),
    };
    Ok(errand.page(StatusCode::OK, &shown))
}

/// `POST /account/data`
pub(crate) async fn post(Posted { errand, form }: Posted<Account>) -> Result<Response, PageError> {
    let action = match form.get("action") {
        Some(LEAVE) => LEAVE,
        Some(STAY) => STAY,
        _ => return Err(errand.did_nothing(Notice::Unreadable, None)),
    };
    let user = errand.user_of(&form, action)?.user.id;
    let Errand { app, context, .. } = &errand;
    let (request, network, now) = (context.id(), context.network(), app.clock.now());
    let leaves = action == LEAVE;
    match app.authority.own_account().change_removal(user, leaves, network, now).await {
        Ok(_) => {}
        Err(LeaveError::Store(error)) => return Err(error.into()),
        Err(_) => return Err(errand.did_nothing(Notice::LastOwner, None)),
    }
    tracing::info!(request, %user, action, "removal of the account");
    let done = if leaves { Done::Leaving } else { Done::Staying };
    Ok(errand.done(Page::Data, Notice::Done(done)))
}
