//! `/authorize`: a client sends somebody here to sign in, and they go back with a code (RFC 6749 §3.1).
//!
//! Nothing is remembered between the steps: each form leads to the same request again, and says, under a seal, what the user
//! did since.

mod consent;
mod respond;
mod sign_in;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::Method;
use http::request::Parts;
use jeton_authority::authorization::{AuthorizationRequest, NextStep, RedirectError, SignedIn, Since};
use jeton_authority::{IdentifyError, RequestObjectError};
use jeton_oauth::{ErrorCode, Parameters};

pub(super) use self::consent::line as scope_line;
pub(super) use self::respond::{failed, malformed, not_a_navigation};
use self::respond::{go, page_error};
pub(super) use self::sign_in::{Attempt, remember_browser, sign_in as sign_in_at};
use super::client_request::context;
use crate::app::App;
use crate::interaction::{Browser, browser, is_navigation, see_other};
use crate::request::{RequestContext, form};

pub(crate) use consent::post as post_consent;
pub(crate) use sign_in::post as post_sign_in;

/// Where it is.
pub(crate) const PATH: &str = "/authorize";

/// A step of an authorization: who asks whom for what.
struct Step {
    context: RequestContext,
    request: AuthorizationRequest,
    browser: Browser,
}

/// `GET` with the request in the query, or `POST` with it in the body (OpenID Connect Core §3.1.2.1).
pub(crate) async fn begin(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let context = context(&mut request);
    let (parts, body) = request.into_parts();
    if !is_navigation(&parts) {
        return not_a_navigation(&context);
    }
    if parts.method == Method::POST {
        let parameters = match form::of_body(&parts, body, &app.limits).await {
            Ok(parameters) => parameters,
            Err(error) => return malformed(&context, &error),
        };
        if parameters.get("request").is_some() {
            return open(&app, &context, parameters).await;
        }
        // A browser sends no cookie with a form that another site posts, but it does with the redirect that follows.
        return again(&parameters, &app);
    }
    if let Ok(parameters) = form::of_query(&parts)
        && parameters.get("request").is_some()
    {
        return open(&app, &context, parameters).await;
    }
    match read(&app, context, &parts).await {
        Ok(step) => proceed(&app, step, Since::default()).await,
        Err(response) => *response,
    }
}

/// Opens a request object. The browser goes on with what stands for it, so the object may be long and is looked at once.
async fn open(app: &App, context: &RequestContext, parameters: Parameters) -> Response {
    context.names(&parameters);
    match app.authority.take_request_object(parameters, context.network(), app.clock.now()).await {
        Ok(instead) => again(&instead, app),
        Err(RequestObjectError::Redirect(error)) => refused(app, context, &error).await,
        Err(RequestObjectError::Page(error)) => page_error(context, error),
        Err(RequestObjectError::Failed(error)) => failed(context, &error),
    }
}

/// Tells the client that its request is refused.
async fn refused(app: &App, context: &RequestContext, error: &RedirectError) -> Response {
    let refusal = &error.refusal;
    let (request, code, client) = (context.id(), refusal.code.as_str(), context.client_id());
    let cause = refusal.cause.as_deref();
    // An application that asks silently finds out so whether somebody is signed in, and may ask all the time.
    if is_answer_to_silence(refusal.code) {
        tracing::debug!(request, code, client, cause, "{refusal}");
    } else {
        tracing::info!(request, code, client, cause, "{refusal}");
    }
    go(app, context, &error.response).await
}

/// Whether it is what `prompt=none` is answered where a page would have been needed (OpenID Connect Core §3.1.2.6).
const fn is_answer_to_silence(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::LoginRequired
            | ErrorCode::ConsentRequired
            | ErrorCode::InteractionRequired
            | ErrorCode::AccountSelectionRequired
    )
}

/// The same request as a `GET`.
fn again(parameters: &Parameters, app: &App) -> Response {
    let target = format!("{}{PATH}?{}", app.authority.settings().issuer, parameters.to_query());
    see_other(&target)
}

/// Reads the request in the query and finds out whose browser it is.
async fn read(app: &App, context: RequestContext, parts: &Parts) -> Result<Step, Box<Response>> {
    let parameters = form::of_query(parts).map_err(|error| malformed(&context, &error))?;
    context.names(&parameters);
    let now = app.clock.now();
    let redirectable = app.authority.identify_request(parameters, context.network(), now).await.map_err(
        |error| match error {
            IdentifyError::Page(error) => page_error(&context, error),
            IdentifyError::Failed(error) => failed(&context, &error),
        },
    )?;
    let browser = browser(app, parts).await.map_err(|error| failed(&context, &error))?;
    match redirectable.validate(app.authority.settings()) {
        Ok(request) => Ok(Step { context, request, browser }),
        Err(error) => Err(Box::new(refused(app, &context, &error).await)),
    }
}

/// Does what has to happen next.
async fn proceed(app: &App, step: Step, since: Since) -> Response {
    let now = app.clock.now();
    let signed_in = step.browser.signed_in.as_ref();
    let next = match app.authority.next_step(&step.request, signed_in, since, now).await {
        Ok(next) => next,
        Err(error) => return failed(&step.context, &error),
    };
    match (next, signed_in) {
        (NextStep::Grant, Some(signed_in)) => grant(app, &step, signed_in).await,
        (NextStep::Consent, Some(signed_in)) => consent::page(app, &step, signed_in, since),
        (NextStep::Refuse(refusal), _) => refused(app, &step.context, &step.request.refuse(refusal)).await,
        _ => sign_in::page(app, &step, sign_in::Attempt::default()),
    }
}

async fn grant(app: &App, step: &Step, signed_in: &SignedIn) -> Response {
    match app.authority.grant_code(&step.request, signed_in, step.context.network(), app.clock.now()).await {
        Ok(response) => {
            let (request, client) = (step.context.id(), &step.request.client.id);
            tracing::info!(request, %client, user = %signed_in.user.id, "code granted");
            go(app, &step.context, &response).await
        }
        Err(IdentifyError::Page(error)) => page_error(&step.context, error),
        Err(IdentifyError::Failed(error)) => failed(&step.context, &error),
    }
}

impl Step {
    /// Where a form of this request leads: the request itself is in the query, as it came.
    fn action(&self, path: &str) -> String {
        format!("{PATH}{path}?{}", self.request.sent.to_query())
    }

    /// The request, as forms are sealed for it.
    fn query(&self) -> String {
        self.request.sent.to_query()
    }

    /// Tells a browser that is new here its name.
    fn with_browser(&self, app: &App, mut response: Response) -> Response {
        self.browser.introduce(app, &mut response);
        response
    }
}
