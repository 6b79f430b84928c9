//! The table of routes.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use http::{HeaderValue, header};

use crate::app::App;
use crate::endpoints::{health, jwks, token_blacklist, token_obtain, token_refresh, token_verify};
use crate::error::ApiError;
use crate::request::RequestContext;
use crate::respond::with_token_api_headers;

/// The paths of the token API are taken with and without the slash at their end.
pub(crate) fn router(app: Arc<App>) -> Router {
    let obtain = post(token_obtain::post).options(token_obtain::options).fallback(not_a_post);
    let refresh = post(token_refresh::post).options(token_refresh::options).fallback(not_a_post);
    let verify = post(token_verify::post).options(token_verify::options).fallback(not_a_post);
    let blacklist = post(token_blacklist::post).options(token_blacklist::options).fallback(not_a_post);
    Router::new()
        .route("/api/token/", obtain.clone())
        .route("/api/token", obtain)
        .route("/api/token/refresh/", refresh.clone())
        .route("/api/token/refresh", refresh)
        .route("/api/token/verify/", verify.clone())
        .route("/api/token/verify", verify)
        .route("/api/token/blacklist/", blacklist.clone())
        .route("/api/token/blacklist", blacklist)
        .route(jwks::PATH, readable(get(jwks::get)))
        .route("/healthz", readable(get(health::healthz)))
        .route("/readyz", readable(get(health::readyz)))
        .fallback(not_found)
        .with_state(app)
}

fn readable(route: MethodRouter<Arc<App>>) -> MethodRouter<Arc<App>> {
    route.fallback(not_a_get)
}

async fn not_found(mut request: Request) -> Response {
    ApiError::NotFound.into_response(&RequestContext::take(request.extensions_mut()))
}

async fn not_a_post(State(_): State<Arc<App>>, request: Request) -> Response {
    with_token_api_headers(method_not_allowed(request))
}

async fn not_a_get(State(_): State<Arc<App>>, request: Request) -> Response {
    const GET_AND_HEAD: HeaderValue = HeaderValue::from_static("GET, HEAD");
    let mut response = method_not_allowed(request);
    response.headers_mut().insert(header::ALLOW, GET_AND_HEAD);
    response
}

fn method_not_allowed(mut request: Request) -> Response {
    let context = RequestContext::take(request.extensions_mut());
    ApiError::MethodNotAllowed(request.method().clone()).into_response(&context)
}
