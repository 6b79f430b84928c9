//! `GET /end_session/done`: how things stand after the form. What it says of a sign-out is sealed for the browser that signed
//! out: a link that somebody sends says nothing that did not happen.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;

use super::{DONE_PATH, Visit};
use crate::app::App;
use crate::endpoints::authorize::{failed, malformed};
use crate::endpoints::oauth::client_request::context;
use crate::interaction::see_other;
use crate::pages::{DonePage, Forms, isolated, page};
use crate::request::form;

/// What ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Nothing: the user stays signed in.
    Nothing,
    /// The session of this browser.
    Browser,
    /// Every session of the user.
    Everywhere,
    /// What one client holds.
    Client,
}

impl What {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Browser => "browser",
            Self::Everywhere => "everywhere",
            Self::Client => "application",
        }
    }

    fn parse(text: &str) -> Self {
        let all = [Self::Browser, Self::Everywhere, Self::Client];
        all.into_iter().find(|what| what.as_str() == text).unwrap_or(Self::Nothing)
    }
}

/// What the seal of this page is for.
const PURPOSE: &str = "signed out";

/// Sends the browser here.
pub(super) fn leads_to_done(visit: &Visit<'_>, what: What) -> Response {
    let authority = &visit.app.authority;
    let seal = authority.seal_text(PURPOSE, &[&visit.browser.name, what.as_str()]);
    let path = format!("{DONE_PATH}?ended={}&seal={seal}", what.as_str());
    see_other(&visit.app.urls.local(&path))
}

pub(crate) async fn get(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let context = context(&mut request);
    let (parts, _) = request.into_parts();
    let query = match form::of_query(&parts) {
        Ok(query) => query,
        Err(error) => return malformed(&context, &error),
    };
    let visit = match Visit::new(&app, &context, &parts, query).await {
        Ok(visit) => visit,
        Err(error) => return failed(&context, &error),
    };
    let what = What::parse(visit.parameters.get("ended").unwrap_or_default());
    if let Some(signed_in) = &visit.browser.signed_in {
        let text = format!("As {}, at this browser.", isolated(signed_in.user.username.as_str()));
        let title = if what == What::Nothing { "You are still signed in" } else { "You are signed in" };
        return page(&app.urls, StatusCode::OK, &DonePage { title, text: &text }, Forms::StayHere);
    }
    let seal = visit.parameters.get("seal").unwrap_or_default();
    let is_sealed = app.authority.is_sealed(PURPOSE, &[&visit.browser.name, what.as_str()], seal);
    let shown = match what {
        What::Browser if is_sealed => DonePage::OUT_AT_THIS_BROWSER,
        What::Everywhere if is_sealed => DonePage::OUT_EVERYWHERE,
        What::Client if is_sealed => DonePage::OUT_OF_THE_CLIENT,
        _ => super::nobody(&visit),
    };
    page(&app.urls, StatusCode::OK, &shown, Forms::StayHere)
}
