//! The examples in the texts of RFC 7515 to 7519, 7638, 7797 and 8037.

use jeton_jose::base64url;
use serde_json::{Value, json};

use super::{Files, list, payload_of, read, run, text, token};

/// Any example whose payload is the claims set of RFC 7519 §3.1 expires then.
const BEFORE_EXPIRY: &str = "1300819379";

fn section<'v>(file: &'v Value, name: &str) -> &'v Value {
    let sections = file.as_array().expect("a list");
    sections.iter().find(|example| example["section"] == name).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn signatures_of_rfc7515_verify_and_unsecured_ones_are_refused() {
    let Some(file) = read("rfc/rfc7515.json") else { return };
    let files = Files::new();
    for name in ["RFC 7515 A.1", "RFC 7515 A.2", "RFC 7515 A.3", "RFC 7515 A.4"] {
        let example = section(&file, name);
        let key = files.json("key.jwk", &example["jwk"]);
        let (jws, alg) = (text(example, "compact"), text(example, "alg"));
        let printed = run(&["jws", "verify", "--key", &key, "--alg", alg], jws).accepted(name);
        assert_eq!(printed, text(example, "payload_utf8").as_bytes(), "{name}");
        if name != "RFC 7515 A.4" {
            let claims =
                ["jwt", "verify", "--key", &key, "--alg", alg, "--at", BEFORE_EXPIRY, "--iss", "joe"];
            run(&claims, jws).accepted(name);
            let now = run(&["jwt", "verify", "--key", &key, "--alg", alg], jws);
            assert_eq!(now.refused(name), "token_expired");
        }
    }
    let general = section(&file, "RFC 7515 A.6.4");
    let set = files.json("set.jwks", &general["jwks"]);
    let jws = token(&general["general_json"]);
    for key in [vec![set.as_str()], vec![set.as_str(), "--alg", "RS256"]] {
        let arguments = [&["jws", "verify", "--key"], key.as_slice()].concat();
        assert_eq!(run(&arguments, &jws).accepted("A.6.4").len(), 70);
    }
    for key in list(&general["jwks"], "keys") {
        let key = files.json("key.jwk", key);
        run(&["jws", "verify", "--key", &key, "--alg", "RS256", "--alg", "ES256"], &jws).accepted("A.6.4");
    }
    let flattened = section(&file, "RFC 7515 A.7");
    let key = files.json("key.jwk", &flattened["jwk"]);
    run(&["jws", "verify", "--key", &key], &token(&flattened["flattened_json"])).accepted("A.7");

    let key = files.json("key.jwk", &section(&file, "RFC 7515 A.1")["jwk"]);
    for name in ["RFC 7515 A.5", "RFC 7515 Appendix E"] {
        let jws = text(section(&file, name), "compact");
        for command in ["jws", "jwt"] {
            run(&[command, "verify", "--key", &key, "--alg", "HS256"], jws).refused(name);
            let none = run(&[command, "verify", "--key", &key, "--alg", "none"], jws);
            assert_eq!(none.refused(name), "algorithm_not_allowed");
        }
    }
}

#[test]
fn encrypted_texts_of_rfc7516_and_rfc7517_decrypt_but_for_rsa1_5() {
    let Some(file) = read("rfc/rfc7516.json") else { return };
    let files = Files::new();
    let decrypt = |key: &Value, alg: &str, jwe: &str| {
        let key = files.json("key.jwk", key);
        run(&["jwe", "decrypt", "--key", &key, "--alg", alg], jwe)
    };
    for (name, alg) in [("RFC 7516 A.1", "RSA-OAEP"), ("RFC 7516 A.3", "A128KW")] {
        let example = section(&file, name);
        let plaintext = decrypt(&example["jwk"], alg, text(example, "compact")).accepted(name);
        assert_eq!(plaintext, text(example, "plaintext_utf8").as_bytes(), "{name}");
    }
    let refused = section(&file, "RFC 7516 A.2");
    for alg in ["RSA1_5", "RSA-OAEP"] {
        let outcome = decrypt(&refused["jwk"], alg, text(refused, "compact"));
        assert!(outcome.err.contains("RFC 8725"), "{}", outcome.err);
        assert_eq!(outcome.refused("A.2"), "algorithm_not_allowed");
    }
    let general = section(&file, "RFC 7516 A.4.7");
    let jwe = token(&general["general_json"]);
    let shared = list(&general["jwks"], "keys").iter().find(|key| key["kty"] == "oct").expect("a shared key");
    for key in [shared, &general["jwks"]] {
        assert_eq!(
            decrypt(key, "A128KW", &jwe).accepted("A.4.7"),
            text(general, "plaintext_utf8").as_bytes()
        );
    }
    let flattened = section(&file, "RFC 7516 A.5");
    let plaintext = decrypt(&flattened["jwk"], "A128KW", &token(&flattened["flattened_json"]));
    assert_eq!(plaintext.accepted("A.5"), text(flattened, "plaintext_utf8").as_bytes());

    let file = read("rfc/rfc7517.json").expect("it is there");
    let example = section(&file, "RFC 7517 Appendix C");
    let password = json!({"kty": "oct", "k": base64url::encode(text(example, "password_utf8"))});
    let printed = decrypt(&password, "PBES2-HS256+A128KW", text(example, "compact")).accepted("Appendix C");
    let printed: Value = serde_json::from_slice(&printed).expect("JSON");
    assert_eq!(printed, example["plaintext_jwk"]);
    let key = files.json("key.jwk", &password);
    assert_eq!(run(&["jwe", "decrypt", "--key", &key], text(example, "compact")).status, Some(2));
}

#[test]
fn keys_of_rfc7517_rfc7638_and_rfc8037_have_their_thumbprints() {
    let Some(file) = read("rfc/rfc7517.json") else { return };
    let files = Files::new();
    for (name, keys) in
        [("RFC 7517 A.1", 2), ("RFC 7517 A.2", 2), ("RFC 7517 A.3", 2), ("RFC 7517 Appendix B", 1)]
    {
        let path = files.json("key.json", &section(&file, name)["json"]);
        let printed = run(&["jwk", "thumbprint", &path], "").accepted(name);
        assert_eq!(String::from_utf8(printed).expect("UTF-8").lines().count(), keys, "{name}");
    }
    let file = read("rfc/rfc7638.json").expect("it is there");
    let example = section(&file, "RFC 7638 3.1");
    let path = files.json("key.json", &example["jwk"]);
    let printed = run(&["jwk", "thumbprint", "--json", &path], "").accepted("3.1");
    let printed: Value = serde_json::from_slice(&printed).expect("JSON");
    assert_eq!(printed["thumbprint"], example["thumbprint_sha256"]);
    assert_eq!(printed["uri"], example["thumbprint_uri_rfc9278"]);

    let file = read("rfc/rfc8037.json").expect("it is there");
    for name in ["RFC 8037 A.1", "RFC 8037 A.2"] {
        let path = files.json("key.json", &section(&file, name)["jwk"]);
        let printed =
            String::from_utf8(run(&["jwk", "thumbprint", &path], "").accepted(name)).expect("UTF-8");
        assert_eq!(printed.trim_end(), text(section(&file, "RFC 8037 A.3"), "thumbprint_sha256"), "{name}");
    }
    let (private, public) = (&section(&file, "RFC 8037 A.1")["jwk"], &section(&file, "RFC 8037 A.2")["jwk"]);
    let (private, public) = (files.json("private.jwk", private), files.json("public.jwk", public));
    let example = section(&file, "RFC 8037 A.4");
    let jws = text(example, "compact");
    for key in [&private, &public] {
        assert_eq!(run(&["jws", "verify", "--key", key], jws).accepted("A.4"), payload_of(jws));
    }
    let payload = files.bytes("payload", text(example, "payload_utf8").as_bytes());
    let made = run(&["jws", "sign", "--key", &private, "--alg", "EdDSA", &payload], "").accepted("A.4");
    assert_eq!(
        String::from_utf8(made).expect("UTF-8").trim_end(),
        jws,
        "the same bytes, under the older name"
    );
}

#[test]
fn tokens_of_rfc7519_verify_before_they_expire() {
    let Some(file) = read("rfc/rfc7519.json") else { return };
    let files = Files::new();
    let example = section(&file, "RFC 7519 3.1");
    let key = files.json("key.jwk", &example["jwk"]);
    let verify = ["jwt", "verify", "--key", &key, "--alg", "HS256"];
    let at = |time| run(&[&verify[..], &["--at", time]].concat(), text(example, "compact"));
    assert_eq!(at(BEFORE_EXPIRY).accepted("3.1").trim_ascii_end(), payload_of(text(example, "compact")));
    at("1300819409").accepted("within the leeway");
    assert_eq!(at("1300819410").refused("after it"), "token_expired");
    let unsecured = text(section(&file, "RFC 7519 6.1"), "compact");
    assert_eq!(run(&verify, unsecured).refused("6.1"), "algorithm_not_allowed");

    for (name, key) in [("RFC 7519 A.1", "jwk"), ("RFC 7519 A.2", "outer_jwk")] {
        let example = section(&file, name);
        let outer = files.json("outer.jwk", &example[key]);
        for alg in ["RSA1_5", "RSA-OAEP"] {
            let nested = ["--decrypt-key", &outer, "--decrypt-alg", alg];
            let outcome = run(&[&verify[..], &nested[..]].concat(), text(example, "compact"));
            assert_eq!(outcome.refused(name), "algorithm_not_allowed", "{name} {alg}");
        }
    }
    let example = section(&file, "RFC 7519 A.2");
    let inner = files.json("inner.jwk", &example["inner_jwk"]);
    let verify = ["jwt", "verify", "--key", &inner, "--alg", "RS256", "--at", BEFORE_EXPIRY];
    run(&verify, text(example, "inner_compact")).accepted("A.2, within");
}

#[test]
fn unencoded_payloads_of_rfc7797_verify_and_are_made_again() {
    let Some(file) = read("rfc/rfc7797.json") else { return };
    let files = Files::new();
    let [encoded, unencoded] = ["RFC 7797 4.1", "RFC 7797 4.2"].map(|name| section(&file, name));
    let key = files.json("key.jwk", &encoded["jwk"]);
    let payload = files.bytes("payload", text(encoded, "payload_utf8").as_bytes());
    let verify = ["jws", "verify", "--key", &key, "--alg", "HS256"];
    let detached = [&verify[..], &["--payload", &payload]].concat();
    for (arguments, jws) in [
        (&verify[..], &encoded["compact"]),
        (&detached, &unencoded["detached_compact"]),
        (&verify, &unencoded["flattened_json"]),
    ] {
        assert_eq!(run(arguments, &token(jws)).accepted("RFC 7797"), b"$.02");
    }
    let without = run(&verify, text(unencoded, "detached_compact"));
    assert!(without.err.contains("--payload"), "{}", without.err);
    without.refused("the payload is missing");

    let sign = ["jws", "sign", "--key", &key, "--alg", "HS256", &payload];
    let made = |more: &[&str]| {
        let made = run(&[&sign[..], more].concat(), "").accepted("RFC 7797");
        String::from_utf8(made).expect("UTF-8").trim_end().to_owned()
    };
    assert_eq!(made(&[]), text(encoded, "compact"));
    assert_eq!(made(&["--detached", "--unencoded"]), text(unencoded, "detached_compact"));
    let with_dot = run(&[&sign[..], &["--unencoded"]].concat(), "");
    assert_eq!(with_dot.refused("a dot in the payload"), "payload_needs_encoding");
}
