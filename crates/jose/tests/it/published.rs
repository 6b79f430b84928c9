//! Published signatures: the JOSE cookbook (RFC 7520 §4) in both directions, and ML-DSA (RFC 9964).

use jeton_jose::jws::{Signer, Verifier};
use jeton_jose::{Algorithm, Jwk, KeySet, PrivateKey, PublicKey, SharedSecret, SigningKey};
use serde_json::Value;

use crate::vectors::{read, text};

fn keys(jwk: &Value, algorithm: Algorithm) -> (SigningKey, KeySet) {
    let jwk = Jwk::parse(jwk.to_string().as_bytes()).unwrap();
    if algorithm.is_symmetric() {
        let secret = SharedSecret::from_jwk_for(algorithm, &jwk).unwrap();
        (SigningKey::from(&secret), secret.into())
    } else {
        let key = PrivateKey::from_jwk_for(algorithm, &jwk).unwrap();
        let public = key.public_key();
        (key.into(), public.into())
    }
}

#[test]
fn the_cookbook_verifies_and_its_deterministic_signatures_are_made_again() {
    for (file, algorithm, deterministic) in [
        ("4_1.rsa_v15_signature", Algorithm::RS256, true),
        ("4_2.rsa-pss_signature", Algorithm::PS384, false),
        ("4_3.ecdsa_signature", Algorithm::ES512, false),
        ("4_4.hmac-sha2_integrity_protection", Algorithm::HS256, true),
        ("4_5.signature_with_detached_content", Algorithm::HS256, true),
        ("4_6.protecting_specific_header_fields", Algorithm::HS256, true),
    ] {
        let Some(example) = read(&format!("rfc7520-cookbook/jws/{file}.json")) else { return };
        let payload = text(&example["input"], "payload").as_bytes();
        let output = &example["output"];
        let (signing, verifying) = keys(&example["input"]["key"], algorithm);
        let (signer, verifier) = (Signer::new(signing), Verifier::new(verifying));
        let detached = file.starts_with("4_5");
        if let Some(compact) = output["compact"].as_str() {
            let verified =
                if detached { verifier.verify_detached(compact, payload) } else { verifier.verify(compact) };
            assert_eq!(verified.unwrap().payload(), payload, "{file}");
            if deterministic {
                let made = if detached { signer.sign_detached(payload) } else { signer.sign(payload) };
                assert_eq!(made.unwrap(), compact, "{file}");
            }
        }
        for form in ["json", "json_flat"] {
            let jws = output[form].to_string();
            let verified = if detached {
                verifier.verify_json_detached(&jws, payload)
            } else {
                verifier.verify_json(&jws)
            };
            assert_eq!(verified.unwrap().payload(), payload, "{file} {form}");
        }
        if file.starts_with("4_6") {
            let made: Value =
                serde_json::from_str(&signer.kid_unprotected().sign_flattened(payload).unwrap()).unwrap();
            assert_eq!(made, output["json_flat"]);
        }
    }
}

#[test]
fn of_the_cookbooks_several_signatures_those_with_a_protected_algorithm_count() {
    let Some(example) = read("rfc7520-cookbook/jws/4_8.multiple_signatures.json") else { return };
    let jws = example["output"]["json"].to_string();
    let signed = [Algorithm::RS256, Algorithm::ES512, Algorithm::HS256];
    let mut verified = vec![];
    for (index, algorithm) in signed.into_iter().enumerate() {
        let (_, keys) = keys(&example["input"]["key"][index], algorithm);
        if Verifier::new(keys).verify_json(&jws).is_ok_and(|verified| verified.signature_index() == index) {
            verified.push(algorithm);
        }
    }
    assert_eq!(verified, [Algorithm::RS256, Algorithm::HS256], "the second has its `alg` unprotected");
    let content_only = read("rfc7520-cookbook/jws/4_7.protecting_content_only.json").unwrap();
    let (_, keys) = keys(&content_only["input"]["key"], Algorithm::HS256);
    assert!(Verifier::new(keys).verify_json(&content_only["output"]["json"].to_string()).is_err());
}

#[test]
fn ml_dsa_seeds_keys_and_signatures_of_rfc9964() {
    for name in ["ML_DSA_44", "ML_DSA_65", "ML_DSA_87"] {
        let Some(example) = read(&format!("ml-dsa/{name}.jose.json")) else { return };
        let jwk = Jwk::parse(example["jwk"].to_string().as_bytes()).unwrap();
        assert_eq!(Some(jwk.thumbprint().as_str()), jwk.kid());
        let public = PublicKey::from_jwk(&jwk.public().unwrap()).unwrap();
        assert!(Verifier::new(public).verify(text(&example, "jws")).is_ok(), "{name}");
        if !jwk.is_public() {
            assert_eq!(
                PrivateKey::from_jwk(&jwk).unwrap().to_jwk().to_json(),
                jwk.with_use(jeton_jose::jwk::KeyUse::Sig).to_json()
            );
        }
    }
}
