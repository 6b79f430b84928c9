//! The RFCs' example values, written out in `rfc_values.rs` and here: they need no folder of vectors.

use std::collections::BTreeSet;

use jeton_jose::jws::{Signer, Verifier};
use jeton_jose::jwt::{Audience, Issuer};
use jeton_jose::sd_jwt::SdJwtVerifier;
use jeton_jose::{
    Algorithm, Jwk, KeySet, PrivateKey, PublicKey, SharedSecret, SigningKey, Timestamp, VerifyError, jwt,
};
use serde_json::{Value, json};

use crate::rfc_values::{
    BY_ANOTHER_LIBRARY, Example, PUBLISHED, RFC7515_A5, RFC7515_A6, RFC7515_A7, RFC7515_E, RFC9901_5_2,
    RFC9901_ISSUER,
};
use crate::vectors::{hex, read, text};

fn keys(example: &Example) -> (SigningKey, KeySet) {
    let jwk = Jwk::parse(example.key.as_bytes()).unwrap();
    if example.algorithm.is_symmetric() {
        let secret = SharedSecret::from_jwk_for(example.algorithm, &jwk).unwrap();
        (SigningKey::from(&secret), secret.into())
    } else {
        let key = PrivateKey::from_jwk_for(example.algorithm, &jwk).unwrap();
        let public = key.public_key();
        (key.into(), public.into())
    }
}

fn verify_and_sign_again(example: &Example) {
    let (section, (signing, verifying)) = (example.section, keys(example));
    let verified = Verifier::new(verifying).verify(example.token);
    let verified = verified.unwrap_or_else(|error| panic!("{section}: {error}"));
    assert_eq!(verified.algorithm(), example.algorithm, "{section}");
    if example.reproducible {
        let signer = Signer::new(signing);
        let signer =
            if verified.algorithm() == Algorithm::Ed25519 { signer.ed25519_as_eddsa() } else { signer };
        assert_eq!(signer.sign(verified.payload()).unwrap(), example.token, "{section}");
    }
    let (head, signature) = example.token.rsplit_once('.').unwrap();
    let twin = if signature.starts_with('A') { "B" } else { "A" };
    let changed = format!("{head}.{twin}{}", &signature[1..]);
    assert!(Verifier::new(keys(example).1).verify(&changed).is_err(), "{section}");
}

#[test]
fn the_signatures_of_the_rfcs_verify_and_those_without_randomness_are_made_again() {
    PUBLISHED.iter().for_each(verify_and_sign_again);
}

#[test]
fn the_signatures_of_another_library_verify_and_those_without_randomness_are_made_again() {
    BY_ANOTHER_LIBRARY.iter().for_each(verify_and_sign_again);
}

#[test]
fn every_algorithm_has_an_example_that_is_not_our_own() {
    let seen: BTreeSet<_> =
        PUBLISHED.iter().chain(BY_ANOTHER_LIBRARY).map(|example| example.algorithm).collect();
    let missing: Vec<_> = Algorithm::ALL.iter().filter(|algorithm| !seen.contains(algorithm)).collect();
    // Their signatures are three kilobytes and stay in the folder; below is what their seeds lead to.
    assert_eq!(missing, [&Algorithm::MlDsa44, &Algorithm::MlDsa65, &Algorithm::MlDsa87]);
}

#[test]
fn rfc7515_a6_and_a7_verify_by_either_signer() {
    for (section, index) in [("RFC 7515 A.2", 0), ("RFC 7515 A.3", 1)] {
        let example = PUBLISHED.iter().find(|example| example.section == section).unwrap();
        let verified = Verifier::new(keys(example).1).verify_json(RFC7515_A6).unwrap();
        assert_eq!(verified.signature_index(), index);
        let flattened = Verifier::new(keys(example).1).verify_json(RFC7515_A7);
        assert_eq!(flattened.is_ok(), index == 1, "{section}");
    }
}

#[test]
fn rfc7515_a5_and_appendix_e_are_refused() {
    let verifier = Verifier::new(keys(&PUBLISHED[0]).1);
    assert_eq!(verifier.verify(RFC7515_A5).unwrap_err().code(), "algorithm_not_allowed");
    assert_eq!(verifier.verify(RFC7515_E).unwrap_err().code(), "critical_header_unknown");
}

#[test]
fn rfc8037_a3_and_rfc9278_thumbprints() {
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let jwk = Jwk::parse(jwk.as_bytes()).unwrap();
    assert_eq!(jwk.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    assert_eq!(
        jwk.thumbprint_uri(),
        "urn:ietf:params:oauth:jwk-thumbprint:sha-256:kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
}

#[test]
fn rfc9964_seeds_lead_to_the_keys_of_its_examples() {
    // The examples' seed is zero; their `kid` is the thumbprint over `alg`, `kty` and `pub`. This is PKCS#8 with the seed alone.
    for (last, algorithm, kid) in [
        (17, Algorithm::MlDsa44, "T4xl70S7MT6Zeq6r9V9fPJGVn76wfnXJ21-gyo0Gu6o"),
        (18, Algorithm::MlDsa65, "Suiu29qbfuaBaR4Ats-c6XQBePB_OpAxAwcTR_0KXVM"),
        (19, Algorithm::MlDsa87, "tRn1JNIkgMsABVQBlXeDHxAIcclh-2IX0UdDEzPt5XU"),
    ] {
        let der = hex(&format!("3034020100300b06096086480165030403{last:02x}04228020{}", "00".repeat(32)));
        let key = PrivateKey::from_der(algorithm, &der).unwrap();
        assert_eq!(key.to_jwk().thumbprint(), kid);
        let token = Signer::new(&key).sign(b"It is a dangerous business").unwrap();
        assert!(Verifier::new(key.public_key()).verify(&token).is_ok(), "{algorithm}");
    }
}

#[test]
fn rfc9901_5_2_presentation_verifies_for_its_verifier_and_nonce() {
    let key = PublicKey::from_jwk(&Jwk::parse(RFC9901_ISSUER.as_bytes()).unwrap()).unwrap();
    let typ =
        jwt::Unverified::parse(RFC9901_5_2.split('~').next().unwrap()).unwrap().typ().unwrap().to_owned();
    let verifier = SdJwtVerifier::new(jwt::Verifier::new(Issuer::any(), Audience::any(), key).typ(typ));
    let now = Timestamp::from_unix(1_748_537_244);
    let verify = |aud, nonce| verifier.verify_bound(RFC9901_5_2, aud, nonce, now);
    let verified = verify("https://verifier.example.org", "1234567890").unwrap();
    let claims = verified.claims();
    assert_eq!((&claims["family_name"], &claims["nationalities"]), (&json!("Doe"), &json!(["US"])));
    assert!(verify("https://verifier.example.com", "1234567890").is_err());
    assert!(verify("https://verifier.example.org", "1234567891").is_err());
}

#[test]
fn the_cookbooks_unencoded_payloads_but_for_its_two_broken_files() {
    // `b64: false` without `crit` would be verified as another payload by whoever does not know it (RFC 7797 §6): refused.
    let Some(broken) = read("rfc7520-cookbook/rfc7797/4.2.hmac-sha2_b64_false.json") else { return };
    let jwk = Jwk::parse(broken["input"]["key"].to_string().as_bytes()).unwrap();
    let secret = SharedSecret::from_jwk(&jwk).unwrap();
    let verifier = Verifier::new(secret.clone());
    for form in ["json", "json_flat"] {
        let refused = verifier.verify_json(&broken["output"][form].to_string()).unwrap_err();
        assert_eq!(refused, VerifyError::Header { name: "b64" });
    }
    // Of the other file the intermediate `protected_b64u` is broken JSON; what it puts out is good.
    let example = read("rfc7520-cookbook/rfc7797/hmac-sha2_b64_false.json").unwrap();
    let header = jeton_jose::base64url::decode(text(&example["signing"], "protected_b64u")).unwrap();
    assert!(serde_json::from_slice::<Value>(&header).is_err(), "mended upstream: check it too");
    let (payload, output) = (text(&example["input"], "payload"), &example["output"]);
    let signer = Signer::new(secret).unencoded();
    assert_eq!(signer.sign(payload.as_bytes()).unwrap(), text(output, "compact"));
    assert_eq!(verifier.verify(text(output, "compact")).unwrap().payload(), payload.as_bytes());
    for form in ["json", "json_flat"] {
        let verified = verifier.verify_json(&output[form].to_string()).unwrap();
        assert_eq!(verified.payload(), payload.as_bytes(), "{form}");
    }
    let flattened: Value = serde_json::from_str(&signer.sign_flattened(payload.as_bytes()).unwrap()).unwrap();
    assert_eq!(flattened, output["json_flat"]);
}

#[test]
fn the_cookbooks_ed25519_signature_in_both_directions() {
    let Some(example) = read("rfc7520-cookbook/curve25519/jws.json") else { return };
    let key =
        PrivateKey::from_jwk(&Jwk::parse(example["input"]["key"].to_string().as_bytes()).unwrap()).unwrap();
    let payload = text(&example["input"], "payload").as_bytes();
    let (signer, verifier) = (Signer::new(&key).ed25519_as_eddsa(), Verifier::new(key.public_key()));
    assert_eq!(signer.sign(payload).unwrap(), text(&example["output"], "compact"));
    let flattened: Value = serde_json::from_str(&signer.sign_flattened(payload).unwrap()).unwrap();
    assert_eq!(flattened, example["output"]["json_flat"]);
    for form in ["json", "json_flat"] {
        assert_eq!(verifier.verify_json(&example["output"][form].to_string()).unwrap().payload(), payload);
    }
}

#[test]
fn every_signed_example_of_the_rfcs_folder_is_judged_as_it_says() {
    let Some(examples) = read("rfc/rfc7515.json") else { return };
    for example in examples.as_array().unwrap() {
        let (Some(token), Ok(algorithm)) =
            (example["compact"].as_str(), example["alg"].as_str().unwrap_or_default().parse::<Algorithm>())
        else {
            continue;
        };
        let written = PUBLISHED.iter().find(|written| written.section == text(example, "section")).unwrap();
        assert_eq!((written.algorithm, written.token), (algorithm, token), "what is written out is the same");
    }
    let Some(keys) = read("rfc7520-cookbook/jwk/3_4.rsa_private_key.json") else { return };
    assert!(keys.is_object());
    for (file, private) in [
        ("3_1.ec_public_key", false),
        ("3_2.ec_private_key", true),
        ("3_3.rsa_public_key", false),
        ("3_4.rsa_private_key", true),
        ("3_5.symmetric_key_mac_computation", true),
        ("3_6.symmetric_key_encryption", true),
    ] {
        let json = read(&format!("rfc7520-cookbook/jwk/{file}.json")).unwrap();
        let jwk = Jwk::parse(json.to_string().as_bytes()).unwrap();
        assert_eq!(jwk.is_public(), !private, "{file}");
        let again: Value = serde_json::from_str(&jwk.to_json()).unwrap();
        assert_eq!(again, json, "{file}");
    }
}
