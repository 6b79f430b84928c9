//! The demo's page: the four steps as buttons, with the tokens decoded beside them.

use std::time::Duration;

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::IntoResponse;
use axum::routing::get;

use super::applications::Link;

const PAGE: &str = include_str!("page/index.html");
const STYLE: &str = concat!(include_str!("look.css"), include_str!("page/page.css"));
const SCRIPT: &str = include_str!("page/page.js");
const ICON: &str = include_str!("page/icon.svg");

/// Nothing but the page's own files, no inline script or style, no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page and its files. It is told the demo's password, which is in the terminal for everybody to read anyway.
pub(super) fn routes(username: &str, password: &str, grace: Duration, applications: &[Link]) -> Router {
    let settings =
        serde_json::json!({"username": username, "password": password, "grace": grace.as_secs()}).to_string();
    let link = |link: &Link| format!(r#"<a class="button primary" href="{}">{}</a>"#, link.url, link.name);
    let links: Vec<_> = applications.iter().map(link).collect();
    let page = PAGE.replace("<!-- the applications -->", &links.join("\n        "));
    let page = page.replace("<!-- the password -->", password);
    Router::new()
        .route("/", get(async move || file("text/html; charset=utf-8", page)))
        .route("/demo/page.css", get(async || file("text/css; charset=utf-8", STYLE)))
        .route("/demo/page.js", get(async || file("text/javascript; charset=utf-8", SCRIPT)))
        .route("/demo/icon.svg", get(async || file("image/svg+xml", ICON)))
        .route("/demo/settings.json", get(async move || file("application/json", settings)))
}

fn file(content_type: &'static str, body: impl IntoResponse) -> impl IntoResponse {
    let headers: [(HeaderName, &str); 5] = [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, body)
}
