//! `/end_session`: signing out at this browser, at a client's wish or one's own (OpenID Connect RP-Initiated Logout).
//!
//! A page is followed by `/end_session/confirm`, which takes its form, and that by `/end_session/done`, which says how things
//! stand: Back and reload never repeat anything.

mod confirm;
mod done;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use jeton_authority::authorization::SignedIn;
use jeton_authority::session::LapsedSession;
use jeton_authority::store::GrantsEnded;
use jeton_authority::{
    Acting, AtBrowser, EndSession, EndSessionError, EndSessionRequest, GrantId, OAuthError, SessionId, UserId,
};
use jeton_oauth::Parameters;

use super::authorize::{failed, malformed, not_a_navigation};
use crate::app::App;
use crate::endpoints::oauth::client_request::context;
use crate::interaction::{Browser, Seal, browser, is_navigation, see_other};
use crate::pages::{DonePage, Forms, SignOutPage, SignOutQuestion, SignOutRefusedPage, page};
use crate::request::{RequestContext, form, logged};

pub(crate) use confirm::post as confirm;
pub(crate) use done::get as done;

/// Where it is.
pub(crate) const PATH: &str = "/end_session";
/// Where its form leads.
pub(crate) const CONFIRM_PATH: &str = "/end_session/confirm";
/// Where that leads in turn.
pub(crate) const DONE_PATH: &str = "/end_session/done";

/// The parameter that says that the request comes from a form that was out of date: the page says so, and asks again.
const STALE: &str = "stale_form";

/// What a form asks about: the session of a user at this browser, or the grant of a client where nobody is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    User(UserId),
    Grant(GrantId),
}

impl Subject {
    /// As the form says it.
    fn text(self) -> String {
        match self {
            Self::User(user) => format!("user-{user}"),
            Self::Grant(grant) => format!("grant-{grant}"),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.split_once('-')? {
            ("user", id) => id.parse().ok().map(Self::User),
            ("grant", id) => id.parse().ok().map(Self::Grant),
            _ => None,
        }
    }
}

/// A visit of one of the paths here.
struct Visit<'a> {
    app: &'a App,
    /// The identifier of the request, which the log says.
    request: &'a str,
    parts: &'a Parts,
    browser: Browser,
    /// The request of the client as the browser sent it, without what was added here.
    parameters: Parameters,
    /// Whether it comes from a form that was out of date.
    is_stale: bool,
}

impl<'a> Visit<'a> {
    async fn new(
        app: &'a App,
        context: &'a RequestContext,
        parts: &'a Parts,
        parameters: Parameters,
    ) -> Result<Self, OAuthError> {
        let is_stale = parameters.get(STALE).is_some();
        let browser = browser(app, parts).await?;
        let parameters = parameters.without(STALE);
        Ok(Self { app, request: context.id(), parts, browser, parameters, is_stale })
    }

    /// The request of the client itself, where the browser sent what stands for it.
    async fn asked(&self) -> Result<Parameters, EndSessionError> {
        self.app.authority.kept_end_session(self.parameters.clone(), self.app.clock.now()).await
    }

    /// Who is at this browser.
    async fn here(&self) -> Result<AtBrowser, OAuthError> {
        let authority = &self.app.authority;
        Ok(match (&self.browser.signed_in, &self.browser.secret) {
            (Some(signed_in), _) => AtBrowser::SignedIn(signed_in.clone()),
            (None, Some(secret)) => {
                authority.lapsed_session(secret).await?.map_or(AtBrowser::Nobody, AtBrowser::Lapsed)
            }
            (None, None) => AtBrowser::Nobody,
        })
    }
}

/// `GET` with the request in the query, or `POST` with it in the body.
pub(crate) async fn begin(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let context = context(&mut request);
    let (parts, body) = request.into_parts();
    let parameters = if parts.method == Method::POST {
        match form::of_body(&parts, body, &app.limits).await {
            // The browser sends its cookie only with the redirect that follows.
            Ok(parameters) => return lead_on(&app, &context, parameters).await,
            Err(error) => Err(error),
        }
    } else {
        form::of_query(&parts)
    };
    let parameters = match parameters {
        Ok(parameters) => parameters,
        Err(error) => return malformed(&context, &error),
    };
    if is_too_long(&app, &parameters.to_query()) {
        if !is_navigation(&parts) {
            return not_a_navigation(&context);
        }
        return lead_on(&app, &context, parameters).await;
    }
    let visit = match Visit::new(&app, &context, &parts, parameters).await {
        Ok(visit) => visit,
        Err(error) => return failed(&context, &error),
    };
    match answer(&visit).await {
        Ok(mut response) => {
            visit.browser.introduce(&app, &mut response);
            response
        }
        Err(error) => refused(&context, &error),
    }
}

/// Tells the user that the request is not followed. Nobody was signed out, and nobody goes anywhere.
fn refused(context: &RequestContext, error: &EndSessionError) -> Response {
    if let EndSessionError::Failed(error) = error {
        return failed(context, error);
    }
    let request = context.id();
    let (client, uri) = match error {
        EndSessionError::PostLogoutRedirectUri { client, uri } => (Some(logged(client)), Some(logged(uri))),
        _ => (None, None),
    };
    tracing::info!(
        request,
        code = error.code(),
        client,
        post_logout_redirect_uri = uri,
        "sign-out refused: {error}"
    );
    let shown = SignOutRefusedPage {
        reason: &error.to_string(),
        action: &context.urls.local(PATH),
        code: error.code(),
        request,
    };
    page(&context.urls, StatusCode::BAD_REQUEST, &shown, Forms::StayHere)
}

/// The same request as a `GET`. One that is too long for an address is kept, and the browser goes on with what stands for it.
async fn lead_on(app: &App, context: &RequestContext, parameters: Parameters) -> Response {
    if !is_too_long(app, &parameters.to_query()) {
        return see_other(&app.urls.absolute(&target(&parameters)));
    }
    match app.authority.keep_end_session(&parameters, context.network(), app.clock.now()).await {
        Ok(instead) => see_other(&app.urls.absolute(&target(&instead))),
        Err(error) => refused(context, &error),
    }
}

/// Whether an address with this query would be too long.
fn is_too_long(app: &App, query: &str) -> bool {
    let beside = app.urls.base().len() + CONFIRM_PATH.len() + "?&=true".len() + STALE.len();
    query.len() + beside > app.limits.target_bytes
}

/// Leads to the page, from a form or its address. The browser stays at the host where it is: a form may lead to no other.
fn again(app: &App, parameters: &Parameters) -> Response {
    see_other(&app.urls.local(&target(parameters)))
}

fn target(parameters: &Parameters) -> String {
    format!("{PATH}?{}", parameters.to_query())
}

/// `GET` on the address of the form: leads to the page with the form.
pub(crate) async fn lead_to_form(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let context = context(&mut request);
    let (parts, _) = request.into_parts();
    match form::of_query(&parts) {
        Ok(parameters) => again(
            &app,
            &["form_token", "subject", "action"].into_iter().fold(parameters, Parameters::without),
        ),
        Err(error) => malformed(&context, &error),
    }
}

async fn answer(visit: &Visit<'_>) -> Result<Response, EndSessionError> {
    let authority = &visit.app.authority;
    let asked = authority.end_session_request(&visit.asked().await?).await?;
    let here = visit.here().await?;
    let acting =
        if is_navigation(visit.parts) && !visit.is_stale { Acting::Allowed } else { Acting::AskFirst };
    match (authority.decide_end_session(&asked, &here, acting, visit.app.clock.now()).await?, here) {
        (EndSession::AtOnce, AtBrowser::SignedIn(SignedIn { session, user })) => {
            end_here(visit, &asked, session.id, user.id).await
        }
        (EndSession::AtOnce, AtBrowser::Lapsed(LapsedSession { id, user, .. })) => {
            end_here(visit, &asked, id, user).await
        }
        (EndSession::AskAboutSession, AtBrowser::SignedIn(SignedIn { user, .. })) => {
            let question = SignOutQuestion::SignedIn { username: user.username.as_str() };
            Ok(ask(visit, &asked, Subject::User(user.id), question))
        }
        (EndSession::AskAboutSession, AtBrowser::Lapsed(LapsedSession { user, .. })) => {
            Ok(ask(visit, &asked, Subject::User(user), SignOutQuestion::Lapsed))
        }
        (EndSession::AskAboutGrant(grant), _) => {
            if !visit.parts.headers.contains_key(header::COOKIE) {
                let client = asked.client.as_ref().map(|client| tracing::field::display(&client.id));
                tracing::info!(
                    request = visit.request,
                    client,
                    code = "sign_out_without_browser",
                    "nobody was signed out: the request brings no cookies. An application sends the browser here to sign a user out; its server alone can revoke its refresh token at /revoke"
                );
            }
            Ok(ask(visit, &asked, Subject::Grant(grant), SignOutQuestion::OfClientAlone))
        }
        _ => Ok(match asked.redirect() {
            Some(target) => see_other(&target),
            None => page(&visit.app.urls, StatusCode::OK, &nobody(visit), Forms::StayHere),
        }),
    }
}

fn nobody(visit: &Visit<'_>) -> DonePage<'static> {
    // Whoever came back from a form without a single cookie has a browser that keeps none.
    let text = if visit.is_stale && !visit.parts.headers.contains_key(header::COOKIE) {
        "Your browser sent no cookie. If you are signed in, allow cookies for this site and sign out again."
    } else {
        "Nobody is signed in at this browser, so there is nothing to sign out of. You can close this page."
    };
    DonePage { title: "You are not signed in", text }
}

fn ask(
    visit: &Visit<'_>,
    asked: &EndSessionRequest,
    subject: Subject,
    question: SignOutQuestion<'_>,
) -> Response {
    let subject = subject.text();
    let shown = SignOutPage {
        question,
        client: asked.client.as_ref().map(|client| client.name()),
        is_stale: visit.is_stale,
        action: &visit.app.urls.local(&format!("{CONFIRM_PATH}?{}", visit.parameters.to_query())),
        subject: &subject,
        form_token: &Seal::SignOut { subject: &subject }.token(visit.app, &visit.browser),
    };
    let forms = match asked.post_logout_redirect_uri {
        Some(_) => Forms::LeadOut,
        None => Forms::StayHere,
    };
    page(&visit.app.urls, StatusCode::OK, &shown, forms)
}

/// Ends the session of this browser.
async fn end(
    visit: &Visit<'_>,
    asked: &EndSessionRequest,
    session: SessionId,
    user: UserId,
) -> Result<(), EndSessionError> {
    let now = visit.app.clock.now();
    let GrantsEnded { count: grants, told } =
        visit.app.authority.sign_out_browser(asked, session, user, now).await?;
    tracing::info!(request = visit.request, %user, grants, told, "signed out at a browser");
    Ok(())
}

async fn end_here(
    visit: &Visit<'_>,
    asked: &EndSessionRequest,
    session: SessionId,
    user: UserId,
) -> Result<Response, EndSessionError> {
    end(visit, asked, session, user).await?;
    let done = page(&visit.app.urls, StatusCode::OK, &DonePage::OUT_AT_THIS_BROWSER, Forms::StayHere);
    Ok(gone(visit.app, asked, done))
}

/// Nobody is signed in at this browser any more: the user goes where the client wants them, or to `otherwise`.
fn gone(app: &App, asked: &EndSessionRequest, otherwise: Response) -> Response {
    const CACHE: HeaderValue = HeaderValue::from_static("\"cache\"");
    let mut response = match asked.redirect() {
        Some(target) => see_other(&target),
        None => otherwise,
    };
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, app.cookies.clear_session());
    headers.insert("clear-site-data", CACHE);
    response
}
