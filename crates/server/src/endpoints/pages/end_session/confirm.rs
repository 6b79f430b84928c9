//! `POST /end_session/confirm`: the user's answer. The response is always a redirect.

use axum::extract::Request;
use axum::response::Response;
use jeton_authority::store::GrantsEnded;
use jeton_authority::{AtBrowser, FormVerdict, OAuthError, StaleForm, UserId};
use jeton_oauth::Parameters;

use super::done::{What, leads_to_done};
use super::{STALE, SignOut, Subject, target};
use crate::interaction::{Elsewhere, Errand, PageError, Seal};
use crate::request::form;

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

pub(crate) async fn post(errand: Errand<SignOut>, request: Request) -> Result<Response, PageError> {
    let (parts, body) = request.into_parts();
    let form = form::of_body(&parts, body, &errand.app.limits).await?;
    let text = form.get("subject").unwrap_or_default();
    let verdict = errand.judge(Seal::SignOut { subject: text }, &form);
    let subject = Subject::parse(text).filter(|_| errand.purpose.is_navigation);
    let (subject, is_current) = match (subject, verdict) {
        (Some(subject), FormVerdict::Current) => (subject, true),
        (Some(subject), FormVerdict::Stale(StaleForm::Account)) => (subject, false),
        _ => return Ok(errand.stale()),
    };
    Ok(match (subject, errand.here().await?, Answer::of(&form)) {
        // The form was pressed before, here or in another tab: it leads where the first press led.
        (Subject::User(shown), AtBrowser::Nobody, answer) if answer != Answer::Stay => {
            let what = if answer == Answer::SignOutEverywhere && errand.is_out_everywhere(shown).await? {
                What::Everywhere
            } else {
                What::Browser
            };
            errand.signed_out(what)
        }
        _ if !is_current => errand.stale(),
        // Nothing happens. The client is told nothing, but the user may go on there.
        (_, _, Answer::Stay) => errand.leave(leads_to_done(&errand, What::Nothing)),
        (Subject::User(shown), AtBrowser::SignedIn(now), Answer::SignOut) if shown == now.user.id => {
            errand.end(now.session.id, shown).await?;
            errand.signed_out(What::Browser)
        }
        (Subject::User(shown), AtBrowser::SignedIn(now), Answer::SignOutEverywhere)
            if shown == now.user.id =>
        {
            errand.end_everywhere(shown).await?;
            errand.signed_out(What::Everywhere)
        }
        (Subject::User(shown), AtBrowser::Lapsed(lapsed), Answer::SignOut) if shown == lapsed.user => {
            errand.end(lapsed.id, shown).await?;
            errand.signed_out(What::Browser)
        }
        (Subject::Grant(shown), AtBrowser::Nobody, Answer::SignOut) => {
            let (app, asked) = (&errand.app, &errand.purpose.asked);
            if app.authority.sign_out().end_hinted_grants(asked, shown, app.clock.now()).await? {
                let request = errand.context.id();
                tracing::info!(request, sid = %shown, told = 0, "signed out of one client");
            }
            errand.leave(leads_to_done(&errand, What::Client))
        }
        // Somebody else is at this browser, or what was pressed wants a sign-in that is over.
        _ => errand.stale(),
    })
}

impl Errand<SignOut> {
    /// Shows the page again for the current state. Nothing has changed, and no cookie is set, because another site can
    /// post here too.
    fn stale(&self) -> Response {
        tracing::info!(request = self.context.id(), code = "form_token_invalid", "form refused");
        let with_why: Parameters = self.purpose.sent.iter().chain([(STALE, "true")]).collect();
        Elsewhere::at(target(&with_why)).go(&self.app)
    }

    /// Whether a user is no longer signed in anywhere.
    async fn is_out_everywhere(&self, user: UserId) -> Result<bool, OAuthError> {
        self.app.authority.sign_out().is_done_everywhere(user, self.app.clock.now()).await
    }

    async fn end_everywhere(&self, user: UserId) -> Result<(), OAuthError> {
        let (authority, now) = (&self.app.authority, self.app.clock.now());
        let GrantsEnded { count: grants, told } = authority.sign_out().everywhere(user, now).await?;
        tracing::info!(request = self.context.id(), %user, grants, told, "signed out everywhere");
        Ok(())
    }

    fn signed_out(&self, what: What) -> Response {
        self.gone(leads_to_done(self, what))
    }
}
