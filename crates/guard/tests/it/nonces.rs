//! Clients whose clocks are wrong: the guard sends them a nonce, and they pass with it (RFC 9449 §9).

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use jeton_guard::{BodyStyle, Dpop, GuardBuilder, NonceDemand, Nonces};
use jeton_jose::dpop::{Prover, Request as Proved};
use jeton_jose::{Algorithm, PrivateKey, Timestamp};
use serde_json::json;

use crate::world::{Answer, Issuer, NOW, app, builder, send_request, with};

const BASE: &str = "https://api.example";

/// A client of a clock that is wrong by so many seconds.
struct Client {
    prover: Prover,
    token: String,
    off: i64,
}

impl Client {
    fn new(issuer: &Issuer, off: i64) -> Self {
        let prover = Prover::new(&PrivateKey::generate(Algorithm::ES256).expect("a key")).expect("a prover");
        let token = issuer.sign(&with("cnf", json!({"jkt": prover.thumbprint()})));
        Self { prover, token, off }
    }

    fn proof(&self, nonce: Option<&str>) -> String {
        let mut request = Proved::new("GET", "https://api.example/").access_token(&self.token);
        if let Some(nonce) = nonce {
            request = request.nonce(nonce);
        }
        self.prover.prove(&request, Timestamp::from_unix(NOW.unix() + self.off)).expect("a proof")
    }

    async fn send(&self, app: &Router, proof: &str) -> Answer {
        let authorization = format!("DPoP {}", self.token);
        let request = Request::get("/").header("authorization", authorization).header("dpop", proof);
        send_request(app, request.body(Body::empty()).expect("a request")).await
    }
}

fn dpop() -> Dpop {
    Dpop::at(BASE).expect("a URL")
}

fn guarded(issuer: &Issuer, with: impl FnOnce(GuardBuilder) -> GuardBuilder) -> Router {
    app(&with(builder(issuer).0).build())
}

fn nonce(answer: &Answer) -> &str {
    answer.headers.get("dpop-nonce").expect("a nonce").to_str().expect("ASCII")
}

#[tokio::test]
async fn a_client_whose_clock_is_wrong_passes_at_the_second_try() {
    let issuer = Issuer::new("k");
    for style in [BodyStyle::OAuth, BodyStyle::SimpleJwt] {
        let app = guarded(&issuer, |builder| builder.dpop(dpop()).body_style(style));
        for off in [-86_400, -120, 60, 86_400] {
            let client = Client::new(&issuer, off);
            let refused = client.send(&app, &client.proof(None)).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{off}");
            assert!(
                refused.challenge().starts_with("DPoP realm=\"api\", error=\"use_dpop_nonce\""),
                "{refused:?}"
            );
            let passed = client.send(&app, &client.proof(Some(nonce(&refused)))).await;
            assert_eq!(passed.status, StatusCode::OK, "{off}: {passed:?}");
        }
    }
}

#[tokio::test]
async fn scripts_of_other_origins_may_read_the_nonce() {
    let issuer = Issuer::new("k");
    let app = guarded(&issuer, |builder| builder.dpop(dpop()));
    let client = Client::new(&issuer, 60);
    let refused = client.send(&app, &client.proof(None)).await;
    let passed = client.send(&app, &client.proof(Some(nonce(&refused)))).await;
    for answer in [refused, passed] {
        let exposed = answer.headers.get_all("access-control-expose-headers").iter();
        assert!(exposed.into_iter().any(|value| value == "DPoP-Nonce"), "{answer:?}");
    }
}

#[tokio::test]
async fn whoever_uses_nonces_is_told_the_next_one_and_nobody_else_is() {
    let issuer = Issuer::new("k");
    let app = guarded(&issuer, |builder| builder.dpop(dpop()));
    let late = Client::new(&issuer, -120);
    let refused = late.send(&app, &late.proof(None)).await;
    let passed = late.send(&app, &late.proof(Some(nonce(&refused)))).await;
    let again = late.send(&app, &late.proof(Some(nonce(&passed)))).await;
    assert_eq!(again.status, StatusCode::OK);
    let exact = Client::new(&issuer, 0);
    let answer = exact.send(&app, &exact.proof(None)).await;
    assert_eq!((answer.status, answer.headers.get("dpop-nonce")), (StatusCode::OK, None));
}

#[tokio::test]
async fn a_nonce_makes_nothing_good_but_the_time() {
    let issuer = Issuer::new("k");
    let app = guarded(&issuer, |builder| builder.dpop(dpop()));
    let (client, thief) = (Client::new(&issuer, 60), Client::new(&issuer, 60));
    let refused = client.send(&app, &client.proof(None)).await;
    let given = nonce(&refused);
    let proof = client.proof(Some(given));
    assert_eq!(client.send(&app, &proof).await.status, StatusCode::OK);
    let replayed = client.send(&app, &proof).await;
    assert!(replayed.challenge().contains("invalid_dpop_proof"), "{replayed:?}");
    let by_another_key = client.send(&app, &thief.proof(Some(given))).await;
    assert!(by_another_key.challenge().contains("invalid_dpop_proof"), "{by_another_key:?}");
}

#[tokio::test]
async fn where_nonces_are_demanded_every_proof_needs_one() {
    let issuer = Issuer::new("k");
    let demanding = dpop().nonces(Nonces::random(), NonceDemand::Always);
    let app = guarded(&issuer, |builder| builder.dpop(demanding));
    let client = Client::new(&issuer, 0);
    let refused = client.send(&app, &client.proof(None)).await;
    assert!(refused.challenge().contains("use_dpop_nonce"), "{refused:?}");
    let passed = client.send(&app, &client.proof(Some(nonce(&refused)))).await;
    assert_eq!(passed.status, StatusCode::OK);
}

#[tokio::test]
async fn processes_with_one_secret_take_each_others_nonces() {
    let issuer = Issuer::new("k");
    let process = |secret: &[u8]| {
        let nonces = Nonces::new(secret).expect("a secret");
        guarded(&issuer, |builder| builder.dpop(dpop().nonces(nonces, NonceDemand::WhereClocksDiffer)))
    };
    let (one, other, stranger) = (process(&[1; 32]), process(&[1; 32]), process(&[2; 32]));
    let client = Client::new(&issuer, 60);
    let refused = client.send(&one, &client.proof(None)).await;
    let given = nonce(&refused);
    assert_eq!(client.send(&other, &client.proof(Some(given))).await.status, StatusCode::OK);
    assert_eq!(client.send(&stranger, &client.proof(Some(given))).await.status, StatusCode::UNAUTHORIZED);
}
