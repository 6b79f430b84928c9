//! `/authorize`: a client sends a user here to sign in, and the user returns with a code (RFC 6749 §3.1).
//!
//! The server stores nothing between the steps. Each form is answered with a redirect to the same request, whose URL
//! contains, sealed, what the user has done. What comes next is decided only there. So a page that answers a form can
//! be reloaded, and a stale form leads to the currently appropriate page.

mod consent;
mod long;
mod progress;
mod second_factor;
mod sign_in;

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::response::Response;
use http::request::Parts;
use jeton_authority::Refusal;
use jeton_authority::authorization::{AuthorizationRequest, NextStep, takes_known_device};
use jeton_authority::client::Client;
use jeton_authority::sign_in::{SignedIn, Since};
use jeton_oauth::authorization::Prompt;
use jeton_oauth::{ErrorCode, Parameters};

use self::progress::{Answer, PARAMETER, Progress};
use super::account;
use crate::app::App;
use crate::interaction::{
    Browser, Challenged, Elsewhere, Errand, Navigation, Notice, PageError, Purpose, Query, Sent, SignsIn,
    go_back,
};
use crate::pages::Forms;
use crate::request::{RequestContext, form};
use crate::respond::see_other;
use crate::urls::path::AUTHORIZE;

pub(crate) use consent::post as post_consent;
pub(crate) use second_factor::post as post_second_factor;
pub(crate) use sign_in::post as post_sign_in;

/// Signing in to an application: its request, and what the user has done so far.
pub(crate) struct Authorization {
    request: AuthorizationRequest,
    /// The request, as forms are sealed for it.
    query: String,
    progress: Progress,
    /// The sign-in that still requires a second factor.
    challenged: Option<Challenged>,
}

type Step = Errand<Authorization>;

impl Purpose for Authorization {
    fn client(&self) -> Option<&Client> {
        Some(&self.request.client)
    }

    fn forms(&self) -> Forms {
        Forms::LeadOut
    }
}

impl SignsIn for Authorization {
    fn about(&self) -> &str {
        &self.query
    }

    fn takes_known_device(&self) -> bool {
        takes_known_device(&self.request)
    }

    /// A genuine form keeps what the user has done.
    fn shown_again(&self, app: &App, browser: &Browser, why: Notice) -> String {
        if browser.is_new {
            return self.path(AUTHORIZE, progress::NO_COOKIES);
        }
        self.path(AUTHORIZE, &self.progress.noticed(browser, why).seal(app, browser, &self.query))
    }
}

impl Authorization {
    /// The request itself is unchanged in each URL, with what the user has done so far.
    fn path(&self, path: &str, progress: &str) -> String {
        if progress.is_empty() {
            return format!("{path}?{}", self.query);
        }
        let progress: Parameters = [(PARAMETER, progress)].into_iter().collect();
        format!("{path}?{}&{}", self.query, progress.to_query())
    }
}

/// `GET` with the request in the query, or `POST` with it in the body (OpenID Connect Core §3.1.2.1).
pub(crate) async fn begin(
    State(app): State<Arc<App>>,
    _: Navigation,
    context: RequestContext,
    mut sent: Sent,
) -> Result<Response, PageError> {
    if sent.parameters.get("request").is_some() {
        // The browser goes on with what stands for the object, so it may be long and is looked at once.
        context.names(&sent.parameters);
        let (network, now) = (context.network(), app.clock.now());
        return Ok(again(
            &app,
            app.authority.authorization().take_request_object(sent.parameters, network, now).await?,
        ));
    }
    if sent.is_posted() {
        // A browser sends no cookie with a form that another site posts, but it does with the redirect that follows.
        let parameters = sent.parameters.without(PARAMETER);
        if long::is_too_long(&app, &parameters.to_query()) {
            return long::shorten(&app, &context, parameters).await;
        }
        return Ok(again(&app, parameters));
    }
    proceed(&Step::from_request_parts(&mut sent.head, &app).await?).await
}

/// The same request as a `GET`.
fn again(app: &App, parameters: Parameters) -> Response {
    let query = parameters.without(PARAMETER).to_query();
    see_other(&app.urls.absolute(&format!("{AUTHORIZE}?{query}")))
}

/// `GET` on the URL of a form, from a link or from the browser's history: redirects to the page with the form. Input
/// of that form is never read from a URL, and is dropped.
pub(crate) async fn lead_to_form(State(app): State<Arc<App>>, Query(parameters): Query) -> Response {
    let parameters = FIELDS.into_iter().fold(parameters, Parameters::without);
    Elsewhere::at(format!("{AUTHORIZE}?{}", parameters.to_query())).go(&app)
}

/// The fields of the forms here, which must not appear in a URL.
const FIELDS: [&str; 7] =
    ["form_token", "username", "password", "passkey", "code", "recovery_code", "action"];

/// Reads the request from the query, and identifies the browser.
impl FromRequestParts<Arc<App>> for Step {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, PageError> {
        let context = RequestContext::of(&parts.extensions);
        let parameters = form::of_query(parts)?;
        context.names(&parameters);
        let presented = parameters.get(PARAMETER).unwrap_or_default().to_owned();
        let parameters = parameters.without(PARAMETER);
        let (network, now) = (context.network(), app.clock.now());
        let redirectable = app.authority.authorization().identify(parameters, network, now).await?;
        let browser = Browser::of(app, &parts.headers).await?;
        let request = redirectable.validate(app.authority.settings())?;
        if let Some(cause) = app.authority.authorization().ignored_hint(&request) {
            let is_silent = request.prompt.contains(&Prompt::None);
            let (request, client) = (context.id(), context.client_id());
            if is_silent {
                tracing::debug!(
                    request,
                    code = "id_token_hint_ignored",
                    client,
                    cause,
                    "id_token_hint ignored"
                );
            } else {
                tracing::info!(
                    request,
                    code = "id_token_hint_ignored",
                    client,
                    cause,
                    "id_token_hint ignored"
                );
            }
        }
        let query = request.sent.to_query();
        let progress = Progress::open(app, &browser, &query, &presented);
        let challenged = match progress.challenge() {
            Some(text) => Challenged::open(app, &browser, &query, text).await?,
            None => None,
        };
        let purpose = Authorization { request, query, progress, challenged };
        Ok(Self::new(app, context, browser, purpose))
    }
}

/// Takes the next step.
async fn proceed(step: &Step) -> Result<Response, PageError> {
    let Errand { app, context, browser, purpose, .. } = step;
    let (Authorization { request, query, progress, challenged }, now) = (purpose, app.clock.now());
    let signed_in = browser.signed_in.as_ref();
    if request.is_answered() {
        let again = app.authority.authorization().lead_again(request, signed_in, &browser.name, now).await?;
        return Ok(go_back(app, &again).await?);
    }
    if let Some(refusal) = progress.answer(browser).and_then(refusal) {
        return Err(request.refuse(refusal).into());
    }
    // Whoever signed in elsewhere meanwhile goes on with that.
    let challenged = challenged.as_ref().filter(|_| progress.holds(browser));
    let since = progress.since(browser, consent::shown(request));
    let since = Since { challenged: challenged.map(|challenged| &challenged.user), ..since };
    let next = app.authority.authorization().next_step(request, signed_in, since, now).await?;
    // Whoever pressed something that did nothing is shown why before they go on.
    let notice = progress.notice(browser).filter(|_| !request.prompt.contains(&Prompt::None));
    let response = match (next, signed_in) {
        (NextStep::Grant, Some(signed_in)) if notice.is_none() => return grant(step, signed_in).await,
        (NextStep::Refuse(refusal), _) => return Err(request.refuse(refusal).into()),
        _ if long::is_too_long(app, query) => {
            return long::shorten(app, context, request.sent.clone()).await;
        }
        (NextStep::Consent, Some(signed_in)) => consent::page(step, signed_in, notice),
        (NextStep::Factor(factors), _) => match challenged {
            Some(challenged) => second_factor::page(step, challenged, notice).await?,
            None => sign_in::factor_page(step, &factors, notice),
        },
        // They come back with a second factor.
        (NextStep::SetUp, _) if long::is_too_long_twice(app, query) => {
            return long::shorten(app, context, request.sent.clone()).await;
        }
        (NextStep::SetUp, _) => return Ok(Elsewhere::at(account::address_for(query)).go(app)),
        // Where nothing is wanted but to see why a form did nothing, the user goes on as who is signed in.
        (NextStep::Account | NextStep::Consent | NextStep::Grant, _) => sign_in::account_page(step, notice),
    };
    app.authority.authorization().page_shown(request, now).await?;
    Ok(response)
}

/// The error for the client when its user refused.
fn refusal(answer: &Answer) -> Option<Refusal> {
    let description = match answer {
        Answer::Allowed(_) => return None,
        Answer::Denied => "the user denied the request",
        Answer::Cancelled => "the user cancelled the sign-in",
    };
    Some(Refusal::new(ErrorCode::AccessDenied, description))
}

async fn grant(step: &Step, signed_in: &SignedIn) -> Result<Response, PageError> {
    let Errand { app, context, browser, purpose: Authorization { request, .. }, .. } = step;
    let (network, now) = (context.network(), app.clock.now());
    let granted =
        app.authority.authorization().grant_code(request, signed_in, &browser.name, network, now).await?;
    let (id, client) = (context.id(), &request.client.id);
    tracing::info!(request = id, %client, user = %signed_in.user.id, "authorization code issued");
    Ok(go_back(app, &granted).await?)
}

impl Step {
    /// The URL of a form of this request.
    fn action(&self, path: &str) -> String {
        let progress = self.purpose.progress.unnoticed();
        self.app.urls.local(&self.path(&self.browser, path, &progress))
    }

    fn path(&self, browser: &Browser, path: &str, progress: &Progress) -> String {
        if *progress == Progress::default() {
            return self.purpose.path(path, "");
        }
        self.purpose.path(path, &progress.seal(&self.app, browser, &self.purpose.query))
    }

    /// Answers a form: redirects the browser to the request with this progress.
    fn go_on(&self, progress: &Progress) -> Response {
        Elsewhere::at(self.path(&self.browser, AUTHORIZE, progress)).go(&self.app)
    }
}
