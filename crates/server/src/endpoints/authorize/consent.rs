//! The step of consenting.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use jeton_authority::Refusal;
use jeton_authority::authorization::{SignedIn, Since};
use jeton_oauth::ErrorCode;

use super::super::client_request::context;
use super::respond::{failed, malformed, stale_form};
use super::{Step, proceed, read, refused};
use crate::app::App;
use crate::pages::{ConsentPage, ScopeLine, detail_lines, page as send, resource_lines};
use crate::request::form;

/// What each scope lets a client do, in the words of the page.
const MEANINGS: [(&str, &str); 8] = [
    ("openid", "Know that it is you"),
    ("profile", "See your name and the rest of your profile"),
    ("email", "See your e-mail address"),
    ("phone", "See your phone number"),
    ("address", "See your postal address"),
    ("roles", "See your roles"),
    ("groups", "See your groups"),
    ("offline_access", "Go on when you are not there, until you take this back"),
];

/// What its forms are sealed for: this user, this session, and whether they signed in for this very request.
fn purpose(signed_in: &SignedIn, since: Since) -> String {
    format!("consent {} {}", signed_in.session.id, since.signed_in)
}

/// The page that asks whether the client may have what it asks for.
pub(super) fn page(app: &App, step: &Step, signed_in: &SignedIn, since: Since) -> Response {
    let request = &step.request;
    let scopes: Vec<_> = request.scope.tokens().map(line).collect();
    let metadata = &request.client.metadata;
    let shown = ConsentPage {
        client: request.client.name(),
        client_host: request.redirect_uri.host().unwrap_or(request.redirect_uri.origin()),
        policy_uri: metadata.policy_uri.as_deref().filter(|uri| uri.starts_with("https://")),
        tos_uri: metadata.tos_uri.as_deref().filter(|uri| uri.starts_with("https://")),
        username: signed_in.user.username.as_str(),
        scopes: &scopes,
        resources: &resource_lines(&request.resources),
        details: &detail_lines(&request.authorization_details),
        action: &step.action("/consent"),
        form_token: &step.form_token(app, &purpose(signed_in, since)),
        signed_in: if since.signed_in { "yes" } else { "" },
    };
    let response = send(StatusCode::OK, &shown, Some(request.redirect_uri.origin()), None);
    step.with_browser(app, response)
}

/// What a page says of a scope.
pub(in crate::endpoints) fn line(token: &str) -> ScopeLine {
    let meaning = MEANINGS
        .iter()
        .find(|(name, _)| *name == token)
        .map_or("Use this permission", |(_, meaning)| meaning);
    ScopeLine { name: token.to_owned(), meaning }
}

/// `POST /authorize/consent`: yes or no.
pub(crate) async fn post(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let context = context(&mut request);
    let (parts, body) = request.into_parts();
    let form = match form::of_body(&parts, body, &app.limits).await {
        Ok(form) => form,
        Err(error) => return malformed(&context, &error),
    };
    let step = match read(&app, context, &parts).await {
        Ok(step) => step,
        Err(response) => return *response,
    };
    let Some(signed_in) = &step.browser.signed_in else { return stale_form(&step.context) };
    let since = Since { signed_in: form.get("signed_in") == Some("yes"), consented: true };
    let presented = form.get("form_token").unwrap_or_default();
    if step.browser.is_new || !step.is_form_token(&app, &purpose(signed_in, since), presented) {
        return stale_form(&step.context);
    }
    if form.get("action") != Some("allow") {
        let refusal = Refusal::new(ErrorCode::AccessDenied, "the user said no");
        return refused(&app, &step.context, &step.request.refuse(refusal)).await;
    }
    if let Err(error) = app.authority.give_consent(&step.request, signed_in, app.clock.now()).await {
        return failed(&step.context, &error.into());
    }
    proceed(&app, step, since).await
}
