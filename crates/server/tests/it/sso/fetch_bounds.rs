//! What is fetched for clients that anybody can be: slow hosts and made-up names shut nobody out.

use std::time::Duration;

use axum::body::Body;
use http::{Method, Request, StatusCode};
use jeton_authority::settings::{RegistrationPolicy, Settings};
use jeton_jose::jwt::Signer;
use jeton_jose::{Algorithm, PrivateKey};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::browser::{Browser, form, redirected};
use super::client::{CALLBACK, VERIFIER, authorize};
use super::client_documents::{CERTIFICATE, Host};
use super::registration::{register, text};
use crate::app::{Answer, ELSEWHERE, HOME, TestApp};
use jeton_server::{Fetcher, Reach};

const LOOPBACK: &str = "http://127.0.0.1/callback";

/// An authority at which every name leads to this machine, but for those of `missing.example`.
async fn app() -> TestApp {
    let settings = |mut settings: Settings| {
        settings.client.metadata_documents = RegistrationPolicy::Open;
        settings.client.registration = RegistrationPolicy::Open;
        settings
    };
    let fetcher = Fetcher::new().allow(Reach::Loopback).trust_only([CERTIFICATE.to_vec()]);
    let fetcher = fetcher.expect("a certificate").limit(Duration::from_secs(60));
    let fetcher = fetcher.resolve_with(|host| match host.ends_with("missing.example") {
        true => vec![],
        false => vec![[127, 0, 0, 1].into()],
    });
    TestApp::with(settings, |service| service.fetcher(fetcher)).await
}

fn request(client_id: &str) -> String {
    authorize(&[("client_id", client_id), ("redirect_uri", LOOPBACK)])
}

async fn page_from(app: &TestApp, peer: &str, client_id: &str) -> Answer {
    app.send_from(peer, Request::get(request(client_id)).body(Body::empty()).expect("a request")).await
}

/// Hosts that take a connection and then say nothing.
struct Silent {
    port: u16,
    listener: TcpListener,
}

impl Silent {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        Self { port: listener.local_addr().expect("an address").port(), listener }
    }

    /// Somebody at `peer` names a client at this host, which is being asked when this returns.
    async fn named(
        &self,
        app: &TestApp,
        peer: &'static str,
        host: &str,
    ) -> (JoinHandle<()>, tokio::net::TcpStream) {
        let id = format!("https://{host}:{}/client.json", self.port);
        let (service, target) = (app.service.clone(), request(&id));
        let asking = tokio::spawn(async move {
            let peer: std::net::IpAddr = peer.parse().expect("an address");
            service.answer(peer, Request::get(target).body(Body::empty()).expect("a request")).await;
        });
        (asking, self.listener.accept().await.expect("a connection").0)
    }
}

#[track_caller]
fn turned_away(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text());
    assert!(answer.text().contains("fetch_turned_away"), "{}", answer.text());
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn slow_hosts_that_one_network_names_leave_room_for_the_clients_of_others() {
    let (app, silent, good) = (app().await, Silent::start().await, Host::start().await);
    good.serve(&good.document());
    let mut asking = Vec::new();
    for number in 0..8 {
        asking.push(silent.named(&app, ELSEWHERE, &format!("slow{number}.example")).await);
    }
    turned_away(&page_from(&app, ELSEWHERE, &good.client_id()).await);
    let page = page_from(&app, HOME, &good.client_id()).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    // Known from then on, it needs no fetch.
    assert_eq!(page_from(&app, ELSEWHERE, &good.client_id()).await.status, StatusCode::OK);
    asking.into_iter().for_each(|(asking, _)| asking.abort());
}

#[tokio::test]
async fn a_client_that_was_turned_away_did_not_fail_and_works_a_moment_later() {
    let (app, silent, good) = (app().await, Silent::start().await, Host::start().await);
    good.serve(&good.document());
    let mut asking = Vec::new();
    for number in 0..8 {
        asking.push(silent.named(&app, HOME, &format!("slow{number}.example")).await);
    }
    turned_away(&page_from(&app, HOME, &good.client_id()).await);
    // The slow ones end, and no time passes.
    asking.into_iter().for_each(|(_, connection)| drop(connection));
    for _ in 0..1000 {
        let page = page_from(&app, HOME, &good.client_id()).await;
        if page.status == StatusCode::OK {
            return;
        }
        turned_away(&page);
        tokio::task::yield_now().await;
    }
    panic!("it is still turned away");
}

#[tokio::test]
async fn one_slow_host_is_asked_twice_at_once_whoever_names_it() {
    let (app, silent, good) = (app().await, Silent::start().await, Host::start().await);
    good.serve(&good.document());
    let first = silent.named(&app, "198.51.100.1", "slow.example").await;
    let other = |number: u16| format!("https://slow.example:{}/{number}.json", silent.port);
    let second = {
        let (service, target) = (app.service.clone(), request(&other(2)));
        let asking = tokio::spawn(async move {
            let peer: std::net::IpAddr = [203, 0, 113, 1].into();
            service.answer(peer, Request::get(target).body(Body::empty()).expect("a request")).await;
        });
        (asking, silent.listener.accept().await.expect("a connection").0)
    };
    turned_away(&page_from(&app, HOME, &other(3)).await);
    assert_eq!(page_from(&app, HOME, &good.client_id()).await.status, StatusCode::OK);
    first.0.abort();
    second.0.abort();
}

#[tokio::test]
async fn made_up_names_do_not_push_out_a_client_that_people_signed_in_to() {
    let (app, good) = (app().await, Host::start().await);
    good.serve(&good.document());
    let id = good.client_id();
    let browser = Browser::new(&app);
    let page = browser.sign_in(&request(&id)).await;
    let back = redirected(&browser.submit(&form(&page), &[("action", "allow")]).await);
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", id.as_str()),
        ("code", back.get("code").expect("a code")),
        ("redirect_uri", LOOPBACK),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(app.post_form("/token", &fields).await.status, StatusCode::OK);
    good.answer("HTTP/1.1 503 Unavailable\r\n\r\n".to_owned());
    for number in 0..2_100 {
        page_from(&app, HOME, &format!("https://{number}.missing.example/client.json")).await;
    }
    assert_eq!(page_from(&app, HOME, &id).await.status, StatusCode::OK, "it is remembered");
}

#[tokio::test]
async fn slow_keys_and_sectors_of_registered_clients_are_bounded_in_the_same_way() {
    let (app, silent) = (app().await, Silent::start().await);
    let url = |path: &str| format!("https://slow.example:{}/{path}.json", silent.port);
    let key = PrivateKey::generate(Algorithm::ES256).expect("a key");
    let (mut asking, mut connections) = (Vec::new(), Vec::new());
    for number in 0..3 {
        let client = register(
            &app,
            &json!({
                "redirect_uris": [CALLBACK],
                "token_endpoint_auth_method": "private_key_jwt",
                "jwks_uri": url(&number.to_string()),
            }),
        )
        .await;
        let id = text(&client, "client_id").to_owned();
        let now = app.service.clock().now();
        let claims =
            json!({"iss": id, "sub": id, "aud": "https://auth.example", "jti": "x", "exp": now.unix() + 60});
        let assertion = Signer::new(key.clone()).sign(&claims).expect("an assertion");
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", "x"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion.as_str()),
        ];
        let request = super::client::with_form(Request::post("/token"), &fields);
        if number < 2 {
            let service = app.service.clone();
            asking.push(tokio::spawn(async move {
                let peer: std::net::IpAddr = HOME.parse().expect("an address");
                service.answer(peer, request).await;
            }));
            connections.push(silent.listener.accept().await.expect("a connection"));
            continue;
        }
        let answer = app.send(request).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text());
        assert_eq!(answer.json()["error"], "temporarily_unavailable");
        assert!(answer.header("retry-after").is_some());
    }
    let sector = json!({"redirect_uris": [CALLBACK], "sector_identifier_uri": url("sector")});
    let refused = super::registration::manage(&app, Method::POST, "/register", "", Some(&sector)).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.text());
    asking.into_iter().for_each(|asking| asking.abort());
}
