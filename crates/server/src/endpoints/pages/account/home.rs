//! The first page of the account.

use axum::response::Response;
use http::StatusCode;

use super::{Account, Page, sign_in};
use crate::interaction::{Errand, PageError};
use crate::pages::{AccountPage, day};
use crate::urls::path::END_SESSION;

/// `GET /account`
pub(crate) async fn get(errand: Errand<Account>) -> Result<Response, PageError> {
    let signed_in = match errand.user(Page::Home.recency()) {
        Ok(signed_in) => signed_in,
        Err(wanted) => return sign_in::page(&errand, &wanted).await,
    };
    let factors = errand.app.authority.factor_setup().of(signed_in.user.id).await?;
    let sentence = errand.sentence(errand.purpose.notice);
    let shown = AccountPage {
        username: signed_in.user.username.as_str(),
        notice: sentence.text(),
        app_since: factors.totp.as_ref().map(|totp| day(totp.added_at)),
        codes_left: factors.recovery_codes_left(),
        authenticator: &errand.url(Page::Authenticator),
        passkeys: factors.passkeys.len(),
        passkey_after_password: factors.passkey_after_password,
        passkeys_at: &errand.url(Page::Passkeys),
        sign_out: &errand.app.urls.local(END_SESSION),
    };
    Ok(errand.page(StatusCode::OK, &shown))
}
