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
    let (authority, user, now) = (&errand.app.authority, &signed_in.user, errand.app.clock.now());
    let factors = authority.factor_setup().of(user.id).await?;
    let account = authority.own_account();
    let places = account.places(user.id, now).await?;
    let sentence = errand.sentence(errand.purpose.notice);
    let shown = AccountPage {
        username: user.username.as_str(),
        name: user.attributes.get("name").and_then(|name| name.as_str()),
        email: user.email.as_deref(),
        notice: sentence.text(),
        removal_on: account.removal(user.id).await?.map(day),
        has_password: !user.password.is_unusable(),
        app_since: factors.totp.as_ref().map(|totp| day(totp.added_at)),
        codes_left: factors.recovery_codes_left(),
        passkeys: factors.passkeys.len(),
        passkey_after_password: factors.passkey_after_password,
        places: places.sessions.len() + places.alone.len(),
        applications: account.applications(user.id, now).await?.len(),
        password_at: &errand.url(Page::Password),
        authenticator: &errand.url(Page::Authenticator),
        passkeys_at: &errand.url(Page::Passkeys),
        places_at: &errand.url(Page::Places),
        applications_at: &errand.url(Page::Applications),
        activity_at: &errand.url(Page::Activity),
        data_at: &errand.url(Page::Data),
        sign_out: &errand.app.urls.local(END_SESSION),
    };
    Ok(errand.page(StatusCode::OK, &shown))
}
