//! Routes that take a scope, and routes that take no token.

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use jeton_guard::{AccessToken, Guard, Rejection, RequireScope};
use jeton_oauth::Scope;
use serde_json::json;

use crate::world::{Issuer, builder, send, send_token, with};

fn scope(text: &str) -> Scope {
    Scope::parse(text).expect("a scope")
}

async fn greet(token: Option<AccessToken>) -> String {
    token.map_or("Hello, stranger!".into(), |token| format!("Hello, {}!", token.sub))
}

#[tokio::test]
async fn a_scope_that_does_not_suffice_is_a_403_that_names_what_would() {
    let issuer = Issuer::new("k");
    let guard = builder(&issuer).0.build();
    async fn in_handler(token: AccessToken) -> Result<&'static str, Rejection> {
        token.require_scope(&scope("read write"))?;
        Ok("done")
    }
    let by_layer = Router::new()
        .route("/", get(async || "done"))
        .layer(RequireScope::new(scope("read write")))
        .layer(guard.layer());
    let by_handler = Router::new().route("/", get(in_handler)).layer(guard.layer());

    for app in [by_layer, by_handler] {
        let answer = send_token(&app, &issuer.token()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(
            answer.challenge(),
            r#"Bearer realm="api", error="insufficient_scope", error_description="the access token does not permit this", scope="read write""#
        );
        assert_eq!(
            answer.body,
            r#"{"error":"insufficient_scope","error_description":"the access token does not permit this"}"#
        );
        let token = issuer.sign(&with("scope", json!("write admin read")));
        assert_eq!(send_token(&app, &token).await.body, "done");
        assert_eq!(send(&app, &[]).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn an_optional_layer_lets_strangers_pass_and_no_bad_token() {
    let issuer = Issuer::new("k");
    let guard = builder(&issuer).0.build();
    let app = Router::new().route("/", get(greet)).layer(guard.optional_layer());
    assert_eq!(send(&app, &[]).await.body, "Hello, stranger!");
    assert_eq!(send(&app, &["Basic dXNlcjpwYXNz"]).await.body, "Hello, stranger!");
    assert_eq!(send_token(&app, &issuer.token()).await.body, "Hello, user-1!");
    for bad in ["Bearer", "Bearer garbage", "Bearer a b"] {
        assert!(send(&app, &[bad]).await.status.is_client_error(), "{bad}");
    }
}

#[tokio::test]
async fn a_handler_that_needs_a_token_refuses_strangers_behind_an_optional_layer() {
    let issuer = Issuer::new("k");
    let guard = builder(&issuer).0.build();
    let app = Router::new()
        .route("/", get(async |token: AccessToken| token.sub.clone()))
        .layer(guard.optional_layer());
    let answer = send(&app, &[]).await;
    assert_eq!((answer.status, answer.challenge()), (StatusCode::UNAUTHORIZED, r#"Bearer realm="api""#));
}

#[tokio::test]
async fn a_route_behind_no_guard_lets_nobody_pass() {
    let issuer = Issuer::new("k");
    let by_handler = Router::new().route("/", get(async |_: AccessToken| "done"));
    let by_option = Router::new().route("/", get(greet));
    let by_layer = Router::new().route("/", get(async || "done")).layer(RequireScope::new(scope("read")));
    for app in [by_handler, by_option, by_layer] {
        assert_eq!(send_token(&app, &issuer.token()).await.status, StatusCode::INTERNAL_SERVER_ERROR);
    }
}

#[tokio::test]
async fn a_tower_service_that_is_not_axums_is_protected_too() {
    use bytes::Bytes;
    use http::{Request, Response};
    use http_body_util::Full;
    use tower::{Layer, ServiceExt, service_fn};

    let issuer = Issuer::new("k");
    let guard: Guard = builder(&issuer).0.build();
    let service = guard.layer().layer(service_fn(async |request: Request<()>| {
        let token = AccessToken::<jeton_oauth::AccessTokenClaims>::of_request(request.extensions());
        assert_eq!(token.expect("a token").sub, "user-1");
        Ok::<_, std::convert::Infallible>(Response::new(Full::new(Bytes::from_static(b"done"))))
    }));
    let request = |token: &str| {
        Request::get("/").header("authorization", format!("Bearer {token}")).body(()).expect("a request")
    };
    assert_eq!(
        service.clone().oneshot(request(&issuer.token())).await.expect("an answer").status(),
        StatusCode::OK
    );
    assert_eq!(service.oneshot(request("x")).await.expect("an answer").status(), StatusCode::UNAUTHORIZED);
}
