//! A reader of the feed, in process.

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use jeton_jose::jwt::{Audience, Verifier};
use jeton_jose::{JwkSet, KeySet};
use serde_json::Value;
use tokio::time::timeout;

use crate::app::{HOME, TestApp};

/// Longer than anything here should take.
const LONG: Duration = Duration::from_secs(120);

/// What came, as its lines say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: String,
    /// Lines that are no events.
    pub(crate) aside: Vec<String>,
}

impl Told {
    /// The claims, whoever signed them.
    pub(crate) fn claims(&self) -> Value {
        let payload = self.data.split('.').nth(1).unwrap_or_else(|| panic!("no token: {self:?}"));
        serde_json::from_slice(&jeton_jose::base64url::decode(payload).expect("base64url")).expect("JSON")
    }

    /// The sessions of a list that ended.
    pub(crate) fn ended(&self) -> Vec<String> {
        self.claims()["ended"].as_object().map(|ended| ended.keys().cloned().collect()).unwrap_or_default()
    }
}

/// Somebody who listens.
pub(crate) struct Reader {
    body: Body,
    complete: VecDeque<Told>,
}

impl Reader {
    /// Begins to listen.
    pub(crate) async fn of(app: &TestApp) -> Self {
        Self::from(app, None).await
    }

    /// Begins to listen, having got as far as this.
    pub(crate) async fn from(app: &TestApp, cursor: Option<&str>) -> Self {
        let mut request = Request::get("/revocations");
        if let Some(cursor) = cursor {
            request = request.header("last-event-id", cursor);
        }
        Self::at(app, request).await
    }

    /// Begins to listen with this request.
    pub(crate) async fn at(app: &TestApp, request: http::request::Builder) -> Self {
        let request = request.body(Body::empty()).expect("a request");
        let peer: std::net::IpAddr = HOME.parse().expect("an address");
        let response = app.service.answer(peer, request).await;
        assert_eq!(response.status(), 200);
        let mut reader = Self { body: response.into_body(), complete: VecDeque::new() };
        let greeting = reader.frame().await.expect("a greeting");
        assert!(greeting.aside.iter().any(|line| line.starts_with("retry: ")), "{greeting:?}");
        reader
    }

    /// The next event; heartbeats are passed over.
    pub(crate) async fn next(&mut self) -> Told {
        loop {
            let told = self.frame().await.expect("the stream goes on");
            if !told.data.is_empty() {
                return told;
            }
        }
    }

    /// What comes next, whatever it is; nothing at the end.
    pub(crate) async fn frame(&mut self) -> Option<Told> {
        if let Some(told) = self.complete.pop_front() {
            return Some(told);
        }
        let frame = timeout(LONG, self.body.frame()).await.expect("something comes")?;
        let bytes = frame.expect("no error").into_data().expect("data");
        let text = String::from_utf8(bytes.into()).expect("text");
        for event in text.split_terminator("\n\n") {
            let mut told = Told::default();
            for line in event.lines() {
                match line.split_once(": ") {
                    Some(("event", name)) => name.clone_into(&mut told.name),
                    Some(("id", id)) => told.id = Some(id.to_owned()),
                    Some(("data", data)) => data.clone_into(&mut told.data),
                    _ => told.aside.push(line.to_owned()),
                }
            }
            self.complete.push_back(told);
        }
        self.complete.pop_front()
    }

    /// Whether nothing but heartbeats comes for a while.
    pub(crate) async fn hears_nothing_for(&mut self, while_: Duration) -> bool {
        timeout(while_, self.next()).await.is_err()
    }
}

impl TestApp {
    /// Verifies a token of the feed with the published keys.
    pub(crate) async fn verify_told(&self, told: &Told, typ: &'static str) -> Option<String> {
        let jwks = JwkSet::parse(&self.get("/.well-known/jwks.json").await.body).expect("a set");
        let keys = KeySet::from_jwk_set(&jwks).expect("keys");
        let verifier =
            Verifier::new("https://auth.example", Audience::any(), keys).typ(typ).allow_missing_exp();
        let verified =
            verifier.verify::<Value>(&told.data, self.service.clock().now()).expect("a good token");
        verified.kid().map(str::to_owned)
    }
}
