//! Clients that show a certificate in the handshake (RFC 8705).

use std::sync::Arc;
use std::time::Duration;

use base64_turbo::STANDARD;
use http::HeaderName;
use jeton_authority::client_auth::ClientCertificate;
use jeton_jose::dpop::{Prover, Request as Proved};
use jeton_jose::{Algorithm, Jwk, JwkSet, PrivateKey};
use jeton_server::tls::{Tls, TlsFiles};
use jeton_server::{ForwardingHeader, ServiceBuilder, Signals, TrustedProxies};
use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};
use serde_json::{Value, json};
use tokio_rustls::rustls::HandshakeKind;
use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::crypto::aws_lc_rs::sign::any_supported_type;
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{SignatureScheme, version};

use super::certificates::{Authority, Certified, self_signed};
use super::site::{Site, Visitor, roots_of};
use crate::sso::client::{SECRET, web};

const ALIAS: &str = "https://mtls.auth.example:8443";

/// A site that trusts an authority to sign its clients' certificates.
async fn site(roots: &Authority) -> Site {
    let roots = roots_of(roots);
    Site::with(|settings| settings, |service| service.client_certificates(Some(roots)).mtls_url(ALIAS)).await
}

async fn add(site: &Site, method: &str, members: Value) {
    let mut metadata = web();
    metadata["token_endpoint_auth_method"] = json!(method);
    for (name, value) in members.as_object().expect("members") {
        metadata[name] = value.clone();
    }
    site.app.add_client("web", metadata).await;
}

async fn ask(site: &Site, visitor: &Visitor, headers: &str) -> (u16, Value) {
    let fields = [("grant_type", "client_credentials"), ("client_id", "web"), ("scope", "orders:read")];
    visitor.post(site.mtls, "/token", headers, &fields).await
}

#[track_caller]
fn assert_refused(answer: &(u16, Value), why: &str) {
    assert_eq!((answer.0, &answer.1["error"]), (400, &json!("invalid_client")), "{why}");
}

fn jwks(certified: &Certified) -> Value {
    let key = Jwk::from_der(&certified.der).expect("a key");
    serde_json::from_str(&JwkSet::new(vec![key]).to_json()).expect("JSON")
}

#[tokio::test]
async fn a_client_is_known_by_a_certificate_that_leads_to_a_trusted_root() {
    let (roots, strangers) = (Authority::new("Our clients"), Authority::new("Our clients"));
    let site = site(&roots).await;
    add(&site, "tls_client_auth", json!({"tls_client_auth_san_dns": "web.example"})).await;
    let good = roots.client("web.example");
    let answer = ask(&site, &site.client(&good), "").await;
    assert_eq!(answer.0, 200, "{}", answer.1);

    let past = roots.sign("web.example", |params| params.not_after = date_time_ymd(2026, 1, 1));
    let future = roots.sign("web.example", |params| params.not_before = date_time_ymd(2100, 1, 1));
    let for_servers = roots
        .sign("web.example", |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]);
    for (certified, why) in [
        (roots.client("other.example"), "another name"),
        (strangers.client("web.example"), "another root of the same name"),
        (self_signed("web.example", |_| ()), "nobody signed it"),
        (past, "it has expired"),
        (future, "it is not in force yet"),
        (for_servers, "it is for a server"),
    ] {
        assert_refused(&ask(&site, &site.client(&certified), "").await, why);
    }
    assert_refused(&ask(&site, &site.visitor(), "").await, "no certificate");

    // The clock of the authority counts: a certificate ends while its connection is open as well.
    let soon = roots.sign("web.example", |params| params.not_after = date_time_ymd(2030, 1, 1));
    assert_eq!(ask(&site, &site.client(&soon), "").await.0, 200);
    site.app.hand.step(5 * 365 * 86_400);
    assert_refused(&ask(&site, &site.client(&soon), "").await, "it has expired meanwhile");
}

#[tokio::test]
async fn without_roots_no_name_in_a_certificate_counts() {
    let roots = Authority::new("Our clients");
    let site = Site::with(|settings| settings, |service| service.client_certificates(None)).await;
    add(&site, "tls_client_auth", json!({"tls_client_auth_san_dns": "web.example"})).await;
    assert_refused(&ask(&site, &site.client(&roots.client("web.example")), "").await, "nobody is trusted");
    site.app.service.authority().client_auth().trust_roots(roots_of(&roots));
    assert_eq!(
        ask(&site, &site.client(&roots.client("web.example")), "").await.0,
        200,
        "roots may come later"
    );
}

#[tokio::test]
async fn a_client_is_known_by_the_key_of_a_certificate_that_it_signed_itself() {
    let site = Site::with(|settings| settings, |service| service.client_certificates(None)).await;
    let own = self_signed("anything", |params| params.not_after = date_time_ymd(2020, 1, 1));
    add(&site, "self_signed_tls_client_auth", json!({"jwks": jwks(&own)})).await;
    let answer = ask(&site, &site.client(&own), "").await;
    assert_eq!(answer.0, 200, "{}", answer.1);
    let another = self_signed("anything", |_| ());
    assert_refused(&ask(&site, &site.client(&another), "").await, "another key");
    assert_refused(&ask(&site, &site.visitor(), "").await, "no certificate");
}

#[tokio::test]
async fn roots_of_clients_are_read_again_when_their_file_changes() {
    let (before, after) = (Authority::new("Our clients"), Authority::new("Our clients"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("roots.pem");
    std::fs::write(&file, before.pem()).expect("it can be written");
    let root = Authority::new("The root");
    let files = super::site::write(folder.path(), &root.server(super::site::NAME));
    let tls = Tls::load(TlsFiles { client_roots: Some(file.clone()), ..files }).expect("a certificate");
    let site =
        Site::with(|settings| settings, |service| service.client_certificates(tls.client_roots())).await;
    add(&site, "tls_client_auth", json!({"tls_client_auth_san_dns": "web.example"})).await;
    let (old, new) = (site.client(&before.client("web.example")), site.client(&after.client("web.example")));
    assert_eq!(ask(&site, &old, "").await.0, 200);
    assert_refused(&ask(&site, &new, "").await, "it is not trusted yet");

    let (authority, clock) = (Arc::clone(site.app.service.authority()), site.app.service.clock().clone());
    let (_, hang_ups) = Signals::take_over().expect("signals").split();
    tokio::spawn(tls.follow(authority, clock, hang_ups, Duration::from_millis(10)));
    std::fs::write(&file, "garbage").expect("it can be written");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(ask(&site, &old, "").await.0, 200, "what was read before counts");
    std::fs::write(&file, after.pem()).expect("it can be written");
    for _ in 0..500 {
        if ask(&site, &new, "").await.0 == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(ask(&site, &new, "").await.0, 200);
    assert_refused(&ask(&site, &old, "").await, "it is trusted no longer");
}

/// Shows a certificate and signs with a key that is not its own.
#[derive(Debug)]
struct Thief(Arc<CertifiedKey>);

impl ResolvesClientCert for Thief {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn who_does_not_hold_the_key_of_a_certificate_cannot_show_it() {
    let site = Site::with(|settings| settings, |service| service.client_certificates(None)).await;
    let (own, thiefs) = (self_signed("web", |_| ()), self_signed("web", |_| ()));
    add(&site, "self_signed_tls_client_auth", json!({"jwks": jwks(&own)})).await;
    let key = any_supported_type(&thiefs.key()).expect("a key");
    for version in [&version::TLS12, &version::TLS13] {
        let mut thief = site.visitor();
        let shown = CertifiedKey::new(vec![own.der.clone()], Arc::clone(&key));
        thief.config.client_auth_cert_resolver = Arc::new(Thief(Arc::new(shown)));
        let thief = thief.speaking(version);
        // In TLS 1.3 the client is done before the server has looked, so it learns it from its first read.
        if let Ok(mut stream) = thief.try_connect(site.mtls).await {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
            let mut answer = vec![];
            assert!(stream.read_to_end(&mut answer).await.is_err(), "{}", String::from_utf8_lossy(&answer));
        }
    }
}

#[tokio::test]
async fn what_is_no_certificate_does_not_pass_the_handshake() {
    let site = Site::new().await;
    let own = self_signed("web", |_| ());
    let key = any_supported_type(&own.key()).expect("a key");
    let chain = |count: usize| vec![own.der.clone(); count];
    for (chain, passes) in [(vec![vec![7; 100].into()], false), (chain(8), true), (chain(9), false)] {
        let mut visitor = site.visitor();
        let resolver = Thief(Arc::new(CertifiedKey::new(chain, Arc::clone(&key))));
        visitor.config.client_auth_cert_resolver = Arc::new(resolver);
        let answered = match visitor.try_connect(site.mtls).await {
            Ok(mut stream) => {
                use tokio::io::{AsyncReadExt, AsyncWriteExt};
                let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
                let _ = stream.write_all(request).await;
                stream.read_to_end(&mut vec![]).await.is_ok()
            }
            Err(_) => false,
        };
        assert_eq!(answered, passes);
    }
}

#[tokio::test]
async fn a_token_is_bound_to_the_certificate_of_the_connection_it_was_fetched_on() {
    let roots = Authority::new("Our clients");
    let site = site(&roots).await;
    let (own, strangers) = (roots.client("web.example"), roots.client("web.example"));
    let bound = json!({
        "tls_client_auth_san_dns": "web.example",
        "tls_client_certificate_bound_access_tokens": true,
    });
    add(&site, "tls_client_auth", bound).await;
    let answer = ask(&site, &site.client(&own), "").await;
    let token = answer.1["access_token"].as_str().expect("a token").to_owned();
    let known = ClientCertificate::from_der(&own.der).expect("a certificate");
    let cnf = json!({"x5t#S256": known.thumbprint()});

    let fields = [("client_id", "web"), ("token", token.as_str())];
    let told = site.client(&own).post(site.mtls, "/introspect", "", &fields).await;
    assert_eq!((&told.1["active"], &told.1["cnf"]), (&json!(true), &cnf), "{}", told.1);

    let authorization = format!("authorization: Bearer {token}\r\n");
    for (visitor, address, error) in [
        // With the certificate it is a good token, though one without a user.
        (site.client(&own), site.mtls, "insufficient_scope"),
        (site.client(&strangers), site.mtls, "invalid_token"),
        (site.visitor(), site.mtls, "invalid_token"),
        (site.client(&own), site.address, "invalid_token"),
    ] {
        assert_eq!(visitor.get(address, "/userinfo", &authorization).await.1["error"], error);
    }
}

#[tokio::test]
async fn a_resumed_session_keeps_its_certificate_and_a_stranger_cannot_borrow_it() {
    let site = Site::with(|settings| settings, |service| service.client_certificates(None)).await;
    let own = self_signed("web", |_| ());
    add(&site, "self_signed_tls_client_auth", json!({"jwks": jwks(&own)})).await;
    for version in [&version::TLS12, &version::TLS13] {
        let visitor = site.client(&own).speaking(version);
        assert_eq!(ask(&site, &visitor, "").await.0, 200);
        let again = visitor.connect(site.mtls).await;
        assert_eq!(again.get_ref().1.handshake_kind(), Some(HandshakeKind::Resumed));
        assert_eq!(ask(&site, &visitor, "").await.0, 200);
    }
    // A session that began where nobody was asked proves nothing where everybody is.
    let stranger = site.visitor();
    assert_eq!(stranger.get(site.address, "/healthz", "").await.0, 200);
    assert_refused(&ask(&site, &stranger, "").await, "no certificate");
}

fn behind_a_proxy(service: ServiceBuilder, proxy: &str) -> ServiceBuilder {
    let proxies = TrustedProxies::new([proxy.parse().expect("a network")], ForwardingHeader::default());
    service.trusted_proxies(proxies).client_certificate_header(HeaderName::from_static("client-cert"))
}

#[tokio::test]
async fn the_header_of_a_proxy_is_not_believed_from_a_direct_connection() {
    let own = self_signed("web", |_| ());
    let header = format!("client-cert: :{}:\r\n", STANDARD.encode(&own.der));
    let fields = [("grant_type", "client_credentials"), ("client_id", "web"), ("scope", "orders:read")];

    // Whoever comes from here is no proxy.
    let site = Site::with(
        |settings| settings,
        |service| behind_a_proxy(service.client_certificates(None), "10.0.0.0/8"),
    )
    .await;
    add(&site, "self_signed_tls_client_auth", json!({"jwks": jwks(&own)})).await;
    let visitor = site.visitor();
    assert_refused(&visitor.post(site.address, "/token", &header, &fields).await, "it is no proxy");
    assert_refused(&visitor.post(site.mtls, "/token", &header, &fields).await, "it is no proxy");
    let thief = site.client(&self_signed("thief", |_| ()));
    assert_refused(&thief.post(site.mtls, "/token", &header, &fields).await, "it showed another certificate");

    // Even a proxy is not believed where certificates are asked for: there, clients come themselves.
    let site = Site::with(
        |settings| settings,
        |service| behind_a_proxy(service.client_certificates(None), "127.0.0.0/8"),
    )
    .await;
    add(&site, "self_signed_tls_client_auth", json!({"jwks": jwks(&own)})).await;
    assert_refused(&site.visitor().post(site.mtls, "/token", &header, &fields).await, "it was asked itself");
    let by_proxy = site.visitor().post(site.address, "/token", &header, &fields).await;
    assert_eq!(by_proxy.0, 200, "the proxy's own connection may be encrypted: {}", by_proxy.1);
}

#[tokio::test]
async fn the_metadata_tell_clients_with_certificates_where_to_come_and_what_counts() {
    let roots = Authority::new("Our clients");
    let site = site(&roots).await;
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let (_, metadata) = site.visitor().get(site.address, path, "").await;
        let aliases = &metadata["mtls_endpoint_aliases"];
        for (name, path) in [
            ("token_endpoint", "/token"),
            ("revocation_endpoint", "/revoke"),
            ("introspection_endpoint", "/introspect"),
            ("device_authorization_endpoint", "/device_authorization"),
            ("pushed_authorization_request_endpoint", "/par"),
            ("userinfo_endpoint", "/userinfo"),
        ] {
            assert_eq!(aliases[name], format!("{ALIAS}{path}"));
            assert_eq!(metadata[name], format!("https://auth.example{path}"));
        }
        assert_eq!(aliases.as_object().expect("aliases").len(), 6, "browsers are not sent there");
        assert_eq!(metadata["tls_client_certificate_bound_access_tokens"], true);
        let methods = metadata["token_endpoint_auth_methods_supported"].as_array().expect("methods");
        assert!(methods.contains(&json!("tls_client_auth")));
        assert!(methods.contains(&json!("self_signed_tls_client_auth")));
    }
    let without_roots = Site::with(|settings| settings, |service| service.client_certificates(None)).await;
    let (_, metadata) = without_roots.app_metadata().await;
    let methods = metadata["token_endpoint_auth_methods_supported"].as_array().expect("methods").clone();
    assert!(!methods.contains(&json!("tls_client_auth")));
    assert!(methods.contains(&json!("self_signed_tls_client_auth")));
    assert_eq!(metadata["mtls_endpoint_aliases"], Value::Null, "there is no other URL");
    let (_, metadata) = Site::new().await.app_metadata().await;
    assert_eq!(metadata["tls_client_certificate_bound_access_tokens"], Value::Null);
}

#[tokio::test]
async fn a_proof_may_name_the_alias_that_it_is_sent_to() {
    let roots = Authority::new("Our clients");
    let site = site(&roots).await;
    site.app.add_client("web", web()).await;
    let credentials = STANDARD.encode(format!("web:{}", SECRET.replace(' ', "+")));
    let prover = Prover::new(&PrivateKey::generate(Algorithm::ES256).expect("a key")).expect("a prover");
    let fields = [("grant_type", "client_credentials"), ("scope", "orders:read")];
    for (url, status) in [
        (format!("{ALIAS}/token"), 200),
        ("https://auth.example/token".to_owned(), 200),
        ("https://evil.example/token".to_owned(), 400),
        (format!("{ALIAS}/revoke"), 400),
    ] {
        let proof =
            prover.prove(&Proved::new("POST", &url), site.app.service.clock().now()).expect("a proof");
        let headers = format!("authorization: Basic {credentials}\r\ndpop: {proof}\r\n");
        let answer = site.visitor().post(site.mtls, "/token", &headers, &fields).await;
        assert_eq!(answer.0, status, "{url}: {}", answer.1);
    }
}

impl Site {
    async fn app_metadata(&self) -> (u16, Value) {
        self.visitor().get(self.address, "/.well-known/openid-configuration", "").await
    }
}
