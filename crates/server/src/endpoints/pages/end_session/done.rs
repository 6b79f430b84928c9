//! `GET /end_session/done`: the result after the form. The report of a sign-out is sealed for the browser that signed
//! out, so a link from somebody else cannot claim anything false.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use jeton_authority::sign_in::SignedIn;

use super::{STALE, SignOut, nobody, signed_in_at};
use crate::app::App;
use crate::interaction::{Browser, Elsewhere, Errand, Mark, Query};
use crate::pages::{DonePage, Forms, isolated, page};
use crate::urls::path::END_SESSION_DONE;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Nothing: the user stays signed in.
    Nothing,
    Browser,
    Everywhere,
    /// The grant of one client.
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

pub(super) fn leads_to_done(errand: &Errand<SignOut>, what: What) -> Response {
    let what = what.as_str();
    let seal = Mark::SignedOut { what }.mac(&errand.app, &errand.browser);
    Elsewhere::at(format!("{END_SESSION_DONE}?ended={what}&seal={seal}")).go(&errand.app)
}

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    browser: Browser,
    headers: HeaderMap,
    Query(query): Query,
) -> Response {
    let what = What::parse(query.get("ended").unwrap_or_default());
    let shown = |shown: &DonePage<'_>| page(&app.urls, StatusCode::OK, shown, Forms::StayHere);
    if let Some(SignedIn { user, .. }) = signed_in_at(&app, &browser) {
        let text = &*format!("Signed in as {} in this browser.", isolated(user.username.as_str()));
        let title = if what == What::Nothing { "You are still signed in" } else { "You are signed in" };
        return shown(&DonePage { title, text });
    }
    let seal = query.get("seal").unwrap_or_default();
    let is_sealed = Mark::SignedOut { what: what.as_str() }.is_genuine(&app, &browser, seal);
    shown(&match what {
        What::Browser if is_sealed => DonePage::OUT_AT_THIS_BROWSER,
        What::Everywhere if is_sealed => DonePage::OUT_EVERYWHERE,
        What::Client if is_sealed => DonePage::OUT_OF_THE_CLIENT,
        _ => nobody(query.get(STALE).is_some() && !headers.contains_key(header::COOKIE)),
    })
}
