//! `/end_session`: signing out in this browser, requested by a client or by the user (OpenID Connect RP-Initiated
//! Logout).
//!
//! The page's form posts to `/end_session/confirm`, which redirects to `/end_session/done`, which shows the result:
//! Back and reload repeat nothing.

mod confirm;
mod done;

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use jeton_authority::client::Client;
use jeton_authority::session::LapsedSession;
use jeton_authority::sign_in::{SignedIn, Step};
use jeton_authority::store::GrantsEnded;
use jeton_authority::{
    Acting, AtBrowser, EndSession, EndSessionError, EndSessionRequest, GrantId, OAuthError, SessionId, UserId,
};
use jeton_oauth::Parameters;

use crate::app::App;
use crate::interaction::{
    Browser, Elsewhere, Errand, Navigation, PageError, Purpose, Query, Seal, Sent, is_navigation,
};
use crate::pages::{DonePage, Forms, SignOutPage, SignOutQuestion};
use crate::request::{RequestContext, form};
use crate::respond::see_other;
use crate::urls::path::{END_SESSION, END_SESSION_CONFIRM};

pub(crate) use confirm::post as confirm;
pub(crate) use done::get as done;

/// The parameter that marks a request that comes from a stale form: the page says so, and asks again.
const STALE: &str = "stale_form";

/// What a form asks about: the user's session in this browser, or the client's grant if nobody is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    User(UserId),
    Grant(GrantId),
}

impl Subject {
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

pub(crate) struct SignOut {
    /// The client's request as the browser sent it, without parameters that were added here.
    sent: Parameters,
    asked: EndSessionRequest,
    /// Whether the request comes from a stale form.
    is_stale: bool,
    is_navigation: bool,
    brings_cookies: bool,
}

impl Purpose for SignOut {
    fn client(&self) -> Option<&Client> {
        self.asked.client.as_deref()
    }

    fn forms(&self) -> Forms {
        match self.asked.post_logout_redirect_uri {
            Some(_) => Forms::LeadOut,
            None => Forms::StayHere,
        }
    }
}

impl FromRequestParts<Arc<App>> for Errand<SignOut> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, PageError> {
        let sent = form::of_query(parts)?;
        let is_stale = sent.get(STALE).is_some();
        let browser = Browser::of(app, &parts.headers).await?;
        let sent = sent.without(STALE);
        let kept = app.authority.sign_out().kept(sent.clone(), app.clock.now()).await?;
        let asked = app.authority.sign_out().request(&kept).await?;
        let is_navigation = is_navigation(parts);
        let brings_cookies = parts.headers.contains_key(header::COOKIE);
        let purpose = SignOut { sent, asked, is_stale, is_navigation, brings_cookies };
        Ok(Self::new(app, RequestContext::of(&parts.extensions), browser, purpose))
    }
}

/// `GET` with the request in the query, or `POST` with it in the body.
pub(crate) async fn begin(
    State(app): State<Arc<App>>,
    context: RequestContext,
    mut sent: Sent,
) -> Result<Response, PageError> {
    if sent.is_posted() {
        // The browser sends its cookie only with the redirect that follows.
        return lead_on(&app, &context, sent.parameters).await;
    }
    if is_too_long(&app, &sent.parameters.to_query()) {
        Navigation::from_request_parts(&mut sent.head, &app).await?;
        return lead_on(&app, &context, sent.parameters).await;
    }
    answer(&Errand::<SignOut>::from_request_parts(&mut sent.head, &app).await?).await
}

/// The same request as a `GET`. If it is too long for a URL, it is stored, and the browser continues with a reference.
async fn lead_on(app: &App, context: &RequestContext, mut sent: Parameters) -> Result<Response, PageError> {
    if is_too_long(app, &sent.to_query()) {
        sent = app.authority.sign_out().keep(&sent, context.network(), app.clock.now()).await?;
    }
    Ok(see_other(&app.urls.absolute(&target(&sent))))
}

/// Whether a URL with this query would be too long.
fn is_too_long(app: &App, query: &str) -> bool {
    let beside = app.urls.base().len() + END_SESSION_CONFIRM.len() + "?&=true".len() + STALE.len();
    query.len() + beside > app.limits.target_bytes
}

fn target(parameters: &Parameters) -> String {
    format!("{END_SESSION}?{}", parameters.to_query())
}

/// `GET` on the URL of the form: redirects to the page with the form. The host stays the same, because the target of a
/// form must not change the host.
pub(crate) async fn lead_to_form(State(app): State<Arc<App>>, Query(parameters): Query) -> Response {
    let parameters = ["form_token", "subject", "action"].into_iter().fold(parameters, Parameters::without);
    Elsewhere::at(target(&parameters)).go(&app)
}

async fn answer(errand: &Errand<SignOut>) -> Result<Response, PageError> {
    let Errand { app, purpose: SignOut { asked, is_stale, is_navigation, brings_cookies, .. }, .. } = errand;
    let here = errand.here().await?;
    let acting = if *is_navigation && !is_stale { Acting::Allowed } else { Acting::AskFirst };
    let decided = app.authority.sign_out().decide(asked, &here, acting, app.clock.now()).await?;
    Ok(match (decided, here) {
        (EndSession::AtOnce, AtBrowser::SignedIn(here)) => {
            errand.end_at_once(here.session.id, here.user.id).await?
        }
        (EndSession::AtOnce, AtBrowser::Lapsed(LapsedSession { id, user, .. })) => {
            errand.end_at_once(id, user).await?
        }
        (EndSession::AskAboutSession, AtBrowser::SignedIn(here)) => {
            let question = SignOutQuestion::SignedIn { username: here.user.username.as_str() };
            errand.ask(Subject::User(here.user.id), question)
        }
        (EndSession::AskAboutSession, AtBrowser::Lapsed(LapsedSession { user, .. })) => {
            errand.ask(Subject::User(user), SignOutQuestion::Lapsed)
        }
        (EndSession::AskAboutGrant(grant), _) => {
            if !brings_cookies {
                let client = asked.client.as_ref().map(|client| tracing::field::display(&client.id));
                tracing::info!(
                    request = errand.context.id(),
                    client,
                    code = "sign_out_without_browser",
                    "nobody was signed out, because the request has no cookies: to sign a user out, an application must send the browser here; without it, a server can only revoke its refresh token at /revoke"
                );
            }
            errand.ask(Subject::Grant(grant), SignOutQuestion::OfClientAlone)
        }
        _ => match asked.redirect() {
            Some(target) => see_other(&target),
            None => errand.page(StatusCode::OK, &nobody(*is_stale && !brings_cookies)),
        },
    })
}

/// Nobody is signed in. A browser that returns from a form without any cookie stores none.
fn nobody(keeps_no_cookies: bool) -> DonePage<'static> {
    let text = if keeps_no_cookies {
        "Your browser sent no cookies. If you are signed in, allow cookies for this site and sign out again."
    } else {
        "Nobody is signed in to this browser, so there is nothing to sign out of. You can close this page."
    };
    DonePage { title: "You are not signed in", text }
}

/// The user who is signed in in a browser, if nothing more is required.
fn signed_in_at<'a>(app: &App, browser: &'a Browser) -> Option<&'a SignedIn> {
    let signed_in = browser.signed_in.as_ref();
    let wanted = jeton_authority::SignOut::still_wanted(signed_in, app.clock.now());
    signed_in.filter(|_| wanted == Step::Done)
}

impl Errand<SignOut> {
    async fn here(&self) -> Result<AtBrowser, OAuthError> {
        Ok(match (signed_in_at(&self.app, &self.browser), &self.browser.secret) {
            (Some(signed_in), _) => AtBrowser::SignedIn(Box::new(signed_in.clone())),
            (None, Some(secret)) => {
                let lapsed = self.app.authority.sign_in().lapsed_session(secret).await?;
                lapsed.map_or(AtBrowser::Nobody, AtBrowser::Lapsed)
            }
            (None, None) => AtBrowser::Nobody,
        })
    }

    fn ask(&self, subject: Subject, question: SignOutQuestion<'_>) -> Response {
        let SignOut { sent, is_stale, .. } = &self.purpose;
        let subject = subject.text();
        let shown = SignOutPage {
            question,
            client: self.purpose.client().map(Client::name),
            is_stale: *is_stale,
            action: &self.app.urls.local(&format!("{END_SESSION_CONFIRM}?{}", sent.to_query())),
            subject: &subject,
            form_token: &self.token(Seal::SignOut { subject: &subject }),
        };
        self.page(StatusCode::OK, &shown)
    }

    async fn end_at_once(&self, session: SessionId, user: UserId) -> Result<Response, EndSessionError> {
        self.end(session, user).await?;
        Ok(self.gone(self.page(StatusCode::OK, &DonePage::OUT_AT_THIS_BROWSER)))
    }

    /// Ends the session of this browser.
    async fn end(&self, session: SessionId, user: UserId) -> Result<(), EndSessionError> {
        let (authority, now) = (&self.app.authority, self.app.clock.now());
        let GrantsEnded { count: grants, told } =
            authority.sign_out().at_browser(&self.purpose.asked, session, user, now).await?;
        tracing::info!(request = self.context.id(), %user, grants, told, "browser sign-out");
        Ok(())
    }

    /// Nobody is signed in in this browser any more: redirects to where the client wants, or to `otherwise`.
    fn gone(&self, otherwise: Response) -> Response {
        const CACHE: HeaderValue = HeaderValue::from_static("\"cache\"");
        let mut response = self.leave(otherwise);
        let headers = response.headers_mut();
        headers.append(header::SET_COOKIE, self.app.cookies.clear_session());
        headers.insert("clear-site-data", CACHE);
        response
    }

    fn leave(&self, otherwise: Response) -> Response {
        self.purpose.asked.redirect().map_or(otherwise, |target| see_other(&target))
    }
}
