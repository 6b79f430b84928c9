//! Tokens that are bound to a certificate: they pass on a connection whose client showed it.

use axum::body::Body;
use http::{Request, StatusCode};
use jeton_guard::{ClientCertificate, Dpop};
use jeton_jose::dpop::{Prover, Request as Proved};
use jeton_jose::{Algorithm, PrivateKey};
use serde_json::json;

use crate::world::{Issuer, NOW, app, builder, send_request, with};

/// The certificate of the tests of TLS: any will do.
const CERTIFICATE: &[u8] = include_bytes!("remote/localhost.cert.der");

fn shown() -> ClientCertificate {
    ClientCertificate::from_der(CERTIFICATE).expect("a certificate")
}

fn request(authorization: &str, shown: Option<ClientCertificate>) -> Request<Body> {
    let mut request = Request::get("/").header("authorization", authorization);
    if let Some(shown) = shown {
        request = request.extension(shown);
    }
    request.body(Body::empty()).expect("a request")
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_certificate_passes_with_that_one_alone() {
    let issuer = Issuer::new("k");
    let guard = builder(&issuer).0.build();
    let bound = issuer.sign(&with("cnf", json!({"x5t#S256": shown().thumbprint()})));
    let to_another =
        issuer.sign(&with("cnf", json!({"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"})));
    for (token, certificate, status) in [
        (&bound, Some(shown()), StatusCode::OK),
        (&bound, None, StatusCode::UNAUTHORIZED),
        (&to_another, Some(shown()), StatusCode::UNAUTHORIZED),
        (&issuer.token(), Some(shown()), StatusCode::OK),
    ] {
        let answer = send_request(&app(&guard), request(&format!("Bearer {token}"), certificate)).await;
        assert_eq!(answer.status, status, "{answer:?}");
        if status != StatusCode::OK {
            assert!(
                answer.challenge().starts_with("Bearer ") && answer.body.contains("certificate"),
                "{answer:?}"
            );
        }
    }
    let without_body = request(&format!("Bearer {bound}"), Some(shown())).map(drop);
    let admitted = guard.admit_request(&without_body).await;
    assert!(admitted.is_ok());
    assert!(guard.verify(&bound).await.is_err(), "where nobody can tell, it does not pass");
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_key_and_a_certificate_wants_both() {
    let issuer = Issuer::new("k");
    let owner = Prover::new(&PrivateKey::generate(Algorithm::ES256).expect("a key")).expect("a prover");
    let app = app(&builder(&issuer).0.dpop(Dpop::at("https://api.example").expect("a URL")).build());
    let both = json!({"x5t#S256": shown().thumbprint(), "jkt": owner.thumbprint()});
    let both = issuer.sign(&with("cnf", both));
    let prove = |token: &str| {
        let proved = Proved::new("GET", "https://api.example/").access_token(token);
        owner.prove(&proved, NOW).expect("a proof")
    };
    let with_proof = |token: &str, certificate| {
        let mut request = request(&format!("DPoP {token}"), certificate);
        request.headers_mut().insert("dpop", prove(token).try_into().expect("a header"));
        request
    };
    assert_eq!(send_request(&app, with_proof(&both, Some(shown()))).await.status, StatusCode::OK);
    for refused in [with_proof(&both, None), request(&format!("Bearer {both}"), Some(shown()))] {
        assert_eq!(send_request(&app, refused).await.status, StatusCode::UNAUTHORIZED);
    }
    let certificate_alone = issuer.sign(&with("cnf", json!({"x5t#S256": shown().thumbprint()})));
    let refused = send_request(&app, with_proof(&certificate_alone, Some(shown()))).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "it is bound to no key");
}
