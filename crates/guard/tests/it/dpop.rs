//! Tokens that are bound to a key: with a proof they pass, stolen they do not.

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use jeton_guard::{Dpop, InProcessMemory, ProtectedResource};
use jeton_jose::dpop::{Prover, Request as Proved};
use jeton_jose::{Algorithm, PrivateKey};
use serde_json::{Value, json};

use crate::world::{Answer, Issuer, NOW, app, builder, send_request, with};

const URL: &str = "https://api.example/";

fn prover() -> Prover {
    Prover::new(&PrivateKey::generate(Algorithm::ES256).expect("a key")).expect("a prover")
}

fn bound_to(issuer: &Issuer, prover: &Prover) -> String {
    issuer.sign(&with("cnf", json!({"jkt": prover.thumbprint()})))
}

fn guarded(issuer: &Issuer) -> Router {
    app(&builder(issuer).0.dpop(Dpop::at("https://api.example").expect("a URL")).build())
}

async fn send(app: &Router, authorization: &str, proofs: &[&str]) -> Answer {
    let mut request = Request::get("/").header("authorization", authorization);
    for proof in proofs {
        request = request.header("DPoP", *proof);
    }
    send_request(app, request.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn a_bound_token_passes_with_a_proof_of_its_key() {
    let (issuer, owner) = (Issuer::new("k"), prover());
    let app = guarded(&issuer);
    let token = bound_to(&issuer, &owner);
    let proof = owner.prove(&Proved::new("GET", URL).access_token(&token), NOW).expect("a proof");
    let answer = send(&app, &format!("DPoP {token}"), &[&proof]).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "Hello, user-1!"));
    let unbound = send(&app, &format!("Bearer {}", issuer.token()), &[]).await;
    assert_eq!(unbound.status, StatusCode::OK, "other tokens pass as before");
}

#[tokio::test]
async fn a_stolen_bound_token_is_refused_however_it_is_presented() {
    let (issuer, owner, thief) = (Issuer::new("k"), prover(), prover());
    let app = guarded(&issuer);
    let token = bound_to(&issuer, &owner);
    let here = Proved::new("GET", URL).access_token(&token);
    let prove = |by: &Prover, request: &Proved<'_>| by.prove(request, NOW).expect("a proof");
    let used = prove(&owner, &here);
    assert_eq!(send(&app, &format!("DPoP {token}"), &[&used]).await.status, StatusCode::OK);

    let by_thief = prove(&thief, &here);
    let elsewhere = prove(&owner, &Proved::new("GET", "https://api.example/other").access_token(&token));
    let another_host = prove(&owner, &Proved::new("GET", "https://evil.example/").access_token(&token));
    let another_method = prove(&owner, &Proved::new("POST", URL).access_token(&token));
    let another_token = prove(&owner, &Proved::new("GET", URL).access_token("another"));
    let no_token = prove(&owner, &Proved::new("GET", URL));
    let (one, two) = (prove(&owner, &here), prove(&owner, &here));
    for proofs in [
        &[used.as_str()][..],
        &[&by_thief],
        &[&elsewhere],
        &[&another_host],
        &[&another_method],
        &[&another_token],
        &[&no_token],
        &[&one, &two],
        &["garbage"],
    ] {
        let refused = send(&app, &format!("DPoP {token}"), proofs).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{proofs:?}");
        assert!(
            refused.challenge().starts_with("DPoP realm=\"api\", error=\"invalid_dpop_proof\""),
            "{refused:?}"
        );
        assert!(refused.challenge().contains("algs=\"ES256 "), "{refused:?}");
    }
    let absent = "the access token is bound to a key, and the proof of possession is missing";
    for (authorization, proofs) in [
        (format!("DPoP {token}"), &[][..]),
        (format!("Bearer {token}"), &[]),
        (format!("Bearer {token}"), &[one.as_str()]),
    ] {
        let refused = send(&app, &authorization, proofs).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert!(refused.challenge().starts_with("DPoP ") && refused.body.contains(absent), "{refused:?}");
    }
}

#[tokio::test]
async fn a_remembered_token_is_asked_for_its_proof_every_time() {
    let (issuer, owner) = (Issuer::new("k"), prover());
    let dpop = Dpop::at("https://api.example").expect("a URL");
    let app = app(&builder(&issuer).0.remember(16).dpop(dpop).build());
    let token = bound_to(&issuer, &owner);
    let proof = owner.prove(&Proved::new("GET", URL).access_token(&token), NOW).expect("a proof");
    assert_eq!(send(&app, &format!("DPoP {token}"), &[&proof]).await.status, StatusCode::OK);
    assert_eq!(send(&app, &format!("Bearer {token}"), &[]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(send(&app, &format!("DPoP {token}"), &[&proof]).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_without_a_binding_is_not_taken_for_a_bound_one() {
    let (issuer, owner) = (Issuer::new("k"), prover());
    let token = issuer.token();
    let proof = owner.prove(&Proved::new("GET", URL).access_token(&token), NOW).expect("a proof");
    let refused = send(&guarded(&issuer), &format!("DPoP {token}"), &[&proof]).await;
    assert!(refused.body.contains("the access token is not bound to a key"), "{refused:?}");
    let certificate = issuer.sign(&with("cnf", json!({"x5t#S256": "x", "jkt": owner.thumbprint()})));
    let proof = owner.prove(&Proved::new("GET", URL).access_token(&certificate), NOW).expect("a proof");
    let refused = send(&guarded(&issuer), &format!("DPoP {certificate}"), &[&proof]).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "half of the proof is not enough");
}

#[tokio::test]
async fn when_no_more_proofs_can_be_remembered_nothing_passes_by_guessing() {
    let (issuer, owner) = (Issuer::new("k"), prover());
    let dpop = Dpop::at("https://api.example").expect("a URL").memory(InProcessMemory::with_capacity(1));
    let app = app(&builder(&issuer).0.dpop(dpop).build());
    let token = bound_to(&issuer, &owner);
    let prove = || owner.prove(&Proved::new("GET", URL).access_token(&token), NOW).expect("a proof");
    assert_eq!(send(&app, &format!("DPoP {token}"), &[&prove()]).await.status, StatusCode::OK);
    let refused = send(&app, &format!("DPoP {token}"), &[&prove()]).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_client_that_knows_only_the_url_finds_out_where_tokens_come_from() {
    let issuer = Issuer::new("k");
    let resource = ProtectedResource::new("https://api.example", crate::world::ISSUER).expect("a URL");
    let guard = builder(&issuer).0.resource_metadata(&resource).build();
    let app = app(&guard).route_service(resource.path(), resource.clone());
    let refused = crate::world::send(&app, &[]).await;
    assert_eq!(
        refused.challenge(),
        r#"Bearer realm="api", resource_metadata="https://api.example/.well-known/oauth-protected-resource""#
    );
    let request = Request::get("/.well-known/oauth-protected-resource").body(Body::empty());
    let answer = send_request(&app, request.expect("a request")).await;
    let document: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(document["resource"], "https://api.example");
    assert_eq!(document["authorization_servers"], json!(["https://auth.example"]));
    assert_eq!(document["bearer_methods_supported"], json!(["header"]));
}
