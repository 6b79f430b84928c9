//! `jeton serve` with TLS, and what is said of certificates that cannot be used.

use std::process::Command;

use base64_turbo::STANDARD;
use jeton_fetch::{FetchError, Fetcher, Reach, RemoteUrl};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use crate::run::{Folder, eventually, run_with};

/// A certificate for `localhost` that is its own root, and its key, in PEM.
struct Certified {
    certificate: String,
    key: String,
}

fn certified(change: impl FnOnce(&mut CertificateParams)) -> Certified {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    change(&mut params);
    let certificate = params.self_signed(&key).expect("a certificate");
    Certified {
        certificate: pem("CERTIFICATE", certificate.der()),
        key: pem("PRIVATE KEY", key.serialized_der()),
    }
}

pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

fn check(variables: &[(&str, &str)]) -> String {
    run_with(&["config", "check"], variables).refused()
}

#[test]
fn check_finds_certificates_that_cannot_be_used_and_names_the_file() {
    let folder = Folder::new();
    let (own, other) = (certified(|_| ()), certified(|_| ()));
    let past = certified(|params| params.not_after = date_time_ymd(2020, 1, 1));
    let (certificate, key) = (folder.file("c.pem", &own.certificate), folder.file("c.key", &own.key));
    let (others_key, garbage) = (folder.file("other.key", &other.key), folder.file("garbage", "garbage"));
    let (expired, its_key) = (folder.file("old.pem", &past.certificate), folder.file("old.key", &past.key));
    run_with(&["config", "check"], &[("JETON_TLS_CERTIFICATE", &certificate), ("JETON_TLS_KEY", &key)])
        .done();
    for (certificate, key, says) in [
        (&certificate, &others_key, "does not match the key in"),
        (&garbage, &key, "garbage contains no certificate in PEM"),
        (&certificate, &garbage, "JETON_TLS_KEY: tls.key: "),
        (&certificate, &garbage, "garbage contains no unencrypted private key in PEM"),
        (&expired, &its_key, "the certificate expired at 2020-01-01"),
    ] {
        let found = check(&[("JETON_TLS_CERTIFICATE", certificate), ("JETON_TLS_KEY", key)]);
        assert!(found.contains(says), "{found}");
        assert!(!found.contains(&own.key[40..80]), "{found}");
    }
    let nowhere = check(&[("JETON_TLS_CERTIFICATE", "/nowhere.pem"), ("JETON_TLS_KEY", &key)]);
    assert!(
        nowhere.contains("JETON_TLS_CERTIFICATE: tls.certificate: /nowhere.pem cannot be read"),
        "{nowhere}"
    );
    let roots = check(&[("JETON_FETCH_ROOTS", &garbage)]);
    assert!(roots.contains("JETON_FETCH_ROOTS: fetch.roots: "), "{roots}");
    let refused = run_with(
        &["serve", "--listen", "127.0.0.1:0", "--data", folder.path().to_str().expect("UTF-8")],
        &[("JETON_TLS_CERTIFICATE", &certificate), ("JETON_TLS_KEY", &others_key)],
    )
    .refused();
    assert!(refused.contains("tls_key_mismatch"), "{refused}");
    assert!(!folder.path().exists(), "it is found before anything is made");
}

#[test]
fn settings_of_tls_that_make_no_sense_together_are_found() {
    let folder = Folder::new();
    let own = certified(|_| ());
    let (certificate, key) = (folder.file("c.pem", &own.certificate), folder.file("c.key", &own.key));
    let tls = [("JETON_TLS_CERTIFICATE", certificate.as_str()), ("JETON_TLS_KEY", key.as_str())];
    for (variables, says) in [
        (vec![tls[0]], "tls.certificate also requires tls.key"),
        (vec![tls[1]], "tls.key also requires tls.certificate"),
        (vec![("JETON_TLS_MTLS_LISTEN", "127.0.0.1:8443")], "tls.mtls_listen needs TLS"),
        (vec![("JETON_TLS_CLIENT_CERTIFICATES", "optional")], "tls.client_certificates needs TLS"),
        (vec![tls[0], tls[1], ("JETON_TLS_CLIENT_ROOTS", &certificate)], "is used only where"),
        (vec![tls[0], tls[1], ("JETON_ISSUER", "http://login.example")], "issuer must be https"),
        (vec![("JETON_TLS_MTLS_URL", "https://mtls.example")], "tls.mtls_url leads to"),
        (vec![("JETON_TLS_MTLS_URL", "http://mtls.example")], "expected an https URL"),
        (vec![tls[0], tls[1], ("JETON_TLS_MTLS_LISTEN", "127.0.0.1:8000")], "is the address of listen"),
        (vec![("JETON_LIMITS_HANDSHAKES", "0")], "limits.handshakes must not be 0"),
    ] {
        let found = check(&variables);
        assert!(found.contains(says), "{found}");
    }
    let show = |more: &[(&str, &str)]| run_with(&["config", "show", "--json"], &[&tls, more].concat()).json();
    let shown =
        show(&[("JETON_ISSUER", "https://login.example:444/x"), ("JETON_TLS_MTLS_LISTEN", "0.0.0.0:8443")]);
    assert_eq!(shown["tls.mtls_url"]["value"], "https://login.example:8443/x");
    let shown = show(&[("JETON_ISSUER", "https://[2001:db8::1]"), ("JETON_TLS_MTLS_LISTEN", "0.0.0.0:8443")]);
    assert_eq!(shown["tls.mtls_url"]["value"], "https://[2001:db8::1]:8443");
    assert_eq!(show(&[])["issuer"]["value"], "https://127.0.0.1:8000");
}

/// What is at a URL, to somebody who trusts this certificate.
fn fetch(url: &str, root: &Certified) -> Result<serde_json::Value, FetchError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let fetcher = Fetcher::new().allow(Reach::Loopback).trust_also(root.certificate.as_bytes())?;
    let url = RemoteUrl::parse(url).expect("a URL");
    let document = runtime.block_on(fetcher.json(&url))?;
    Ok(serde_json::from_slice(&document).expect("JSON"))
}

#[test]
fn serve_speaks_https_and_shows_a_renewed_certificate_on_sighup() {
    let folder = Folder::new();
    let (first, second) = (certified(|_| ()), certified(|_| ()));
    let (certificate, key) = (folder.file("c.pem", &first.certificate), folder.file("c.key", &first.key));
    let server = folder.serve(&[
        ("JETON_TLS_CERTIFICATE", &certificate),
        ("JETON_TLS_KEY", &key),
        ("JETON_TLS_MTLS_LISTEN", "127.0.0.1:0"),
    ]);
    let port = server.address.rsplit_once(':').expect("a port").1.to_owned();
    let url = format!("https://localhost:{port}/.well-known/openid-configuration");
    let metadata = fetch(&url, &first).expect("metadata");
    assert_eq!(metadata["issuer"], format!("https://{}", server.address));
    let alias = metadata["mtls_endpoint_aliases"]["token_endpoint"].as_str().expect("an alias").to_owned();
    assert!(
        server.printed.contains("for clients with certificates on https://127.0.0.1:"),
        "{}",
        server.printed
    );
    assert!(alias.starts_with("https://127.0.0.1:") && !alias.contains(&port), "{alias}");
    let mtls = alias.replace("127.0.0.1", "localhost").replace("/token", "/.well-known/openid-configuration");
    assert_eq!(fetch(&mtls, &first).expect("metadata"), metadata);
    assert!(matches!(fetch(&url, &second), Err(FetchError::Tls { .. })));

    folder.file("c.pem", &second.certificate);
    folder.file("c.key", &second.key);
    let hung_up = Command::new("kill").args(["-HUP", &server.id().to_string()]).status().expect("kill runs");
    assert!(hung_up.success());
    eventually(|| fetch(&url, &second).is_ok());
    assert!(matches!(fetch(&url, &first), Err(FetchError::Tls { .. })));
    assert_eq!(server.stop(), 0);
}

#[test]
fn what_clients_name_is_fetched_from_hosts_that_fetch_roots_vouches_for_and_no_others() {
    let folder = Folder::new();
    let (own, other) = (certified(|_| ()), certified(|_| ()));
    let (certificate, key) = (folder.file("c.pem", &own.certificate), folder.file("c.key", &own.key));
    let others = folder.file("other.pem", &other.certificate);
    let both = folder.file("both.pem", format!("{}{}", other.certificate, own.certificate));
    let host = Folder::new();
    let host = host.serve(&[("JETON_TLS_CERTIFICATE", &certificate), ("JETON_TLS_KEY", &key)]);
    let port = host.address.rsplit_once(':').expect("a port").1;
    let metadata = serde_json::json!({
        "redirect_uris": ["https://app.example/cb"],
        "subject_type": "pairwise",
        "sector_identifier_uri": format!("https://localhost:{port}/.well-known/openid-configuration"),
    });
    let metadata = folder.file("client.json", metadata.to_string());
    let data = folder.path().to_str().expect("UTF-8");
    let add = |roots: &str| {
        let arguments = ["client", "add", "--id", "web", "--metadata", &metadata, "--data", data];
        run_with(&arguments, &[("JETON_FETCH_ALLOW", "loopback"), ("JETON_FETCH_ROOTS", roots)]).refused()
    };
    // What is there is fetched, and turns out to be no sector.
    for roots in [&certificate, &both] {
        assert!(add(roots).contains("error[sector_malformed]"), "{}", add(roots));
    }
    assert!(add(&others).contains("error[fetch_tls]"), "{}", add(&others));
    let without = add("");
    assert!(
        without.contains("error[fetch_tls]") || without.contains("error[fetch_no_trusted_roots]"),
        "{without}"
    );
    assert!(add("/nowhere.pem").contains("/nowhere.pem cannot be read"));
}
