//! The page on which users set up an authenticator app, and remove it again.

use axum::response::Response;
use http::{HeaderValue, StatusCode};
use jeton_authority::authenticators::{Authenticators, DeviceHash};
use jeton_authority::factor::Factor;
use jeton_authority::factor_setup::TotpSecret;
use jeton_authority::sign_in::SignedIn;
use jeton_oauth::Parameters;

use super::{Account, Page, SHOWN, recovery_codes, sign_in, with_query};
use crate::interaction::{Elsewhere, Errand, Mark, Notice, PageError, Posted, Seal};
use crate::pages::{AuthenticatorPage, NewAuthenticatorPage, ShownDevice, day, qr_code};
use crate::urls::path::{ACCOUNT, ACCOUNT_AUTHENTICATOR, ACCOUNT_RECOVERY_CODES};

/// What the buttons of the page do.
const BEGIN: &str = "begin";
const CONFIRM: &str = "confirm";
const GIVE_UP: &str = "give_up";
const RENEW: &str = "renew";
const REMOVE: &str = "remove";
const ASK: &str = "ask";
const FORGET: &str = "forget";

/// `GET /account/authenticator`
pub(crate) async fn get(errand: Errand<Account>) -> Result<Response, PageError> {
    let signed_in = match errand.user(Page::Authenticator.recency()) {
        Ok(signed_in) => signed_in,
        Err(wanted) => return sign_in::page(&errand, &wanted).await,
    };
    let setup = errand.app.authority.factor_setup();
    let factors = setup.of(signed_in.user.id).await?;
    if factors.setting_up.is_none() {
        return Ok(overview(&errand, signed_in, &factors));
    }
    let secret = setup.begun(signed_in.user.id, &factors).map_err(|error| errand.failed(error))?;
    Ok(setting_up(&errand, signed_in, &secret))
}

/// What the user has, and what can be done about it.
fn overview(errand: &Errand<Account>, signed_in: &SignedIn, factors: &Authenticators) -> Response {
    let token = |action| errand.token(Seal::Account { action });
    let sentence = errand.sentence(errand.purpose.notice);
    let (way_on, is_application) = errand.way_on();
    let now = errand.app.clock.now();
    let remembered = errand.app.authority.factor_setup().remembered(&signed_in.user, factors, now);
    let devices = remembered.into_iter().map(|device| ShownDevice {
        id: device.hash.to_text(),
        name: if device.device.is_empty() { "A browser".to_owned() } else { device.device.into() },
        since: day(device.added_at),
    });
    let devices = devices.collect();
    let shown = AuthenticatorPage {
        username: signed_in.user.username.as_str(),
        notice: sentence.text(),
        action: &errand.url(Page::Authenticator),
        app_since: factors.totp.as_ref().map(|totp| day(totp.added_at)),
        app_used: factors.totp.as_ref().map(|totp| day(totp.used_at)),
        codes_left: factors.recovery_codes_left(),
        has_passkey: !factors.passkeys.is_empty(),
        passkey: errand.own_passkey_form(&factors.passkeys),
        passkey_after_password: factors.passkey_after_password,
        ask_token: &token(ASK),
        passkeys_at: &errand.url(Page::Passkeys),
        is_required: errand.purpose.back.is_some(),
        begin_token: &token(BEGIN),
        renew_token: &token(RENEW),
        remove_token: &token(REMOVE),
        devices,
        forget_token: &token(FORGET),
        way_on: &way_on,
        is_application,
    };
    errand.page_with_passkey(StatusCode::OK, &shown, shown.passkey.is_some())
}

/// The secret, for the app, and the field for its first code.
fn setting_up(errand: &Errand<Account>, signed_in: &SignedIn, secret: &TotpSecret) -> Response {
    let sentence = errand.sentence(errand.purpose.notice);
    let uri = secret.to_uri(errand.app.urls.host(), signed_in.user.username.as_str());
    let shown = NewAuthenticatorPage {
        notice: sentence.lead.as_deref(),
        problem: sentence.problem.as_deref(),
        action: &errand.url(Page::Authenticator),
        qr_code: qr_code(&uri),
        uri: &uri,
        secret: &in_groups(&secret.to_base32()),
        confirm_token: &errand.token(Seal::Account { action: CONFIRM }),
        give_up_token: &errand.token(Seal::Account { action: GIVE_UP }),
    };
    let status = errand.purpose.notice.map_or(StatusCode::OK, Notice::status);
    errand.page(status, &shown)
}

/// `POST /account/authenticator`
pub(crate) async fn post(Posted { errand, form }: Posted<Account>) -> Result<Response, PageError> {
    match form.get("action") {
        Some(CONFIRM) => confirm(&errand, &form).await,
        Some(BEGIN) => change(&errand, &form, BEGIN).await,
        Some(GIVE_UP) => change(&errand, &form, GIVE_UP).await,
        Some(RENEW) => change(&errand, &form, RENEW).await,
        Some(REMOVE) => change(&errand, &form, REMOVE).await,
        Some(ASK) => ask(&errand, &form).await,
        Some(FORGET) => forget(&errand, &form).await,
        _ => Err(errand.did_nothing(Notice::Unreadable, None)),
    }
}

async fn change(
    errand: &Errand<Account>,
    form: &Parameters,
    action: &'static str,
) -> Result<Response, PageError> {
    let user = errand.user_of(form, action)?.user.id;
    let setup = errand.app.authority.factor_setup();
    let (request, network, now) = (errand.context.id(), errand.context.network(), errand.app.clock.now());
    let failed = |error| errand.failed(error);
    let again = errand.purpose.address(Page::Authenticator, None);
    tracing::info!(request, %user, action, "second factor changed");
    Ok(errand.go(match action {
        BEGIN => setup.begin(user, network, now).await.map(|_| again).map_err(failed)?,
        GIVE_UP => setup.give_up(user, network, now).await.map(|()| again).map_err(failed)?,
        RENEW => {
            let factors = setup.renew_recovery_codes(user, network, now).await.map_err(failed)?;
            shown_codes(errand, &factors)
        }
        _ => setup.turn_off(user, network, now).await.map(|()| ACCOUNT.to_owned()).map_err(failed)?,
    }))
}

/// Completes setting up an app. Its code also counts for this session, which its user goes on with.
async fn confirm(errand: &Errand<Account>, form: &Parameters) -> Result<Response, PageError> {
    let signed_in = errand.user_of(form, CONFIRM)?;
    let Errand { app, context, .. } = errand;
    let (request, network, now) = (context.id(), context.network(), app.clock.now());
    let (user, typed) = (signed_in.user.id, form.get("code").unwrap_or_default());
    let had_codes = app.authority.factor_setup().of(user).await?.recovery.is_some();
    let factors = app.authority.factor_setup().confirm(user, typed, network, now).await;
    let factors = factors.map_err(|error| errand.failed(error))?;
    tracing::info!(request, %user, "second factor set up");
    let path = match had_codes {
        true if !recovery_codes::are_new(&factors, now) => errand.purpose.address(Page::Authenticator, None),
        _ => shown_codes(errand, &factors),
    };
    Ok(Elsewhere { path, cookies: stronger(errand, signed_in, Factor::OneTimeCode).await }.go(app))
}

/// Requires a passkey after the password. The user presents one first, which also counts for this session.
async fn ask(errand: &Errand<Account>, form: &Parameters) -> Result<Response, PageError> {
    let signed_in = errand.user_of(form, ASK)?;
    errand.prove_passkey(signed_in, form).await?;
    let Errand { app, context, .. } = errand;
    let (request, network, now, user) = (context.id(), context.network(), app.clock.now(), signed_in.user.id);
    let found = app.authority.factor_setup().ask_for_passkey(user, network, now).await;
    let found = found.map_err(|error| errand.failed(error))?;
    tracing::info!(request, %user, "passkey required after the password");
    let path = match recovery_codes::are_new(&found, now) {
        true => shown_codes(errand, &found),
        false => errand.purpose.address(Page::Authenticator, None),
    };
    Ok(Elsewhere { path, cookies: stronger(errand, signed_in, Factor::Passkey).await }.go(app))
}

/// Asks for the second factor again in a browser.
async fn forget(errand: &Errand<Account>, form: &Parameters) -> Result<Response, PageError> {
    let user = errand.user_of(form, FORGET)?.user.id;
    let device = DeviceHash::parse(form.get("id").unwrap_or_default());
    let device = device.ok_or_else(|| errand.did_nothing(Notice::Unreadable, None))?;
    let Errand { app, context, .. } = errand;
    let (request, network, now) = (context.id(), context.network(), app.clock.now());
    let forgotten = app.authority.factor_setup().forget_device(user, device, network, now).await;
    forgotten.map_err(|error| errand.failed(error))?;
    tracing::info!(request, %user, "remembered browser forgotten");
    Ok(errand.go(errand.purpose.address(Page::Authenticator, None)))
}

/// The cookies of a session that has the second factor, too, which its user has just presented.
async fn stronger(errand: &Errand<Account>, signed_in: &SignedIn, factor: Factor) -> Vec<HeaderValue> {
    let Errand { app, context, browser, .. } = errand;
    let (before, caller, now) = (browser.secret.as_ref(), context.caller(), app.clock.now());
    match app.authority.sign_in().after_setting_up(signed_in, factor, before, caller, now).await {
        Ok(Some((secret, _))) => errand.cookies_of(&secret),
        Ok(None) => Vec::new(),
        // They sign in again.
        Err(error) => {
            tracing::warn!(request = context.id(), code = error.code(), "{error}");
            Vec::new()
        }
    }
}

/// The page with recovery codes that were just made in this browser.
fn shown_codes(errand: &Errand<Account>, factors: &Authenticators) -> String {
    let Some(set) = &factors.recovery else { return errand.purpose.address(Page::Authenticator, None) };
    let name = recovery_codes::name(set);
    let mark = Mark::RecoveryCodes { set: &name }.mac(&errand.app, &errand.browser);
    let back = errand.purpose.back.clone().map(|back| (super::BACK, back));
    with_query(ACCOUNT_RECOVERY_CODES, [(SHOWN, mark)].into_iter().chain(back))
}

/// A secret in groups of four letters.
fn in_groups(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// Where a user without a second factor sets one up, and returns to this authorization request.
pub(in crate::endpoints::pages) fn address_for(query: &str) -> String {
    with_query(ACCOUNT_AUTHENTICATOR, [(super::BACK, query.to_owned())].into_iter())
}
