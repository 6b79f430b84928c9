//! The administration API under `/admin/api/v1`. One table says which routes there are, which right each takes, and how it may be
//! answered: the router and the OpenAPI document are made from it.

mod audit;
mod call;
mod clients;
mod idempotent;
mod keys;
mod openapi;
mod overview;
mod problem;
mod routes;
mod sessions;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, get};
use http::{HeaderValue, Method, header};
use jeton_authority::client_auth::ClientCertificate;
use jeton_authority::{Administrator, OAuthError, PresentedProof, SenderConstraint};
use jeton_oauth::ErrorCode;

use self::call::{Answer, Call};
use self::problem::{Problem, Refusal};
use self::routes::{ROUTES, Route};
use super::oauth::dpop;
use crate::app::App;
use crate::error::ApiError;
use crate::request::{RequestContext, read_object};
use crate::respond::json;
use crate::urls::path;

/// The routes of the API.
pub(crate) fn routes() -> Router<Arc<App>> {
    let mut router = Router::new().route(path::ADMIN_OPENAPI, get(openapi::get).fallback(no_such_method));
    let mut paths: Vec<_> = ROUTES.iter().map(|route| route.path).collect();
    paths.dedup();
    for path in paths {
        let mut methods = MethodRouter::new();
        for route in ROUTES.iter().filter(|route| route.path == path) {
            let filter = match *route.method() {
                Method::GET => MethodFilter::GET,
                Method::POST => MethodFilter::POST,
                Method::PATCH => MethodFilter::PATCH,
                _ => MethodFilter::DELETE,
            };
            let handler = move |State(app): State<Arc<App>>, context: RequestContext, request: Request| async move {
                answer(&app, &context, route, request).await
            };
            methods = methods.on(filter, handler);
        }
        router = router.route(&format!("{}{path}", path::ADMIN_API), methods.fallback(no_such_method));
    }
    router
}

/// The router adds the header that lists the methods.
async fn no_such_method(context: RequestContext, method: Method) -> Response {
    ApiError::MethodNotAllowed(method).into_response(&context)
}

async fn answer(app: &App, context: &RequestContext, route: &Route, request: Request) -> Response {
    match execute(app, context, route, request).await {
        Ok(answer) => respond(answer),
        Err(problem) => problem.into_response(context),
    }
}

fn respond(answer: Answer) -> Response {
    let mut response = json(answer.status, answer.body.unwrap_or_default());
    let headers = response.headers_mut();
    if answer.status == http::StatusCode::NO_CONTENT {
        headers.remove(header::CONTENT_TYPE);
    }
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    response
}

async fn execute(
    app: &App,
    context: &RequestContext,
    route: &Route,
    request: Request,
) -> Result<Answer, Problem> {
    let (parts, body) = request.into_parts();
    let now = app.clock.now();
    let by = administrator(app, &parts).await?;
    by.permit(route.right)?;
    let members = match route.body {
        Some(_) => {
            let read = read_object(&parts.headers, body, &app.limits).await?;
            let bodiless = route.body_is_optional && parts.headers.get(header::CONTENT_TYPE).is_none();
            match read {
                Some(members) => members,
                None if bodiless => serde_json::Map::new(),
                None => return Err(Refusal::NotAnObject.into()),
            }
        }
        None => serde_json::Map::new(),
    };
    let mut call =
        Call { app, context, by: &by, id: None, query: Vec::new(), members, headers: &parts.headers, now };
    call.id = call::parameter(route.path, parts.uri.path())?;
    call.query = call::query(route.query, parts.uri.query().unwrap_or_default())?;
    if route.creates { idempotent::execute(&mut call, route).await } else { (route.run)(&mut call).await }
}

/// Who calls, by the access token and the proof that it is theirs.
async fn administrator(app: &App, parts: &http::request::Parts) -> Result<Administrator, Problem> {
    let now = app.clock.now();
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (scheme, token) = match (values.next(), values.next()) {
        (None, _) => return Err(Refusal::TokenMissing.into()),
        (Some(value), None) => {
            let credentials = value.to_str().ok().and_then(|value| value.split_once(' '));
            credentials.ok_or(Refusal::AuthorizationMalformed)?
        }
        _ => return Err(Refusal::AuthorizationMalformed.into()),
    };
    let token = token.trim();
    let certificate = parts.extensions.get::<ClientCertificate>();
    let x5t_s256 = certificate.map(|certificate| certificate.thumbprint().into());
    let mut constraint = SenderConstraint { x5t_s256, ..SenderConstraint::default() };
    let mut used = None;
    if scheme.eq_ignore_ascii_case("dpop") {
        let missing = || OAuthError::refused(ErrorCode::InvalidDpopProof, "the DPoP proof is missing");
        let proof = dpop::proof(&parts.headers).and_then(|proof| proof.ok_or_else(missing));
        let uris = app.urls_of(parts.uri.path());
        let uris: Vec<_> = uris.iter().map(String::as_str).collect();
        let presented = PresentedProof {
            proof: proof.map_err(|error| Problem::of_oauth(&error))?,
            method: parts.method.as_str(),
            uris: &uris,
            access_token: Some(token),
            profile: None,
        };
        let good = app.authority.proofs().check(presented, now);
        let good = good.map_err(|error| Problem::of_oauth(&error))?;
        constraint.jkt = Some(good.jkt().into());
        used = Some(good);
    } else if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::AuthorizationMalformed.into());
    }
    let by = app.authority.tokens().administrator(token, &constraint, now).await?;
    if let Some(proof) = &used {
        app.authority.proofs().use_up(proof, now).await.map_err(|error| Problem::of_oauth(&error))?;
    }
    Ok(by)
}
