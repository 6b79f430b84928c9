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

#[test]
fn a_certificate_serves_as_the_key_within() {
    // Made with `openssl req -x509`.
    const KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIGYPLPTBMylruu4WlX4VFrKC1T2Ra4AATInrvbhszGmd
-----END PRIVATE KEY-----
";
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBODCB66ADAgECAhQV5CDFZ/sSALcOEuemsNQsZ5hJbzAFBgMrZXAwETEPMA0G
A1UEAwwGc2lnbmVyMCAXDTI2MTEyMzAwMTk0OVoYDzIxMjYxMDMwMDAxOTQ5WjAR
MQ8wDQYDVQQDDAZzaWduZXIwKjAFBgMrZXADIQA1Stp4FEGJCxEO0hdC81F0R2Hj
vhD2UJxRQ9xir/KA1aNTMFEwHQYDVR0OBBYEFPsxfFOJOfT/56Gp1CzWxNxqxno6
MB8GA1UdIwQYMBaAFPsxfFOJOfT/56Gp1CzWxNxqxno6MA8GA1UdEwEB/wQFMAMB
Af8wBQYDK2VwA0EAb7/D8IJdcLHicJihLaPmUwv+oamwiTti9sfs/RSall2prjB/
/vghwlx05fF+ZUOu6SYwfA/fx01zofyIMpRlCA==
-----END CERTIFICATE-----
";
    let folder = Folder::new();
    let (key, certificate) = (folder.file("key.pem", KEY), folder.file("certificate.pem", CERTIFICATE));
    let thumbprint = run(&["jwk", "thumbprint", &certificate]).done();
    assert_eq!(run(&["jwk", "thumbprint", &key]).done(), thumbprint);
    let token = run(&["jwt", "sign", "--key", &key, "--expires-in", "5m", "{}"]).done();
    run(&["jwt", "verify", "--key", &certificate, token.trim_end()]).done();
    run(&["jwt", "sign", "--key", &certificate, "{}"]).refused();
}

#[test]
fn keys_for_encryption_say_what_they_are_for() {
    for (arguments, kty, crv) in [
        (&["RSA-OAEP-256"][..], "RSA", None),
        (&["ECDH-ES"], "EC", Some("P-256")),
        (&["ECDH-ES+A128KW", "--crv", "P-521"], "EC", Some("P-521")),
        (&["ECDH-ES+A256KW", "--crv", "X25519"], "OKP", Some("X25519")),
        (&["A192GCMKW"], "oct", None),
        (&["A256CBC-HS512"], "oct", None),
        (&["PBES2-HS256+A128KW"], "oct", None),
    ] {
        let key = run(&[&["jwk", "generate"], arguments].concat()).done();
        let json: serde_json::Value = serde_json::from_str(&key).expect("JSON");
        assert_eq!(
            (&json["alg"], &json["use"], &json["kty"]),
            (&arguments[0].into(), &"enc".into(), &kty.into())
        );
        assert_eq!(json["crv"].as_str(), crv);
        let thumbprint = run_reading(&["jwk", "thumbprint", "-"], key.as_bytes()).done();
        assert_eq!(json["kid"].as_str(), Some(thumbprint.trim_end()), "{arguments:?}");
        if kty != "oct" {
            let pem = run_reading(&["jwk", "convert", "-", "--to", "pem"], key.as_bytes()).done();
            assert_eq!(run_reading(&["jwk", "thumbprint", "-"], pem.as_bytes()).done(), thumbprint);
        }
    }
    let large = run(&["jwk", "generate", "PS256", "--bits", "3072"]).done();
    let large: serde_json::Value = serde_json::from_str(&large).expect("JSON");
    assert_eq!(large["n"].as_str().map(str::len), Some(512));
    for wrong in [
        ["ES256", "--bits", "2048"],
        ["RS256", "--bits", "1024"],
        ["ES256", "--crv", "P-384"],
        ["ECDH-ES", "--crv", "secp256k1"],
    ] {
        run(&[&["jwk", "generate"], &wrong[..]].concat()).misused();
    }
    assert!(run(&["jwk", "generate", "RSA1_5"]).misused().contains("RFC 8725"));
}

#[test]
fn a_key_whose_parts_do_not_belong_together_is_not_passed_on() {
    let key = |name: &str| -> serde_json::Value {
        serde_json::from_str(&run(&["jwk", "generate", name]).done()).expect("JSON")
    };
    let (mut one, other) = (key("ES256"), key("ES256"));
    one["d"] = other["d"].clone();
    let mut off_the_curve = other;
    off_the_curve.as_object_mut().expect("an object").remove("d");
    off_the_curve["x"] = one["x"].clone();
    for key in [one, off_the_curve] {
        for command in [
            &["jwk", "public", "-"][..],
            &["jwk", "thumbprint", "-"],
            &["jwk", "convert", "-", "--to", "pem"],
        ] {
            let refused = run_reading(command, key.to_string().as_bytes()).refused();
            assert!(refused.starts_with("error[key_inconsistent]"), "{refused}");
        }
    }
}

#[test]
fn a_file_that_is_no_key_is_called_what_it_is() {
    let folder = Folder::new();
    let pem = |label: &str| format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
    for (content, wanted) in [
        ("a secret of the caller".to_owned(), "neither JSON (a JWK or a JWK set) nor PEM nor DER"),
        ("[]".to_owned(), "neither JSON (a JWK or a JWK set) nor PEM nor DER"),
        (pem("PUBLIC KEY"), "not a key in DER"),
        (pem("OPENSSH PRIVATE KEY"), "a private key in OpenSSH's own form is not supported"),
        (pem("CERTIFICATE REQUEST"), "a certificate request is not supported"),
    ] {
        let refused = run(&["jwk", "thumbprint", &folder.file("key", &content)]).refused();
        assert!(refused.ends_with(wanted), "{content}: {refused}");
    }
}

#[test]
fn every_refusal_of_a_command_for_tokens_has_a_code() {
    let folder = Folder::new();
    let key = folder.file("key", run(&["jwk", "generate", "ES256"]).done());
    let set = folder.file("set", r#"{"keys":[]}"#);
    let folder_path = folder.path().parent().expect("the scratch folder").to_str().expect("UTF-8");
    for (arguments, code) in [
        (&["jwk", "public", "/nowhere/key"][..], "input_unreadable"),
        (&["jws", "sign", "--key", &key, folder_path], "input_unreadable"),
        (&["jwk", "convert", &set, "--to", "pem"], "keys_number"),
        (&["jwk", "generate", "PBES2-HS256+A128KW", "--password-stdin"], "password_empty"),
        (&["jwt", "verify", "--jwks", "ftp://a.example/keys", "a.b.c"], "url_scheme"),
        (&["jwt", "verify", "--jwks", "http://127.0.0.1:1/keys", "a.b.c"], "fetch_connection"),
        (&["jwt", "verify", "--roots", &key, "--certificate-name", "*", "a.b.c"], "key_pem"),
    ] {
        let refused = run(arguments).refused();
        assert!(refused.starts_with(&format!("error[{code}]: ")), "{arguments:?}: {refused}");
    }
    let refused = run_reading(&["jwt", "sign", "--key", &key, "-"], b"\xff").refused();
    assert!(refused.starts_with("error[input_not_utf8]: "), "{refused}");
}
