//! The step of consenting.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use jeton_authority::authorization::{AuthorizationRequest, SignedIn, Since};
use jeton_authority::{FormVerdict, Refusal, ShownDigest};
use jeton_oauth::ErrorCode;

use super::super::client_request::context;
use super::respond::{failed, malformed, not_a_navigation, stale_form};
use super::{Step, proceed, read, refused};
use crate::app::App;
use crate::interaction::{Seal, is_navigation};
use crate::pages::{ConsentPage, ScopeLine, detail_lines, page as send, resource_lines, unverified_line};
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

/// What the page shows that may change while it is open, and whether the user signed in for this very request.
fn shown(request: &AuthorizationRequest, since: Since) -> ShownDigest {
    let host = request.redirect_uri.host().unwrap_or(request.redirect_uri.origin());
    let wanted = request.wanted();
    let (details, resources) = (wanted.details_to_json(), wanted.resources_to_json());
    let since = if since.signed_in { "yes" } else { "" };
    ShownDigest::of([request.client.name(), host, request.scope.as_str(), &details, &resources, since])
}

/// The page that asks whether the client may have what it asks for.
pub(super) fn page(app: &App, step: &Step, signed_in: &SignedIn, since: Since) -> Response {
    let request = &step.request;
    let scopes: Vec<_> = request.scope.tokens().map(line).collect();
    let metadata = &request.client.metadata;
    let query = step.query();
    let seal = Seal::Consent { request: &query, shown: shown(request, since) };
    let shown = ConsentPage {
        client: request.client.name(),
        unverified: unverified_line(&request.client),
        client_host: request.redirect_uri.host().unwrap_or(request.redirect_uri.origin()),
        policy_uri: metadata.policy_uri.as_deref().filter(|uri| uri.starts_with("https://")),
        tos_uri: metadata.tos_uri.as_deref().filter(|uri| uri.starts_with("https://")),
        username: signed_in.user.username.as_str(),
        scopes: &scopes,
        resources: &resource_lines(&request.resources),
        details: &detail_lines(&request.authorization_details),
        action: &step.action("/consent"),
        form_token: &seal.token(app, &step.browser),
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
    if !is_navigation(&parts) {
        return not_a_navigation(&context);
    }
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
    let query = step.query();
    let seal = Seal::Consent { request: &query, shown: shown(&step.request, since) };
    if seal.judge(&app, &step.browser, &form) != FormVerdict::Current {
        return stale_form(&step.context);
    }
    if form.get("action") != Some("allow") {
        let refusal = Refusal::new(ErrorCode::AccessDenied, "the user said no");
        return refused(&app, &step.context, &step.request.refuse(refusal)).await;
    }
    if let Err(error) =
        app.authority.give_consent(&step.request, signed_in, step.context.network(), app.clock.now()).await
    {
        return failed(&step.context, &error.into());
    }
    proceed(&app, step, since).await
}
