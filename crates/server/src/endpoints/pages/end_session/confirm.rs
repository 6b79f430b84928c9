//! `POST /end_session/confirm`: what the user answers. Its own answer is always a redirect.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use jeton_authority::store::GrantsEnded;
use jeton_authority::{
    AtBrowser, EndSessionError, EndSessionRequest, FormVerdict, OAuthError, StaleForm, UserId,
};
use jeton_oauth::Parameters;

use super::done::{What, leads_to_done};
use super::{STALE, Subject, Visit, again, end, gone, refused};
use crate::app::App;
use crate::endpoints::authorize::{failed, malformed};
use crate::endpoints::oauth::client_request::context;
use crate::interaction::{Seal, is_navigation, see_other};
use crate::request::{RequestContext, form};

/// What the user pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    SignOut,
    SignOutEverywhere,
    Stay,
}

impl Answer {
    fn of(form: &Parameters) -> Self {
        match form.get("action") {
            Some("sign_out") => Self::SignOut,
            Some("sign_out_everywhere") => Self::SignOutEverywhere,
            _ => Self::Stay,
        }
    }
}

pub(crate) async fn post(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let context = context(&mut request);
    let (parts, body) = request.into_parts();
    let form = match form::of_body(&parts, body, &app.limits).await {
        Ok(form) => form,
        Err(error) => return malformed(&context, &error),
    };
    let visit = match Visit::new(&app, &context, &parts, form::of_query(&parts).unwrap_or_default()).await {
        Ok(visit) => visit,
        Err(error) => return failed(&context, &error),
    };
    match confirmed(&context, &visit, &form).await {
        Ok(response) => response,
        Err(error) => refused(&context, &error),
    }
}

/// Shows the page again as things stand now. Nothing has changed, and no cookie is touched: another site can post here too.
fn stale(context: &RequestContext, visit: &Visit<'_>) -> Response {
    tracing::info!(request = context.id(), code = "form_token_invalid", "form refused");
    let with_why: Parameters = visit.parameters.iter().chain([(STALE, "true")]).collect();
    again(visit.app, &with_why)
}

async fn confirmed(
    context: &RequestContext,
    visit: &Visit<'_>,
    form: &Parameters,
) -> Result<Response, EndSessionError> {
    let text = form.get("subject").unwrap_or_default();
    let verdict = Seal::SignOut { subject: text }.judge(visit.app, &visit.browser, form);
    let subject = Subject::parse(text).filter(|_| is_navigation(visit.parts));
    let (subject, is_current) = match (subject, verdict) {
        (Some(subject), FormVerdict::Current) => (subject, true),
        (Some(subject), FormVerdict::Stale(StaleForm::Account)) => (subject, false),
        _ => return Ok(stale(context, visit)),
    };
    let asked = visit.app.authority.end_session_request(&visit.asked().await?).await?;
    let here = visit.here().await?;
    Ok(match (subject, here, Answer::of(form)) {
        // The form was pressed before, here or in another tab: it leads where the first press led.
        (Subject::User(shown), AtBrowser::Nobody, answer) if answer != Answer::Stay => {
            let what = if answer == Answer::SignOutEverywhere && is_out_everywhere(visit, shown).await? {
                What::Everywhere
            } else {
                What::Browser
            };
            signed_out(visit, &asked, what)
        }
        _ if !is_current => stale(context, visit),
        // Nothing happens. The client is told nothing, but the user may go on there.
        (_, _, Answer::Stay) => leave(visit, &asked, What::Nothing),
        (Subject::User(shown), AtBrowser::SignedIn(now), Answer::SignOut) if shown == now.user.id => {
            end(visit, &asked, now.session.id, shown).await?;
            signed_out(visit, &asked, What::Browser)
        }
        (Subject::User(shown), AtBrowser::SignedIn(now), Answer::SignOutEverywhere)
            if shown == now.user.id =>
        {
            everywhere(visit, shown).await?;
            signed_out(visit, &asked, What::Everywhere)
        }
        (Subject::User(shown), AtBrowser::Lapsed(lapsed), Answer::SignOut) if shown == lapsed.user => {
            end(visit, &asked, lapsed.id, shown).await?;
            signed_out(visit, &asked, What::Browser)
        }
        (Subject::Grant(shown), AtBrowser::Nobody, Answer::SignOut) => {
            let ended = visit.app.authority.end_hinted_grants(&asked, shown, visit.app.clock.now()).await?;
            if ended {
                tracing::info!(request = visit.request, sid = %shown, told = 0, "signed out of one client");
            }
            leave(visit, &asked, What::Client)
        }
        // Somebody else is at this browser, or what was pressed wants a sign-in that is over.
        _ => stale(context, visit),
    })
}

/// Whether a user is signed in nowhere any more.
async fn is_out_everywhere(visit: &Visit<'_>, user: UserId) -> Result<bool, OAuthError> {
    visit.app.authority.is_signed_out_everywhere(user, visit.app.clock.now()).await
}

async fn everywhere(visit: &Visit<'_>, user: UserId) -> Result<(), OAuthError> {
    let now = visit.app.clock.now();
    let GrantsEnded { count: grants, told } = visit.app.authority.sign_out_everywhere(user, now).await?;
    tracing::info!(request = visit.request, %user, grants, told, "signed out everywhere");
    Ok(())
}

fn signed_out(visit: &Visit<'_>, asked: &EndSessionRequest, what: What) -> Response {
    gone(visit.app, asked, leads_to_done(visit, what))
}

fn leave(visit: &Visit<'_>, asked: &EndSessionRequest, what: What) -> Response {
    match asked.redirect() {
        Some(target) => see_other(&target),
        None => leads_to_done(visit, what),
    }
}
