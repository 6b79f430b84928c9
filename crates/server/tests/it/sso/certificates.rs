//! Clients that prove who they are with a certificate, and tokens that are bound to one (RFC 8705), behind a proxy that ends
//! TLS.

use axum::body::Body;
use base64_turbo::STANDARD;
use http::{HeaderName, Request, StatusCode, header};
use jeton_authority::client_auth::ClientCertificate;
use jeton_jose::{Jwk, JwkSet};
use jeton_server::{ForwardingHeader, TrustedProxies};
use rcgen::{CertificateParams, DnType, KeyPair, SanType};
use serde_json::{Value, json};

use super::client::{web, with_form};
use crate::app::{Answer, HOME, TestApp};

pub(super) const HEADER: &str = "client-cert";
pub(super) const PROXY: &str = "10.0.0.1";

pub(super) fn certificate(name: &str) -> rcgen::Certificate {
    let mut params = CertificateParams::new(vec![format!("{name}.example")]).expect("a name");
    params.distinguished_name.push(DnType::CommonName, name);
    params.distinguished_name.push(DnType::OrganizationName, "Example, Inc.");
    params.subject_alt_names.push(SanType::IpAddress([192, 0, 2, 7].into()));
    params.self_signed(&KeyPair::generate().expect("a key")).expect("a certificate")
}

/// As RFC 9440 writes it.
pub(super) fn header_of(certificate: &rcgen::Certificate) -> String {
    format!(":{}:", STANDARD.encode(certificate.der()))
}

async fn app(method: &str, members: Value) -> TestApp {
    let proxies =
        TrustedProxies::new(["10.0.0.0/8".parse().expect("a network")], ForwardingHeader::default());
    let app = TestApp::with(
        |settings| settings,
        |service| service.trusted_proxies(proxies).client_certificate_header(HeaderName::from_static(HEADER)),
    )
    .await;
    let mut metadata = web();
    metadata["token_endpoint_auth_method"] = json!(method);
    for (name, value) in members.as_object().expect("members") {
        metadata[name] = value.clone();
    }
    app.add_client("web", metadata).await;
    app
}

async fn token(app: &TestApp, peer: &str, certificate: Option<&str>) -> Answer {
    let mut request = Request::post("/token");
    if let Some(certificate) = certificate {
        request = request.header(HEADER, certificate);
    }
    let fields = [("grant_type", "client_credentials"), ("client_id", "web"), ("scope", "orders:read")];
    app.send_from(peer, with_form(request, &fields)).await
}

#[tokio::test]
async fn a_client_is_known_by_the_name_in_its_certificate() {
    let (own, strangers) = (certificate("web"), certificate("stranger"));
    for (member, value) in [
        ("tls_client_auth_subject_dn", r"O=Example\, Inc.,CN=web"),
        ("tls_client_auth_san_dns", "WEB.example"),
    ] {
        let app = app("tls_client_auth", json!({member: value})).await;
        assert_eq!(token(&app, PROXY, Some(&header_of(&own))).await.status, StatusCode::OK, "{member}");
        for refused in [
            token(&app, PROXY, Some(&header_of(&strangers))).await,
            token(&app, PROXY, None).await,
            token(&app, PROXY, Some("garbage")).await,
            // Whoever is no proxy of ours says what it likes.
            token(&app, HOME, Some(&header_of(&own))).await,
        ] {
            assert_eq!(refused.json()["error"], "invalid_client", "{member}");
        }
    }
    let by_ip = app("tls_client_auth", json!({"tls_client_auth_san_ip": "192.0.2.7"})).await;
    assert_eq!(token(&by_ip, PROXY, Some(&header_of(&own))).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_client_is_known_by_the_key_of_its_own_certificate() {
    let (own, strangers) = (certificate("web"), certificate("web"));
    let key = Jwk::from_der(own.der()).expect("a key");
    let jwks: Value = serde_json::from_str(&JwkSet::new(vec![key]).to_json()).expect("JSON");
    let app = app("self_signed_tls_client_auth", json!({"jwks": jwks})).await;
    assert_eq!(token(&app, PROXY, Some(&header_of(&strangers))).await.json()["error"], "invalid_client");
    let base64 = STANDARD.encode(own.der()).replace('+', "%2B");
    let escaped = format!("-----BEGIN%20CERTIFICATE-----%0A{base64}%0A-----END%20CERTIFICATE-----%0A");
    for written in [header_of(&own), escaped, STANDARD.encode(own.der())] {
        assert_eq!(token(&app, PROXY, Some(&written)).await.status, StatusCode::OK, "{written}");
    }
}

#[tokio::test]
async fn a_stolen_token_is_of_no_use_without_the_certificate() {
    let own = certificate("web");
    let members = json!({
        "tls_client_auth_subject_dn": r"O=Example\, Inc.,CN=web",
        "tls_client_certificate_bound_access_tokens": true,
    });
    let app = app("tls_client_auth", members).await;
    let answer = token(&app, PROXY, Some(&header_of(&own))).await;
    let access = answer.json()["access_token"].as_str().expect("a token").to_owned();
    let claims: Value =
        serde_json::from_str(jeton_jose::jwt::Unverified::parse(&access).expect("a JWT").claims_json())
            .expect("claims");
    let known = ClientCertificate::from_der(own.der()).expect("a certificate");
    assert_eq!(claims["cnf"], json!({"x5t#S256": known.thumbprint()}));

    for (certificate, error) in [(None, "invalid_token"), (Some(&own), "insufficient_scope")] {
        let mut request = Request::get("/userinfo").header(header::AUTHORIZATION, format!("Bearer {access}"));
        if let Some(certificate) = certificate {
            request = request.header(HEADER, header_of(certificate));
        }
        let answer = app.send_from(PROXY, request.body(Body::empty()).expect("a request")).await;
        // With the certificate it is a good token, though one without a user.
        assert_eq!(answer.json()["error"], error);
    }
}
