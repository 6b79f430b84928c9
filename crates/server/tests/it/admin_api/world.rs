//! A server with users of all roles and a client that calls the administration API for them.

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use jeton_authority::UserId;
use jeton_authority::audit::Actor;
use jeton_authority::client::ClientPolicy;
use jeton_authority::user::{Role, UserEdit, UserEdited, Username};
use serde_json::{Value, json};

use crate::app::{Answer, PASSWORD, TestApp};
use crate::sso::browser::{Browser, form, redirected};
use crate::sso::client::{authorize, web};

pub(super) const API: &str = "/admin/api/v1";
const RESOURCE: &str = "https://auth.example/admin/api";
pub(super) const ALL: &str = "jeton.admin";
pub(super) const READ: &str = "jeton.admin.read";

pub(super) struct World {
    pub(super) app: TestApp,
}

/// Somebody who calls the API.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) id: UserId,
    token: String,
}

impl World {
    pub(super) async fn new() -> Self {
        let app = TestApp::new().await;
        let mut metadata = web();
        metadata["scope"] = json!("openid jeton.admin jeton.admin.read");
        let policy = ClientPolicy { resources: vec![RESOURCE.to_owned()], ..ClientPolicy::default() };
        app.add_client_with("web", metadata, policy).await;
        Self { app }
    }

    /// A user with a role, and a token of theirs with everything that it may have.
    pub(super) async fn caller(&self, role: Role) -> Caller {
        self.caller_with(role.as_str(), role, ALL).await
    }

    pub(super) async fn caller_with(&self, name: &str, role: Role, scope: &str) -> Caller {
        let id = self.app.add_user(name).await;
        self.give(id, role).await;
        Caller { id, token: self.token(name, &format!("openid {scope}"), RESOURCE).await }
    }

    /// Gives a user a role, as the command line does.
    pub(super) async fn give(&self, user: UserId, role: Role) {
        let edit = UserEdit { role: Some(role), ..UserEdit::default() };
        let now = self.app.service.clock().now();
        let edited = self.app.store.edit_user(user, edit, Actor::Operator, now).await.expect("a store");
        assert!(matches!(edited, UserEdited::Done(_)), "{edited:?}");
    }

    pub(super) async fn token(&self, name: &str, scope: &str, resource: &str) -> String {
        let browser = Browser::new(&self.app);
        let target = authorize(&[("scope", scope), ("resource", resource)]);
        let page = browser.get(&target).await;
        let fields = [("username", name), ("password", PASSWORD), ("action", "sign_in")];
        let answer = browser.submit(&form(&page), &fields).await;
        let code = redirected(&answer).get("code").expect("a code").to_owned();
        let tokens = self.app.redeem(&code).await;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text());
        tokens.json()["access_token"].as_str().expect("a token").to_owned()
    }

    pub(super) async fn user(&self, name: &str) -> UserId {
        let username = Username::parse(name).expect("a name");
        self.app.store.find_user(&username).await.expect("a store").expect("a user").id
    }

    pub(super) async fn role(&self, user: UserId) -> Role {
        self.app.store.find_user_by_id(user).await.expect("a store").expect("a user").role
    }

    pub(super) async fn call(
        &self,
        by: &Caller,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{API}{path}"))
            .header(header::AUTHORIZATION, by.authorization());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            None => Body::empty(),
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
        };
        self.app.send(request.body(body).expect("a request")).await
    }

    pub(super) async fn get(&self, by: &Caller, path: &str) -> Answer {
        self.call(by, Method::GET, path, &[], None).await
    }

    /// What is at a path, which has to be there.
    pub(super) async fn read(&self, by: &Caller, path: &str) -> Value {
        let answer = self.get(by, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        answer.json()
    }

    pub(super) async fn post(&self, by: &Caller, path: &str, body: &Value) -> Answer {
        self.call(by, Method::POST, path, &[], Some(body)).await
    }

    /// The version of what is at a path.
    pub(super) async fn etag(&self, by: &Caller, path: &str) -> String {
        self.get(by, path).await.header("etag").expect("a version").to_owned()
    }

    pub(super) async fn patch(&self, by: &Caller, path: &str, etag: &str, body: &Value) -> Answer {
        self.call(by, Method::PATCH, path, &[("if-match", etag)], Some(body)).await
    }
}

impl Caller {
    pub(super) fn authorization(&self) -> String {
        format!("Bearer {}", self.token)
    }

    pub(super) fn with_token(&self, token: String) -> Self {
        Self { token, ..self.clone() }
    }
}

#[track_caller]
pub(super) fn refused(answer: &Answer, status: u16, code: &str) {
    let problem = answer.json();
    assert_eq!((answer.status.as_u16(), problem["code"].as_str()), (status, Some(code)), "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(problem["status"], status);
    assert_eq!(problem["type"], format!("urn:jeton:error:{code}"));
}
