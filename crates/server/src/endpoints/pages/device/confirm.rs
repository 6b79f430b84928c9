//! The pages after a code was typed: signing in, and allowing or denying.

use axum::response::Response;
use http::StatusCode;
use jeton_authority::sign_in::{SignedIn, Step};
use jeton_authority::store::DeviceDecided;
use jeton_authority::{FormVerdict, FoundDevice, ShownDigest, StaleForm};

use super::code::{decided_page, is_decided_by};
use super::{CHALLENGE, Decision, address, decider, second_factor, to_code_page, to_confirm};
use crate::interaction::{
    BadCode, Elsewhere, Errand, Notice, PageError, Posted, Seal, SignInForm, SignedInBy,
};
use crate::pages::{Asked, DevicePage};
use crate::urls::path::{DEVICE_CONFIRM, DEVICE_DECIDE, DEVICE_SIGN_IN};

/// `GET /device/confirm`: lets the user sign in, and asks whether the device may have what it requests.
pub(crate) async fn confirm(errand: Errand<Decision>) -> Result<Response, PageError> {
    let Errand { app, browser, purpose: Decision { device, challenged, notice }, .. } = &errand;
    let challenged = challenged.as_ref().map(|(challenged, _)| challenged);
    Ok(match decider(app, browser, Some(&device.client), challenged) {
        Ok(signed_in) if is_decided_by(device, signed_in) => decided_page(app, browser, device),
        // Somebody else decided, which is nobody else's business.
        _ if device.decided.is_some() => to_code_page(None, Some(Notice::Code(BadCode::Unknown))).go(app),
        Ok(signed_in) => question(&errand, signed_in),
        Err(Step::Factor(factors)) if factors.iter().all(|factor| factor.makes_two()) => match challenged {
            Some(challenged) => second_factor::page(&errand, challenged).await?,
            None => to_confirm(app, browser, &device.user_code).go(app),
        },
        Err(wanted) => {
            let form = SignInForm {
                action: &errand.action(DEVICE_SIGN_IN),
                seal: Seal::DeviceSignIn { code: device.user_code.as_str() },
                login_hint: None,
                signed_in_as: None,
                // The device goes on by itself once its code has expired.
                can_cancel: false,
            };
            errand.sign_in_page(&wanted, form, *notice)
        }
    })
}

/// `POST /device/sign-in`: a username and a password.
pub(crate) async fn post_sign_in(Posted { errand, form }: Posted<Decision>) -> Result<Response, PageError> {
    let Errand { app, browser, purpose: Decision { device, .. }, .. } = &errand;
    let verdict = errand.judge(Seal::DeviceSignIn { code: device.user_code.as_str() }, &form);
    let typed = form.get("username").unwrap_or_default();
    let mut on = to_confirm(app, browser, &device.user_code);
    // They pressed twice, or signed in in another tab.
    if verdict != FormVerdict::Stale(StaleForm::Account) || !errand.is_signed_in_as_typed(&form) {
        errand.demand_current(verdict, Some(typed))?;
        match errand.sign_in(&form).await? {
            SignedInBy::Factors(_, cookies) => on.cookies = cookies,
            SignedInBy::NoOneYet(challenge) => {
                let parameters = super::typed(app, browser, &device.user_code).into_iter();
                let parameters = parameters.chain([(CHALLENGE, challenge)]);
                on = Elsewhere::at(address(DEVICE_CONFIRM, parameters, None));
            }
        }
    }
    Ok(on.go(app))
}

/// `POST /device/decide`: allow or deny.
pub(crate) async fn post_decision(Posted { errand, form }: Posted<Decision>) -> Result<Response, PageError> {
    let Errand { app, context, browser, purpose: Decision { device, .. }, .. } = &errand;
    let code = &device.user_code;
    let signed_in = decider(app, browser, Some(&device.client), None)
        .map_err(|_| errand.did_nothing(Notice::Account, None))?;
    // Whatever was decided before is shown, whoever's form this is.
    if is_decided_by(device, signed_in) {
        return Ok(to_code_page(Some(code), None).go(app));
    }
    let seal = Seal::DeviceDecision { code: code.as_str(), shown: shown(device) };
    errand.demand_current(errand.judge(seal, &form), None)?;
    let (allowed, now) = (form.get("action") == Some("allow"), app.clock.now());
    let decided = if allowed {
        app.authority.devices().approve(device, signed_in, context.network(), now).await?
    } else {
        app.authority.devices().deny(device, signed_in, context.network(), now).await?
    };
    Ok(match decided {
        DeviceDecided::Done => {
            let (request, client, user) = (context.id(), &device.client.id, &signed_in.user.id);
            tracing::info!(request, %client, %user, allowed, "user decided about a device");
            to_code_page(Some(code), None)
        }
        // The page shows what was decided first.
        DeviceDecided::AlreadyDecided(Some(decided)) if decided.by == signed_in.user.id => {
            to_code_page(Some(code), None)
        }
        _ => to_code_page(None, Some(Notice::Code(BadCode::Unknown))),
    }
    .go(app))
}

/// The content of the question that may change while it is open.
fn shown(device: &FoundDevice) -> ShownDigest {
    let details = serde_json::to_string(&device.authorization_details).unwrap_or_default();
    let resources = device.resources.iter().map(|resource| &**resource);
    let rest = [device.client.name(), device.scope.as_str(), details.as_str()];
    ShownDigest::of(rest.into_iter().chain(resources))
}

impl Errand<Decision> {
    /// The URL of a form about this code.
    pub(super) fn action(&self, path: &str) -> String {
        let Self { app, browser, purpose, .. } = self;
        app.urls.local(&address(path, purpose.parameters(app, browser), None))
    }
}

fn question(errand: &Errand<Decision>, signed_in: &SignedIn) -> Response {
    let Decision { device, notice, .. } = &errand.purpose;
    let seal = Seal::DeviceDecision { code: device.user_code.as_str(), shown: shown(device) };
    let sentence = errand.sentence(*notice);
    let shown = DevicePage {
        client: device.client.name(),
        user_code: &device.user_code.to_string(),
        username: signed_in.user.username.as_str(),
        asked: &Asked::of(
            Some(&device.client),
            &device.scope,
            &device.resources,
            &device.authorization_details,
        ),
        notice: sentence.text(),
        action: &errand.action(DEVICE_DECIDE),
        form_token: &errand.token(seal),
    };
    errand.page(StatusCode::OK, &shown)
}
