//! The one page of an application: signed in, or not.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::application::{Application, Kind};
use super::session::{Ended, SignedIn, Visit};
use crate::{clock, words};

const STYLE: &str = concat!(include_str!("../look.css"), include_str!("page.css"));
const ICON: &str = include_str!("../page/icon.svg");

#[derive(Template)]
#[template(path = "application.html")]
struct Home<'a> {
    kind: &'a Kind,
    origin: &'a str,
    authority: &'a str,
    other_name: &'a str,
    other_url: &'a str,
    /// Why nobody is signed in any more.
    ended: Option<&'static str>,
    /// Whether somebody signed out here, and the browser did not come back from the authority.
    leaving: bool,
    user: Option<User<'a>>,
}

struct User<'a> {
    known: &'a SignedIn,
    /// Whether the password was typed on the way to this application.
    typed: bool,
    signed_in: String,
    signed_in_at: String,
    expires: String,
}

#[derive(Template)]
#[template(path = "not_signed_in.html")]
struct NotSignedIn;

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage<'a> {
    text: &'a str,
}

/// `GET /`.
pub(super) async fn home(State(application): State<Arc<Application>>, headers: HeaderMap) -> Response {
    let visit = application.sessions.of(&headers);
    let now = clock::now();
    let authority = application.authority.issuer();
    let page = Home {
        kind: application.kind,
        origin: &application.origin,
        authority,
        other_name: application.other.name,
        other_url: &application.other.url,
        ended: match &visit {
            Some(Visit::Leaving(leaving)) if leaving.returned => Some(
                "You signed out here and came back from the authority, which has not yet confirmed that you signed out there too.",
            ),
            Some(Visit::Leaving(_)) => Some(
                "You signed out here. You may still be signed in at the authority, and in other applications.",
            ),
            Some(Visit::Ended(Ended::Here)) => Some(
                "You signed out here, at the authority, and of every other application that you used in this browser.",
            ),
            Some(Visit::Ended(Ended::Elsewhere)) => Some(
                "You signed out elsewhere. The authority notified this application directly (back-channel logout), and your session here ended.",
            ),
            Some(Visit::Ended(Ended::NoMoreTokens)) => Some(
                "The authority issues no more tokens for you: your session there has ended, so this one has too.",
            ),
            _ => None,
        },
        leaving: matches!(&visit, Some(Visit::Leaving(leaving)) if !leaving.returned),
        user: match &visit {
            Some(Visit::SignedIn(known)) => Some(User {
                known,
                typed: known.auth_time >= known.begun_at,
                signed_in: words::relative(known.auth_time, now),
                signed_in_at: words::date(known.auth_time),
                expires: words::relative(known.expires_at, now),
            }),
            _ => None,
        },
    };
    html(StatusCode::OK, &page, Forms::LeadOut)
}

/// `GET /page.css`.
pub(super) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), (X_CONTENT_TYPE_OPTIONS, "nosniff")], STYLE)
}

/// `GET /icon.svg`.
pub(super) async fn icon() -> impl IntoResponse {
    ([(CONTENT_TYPE, "image/svg+xml"), (X_CONTENT_TYPE_OPTIONS, "nosniff")], ICON)
}

/// What somebody sees who came back without having signed in.
pub(super) fn not_signed_in() -> Response {
    html(StatusCode::OK, &NotSignedIn, Forms::StayHere)
}

/// What is shown where something went wrong.
pub(super) fn trouble(status: StatusCode, text: &str) -> Response {
    html(status, &TroublePage { text }, Forms::StayHere)
}

/// Where a page's forms lead.
#[derive(PartialEq, Eq)]
enum Forms {
    /// Nowhere else than to the application.
    StayHere,
    /// By way of the authority: signing out. Chromium holds every redirect that follows a form to `form-action`, and a policy cannot
    /// name each address that the authority may have, such as `http://[::1]:8000`.
    LeadOut,
}

fn html(status: StatusCode, page: &impl Template, forms: Forms) -> Response {
    let body = match page.render() {
        Ok(body) => body,
        Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    let policy = match forms {
        Forms::StayHere => {
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        }
        Forms::LeadOut => {
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
        }
    };
    let headers: [(HeaderName, &str); 5] = [
        (CONTENT_SECURITY_POLICY, policy),
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Not `no-referrer`, under which browsers send forms without the origin that they come from.
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
    ];
    (status, headers, body).into_response()
}
