//! The OAuth 2.1 and OpenID Connect endpoints that clients call, without a browser or cookies.

use axum::response::Response;
use http::{HeaderMap, Method, StatusCode};
use serde::Serialize;

use crate::app::App;
use crate::error::ApiError;
use crate::request::RequestContext;
use crate::respond::json;
use crate::urls::path;

pub(super) mod client_request;
pub(crate) mod device_authorization;
pub(crate) mod discovery;
pub(crate) mod dpop;
pub(crate) mod introspect;
mod jwks;
pub(crate) mod par;
pub(crate) mod register;
pub(crate) mod revocations;
pub(crate) mod revoke;
pub(crate) mod status_list;
pub(crate) mod token;
pub(crate) mod userinfo;

/// The response to a request for one of the documents about the authority; `None` for another path or method.
///
/// Every API and every client fetches them, so the service asks here before it routes: nothing in the router changes
/// them.
pub(crate) fn document(app: &App, path: &str, method: &Method, headers: &HeaderMap) -> Option<Response> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let document = match path {
        path::JWKS => jwks::document(&app.authority),
        path::OPENID_CONFIGURATION | path::OAUTH_SERVER => app.metadata.clone(),
        _ => return None,
    };
    Some(document.answer(method, headers))
}

/// The response to a request as JSON, or the error.
fn answer(
    context: &RequestContext,
    status: StatusCode,
    outcome: Result<impl Serialize, ApiError>,
) -> Response {
    match outcome {
        Ok(body) => json(status, serde_json::to_vec(&body).unwrap_or_default()),
        Err(error) => error.into_response(context),
    }
}
