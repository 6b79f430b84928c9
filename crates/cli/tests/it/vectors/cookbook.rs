//! The JOSE cookbook (RFC 7520, and the examples that were added to it).

use jeton_jose::{Jwk, base64url};
use serde_json::{Value, json};

use super::{Files, published, read, run, text, token};

/// The files of a folder of the cookbook, in order.
fn examples(folder: &str) -> Vec<(String, Value)> {
    let Some(folder_of) = published::place(&format!("rfc7520-cookbook/{folder}")) else { return vec![] };
    let mut names: Vec<_> = std::fs::read_dir(folder_of)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    let read = |name: String| {
        let example = read(&format!("rfc7520-cookbook/{folder}/{name}")).expect("it is there");
        (name, example)
    };
    names.into_iter().map(read).collect()
}

/// One or several, as a list.
fn all(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_else(|| vec![value.clone()])
}

const FORMS: [&str; 3] = ["compact", "json", "json_flat"];

#[test]
fn signatures_of_the_cookbook_verify_in_every_form_and_print_their_payload() {
    let files = Files::new();
    let mut verified = 0;
    for (name, example) in examples("jws").into_iter().chain(examples("rfc7797")) {
        let input = &example["input"];
        let payload = text(input, "payload").as_bytes();
        let detached = files.bytes("payload", payload);
        for (key, alg) in all(&input["key"]).iter().zip(all(&input["alg"])) {
            let key = files.json("key.jwk", key);
            let alg = alg.as_str().expect("a name");
            for form in FORMS {
                let jws = &example["output"][form];
                if jws.is_null() {
                    continue;
                }
                let mut arguments = vec!["jws", "verify", "--key", &key, "--alg", alg];
                if name.starts_with("4_5") {
                    arguments.extend(["--payload", &detached]);
                }
                let what = format!("{name} {alg} {form}");
                let outcome = run(&arguments, &token(jws));
                let refused = [
                    // Nothing is protected; the second of three has its `alg` unprotected.
                    (name.starts_with("4_7"), "header_malformed"),
                    (name.starts_with("4_8") && alg == "ES512", "algorithm_not_allowed"),
                    // `b64` without `crit`.
                    (name.starts_with("4.2"), "header_malformed"),
                ];
                match refused.iter().find(|(refused, _)| *refused) {
                    Some((_, code)) => assert_eq!(outcome.refused(&what), *code, "{what}"),
                    None => {
                        assert_eq!(outcome.accepted(&what), payload, "{what}");
                        verified += 1;
                    }
                }
            }
        }
    }
    // Four of them go beyond the RFC, and are in the folder beside the project.
    assert!(verified == 22 || verified >= 16 && examples("rfc7797").is_empty(), "{verified}");
}

#[test]
fn deterministic_signatures_of_the_cookbook_are_made_again() {
    let files = Files::new();
    for (name, example) in examples("jws") {
        let detached = name.starts_with("4_5");
        if !["4_1", "4_4", "4_5"].iter().any(|section| name.starts_with(section)) {
            continue;
        }
        let input = &example["input"];
        let key = files.json("key.jwk", &input["key"]);
        let payload = files.bytes("payload", text(input, "payload").as_bytes());
        for (format, form) in [("compact", "compact"), ("general", "json"), ("flattened", "json_flat")] {
            let alg = text(input, "alg");
            let mut arguments =
                vec!["jws", "sign", "--key", &key, "--alg", alg, "--format", format, &payload];
            if detached {
                arguments.push("--detached");
            }
            let made = run(&arguments, "").accepted(&name);
            let made = String::from_utf8(made).expect("UTF-8");
            let expected = &example["output"][form];
            match expected.as_str() {
                Some(compact) => assert_eq!(made.trim_end(), compact, "{name}"),
                None => {
                    let made: Value = serde_json::from_str(&made).expect("JSON");
                    assert_eq!(made, *expected, "{name} {form}");
                }
            }
        }
    }
}

#[test]
fn encrypted_texts_of_the_cookbook_decrypt_in_every_form_and_what_is_refused_is_said() {
    let files = Files::new();
    let mut decrypted = 0;
    for (name, example) in examples("jwe").into_iter().chain(examples("curve25519")) {
        let input = &example["input"];
        let Some(plaintext) = input["plaintext"].as_str() else { continue };
        let password = || json!({"kty": "oct", "k": base64url::encode(text(input, "pwd"))});
        let keys = if input["key"].is_null() { vec![password()] } else { all(&input["key"]) };
        for (key, alg) in keys.iter().zip(all(&input["alg"])) {
            let key = files.json("key.jwk", key);
            let alg = alg.as_str().expect("a name");
            for form in FORMS {
                let jwe = &example["output"][form];
                if jwe.is_null() {
                    continue;
                }
                let what = format!("{name} {alg} {form}");
                let arguments = ["jwe", "decrypt", "--key", &key, "--alg", alg];
                let outcome = run(&arguments, &token(jwe));
                if alg == "RSA1_5" {
                    assert!(outcome.err.contains("RFC 8725"), "{what}: {}", outcome.err);
                    assert_eq!(outcome.refused(&what), "algorithm_not_allowed", "{what}");
                } else if name.starts_with("5_9") {
                    assert_eq!(outcome.refused(&what), "header_malformed", "{what}");
                    let allowed = run(&[&arguments[..], &["--allow-zip"]].concat(), &token(jwe));
                    assert_eq!(allowed.accepted(&what), plaintext.as_bytes(), "{what}");
                } else if name.starts_with("5_12") {
                    // `enc` is not protected.
                    assert_eq!(outcome.refused(&what), "token_malformed", "{what}");
                } else {
                    assert_eq!(outcome.accepted(&what), plaintext.as_bytes(), "{what}");
                    decrypted += 1;
                }
            }
        }
    }
    assert!(decrypted == 30 || decrypted >= 24 && examples("curve25519").is_empty(), "{decrypted}");
}

#[test]
fn the_nested_token_of_the_cookbook_is_decrypted_and_verified_in_one_go() {
    let Some(example) = read("rfc7520-cookbook/6.nesting_signatures_and_encryption.json") else { return };
    let files = Files::new();
    let signing = files.json("signing.jwk", &example["sign"]["input"]["key"]);
    let decrypting = files.json("decrypting.jwk", &example["encrypt"]["input"]["key"]);
    let (sign, encrypt) = (text(&example["sign"]["input"], "alg"), text(&example["encrypt"]["input"], "alg"));
    let nested = text(&example["encrypt"]["output"], "compact");
    let arguments = |at: &'static str| {
        let verify = ["jwt", "verify", "--key", &signing, "--alg", sign, "--at", at];
        let arguments = [&verify[..], &["--decrypt-key", &decrypting, "--decrypt-alg", encrypt]].concat();
        run(&arguments, nested)
    };
    let claims = arguments("1300819379").accepted("the nested token");
    assert_eq!(
        String::from_utf8(claims).expect("UTF-8").trim_end(),
        text(&example["sign"]["input"], "payload")
    );
    assert_eq!(arguments("1300819500").refused("an expired one"), "token_expired");
    let undecrypted = run(&["jwt", "verify", "--key", &signing, "--alg", sign], nested);
    assert!(undecrypted.err.contains("--decrypt-key"), "{}", undecrypted.err);
    let inner = run(&["jwe", "decrypt", "--key", &decrypting, "--alg", encrypt], nested);
    assert_eq!(inner.accepted("the token within"), text(&example["sign"]["output"], "compact").as_bytes());
}

#[test]
fn keys_of_the_cookbook_are_shown_and_converted() {
    let files = Files::new();
    for (name, key) in examples("jwk") {
        let path = files.json("key.jwk", &key);
        let jwk = Jwk::parse(key.to_string().as_bytes()).expect("a key");
        let thumbprint = run(&["jwk", "thumbprint", &path], "").accepted(&name);
        assert_eq!(String::from_utf8(thumbprint).expect("UTF-8").trim_end(), jwk.thumbprint(), "{name}");
        let public = run(&["jwk", "public", &path], "");
        if jwk.is_symmetric() {
            assert_eq!(public.refused(&name), "key_kind");
            assert_eq!(run(&["jwk", "convert", &path, "--to", "pem"], "").refused(&name), "key_kind");
            continue;
        }
        let public: Value = serde_json::from_slice(&public.accepted(&name)).expect("JSON");
        assert!(public["d"].is_null() && public["kid"] == key["kid"], "{name}");
        for form in ["pem", "der"] {
            let converted = run(&["jwk", "convert", &path, "--to", form], "").accepted(&name);
            let converted = files.bytes("key", &converted);
            let back = run(&["jwk", "convert", &converted, "--to", "jwk"], "").accepted(&name);
            let back: Value = serde_json::from_slice(&back).expect("JSON");
            for member in ["kty", "crv", "x", "y", "d", "n", "e", "p", "q", "dp", "dq", "qi"] {
                assert_eq!(back[member], key[member], "{name} {form} {member}");
            }
        }
    }
}
