//! `/authorize`: a client sends somebody here to sign in, and they go back with a code (RFC 6749 §3.1).
//!
//! Nothing is remembered between the steps. Each form is answered with a redirect to the same request, whose address says, under
//! a seal, what the user did since; what happens next is decided there and nowhere else. So a page that answers a form can be
//! reloaded, and a form that is stale leads to the page that fits by now.

mod consent;
mod long;
mod notice;
mod progress;
mod respond;
mod sign_in;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, Method, header};
use jeton_authority::authorization::{
    AuthorizationRequest, AuthorizationResponse, NextStep, PageError, RedirectError, SignedIn,
};
use jeton_authority::{FormVerdict, GrantCodeError, IdentifyError, Refusal};
use jeton_oauth::authorization::Prompt;
use jeton_oauth::{ErrorCode, Parameters};

pub(super) use self::notice::Notice;
use self::notice::Sentence;
use self::progress::{Answer, PARAMETER, Progress};
pub(super) use self::respond::{failed, malformed, not_a_navigation};
use self::respond::{go, page_error, page_error_of};
pub(in crate::endpoints) use self::sign_in::remember_browser;
pub(super) use self::sign_in::try_sign_in;
use crate::app::App;
use crate::endpoints::oauth::client_request::context;
use crate::interaction::{
    Browser, browser, is_from_elsewhere, is_navigation, keep_typed_name, see_other, typed_name,
};
use crate::request::{FormError, RequestContext, form};

pub(crate) use consent::post as post_consent;
pub(crate) use sign_in::post as post_sign_in;

/// Where it is.
pub(crate) const PATH: &str = "/authorize";

/// A step of an authorization: who asks whom for what, and what the user did so far.
struct Step {
    context: RequestContext,
    request: AuthorizationRequest,
    /// The request, as forms are sealed for it.
    query: String,
    browser: Browser,
    progress: Progress,
    /// What the user typed before.
    typed_name: Option<String>,
    /// Whether a page of somebody else made the request.
    from_elsewhere: bool,
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
        let parameters = parameters.without(PARAMETER);
        if long::is_too_long(&app, &parameters.to_query()) {
            return long::shorten(&app, &context, parameters).await;
        }
        return again(parameters, &app);
    }
    if let Ok(parameters) = form::of_query(&parts)
        && parameters.get("request").is_some()
    {
        return open(&app, &context, parameters).await;
    }
    match read(&app, context, &parts).await {
        Ok(step) => proceed(&app, &step).await,
        Err(response) => *response,
    }
}

/// Opens a request object. The browser goes on with what stands for it, so the object may be long and is looked at once.
async fn open(app: &App, context: &RequestContext, parameters: Parameters) -> Response {
    context.names(&parameters);
    let instead = app.authority.take_request_object(parameters, context.network(), app.clock.now()).await;
    long::go_on_with(app, context, instead).await
}

/// Tells the client that its request is refused.
async fn refused(app: &App, context: &RequestContext, error: &RedirectError) -> Response {
    let refusal = &error.refusal;
    let (request, code, client) = (context.id(), refusal.code.as_str(), context.client_id());
    let cause = refusal.cause.as_deref();
    // An application that asks silently finds out so whether somebody is signed in, and may ask all the time.
    if is_answer_to_silence(refusal.code) && cause.is_none() {
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
fn again(parameters: Parameters, app: &App) -> Response {
    let query = parameters.without(PARAMETER).to_query();
    see_other(&app.urls.absolute(&format!("{PATH}?{query}")))
}

/// `GET` on the address of a form, by a link or from the browser's memory: leads to the page with the form. What was typed there is
/// never taken from an address, and goes no further.
pub(crate) async fn lead_to_form(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let context = context(&mut request);
    let (parts, _) = request.into_parts();
    match form::of_query(&parts) {
        Ok(parameters) => {
            let parameters = FIELDS.into_iter().fold(parameters, Parameters::without);
            see_other(&app.urls.local(&format!("{PATH}?{}", parameters.to_query())))
        }
        Err(error) => malformed(&context, &error),
    }
}

/// The fields of the forms here, which have no place in an address.
const FIELDS: [&str; 4] = ["form_token", "username", "password", "action"];

/// Reads the request in the query and finds out whose browser it is.
async fn read(app: &App, context: RequestContext, parts: &Parts) -> Result<Step, Box<Response>> {
    let parameters = form::of_query(parts).map_err(|error| malformed(&context, &error))?;
    context.names(&parameters);
    let presented = parameters.get(PARAMETER).unwrap_or_default().to_owned();
    let parameters = parameters.without(PARAMETER);
    let client = parameters.get("client_id").map(str::to_owned);
    let (network, now) = (context.network(), app.clock.now());
    let redirectable = match app.authority.identify_request(parameters, network, now).await {
        Ok(redirectable) => redirectable,
        Err(IdentifyError::Page(PageError::RequestUri)) => {
            return Err(page_error_of(app, &context, client.as_deref()).await.into());
        }
        Err(IdentifyError::Page(error)) => return Err(page_error(&context, error).into()),
        Err(IdentifyError::Failed(error)) => return Err(failed(&context, &error).into()),
    };
    let browser = browser(app, parts).await.map_err(|error| failed(&context, &error))?;
    let request = match redirectable.validate(app.authority.settings()) {
        Ok(request) => request,
        Err(error) => return Err(Box::new(refused(app, &context, &error).await)),
    };
    if let Some(cause) = app.authority.ignored_hint(&request) {
        let is_silent = request.prompt.contains(&Prompt::None);
        let (request, client) = (context.id(), context.client_id());
        if is_silent {
            tracing::debug!(request, code = "id_token_hint_ignored", client, cause, "id_token_hint ignored");
        } else {
            tracing::info!(request, code = "id_token_hint_ignored", client, cause, "id_token_hint ignored");
        }
    }
    let query = request.sent.to_query();
    Ok(Step {
        progress: Progress::open(app, &browser, &query, &presented),
        typed_name: typed_name(app, &browser, &parts.headers, &query),
        from_elsewhere: is_from_elsewhere(parts),
        context,
        request,
        query,
        browser,
    })
}

/// Reads a form that was posted and the request that it is for. A form that cannot be read is no reason to lose the request.
async fn read_form(
    app: &App,
    request: Request,
) -> Result<(Step, Result<Parameters, FormError>), Box<Response>> {
    let mut request = request;
    let context = context(&mut request);
    let (parts, body) = request.into_parts();
    if !is_navigation(&parts) {
        return Err(not_a_navigation(&context).into());
    }
    let form = form::of_typed_body(&parts, body, &app.limits).await;
    if let Err(error) = &form
        && error.is_compressed()
    {
        return Err(malformed(&context, error).into());
    }
    let step = read(app, context, &parts).await?;
    // It leads where the first answer led.
    if step.request.is_answered() {
        return Err(step.shown_again(app, &Progress::default()).into());
    }
    Ok((step, form))
}

/// Does what has to happen next.
async fn proceed(app: &App, step: &Step) -> Response {
    let now = app.clock.now();
    let (request, signed_in) = (&step.request, step.browser.signed_in.as_ref());
    if request.is_answered() {
        let again = app.authority.lead_again(request, signed_in, &step.browser.name, now).await;
        return answered(app, step, again).await;
    }
    if let Some(refusal) = step.progress.answer(&step.browser).and_then(refusal) {
        return refused(app, &step.context, &request.refuse(refusal)).await;
    }
    let since = step.progress.since(&step.browser, consent::shown(request));
    let next = match app.authority.next_step(request, signed_in, since, now).await {
        Ok(next) => next,
        Err(error) => return failed(&step.context, &error),
    };
    // Whoever pressed something that did nothing is shown why before they go on.
    let notice = step.progress.notice(&step.browser).filter(|_| !request.prompt.contains(&Prompt::None));
    let response = match (next, signed_in) {
        (NextStep::Grant, Some(signed_in)) if notice.is_none() => return grant(app, step, signed_in).await,
        (NextStep::Refuse(refusal), _) => return refused(app, &step.context, &request.refuse(refusal)).await,
        _ if long::is_too_long(app, &step.query) => {
            return long::shorten(app, &step.context, request.sent.clone()).await;
        }
        (NextStep::Consent, Some(signed_in)) => consent::page(app, step, signed_in, notice),
        _ => sign_in::page(app, step, notice),
    };
    match app.authority.page_shown(request, now).await {
        Ok(()) => response,
        Err(error) => failed(&step.context, &error.into()),
    }
}

/// What the client is told where its user said no.
fn refusal(answer: &Answer) -> Option<Refusal> {
    let description = match answer {
        Answer::Allowed(_) => return None,
        Answer::Denied => "the user said no",
        Answer::Cancelled => "the user did not want to sign in",
    };
    Some(Refusal::new(ErrorCode::AccessDenied, description))
}

async fn grant(app: &App, step: &Step, signed_in: &SignedIn) -> Response {
    let (network, now) = (step.context.network(), app.clock.now());
    let granted = app.authority.grant_code(&step.request, signed_in, &step.browser.name, network, now).await;
    if granted.is_ok() {
        let (request, client) = (step.context.id(), &step.request.client.id);
        tracing::info!(request, %client, user = %signed_in.user.id, "code granted");
    }
    answered(app, step, granted).await
}

async fn answered(app: &App, step: &Step, answer: Result<AuthorizationResponse, GrantCodeError>) -> Response {
    match answer {
        Ok(response) => go(app, &step.context, &response).await,
        Err(GrantCodeError::Refused(error)) => refused(app, &step.context, &error).await,
        Err(GrantCodeError::Failed(error)) => failed(&step.context, &error),
    }
}

impl Step {
    /// Where a form of this request leads: the request itself is in the query, as it came, with what the user did so far.
    fn action(&self, app: &App, path: &str) -> String {
        if self.progress == Progress::default() {
            return app.urls.local(&format!("{PATH}{path}?{}", self.query));
        }
        let progress = self.progress.unnoticed().seal(app, &self.browser, &self.query);
        self.target(app, path, &progress)
    }

    fn target(&self, app: &App, path: &str, progress: &str) -> String {
        let progress: Parameters = [(PARAMETER, progress)].into_iter().collect();
        app.urls.local(&format!("{PATH}{path}?{}&{}", self.query, progress.to_query()))
    }

    /// Answers a form: the browser goes to the request again, which now says this.
    fn shown_again(&self, app: &App, progress: &Progress) -> Response {
        if *progress == Progress::default() {
            return see_other(&app.urls.local(&format!("{PATH}?{}", self.query)));
        }
        see_other(&self.target(app, "", &progress.seal(app, &self.browser, &self.query)))
    }

    /// Answers a form that did nothing: the page that fits by now is shown, with the reason. A genuine form keeps what the user did.
    fn did_nothing(&self, app: &App, notice: Notice, typed: Option<&str>) -> Response {
        let (request, client) = (self.context.id(), self.context.client_id());
        tracing::info!(request, code = notice.code(), client, "form did nothing: its page is shown again");
        let mut response = if self.browser.is_new {
            see_other(&self.target(app, "", progress::NO_COOKIES))
        } else {
            self.shown_again(app, &self.progress.noticed(&self.browser, notice))
        };
        // A form that another site posts comes without cookies; the browser's own must not be replaced then.
        if self.from_elsewhere {
            return response;
        }
        self.browser.introduce(app, &mut response);
        // A form that is not of this browser was typed by its user only where the cookies were lost.
        let typed = typed.filter(|_| self.browser.is_new || !matches!(notice, Notice::Foreign));
        let name = typed.and_then(|name| keep_typed_name(app, &self.browser, &self.query, name));
        add_cookie(&mut response, name);
        response
    }

    /// The sentence that says why the page is shown again.
    fn sentence(&self, app: &App, notice: Option<Notice>) -> Sentence {
        let account = self.browser.signed_in.as_ref().map(|signed_in| signed_in.user.username.as_str());
        let of = |notice: Notice| notice.sentence(account, self.request.client.name(), app.clock.now());
        notice.map(of).unwrap_or_default()
    }

    /// Tells a browser that is new here its name.
    fn with_browser(&self, app: &App, mut response: Response) -> Response {
        self.browser.introduce(app, &mut response);
        response
    }
}

/// Why a form may not act; nothing where it may.
const fn reason(verdict: FormVerdict) -> Option<Notice> {
    match verdict {
        FormVerdict::Current => None,
        FormVerdict::Stale(stale) => Some(Notice::of_stale(stale)),
        FormVerdict::Foreign => Some(Notice::Foreign),
    }
}

fn add_cookie(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
