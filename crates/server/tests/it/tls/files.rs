//! The files of the certificate: what is said of those that cannot be used.

use std::path::Path;

use jeton_server::tls::{Tls, TlsFiles};

use super::certificates::Authority;
use super::site::write;

fn refused(files: TlsFiles) -> (&'static str, String) {
    let error = Tls::load(files).expect_err("it cannot be used");
    (error.code(), error.to_string())
}

#[test]
fn a_file_that_cannot_be_used_is_named_with_what_is_wrong() {
    let root = Authority::new("The root");
    let folder = tempfile::tempdir().expect("a folder");
    let files = write(folder.path(), &root.server("auth.example"));
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).expect("it can be written");
        path
    };
    let other = root.server("auth.example");
    let (mine, others_key) = (root.server("auth.example"), file("other.key", &other.key_pem()));
    let garbage = file("garbage", "garbage");
    let broken = file("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let secret = mine.key_pem();
    let secret = file("mine.key", &secret.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"));
    let gone = Path::new("/nowhere/certificate.pem").to_owned();
    for (files, code, says) in [
        (
            TlsFiles { certificate: gone.clone(), ..files.clone() },
            "tls_file_unreadable",
            "/nowhere/certificate.pem cannot be read",
        ),
        (
            TlsFiles { key: gone.clone(), ..files.clone() },
            "tls_file_unreadable",
            "/nowhere/certificate.pem cannot be read",
        ),
        (
            TlsFiles { certificate: garbage.clone(), ..files.clone() },
            "tls_certificate_missing",
            "garbage contains no certificate",
        ),
        (
            TlsFiles { certificate: files.key.clone(), ..files.clone() },
            "tls_certificate_missing",
            "key.pem contains no certificate",
        ),
        (
            TlsFiles { certificate: broken.clone(), ..files.clone() },
            "tls_certificate_malformed",
            "broken contains a certificate that cannot be read",
        ),
        (
            TlsFiles { key: garbage.clone(), ..files.clone() },
            "tls_key_missing",
            "garbage contains no unencrypted private key",
        ),
        (TlsFiles { key: secret, ..files.clone() }, "tls_key_missing", "unencrypted"),
        (
            TlsFiles { key: others_key, ..files.clone() },
            "tls_key_mismatch",
            "certificate.pem does not match the key in",
        ),
        (TlsFiles { client_roots: Some(gone), ..files.clone() }, "tls_file_unreadable", "cannot be read"),
        (TlsFiles { client_roots: Some(garbage), ..files.clone() }, "tls_client_roots_unusable", "garbage: "),
        (TlsFiles { client_roots: Some(broken), ..files.clone() }, "tls_client_roots_unusable", "broken: "),
    ] {
        let found = refused(files.clone());
        assert!(found.0 == code && found.1.contains(says), "{found:?} for {files:?}");
    }
    assert!(Tls::load(files).is_ok());
}

#[test]
fn nothing_of_a_key_is_told() {
    let root = Authority::new("The root");
    let folder = tempfile::tempdir().expect("a folder");
    let mine = root.server("auth.example");
    let mut files = write(folder.path(), &mine);
    let tls = format!("{:?}", Tls::load(files.clone()).expect("a certificate"));
    let key = folder.path().join("half.key");
    let pem = mine.key_pem();
    std::fs::write(&key, pem.replace('M', "N")).expect("it can be written");
    files.key = key;
    let refused = Tls::load(files).map(|_| ()).expect_err("it is broken");
    let told = format!("{tls} {refused} {refused:?}");
    for line in pem.lines().filter(|line| !line.contains("KEY")) {
        assert!(!told.contains(line), "{told}");
    }
}
