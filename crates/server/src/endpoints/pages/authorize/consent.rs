//! The step of consenting.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use jeton_authority::authorization::{AuthorizationRequest, SignedIn};
use jeton_authority::{FormVerdict, ShownDigest};

use super::notice::Notice;
use super::progress::Answer;
use super::respond::failed;
use super::{Step, read_form, reason};
use crate::app::App;
use crate::interaction::Seal;
use crate::pages::{Asked, ConsentPage, Forms, page as send};

/// What the page shows that may change while it is open.
pub(super) fn shown(request: &AuthorizationRequest) -> ShownDigest {
    let wanted = request.wanted();
    let (details, resources) = (wanted.details_to_json(), wanted.resources_to_json());
    let (name, host) = (request.client.name(), host(request));
    let checked = format!("{:?}", request.client.unverified());
    ShownDigest::of([name, host, &checked, request.scope.as_str(), details.as_str(), resources.as_str()])
}

/// Where the client sends people.
fn host(request: &AuthorizationRequest) -> &str {
    request.redirect_uri.host().unwrap_or(request.redirect_uri.origin())
}

/// The page that asks whether the client may have what it asks for.
pub(super) fn page(app: &App, step: &Step, signed_in: &SignedIn, notice: Option<Notice>) -> Response {
    let request = &step.request;
    let metadata = &request.client.metadata;
    let seal = Seal::Consent { request: &step.query, shown: shown(request) };
    let sentence = step.sentence(app, notice);
    let shown = ConsentPage {
        client: request.client.name(),
        client_host: host(request),
        policy_uri: metadata.policy_uri.as_deref().filter(|uri| uri.starts_with("https://")),
        tos_uri: metadata.tos_uri.as_deref().filter(|uri| uri.starts_with("https://")),
        username: signed_in.user.username.as_str(),
        asked: &Asked::of(
            &request.client,
            &request.scope,
            &request.resources,
            &request.authorization_details,
        ),
        action: &step.action(app, "/consent"),
        form_token: &seal.token(app, &step.browser),
        // What is wrong with a sign-in is no matter of this page, but its user should not miss it.
        notice: sentence.lead.as_deref().or(sentence.problem.as_deref()),
    };
    let response = send(&app.urls, StatusCode::OK, &shown, Forms::LeadOut);
    step.with_browser(app, response)
}

/// `POST /authorize/consent`: yes or no.
pub(crate) async fn post(State(app): State<Arc<App>>, request: Request) -> Response {
    let (step, form) = match read_form(&app, request).await {
        Ok((step, Ok(form))) => (step, form),
        Ok((step, Err(error))) => return step.did_nothing(&app, Notice::of_form(&error), None),
        Err(response) => return *response,
    };
    let shown = shown(&step.request);
    let seal = Seal::Consent { request: &step.query, shown };
    let verdict = seal.judge(&app, &step.browser, &form);
    let allows = form.get("action") == Some("allow");
    // A no gives nothing away, whoever said it and however long ago the page was shown.
    if !allows && verdict != FormVerdict::Foreign {
        return step.shown_again(&app, &step.progress.answered(&step.browser, Answer::Denied));
    }
    let signed_in = match (reason(verdict), &step.browser.signed_in) {
        (None, Some(signed_in)) => signed_in,
        (notice, _) => return step.did_nothing(&app, notice.unwrap_or(Notice::Account), None),
    };
    if let Err(error) =
        app.authority.give_consent(&step.request, signed_in, step.context.network(), app.clock.now()).await
    {
        return failed(&step.context, &error.into());
    }
    let answer = Answer::Allowed(shown.to_text().into());
    step.shown_again(&app, &step.progress.answered(&step.browser, answer))
}
