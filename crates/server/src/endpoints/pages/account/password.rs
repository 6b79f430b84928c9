//! The page on which users change their password.

use axum::response::Response;
use http::StatusCode;
use jeton_authority::own_account::NewPasswordError;
use jeton_authority::password::Password;

use super::{Account, Page, sign_in};
use crate::interaction::{BadNewPassword, Done, Errand, Notice, PageError, Posted, Seal};
use crate::pages::PasswordPage;

/// What the button does.
const CHANGE: &str = "change";

/// `GET /account/password`
pub(crate) async fn get(errand: Errand<Account>) -> Result<Response, PageError> {
    let signed_in = match errand.user(Page::Password.recency()) {
        Ok(signed_in) => signed_in,
        Err(wanted) => return sign_in::page(&errand, &wanted).await,
    };
    let user = &signed_in.user;
    let sentence = errand.sentence(errand.purpose.notice);
    let shown = PasswordPage {
        username: user.username.as_str(),
        notice: sentence.lead.as_deref(),
        problem: sentence.problem.as_deref(),
        has_password: !user.password.is_unusable(),
        min_length: errand.app.authority.own_account().least_password_length(user),
        action: &errand.url(Page::Password),
        form_token: &errand.token(Seal::Account { action: CHANGE }),
        account: &errand.url(Page::Home),
    };
    let mut response = errand.page(errand.purpose.notice.map_or(StatusCode::OK, Notice::status), &shown);
    sentence.add_retry_after(&mut response);
    Ok(response)
}

/// `POST /account/password`
pub(crate) async fn post(Posted { errand, form }: Posted<Account>) -> Result<Response, PageError> {
    let signed_in = errand.user_of(&form, CHANGE)?;
    let bad = |why| errand.did_nothing(Notice::NewPassword(why), None);
    let typed = form.get("password").unwrap_or_default();
    if typed.trim().is_empty() {
        return Err(bad(BadNewPassword::Missing));
    }
    let password = Password::parse(typed).map_err(|error| errand.did_nothing(error.into(), None))?;
    if form.get("again") != Some(typed) {
        return Err(bad(BadNewPassword::Differs));
    }
    let Errand { app, context, .. } = &errand;
    let (request, user, network) = (context.id(), signed_in.user.id, context.network());
    match app.authority.own_account().change_password(signed_in, password, app.clock.now()).await {
        Ok(()) => {
            tracing::info!(request, %user, %network, "password changed");
            Ok(errand.done(Page::Home, Notice::Done(Done::PasswordChanged)))
        }
        Err(NewPasswordError::Weak(weak)) => Err(bad(weak.into())),
        Err(NewPasswordError::Store(error)) => Err(PageError::Failed(error.into())),
        Err(error) => {
            tracing::warn!(request, %user, code = error.code(), "{error}");
            Err(errand.did_nothing(Notice::Busy, None))
        }
    }
}
