//! The username under the name of Django's `USERNAME_FIELD`.

use axum::body::Body;
use http::{Method, Request, header};
use jeton_server::{TokenApiOptions, UsernameField};

use crate::app::{Answer, PASSWORD, TestApp};

async fn app(field: &str) -> TestApp {
    let username_field = UsernameField::parse(field).expect("a name");
    let options = TokenApiOptions { username_field, ..TokenApiOptions::default() };
    let app = TestApp::with(|settings| settings, |service| service.token_api_options(options)).await;
    app.add_user("ada@example.org").await;
    app
}

async fn post(app: &TestApp, content_type: &str, body: impl Into<String>) -> Answer {
    let request = Request::post("/api/token/").header(header::CONTENT_TYPE, content_type);
    app.send(request.body(Body::from(body.into())).expect("a request")).await
}

const JSON: &str = "application/json";

#[tokio::test]
async fn users_sign_in_by_the_field_of_the_setting_in_every_encoding() {
    for field in ["email", "phone", "identifiant_é"] {
        let app = app(field).await;
        let json = serde_json::json!({ field: "ada@example.org", "password": PASSWORD, "n": 0 });
        post(&app, JSON, json.to_string()).await.pair();
        let form = format!("{field}=ada@example.org&password=correct+horse");
        post(&app, "application/x-www-form-urlencoded", form).await.pair();
        let part = |name: &str, value: &str| {
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let multipart = format!("{}{}--x--\r\n", part(field, "ada@example.org"), part("password", PASSWORD));
        post(&app, "multipart/form-data; boundary=x", multipart).await.pair();
    }
}

#[tokio::test]
async fn errors_and_the_description_name_the_field_of_the_setting() {
    let app = app("email").await;
    let required = r#"{"email":["This field is required."],"password":["This field is required."]}"#;
    post(&app, JSON, "{}").await.expect(400, required);
    post(&app, JSON, r#"{"email":null,"password":"x"}"#)
        .await
        .expect(400, r#"{"email":["This field may not be null."]}"#);
    // The name of before is one that nothing reads.
    post(&app, JSON, r#"{"username":"ada@example.org","password":"x"}"#)
        .await
        .expect(400, r#"{"email":["This field is required."]}"#);
    post(&app, JSON, r#"{"email":"ada@example.org","password":"wrong"}"#)
        .await
        .expect(401, r#"{"detail":"No active account found with the given credentials"}"#);
    let request = Request::builder().method(Method::OPTIONS).uri("/api/token/").body(Body::empty());
    let described = app.send(request.expect("a request")).await.json();
    let fields = &described["actions"]["POST"];
    assert_eq!((&fields["email"]["label"], &fields["username"]), (&"Email".into(), &().into()));
    assert_eq!(fields["password"]["label"], "Password");
}

#[tokio::test]
async fn members_that_nothing_reads_may_hold_any_number() {
    let app = app("email").await;
    let body = format!(
        r#"{{"email":"ada@example.org","password":"{PASSWORD}","a":123456789012345678901234567890,"b":1e999}}"#
    );
    post(&app, JSON, body).await.pair();
}
