//! `jeton jwk`.

use crate::run::{Folder, run, run_reading};

#[test]
fn a_key_of_each_kind_is_made_with_its_thumbprint_as_kid() {
    for alg in ["ES256", "ES384", "ES512", "ES256K", "Ed25519", "EdDSA", "HS256", "HS512", "ML-DSA-44"] {
        let key = run(&["jwk", "generate", alg]).done();
        let json: serde_json::Value = serde_json::from_str(&key).expect("JSON");
        let thumbprint = run_reading(&["jwk", "thumbprint", "-"], key.as_bytes()).done();
        assert_eq!(json["kid"].as_str(), Some(thumbprint.trim_end()), "{alg}");
        assert_eq!(json["use"], "sig", "{alg}");
    }
    assert!(run(&["jwk", "generate", "ES256", "--kid", "mine"]).done().contains(r#""kid":"mine""#));
    run(&["jwk", "generate", "none"]).misused();
}

#[test]
fn the_public_part_holds_nothing_private() {
    let key = run(&["jwk", "generate", "ES256"]).done();
    let public = run_reading(&["jwk", "public", "-"], key.as_bytes()).done();
    let json: serde_json::Value = serde_json::from_str(&public).expect("JSON");
    assert!(json.get("d").is_none() && json.get("x").is_some(), "{json}");
    let secret = run(&["jwk", "generate", "HS256"]).done();
    run_reading(&["jwk", "public", "-"], secret.as_bytes()).refused();

    let set = format!("{{\"keys\":[{},{}]}}", key.trim_end(), secret.trim_end());
    let public: serde_json::Value =
        serde_json::from_str(&run_reading(&["jwk", "public", "-"], set.as_bytes()).done()).expect("JSON");
    assert_eq!(public["keys"].as_array().map(Vec::len), Some(1));
    assert_eq!(public["keys"][0]["d"], serde_json::Value::Null);
}

#[test]
fn a_key_goes_to_pem_and_der_and_back() {
    let folder = Folder::new();
    let key = folder.file("key.jwk", run(&["jwk", "generate", "Ed25519"]).done());
    let thumbprint = run(&["jwk", "thumbprint", &key]).done();

    let pem = run(&["jwk", "convert", &key, "--to", "pem"]).done();
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{pem}");
    let pem = folder.file("key.pem", pem);
    assert_eq!(run(&["jwk", "thumbprint", &pem]).done(), thumbprint);

    let der = crate::run::jeton(&["jwk", "convert", &key, "--to", "der"]).output().expect("it runs").stdout;
    let der = folder.file("key.der", der);
    assert_eq!(run(&["jwk", "thumbprint", &der]).done(), thumbprint);

    let public = folder.file("public.jwk", run(&["jwk", "public", &key]).done());
    assert!(
        run(&["jwk", "convert", &public, "--to", "pem"]).done().starts_with("-----BEGIN PUBLIC KEY-----\n")
    );
    let secret = folder.file("secret.jwk", run(&["jwk", "generate", "HS256"]).done());
    run(&["jwk", "convert", &secret, "--to", "pem"]).refused();
}

#[test]
fn what_is_no_key_is_refused() {
    let folder = Folder::new();
    for content in [
        "",
        "{}",
        "{\"kty\":\"EC\"}",
        "hello",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    ] {
        let file = folder.file("key", content);
        run(&["jwk", "thumbprint", &file]).refused();
    }
    assert!(run(&["jwk", "thumbprint", "/nowhere/key"]).refused().contains("cannot read /nowhere/key"));
}
