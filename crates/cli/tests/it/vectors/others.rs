//! ML-DSA (RFC 9964), DPoP proofs (RFC 9449), SD-JWT (RFC 9901) and HPKE.

use super::{Files, list, payload_of, read, run, text};

#[test]
fn ml_dsa_signatures_verify_and_keys_are_named_by_their_thumbprints() {
    for size in ["44", "65", "87"] {
        let Some(example) = read(&format!("ml-dsa/ML_DSA_{size}.jose.json")) else { return };
        let files = Files::new();
        let key = files.json("key.jwk", &example["jwk"]);
        let jws = text(&example, "jws");
        assert_eq!(run(&["jws", "verify", "--key", &key], jws).accepted(size), payload_of(jws));
        let thumbprint = run(&["jwk", "thumbprint", &key], "").accepted(size);
        assert_eq!(thumbprint.trim_ascii_end(), text(&example["jwk"], "kid").as_bytes());
        // The seed gives the public key.
        let mut private = example["jwk"].clone();
        private["priv"] = jeton_jose::base64url::encode([0; 32]).into();
        let private = files.json("private.jwk", &private);
        assert_eq!(text(&example, "priv"), "0".repeat(64));
        let signed = run(&["jws", "sign", "--key", &private], "text").accepted(size);
        let signed = String::from_utf8(signed).expect("UTF-8");
        assert_eq!(run(&["jws", "verify", "--key", &key], &signed).accepted(size), b"text");
    }
}

#[test]
fn the_proofs_of_rfc9449_are_good_for_their_request_in_their_minute() {
    let Some(file) = read("rfc/rfc9449-dpop.json") else { return };
    let mut count = 0;
    for example in list(&file, "examples").iter().filter(|example| example["kind"] == "dpop-proof") {
        let claims = &example["payload"];
        let iat = claims["iat"].as_i64().expect("a time");
        let verify = |method: &str, at: i64, more: &[&str]| {
            let at = at.to_string();
            let request = ["jwt", "dpop", "verify", "--method", method, "--uri", text(claims, "htu")];
            run(
                &[&request[..], &["--at", &at, "--jkt", text(&file, "jkt")], more].concat(),
                text(example, "jwt"),
            )
        };
        let method = text(claims, "htm");
        let carried = ["--access-token", text(&file, "access_token")];
        let more = if claims["ath"].is_string() { &carried[..] } else { &[] };
        assert_eq!(
            verify(method, iat, more).accepted("a proof").trim_ascii_end(),
            text(&file, "jkt").as_bytes()
        );
        assert_eq!(verify("PUT", iat, more).refused("another method"), "dpop_method_mismatch");
        assert_eq!(verify(method, iat + 91, more).refused("an old one"), "token_too_old");
        let other = verify(method, iat, &["--access-token", "other"]);
        assert_eq!(other.refused("another token"), "dpop_access_token_mismatch");
        count += 1;
    }
    assert_eq!(count, 3);
}

#[test]
fn the_presentations_of_rfc9901_verify_for_their_verifier_and_nonce() {
    let Some(file) = read("sd-jwt/rfc9901-examples.json") else { return };
    let files = Files::new();
    let key = files.json("issuer.jwk", &file["issuer_jwk"]);
    for example in list(&file, "examples") {
        let shown = text(example, "sd_jwt_kb");
        let proof = shown.rsplit('~').next().expect("a proof");
        let claims: serde_json::Value = serde_json::from_slice(&payload_of(proof)).expect("JSON");
        let at = claims["iat"].to_string();
        let typ = if text(example, "section").contains("5.2") { "example+sd-jwt" } else { "dc+sd-jwt" };
        let verify = |nonce: &str, more: &[&str]| {
            let command = ["jwt", "sd", "verify", "--key", &key, "--typ", typ, "--at", &at, "--allow-no-exp"];
            run(&[&command[..], &["--aud", text(example, "aud"), "--nonce", nonce], more].concat(), shown)
        };
        let what = text(example, "section");
        let printed = verify(text(example, "nonce"), &[]).accepted(what);
        let printed: serde_json::Value = serde_json::from_slice(&printed).expect("JSON");
        assert!(printed["_sd"].is_null() && printed["cnf"].is_object(), "{printed}");
        assert_eq!(verify("other", &[]).refused(what), "sd_jwt_key_binding_mismatch");
        let other = verify(text(example, "nonce"), &["--iss", "https://other.example"]);
        assert_eq!(other.refused(what), "issuer_mismatch");
    }
}

/// Where HPKE is compiled in its examples decrypt but for those on X448; where it is not, all are refused.
#[test]
fn the_examples_of_the_hpke_draft_decrypt_where_the_command_has_it() {
    let Some(examples) = read("hpke/jose-vectors.json") else { return };
    let files = Files::new();
    // Built together with the library's own tests, the command has it too: features add up within a workspace.
    let first = files.json("first.jwk", &examples[0]["jwk"]);
    let has_it =
        run(&["jwe", "decrypt", "--key", &first], &super::token(&examples[0]["compact"])).status == Some(0);
    assert!(has_it || !cfg!(feature = "hpke"), "the feature brings it");
    for example in examples.as_array().expect("a list") {
        let alg = text(example, "alg");
        let key = files.json("key.jwk", &example["jwk"]);
        let on_x448 = alg.starts_with("HPKE-5") || alg.starts_with("HPKE-6");
        let plaintexts = ["compact", "flattened"].map(|form| {
            let outcome = run(&["jwe", "decrypt", "--key", &key], &super::token(&example[form]));
            if has_it && !on_x448 {
                return outcome.accepted(alg);
            }
            outcome.refused(alg);
            vec![]
        });
        assert_eq!(plaintexts[0], plaintexts[1], "{alg}");
        assert_eq!(plaintexts[0].is_empty(), on_x448 || !has_it, "{alg}");
    }
}
