//! The consent step.

use axum::response::Response;
use http::StatusCode;
use jeton_authority::authorization::AuthorizationRequest;
use jeton_authority::sign_in::SignedIn;
use jeton_authority::{FormVerdict, ShownDigest};

use super::progress::{Answer, Progress};
use super::{Authorization, Step};
use crate::interaction::{Notice, PageError, Posted, Seal};
use crate::pages::{Asked, ConsentPage};
use crate::urls::path::AUTHORIZE_CONSENT;

/// The content of the page that may change while it is open.
pub(super) fn shown(request: &AuthorizationRequest) -> ShownDigest {
    let wanted = request.wanted();
    let (details, resources) = (wanted.details_to_json(), wanted.resources_to_json());
    let (name, host) = (request.client.name(), host(request));
    let checked = format!("{:?}", request.client.unverified());
    ShownDigest::of([name, host, &checked, request.scope.as_str(), details.as_str(), resources.as_str()])
}

/// The redirect URI's host.
fn host(request: &AuthorizationRequest) -> &str {
    request.redirect_uri.host().unwrap_or(request.redirect_uri.origin())
}

/// The consent page.
pub(super) fn page(step: &Step, signed_in: &SignedIn, notice: Option<Notice>) -> Response {
    let Authorization { request, query, .. } = &step.purpose;
    let metadata = &request.client.metadata;
    let sentence = step.sentence(notice);
    let page = ConsentPage {
        client: request.client.name(),
        client_host: host(request),
        policy_uri: metadata.policy_uri.as_deref().filter(|uri| uri.starts_with("https://")),
        tos_uri: metadata.tos_uri.as_deref().filter(|uri| uri.starts_with("https://")),
        username: signed_in.user.username.as_str(),
        asked: &Asked::of(
            Some(&request.client),
            &request.scope,
            &request.resources,
            &request.authorization_details,
        ),
        action: &step.action(AUTHORIZE_CONSENT),
        form_token: &step.token(Seal::Consent { request: query, shown: shown(request) }),
        // What is wrong with a sign-in is no matter of this page, but its user should not miss it.
        notice: sentence.text(),
    };
    step.page(StatusCode::OK, &page)
}

/// `POST /authorize/consent`: allow or deny.
pub(crate) async fn post(
    Posted { errand: step, form }: Posted<Authorization>,
) -> Result<Response, PageError> {
    let Authorization { request, query, progress, .. } = &step.purpose;
    // It leads where the first answer led.
    if request.is_answered() {
        return Ok(step.go_on(&Progress::default()));
    }
    let shown = shown(request);
    let verdict = step.judge(Seal::Consent { request: query, shown }, &form);
    // A no gives nothing away, whoever said it and however long ago the page was shown.
    if form.get("action") != Some("allow") && verdict != FormVerdict::Foreign {
        return Ok(step.go_on(&progress.answered(&step.browser, Answer::Denied)));
    }
    step.demand_current(verdict, None)?;
    let signed_in = step.browser.signed_in.as_ref().ok_or_else(|| step.did_nothing(Notice::Account, None))?;
    step.app
        .authority
        .authorization()
        .give_consent(request, signed_in, step.context.network(), step.app.clock.now())
        .await?;
    Ok(step.go_on(&progress.answered(&step.browser, Answer::Allowed(shown.to_text().into()))))
}
