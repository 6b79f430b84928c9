//! The routes.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{MethodRouter, any, get, post};
use axum::{Router, middleware};
use http::{HeaderValue, Method, header};

use crate::app::App;
use crate::endpoints::{
    account, admin_api, assets, authorize, blacklist, debugger, device, device_authorization, end_session,
    health, introspect, obtain, par, refresh, register, reset, revocations, revoke, second_factor,
    status_list, token, userinfo, verify,
};
use crate::error::ApiError;
use crate::interaction::show_page_errors;
use crate::request::RequestContext;
use crate::respond::{text, with_token_api_headers};
use crate::settings::TokenApi;
use crate::urls::path;

pub(crate) fn router(app: Arc<App>, token_api: TokenApi) -> Router {
    let token_api = match token_api {
        TokenApi::Served => token_api_routes(),
        TokenApi::Off => Router::new(),
    };
    Router::new()
        .merge(token_api)
        .merge(single_sign_on(&app))
        .merge(admin_api())
        // The service answers `GET` before it routes.
        .route(path::JWKS, any(not_a_get))
        .route(path::OPENID_CONFIGURATION, any(not_a_get))
        .route(path::OAUTH_SERVER, any(not_a_get))
        .route(path::REVOCATIONS, readable(get(revocations::get)))
        .route(path::STATUS_LIST, readable(get(status_list::get)))
        .route(path::STATUS_LISTS, readable(get(status_list::aggregate)))
        .route(path::HEALTHZ, readable(get(health::healthz)))
        .route(path::READYZ, readable(get(health::readyz)))
        .route(path::STARTUPZ, readable(get(health::startupz)))
        .fallback(not_found)
        .with_state(app)
}

/// The paths of the token API work with and without a trailing slash.
fn token_api_routes() -> Router<Arc<App>> {
    let endpoints = [
        ("", post(obtain::post).options(obtain::options)),
        ("/second-factor", post(second_factor::post).options(second_factor::options)),
        ("/refresh", post(refresh::post).options(refresh::options)),
        ("/verify", post(verify::post).options(verify::options)),
        ("/blacklist", post(blacklist::post).options(blacklist::options)),
    ];
    let mut routes = Router::new();
    for (name, methods) in endpoints {
        let (path, methods) = (format!("{}{name}", path::TOKEN_API), methods.fallback(not_a_post));
        routes = routes.route(&format!("{path}/"), methods.clone()).route(&path, methods);
    }
    routes
}

fn single_sign_on(app: &Arc<App>) -> Router<Arc<App>> {
    let for_clients = Router::new()
        .route(path::TOKEN, post(token::post))
        .route(path::DEVICE_AUTHORIZATION, post(device_authorization::post))
        .route(path::PAR, post(par::post))
        .route(path::INTROSPECT, post(introspect::post))
        .route(path::REGISTER, post(register::post))
        .route("/register/{id}", get(register::read).put(register::change).delete(register::remove))
        .route(path::REVOKE, post(revoke::post))
        .route(path::USERINFO, get(userinfo::answer).post(userinfo::answer));
    let for_people = Router::new()
        .route(path::AUTHORIZE, get(authorize::begin).post(authorize::begin))
        .route(path::AUTHORIZE_SIGN_IN, get(authorize::lead_to_form).post(authorize::post_sign_in))
        .route(
            path::AUTHORIZE_SECOND_FACTOR,
            get(authorize::lead_to_form).post(authorize::post_second_factor),
        )
        .route(path::AUTHORIZE_CONSENT, get(authorize::lead_to_form).post(authorize::post_consent))
        .route(path::DEVICE, get(device::begin).post(device::post_code))
        .route(path::DEVICE_CONFIRM, get(device::confirm))
        .route(path::DEVICE_SIGN_IN, get(device::lead_to_form).post(device::post_sign_in))
        .route(path::DEVICE_SECOND_FACTOR, get(device::lead_to_form).post(device::post_second_factor))
        .route(path::DEVICE_DECIDE, get(device::lead_to_form).post(device::post_decision))
        .route(path::ACCOUNT, get(account::home))
        .route(path::ACCOUNT_AUTHENTICATOR, get(account::authenticator).post(account::post_authenticator))
        .route(path::ACCOUNT_PASSKEYS, get(account::passkeys).post(account::post_passkeys))
        .route(path::ACCOUNT_RECOVERY_CODES, get(account::recovery_codes))
        .route(path::ACCOUNT_PASSWORD, get(account::password).post(account::post_password))
        .route(path::ACCOUNT_PLACES, get(account::places).post(account::post_places))
        .route(path::ACCOUNT_APPLICATIONS, get(account::applications).post(account::post_applications))
        .route(path::ACCOUNT_ACTIVITY, get(account::activity))
        .route(path::ACCOUNT_DATA, get(account::data).post(account::post_data))
        .route(path::ACCOUNT_EXPORT, get(account::export))
        .route(path::ACCOUNT_SIGN_IN, get(account::lead_to_page).post(account::post_sign_in))
        .route(path::ACCOUNT_SECOND_FACTOR, get(account::lead_to_page).post(account::post_second_factor))
        .route(path::RESET, get(reset::ask).post(reset::post_ask))
        .route(path::RESET_SENT, get(reset::sent))
        .route(path::RESET_CODE, get(reset::lead_to_sent).post(reset::post_code))
        .route(path::RESET_LINK, get(reset::link).post(reset::post_link))
        .route(path::RESET_PASSWORD, get(reset::password).post(reset::post_password))
        .route(path::RESET_DONE, get(reset::done))
        .route(path::END_SESSION, get(end_session::begin).post(end_session::begin))
        .route(path::END_SESSION_CONFIRM, get(end_session::lead_to_form).post(end_session::confirm))
        .route(path::END_SESSION_DONE, get(end_session::done))
        .layer(middleware::from_fn_with_state(Arc::clone(app), show_page_errors));
    Router::new()
        .route("/assets/page.css", readable(get(assets::page_css)))
        .route(path::DEBUGGER, readable(get(debugger::get)))
        .route(path::PASSKEY_JS, readable(get(assets::passkey_js)))
        .route("/favicon.ico", readable(get(assets::favicon)))
        .merge(for_clients)
        .merge(for_people)
        .method_not_allowed_fallback(no_such_method)
}

fn readable(route: MethodRouter<Arc<App>>) -> MethodRouter<Arc<App>> {
    route.fallback(not_a_get)
}

/// An application may mount something at the root. Otherwise the root says what this server is, for people who open
/// the URL that the server printed.
async fn not_found(State(app): State<Arc<App>>, context: RequestContext, request: Request) -> Response {
    if request.uri().path() == "/" && matches!(*request.method(), Method::GET | Method::HEAD) {
        let at = app.urls.absolute(path::OPENID_CONFIGURATION);
        return text(format!("Jeton, a token authority. Metadata: {at}\n"));
    }
    ApiError::NotFound.into_response(&context)
}

async fn not_a_post(context: RequestContext, method: Method) -> Response {
    with_token_api_headers(no_such_method(context, method).await)
}

async fn not_a_get(context: RequestContext, method: Method) -> Response {
    const GET_AND_HEAD: HeaderValue = HeaderValue::from_static("GET, HEAD");
    let mut response = no_such_method(context, method).await;
    response.headers_mut().insert(header::ALLOW, GET_AND_HEAD);
    response
}

/// The router adds the header that lists the methods.
async fn no_such_method(context: RequestContext, method: Method) -> Response {
    ApiError::MethodNotAllowed(method).into_response(&context)
}
