//! The page on which users add, name and remove passkeys.

use axum::response::Response;
use http::StatusCode;
use jeton_authority::authenticators::{Authenticators, MOST_PASSKEYS};
use jeton_authority::passkey::{
    CredentialId, Passkey, PasskeyError, RegistrationResponse, RelyingParty, algorithms,
};
use jeton_authority::sign_in::{Asked, SignedIn};
use jeton_authority::user::User;
use jeton_oauth::Parameters;
use serde_json::{Value, json};

use super::{Account, Page, sign_in};
use crate::interaction::{Errand, Notice, PASSKEY, PageError, Posted, Seal, descriptor};
use crate::pages::{PasskeysPage, ShownPasskey, day};
use crate::urls::path::{ACCOUNT_AUTHENTICATOR, ACCOUNT_PASSKEYS};

/// What the buttons of the page do, besides [`PASSKEY`], which adds one.
const RENAME: &str = "rename";
const REMOVE: &str = "remove";

/// For how long a browser waits for its user, in milliseconds.
const TIMEOUT: u32 = 5 * 60 * 1000;

/// `GET /account/passkeys`
pub(crate) async fn get(errand: Errand<Account>) -> Result<Response, PageError> {
    let signed_in = match errand.user(Page::Passkeys.recency()) {
        Ok(signed_in) => signed_in,
        Err(wanted) => return sign_in::page(&errand, &wanted).await,
    };
    let found = errand.app.authority.factor_setup().of(signed_in.user.id).await?;
    let token = |action| errand.token(Seal::Account { action });
    let sentence = errand.sentence(errand.purpose.notice);
    let party = errand.app.relying_party.as_ref();
    let is_full = found.passkeys.len() >= MOST_PASSKEYS;
    let options =
        |kind| party.ok().filter(|_| !is_full).map(|party| options(&errand, party, signed_in, &found, kind));
    let shown = PasskeysPage {
        username: signed_in.user.username.as_str(),
        notice: sentence.text(),
        action: &errand.url(Page::Passkeys),
        passkeys: found.passkeys.iter().map(shown).collect(),
        options: options(Kind::Discoverable),
        security_key_options: options(Kind::SecurityKey),
        why_none: party.err().map(ToString::to_string),
        is_last_way_in: found.passkeys.len() == 1 && signed_in.user.password.is_unusable(),
        accepted: party.ok().map(|party| accepted(party, &signed_in.user, &found)),
        form_token: &token(PASSKEY),
        rename_token: &token(RENAME),
        remove_token: &token(REMOVE),
        account: &errand.url(Page::Home),
        two_step: &errand.app.urls.local(ACCOUNT_AUTHENTICATOR),
    };
    Ok(errand.page_with_passkey(StatusCode::OK, &shown, party.is_ok()))
}

fn shown(passkey: &Passkey) -> ShownPasskey<'_> {
    ShownPasskey {
        id: passkey.id.to_text(),
        name: &passkey.name,
        added: day(passkey.added_at),
        used: passkey.used_at.map(day),
        is_synced: passkey.backed_up,
        signs_in_alone: passkey.is_discoverable,
    }
}

/// What kind of passkey is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// One that signs in alone: the browser can find it without a name, and its authenticator verifies who uses it if it can.
    Discoverable,
    /// One that is asked for after the password: any security key will do.
    SecurityKey,
}

/// The options for the browser (Web Authentication §5.4).
fn options(
    errand: &Errand<Account>,
    party: &RelyingParty,
    signed_in: &SignedIn,
    found: &Authenticators,
    kind: Kind,
) -> String {
    let user = &signed_in.user;
    let holder = holder(errand, user);
    let holder: Vec<&str> = holder.iter().map(String::as_str).collect();
    let setup = errand.app.authority.factor_setup();
    let (resident_key, verification) = match kind {
        Kind::Discoverable => ("required", "preferred"),
        Kind::SecurityKey => ("discouraged", "discouraged"),
    };
    let name = user.username.as_str();
    let parameters = algorithms().map(|number| json!({"type": "public-key", "alg": number}));
    let options = json!({
        "challenge": setup.passkey_challenge(&holder, errand.app.clock.now()),
        "rp": {"id": party.id(), "name": party.id()},
        "user": {"id": handle(user), "name": name, "displayName": name},
        "pubKeyCredParams": parameters.collect::<Vec<_>>(),
        "excludeCredentials": found.passkeys.iter().map(descriptor).collect::<Vec<_>>(),
        "authenticatorSelection": {
            "residentKey": resident_key,
            "requireResidentKey": kind == Kind::Discoverable,
            "userVerification": verification,
        },
        "attestation": "none",
        "extensions": {"credProps": true},
        "timeout": TIMEOUT,
    });
    options.to_string()
}

/// What the authenticator is given for its user: the identifier, which never changes.
fn handle(user: &User) -> String {
    jeton_jose::base64url::encode(user.id.as_bytes())
}

/// What a challenge is made for.
fn holder(errand: &Errand<Account>, user: &User) -> [String; 3] {
    [errand.browser.name.clone(), "add a passkey".to_owned(), user.id.to_string()]
}

/// All passkeys that still work, for the browser (§5.1.10.2).
fn accepted(party: &RelyingParty, user: &User, found: &Authenticators) -> String {
    let ids: Vec<Value> = found.passkeys.iter().map(|passkey| passkey.id.to_text().into()).collect();
    json!({"rpId": party.id(), "userId": handle(user), "allAcceptedCredentialIds": ids}).to_string()
}

/// `POST /account/passkeys`
pub(crate) async fn post(Posted { errand, form }: Posted<Account>) -> Result<Response, PageError> {
    match form.get("action") {
        Some(PASSKEY) => add(&errand, &form).await,
        Some(RENAME) => change(&errand, &form, RENAME).await,
        Some(REMOVE) => change(&errand, &form, REMOVE).await,
        _ => Err(errand.did_nothing(Notice::Unreadable, None)),
    }
}

async fn add(errand: &Errand<Account>, form: &Parameters) -> Result<Response, PageError> {
    let user = &errand.user_of(form, PASSKEY)?.user;
    let Errand { app, context, .. } = errand;
    let (request, network, now) = (context.id(), context.network(), app.clock.now());
    let Ok(party) = &app.relying_party else { return Err(errand.did_nothing(Notice::Unreadable, None)) };
    let answer = RegistrationResponse::parse(form.get("passkey").unwrap_or_default());
    let answer = answer.map_err(|error| refused(errand, &error))?;
    let holder = holder(errand, user);
    let holder: Vec<&str> = holder.iter().map(String::as_str).collect();
    let asked = Asked { party, holder: &holder };
    let added = app.authority.factor_setup().add_passkey(user.id, asked, &answer, network, now).await;
    added.map_err(|error| errand.failed(error))?;
    tracing::info!(request, user = %user.id, "passkey added");
    Ok(errand.go(ACCOUNT_PASSKEYS.to_owned()))
}

fn refused(errand: &Errand<Account>, error: &PasskeyError) -> PageError {
    errand.failed(error.clone().into())
}

async fn change(
    errand: &Errand<Account>,
    form: &Parameters,
    action: &'static str,
) -> Result<Response, PageError> {
    let user = &errand.user_of(form, action)?.user;
    let setup = errand.app.authority.factor_setup();
    let (request, network, now) = (errand.context.id(), errand.context.network(), errand.app.clock.now());
    let id = CredentialId::parse(form.get("id").unwrap_or_default());
    let id = id.ok_or_else(|| errand.did_nothing(Notice::Unreadable, None))?;
    let changed = match action {
        RENAME => {
            let name = form.get("name").unwrap_or_default();
            setup.rename_passkey(user.id, id, name, network, now).await
        }
        _ => setup.remove_passkey(user, id, network, now).await,
    };
    changed.map_err(|error| errand.failed(error))?;
    tracing::info!(request, user = %user.id, action, "passkey changed");
    Ok(errand.go(ACCOUNT_PASSKEYS.to_owned()))
}
