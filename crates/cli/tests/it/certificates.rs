//! Keys that come with certificates: `--x5c` and `--x5t-s256` when signing, `--roots` when verifying.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;

use crate::run::{Folder, Ran, run, run_reading};

/// A root, and a key that it certifies for `signer.example`, as files.
struct Certified {
    folder: Folder,
    root: String,
    chain: String,
    key: String,
}

impl Certified {
    fn new() -> Self {
        let folder = Folder::new();
        let mut root = CertificateParams::default();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(root, KeyPair::generate().expect("a key")).expect("a root");
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(["signer.example".to_owned()]).expect("a name");
        let leaf = params.signed_by(&key, &root).expect("a certificate");
        let root = folder.file("root.pem", crate::tls::pem("CERTIFICATE", root.der()));
        let chain = folder.file("chain.pem", crate::tls::pem("CERTIFICATE", leaf.der()));
        let key = folder.file("key.pem", crate::tls::pem("PRIVATE KEY", key.serialized_der()));
        Self { folder, root, chain, key }
    }

    fn token(&self, more: &[&str]) -> String {
        let sign = ["jwt", "sign", "--key", &self.key, r#"{"sub":"ada","exp":4102444800}"#];
        run(&[&sign, more].concat()).done().trim_end().to_owned()
    }

    fn verify(&self, more: &[&str]) -> Ran {
        run(&[&["jwt", "verify", "--roots", &self.root], more].concat())
    }
}

fn header(token: &str) -> Value {
    let decoded = run(&["jwt", "decode", "--json", token]).done();
    let decoded: Value = serde_json::from_str(&decoded).expect("JSON");
    decoded["header"].clone()
}

#[test]
fn a_token_that_brings_certificates_is_verified_by_their_root_and_name_alone() {
    let signer = Certified::new();
    let token = signer.token(&["--x5c", &signer.chain]);
    assert_eq!(header(&token)["x5c"].as_array().map(Vec::len), Some(1));
    let named = signer.verify(&["--certificate-name", "signer.example", &token]);
    assert_eq!(named.done(), "{\"sub\":\"ada\",\"exp\":4102444800}\n");
    signer.verify(&["--certificate-name", "*", &token]).done();
    for name in ["other.example", "127.0.0.1", "https://signer.example"] {
        let refused = signer.verify(&["--certificate-name", name, &token]).refused();
        assert!(refused.contains("the certificates of the token"), "{name}: {refused}");
    }
}

#[test]
fn certificates_of_another_root_and_tokens_without_any_are_refused() {
    let (signer, stranger) = (Certified::new(), Certified::new());
    let name = ["--certificate-name", "signer.example"];
    let foreign = stranger.token(&["--x5c", &stranger.chain]);
    assert!(signer.verify(&[&name[..], &[&foreign]].concat()).refused().contains("certificate"));
    let bare = signer.token(&[]);
    assert!(signer.verify(&[&name[..], &[&bare]].concat()).refused().contains("key_not_found"));
    let late = ["--at", "99999999999"];
    let token = signer.token(&["--x5c", &signer.chain]);
    signer.verify(&[&name[..], &late, &[&token]].concat()).refused();
}

#[test]
fn whose_certificate_it_is_has_to_be_said() {
    let signer = Certified::new();
    let token = signer.token(&["--x5c", &signer.chain]);
    assert!(signer.verify(&[&token]).misused().contains("--certificate-name"));
    let without_roots = ["jwt", "verify", "--key", &signer.key, "--certificate-name", "*", &token];
    assert!(run(&without_roots).misused().contains("--roots"));
}

#[test]
fn certificates_for_another_key_are_not_sent_along() {
    let (signer, stranger) = (Certified::new(), Certified::new());
    for flag in ["--x5c", "--x5t-s256"] {
        let sign = ["jwt", "sign", "--key", &signer.key, flag, &stranger.chain, "{}"];
        run(&sign).refused();
    }
    let garbage = signer.folder.file("garbage.pem", "garbage");
    assert!(
        run(&["jwt", "sign", "--key", &signer.key, "--x5c", &garbage, "{}"])
            .refused()
            .contains("garbage.pem")
    );
}

#[test]
fn a_thumbprint_names_the_certificate() {
    let signer = Certified::new();
    let header = header(&signer.token(&["--x5t-s256", &signer.chain]));
    assert_eq!(header["x5t#S256"].as_str().map(str::len), Some(43));
}

#[test]
fn any_bytes_are_verified_by_certificates_in_every_form() {
    let signer = Certified::new();
    for format in ["compact", "flattened", "general"] {
        let sign = ["jws", "sign", "--key", &signer.key, "--x5c", &signer.chain, "--format", format];
        let signed = run_reading(&sign, b"any bytes").done().to_owned();
        let verify = ["jws", "verify", "--roots", &signer.root, "--certificate-name"];
        let read = |name: &str| run_reading(&[&verify[..], &[name]].concat(), signed.as_bytes());
        assert_eq!(read("signer.example").done(), "any bytes", "{format}");
        read("other.example").refused();
    }
}

#[test]
fn max_size_is_for_tokens_with_certificates_too() {
    let signer = Certified::new();
    let claims = format!(r#"{{"exp":4102444800,"x":"{}"}}"#, "y".repeat(20_000));
    let sign = ["jwt", "sign", "--key", &signer.key, "--x5c", &signer.chain, "-"];
    let token = run_reading(&sign, claims.as_bytes()).done();
    let verify = |more: &[&str]| {
        let verify = ["jwt", "verify", "--roots", &signer.root, "--certificate-name", "*"];
        run_reading(&[&verify, more].concat(), token.as_bytes())
    };
    let refused = verify(&[]).refused();
    assert!(refused.ends_with("; raise the limit with --max-size"), "{refused}");
    assert_eq!(verify(&["--max-size", "100000"]).done().trim_end(), claims);
}
