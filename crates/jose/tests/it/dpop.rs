//! DPoP proofs.

use std::time::Duration;

use jeton_jose::dpop::{DpopError, NonceDemand, Nonces, ProofVerifier, Prover, Request};
use jeton_jose::{Algorithm, PrivateKey, SharedSecret, Timestamp, VerifyError, base64url, jws};
use serde_json::{Value, json};

use crate::vectors::{list, read, text};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const URI: &str = "https://server.example/token";

/// RFC 9449 §4.1.
const RFC_PROOF: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";

#[test]
fn rfc9449_4_1_proof_verifies_in_its_minute() {
    let request = Request::new("POST", "https://server.example.com/token");
    let verifier = ProofVerifier::new();
    let proof = verifier.verify(RFC_PROOF, &request, Timestamp::from_unix(1_562_262_620)).unwrap();
    assert_eq!(proof.thumbprint(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    assert_eq!((proof.jti(), proof.iat().unix()), ("-BwC3ESc6acc2lTc", 1_562_262_616));
    assert_eq!(proof.remember_until().unix(), 1_562_262_616 + 90);
    let late = verifier.verify(RFC_PROOF, &request, Timestamp::from_unix(1_562_262_707)).unwrap_err();
    assert_eq!(late.code(), "token_too_old");
    let early = verifier.verify(RFC_PROOF, &request, Timestamp::from_unix(1_562_262_585)).unwrap_err();
    assert_eq!(early.code(), "issued_in_the_future");
}

#[test]
fn the_proofs_of_rfc9449_verify_at_their_time() {
    let Some(file) = read("rfc/rfc9449-dpop.json") else { return };
    let mut count = 0;
    for example in list(&file, "examples").iter().filter(|example| example["kind"] == "dpop-proof") {
        let claims = &example["payload"];
        let now = Timestamp::from_unix(claims["iat"].as_i64().unwrap());
        let mut request = Request::new(text(claims, "htm"), text(claims, "htu"));
        if claims["ath"].is_string() {
            request = request.access_token(text(&file, "access_token"));
        }
        let proof = ProofVerifier::new().verify(text(example, "jwt"), &request, now).unwrap();
        assert_eq!(proof.thumbprint(), text(&file, "jkt"));
        count += 1;
    }
    assert!(count >= 3);
}

#[test]
fn a_proof_is_good_for_its_request_only() {
    let prover = Prover::new(&PrivateKey::generate(Algorithm::ES256).unwrap().with_kid("not shown")).unwrap();
    let request =
        Request::new("POST", "https://server.example/token?x=1#y").access_token("token").nonce("n1");
    let proof = prover.prove(&request, NOW).unwrap();
    let check = |request: Request<'_>| ProofVerifier::new().verify(&proof, &request, NOW).map(drop);
    let good = Request::new("POST", URI);
    assert!(check(good).is_ok());
    assert!(check(good.access_token("token").nonce("n1").bound_to(prover.thumbprint())).is_ok());
    assert!(check(Request::new("POST", "HTTPS://Server.Example:443/token?other")).is_ok());
    assert_eq!(check(Request::new("GET", URI)), Err(DpopError::MethodMismatch));
    assert_eq!(check(Request::new("post", URI)), Err(DpopError::MethodMismatch));
    for uri in [
        "https://server.example/Token",
        "http://server.example/token",
        "https://server.example:8443/token",
        "https://evil.example/token",
        "https://server.example/token/",
        "",
    ] {
        assert_eq!(check(Request::new("POST", uri)), Err(DpopError::UriMismatch), "{uri}");
    }
    assert_eq!(check(good.access_token("other")), Err(DpopError::AccessTokenMismatch));
    assert_eq!(check(good.nonce("n2")), Err(DpopError::NonceMismatch));
    assert_eq!(check(good.bound_to("other")), Err(DpopError::KeyMismatch));
    let bare = prover.prove(&good, NOW).unwrap();
    let without = ProofVerifier::new().verify(&bare, &good.access_token("token"), NOW).unwrap_err();
    assert_eq!(without, DpopError::AccessTokenMismatch);
}

#[test]
fn two_proofs_never_have_one_replay_id_and_one_proof_always_has_the_same() {
    let prover = Prover::new(&PrivateKey::generate(Algorithm::Ed25519).unwrap()).unwrap();
    let request = Request::new("GET", URI);
    let (one, other) = (prover.prove(&request, NOW).unwrap(), prover.prove(&request, NOW).unwrap());
    let id = |proof: &str| ProofVerifier::new().verify(proof, &request, NOW).unwrap().replay_id();
    assert_eq!(id(&one), id(&one));
    assert_ne!(id(&one), id(&other));
}

/// A proof with any header and claims, signed by the key.
fn forged(key: &PrivateKey, header: &Value, claims: &Value) -> String {
    // The header is this crate's own only up to its members; so the signature is made over another one by a detached JWS.
    let input =
        format!("{}.{}", base64url::encode(header.to_string()), base64url::encode(claims.to_string()));
    format!("{input}.{}", base64url::encode(raw_signature(key, input.as_bytes())))
}

fn raw_signature(key: &PrivateKey, message: &[u8]) -> Vec<u8> {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key.to_jwk().to_der().unwrap()).unwrap();
    pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
}

#[test]
fn what_does_not_count_in_a_proof_does_no_harm() {
    let key = PrivateKey::generate(Algorithm::ES256).unwrap();
    let mut jwk: Value = serde_json::from_str(&key.public_key().to_jwk().to_json()).unwrap();
    jwk["kid"] = json!("a name");
    let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk, "extra": "x"});
    let verifier = ProofVerifier::new();
    for htu in
        [URI.to_owned(), format!("{URI}?x=1#y"), format!("{URI}#"), URI.replace("https://s", "HTTPS://S")]
    {
        let claims = json!({
            "jti": "x", "htm": "POST", "htu": htu, "iat": NOW.unix(), "nbf": NOW.unix(),
            "exp": NOW.unix() + 300, "extra": {"y": 1},
        });
        let proof = forged(&key, &header, &claims);
        verifier.verify(&proof, &Request::new("POST", URI), NOW).unwrap_or_else(|e| panic!("{htu}: {e}"));
    }
}

#[test]
fn faulty_proofs_are_refused() {
    let key = PrivateKey::generate(Algorithm::ES256).unwrap();
    let jwk: Value = serde_json::from_str(&key.public_key().to_jwk().to_json()).unwrap();
    let private: Value = serde_json::from_str(&key.to_jwk().to_json()).unwrap();
    let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk});
    let claims = json!({"jti": "x", "htm": "POST", "htu": URI, "iat": NOW.unix()});
    let verify = |header: &Value, claims: &Value| {
        ProofVerifier::new().verify(&forged(&key, header, claims), &Request::new("POST", URI), NOW).map(drop)
    };
    assert!(verify(&header, &claims).is_ok());
    let with = |base: &Value, name: &str, value: Value| {
        let mut changed = base.clone();
        changed[name] = value;
        changed
    };
    for (name, value, code) in [
        ("typ", json!("JWT"), "type_mismatch"),
        ("typ", json!("at+jwt"), "type_mismatch"),
        ("alg", json!("none"), "algorithm_not_allowed"),
        ("alg", json!("HS256"), "algorithm_not_allowed"),
        ("alg", json!("RS256"), "algorithm_not_allowed"),
        ("alg", json!("ES384"), "key_algorithm_mismatch"),
        ("jwk", private, "key_kind"),
        ("jwk", json!({"kty": "oct", "k": "AAAA"}), "key_kind"),
        ("jwk", json!("x"), "key_member_missing"),
        ("crit", json!(["x"]), "critical_header_malformed"),
    ] {
        assert_eq!(verify(&with(&header, name, value), &claims).unwrap_err().code(), code, "{name}");
    }
    for (name, value, code) in [
        ("htu", json!("https://server.example/token/?x=1"), "dpop_uri_mismatch"),
        ("htu", json!("?x=https://server.example/token"), "dpop_uri_mismatch"),
        ("htu", json!(5), "claim_malformed"),
        ("jti", json!(""), "claim_malformed"),
        ("jti", json!("x".repeat(257)), "claim_malformed"),
        ("jti", json!(5), "claim_malformed"),
        ("iat", json!("1800000000"), "claim_malformed"),
        ("iat", json!(NOW.unix() + 31), "issued_in_the_future"),
        ("iat", json!(NOW.unix() - 91), "token_too_old"),
    ] {
        assert_eq!(verify(&header, &with(&claims, name, value)).unwrap_err().code(), code, "{name}");
    }
    for name in ["jti", "htm", "htu", "iat"] {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(verify(&header, &claims).unwrap_err().code(), "claim_missing", "{name}");
    }
    let other = PrivateKey::generate(Algorithm::ES256).unwrap();
    let stolen = forged(&other, &header, &claims);
    let error = ProofVerifier::new().verify(&stolen, &Request::new("POST", URI), NOW).unwrap_err();
    assert_eq!(error, DpopError::Token(VerifyError::SignatureInvalid));
}

#[test]
fn shared_secrets_prove_nothing() {
    let verifier =
        ProofVerifier::new().algorithms([Algorithm::HS256, Algorithm::ES256]).max_age(Duration::from_secs(5));
    assert_eq!(verifier.supported(), [Algorithm::ES256]);
    let secret = SharedSecret::generate(Algorithm::HS256).unwrap();
    let proof = jws::Signer::new(secret).typ("dpop+jwt").sign(b"{}").unwrap();
    assert_eq!(
        verifier.verify(&proof, &Request::new("POST", URI), NOW).unwrap_err().code(),
        "algorithm_not_allowed"
    );
}

fn nonces() -> Nonces {
    Nonces::new(&[7; 32]).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(NOW.unix() + seconds)
}

/// Verifies at [`NOW`] a proof that a client made whose clock is wrong by `off` seconds.
fn verified_by_a_clock_off_by(off: i64, nonce: Option<&str>, demand: NonceDemand) -> Result<(), DpopError> {
    let prover = Prover::new(&PrivateKey::generate(Algorithm::Ed25519).unwrap()).unwrap();
    let mut request = Request::new("POST", URI);
    if let Some(nonce) = nonce {
        request = request.nonce(nonce);
    }
    let proof = prover.prove(&request, at(off)).unwrap();
    let verifier = ProofVerifier::new().nonces(nonces(), demand);
    verifier.verify(&proof, &Request::new("POST", URI), NOW).map(drop)
}

#[test]
fn a_client_whose_clock_is_wrong_is_asked_for_a_nonce_and_passes_with_it() {
    let nonce = nonces().current(NOW);
    for off in [-86_400 * 365, -7200, -120, -91, 31, 60, 7200, 86_400 * 365] {
        let refused = verified_by_a_clock_off_by(off, None, NonceDemand::WhereClocksDiffer).unwrap_err();
        assert!(refused.asks_for_nonce(), "{off}: {refused}");
        assert_eq!(refused.code(), "dpop_nonce_needed");
        let passed = verified_by_a_clock_off_by(off, Some(&nonce), NonceDemand::WhereClocksDiffer);
        assert_eq!(passed, Ok(()), "{off}");
    }
    for off in [-90, 0, 30] {
        assert_eq!(verified_by_a_clock_off_by(off, None, NonceDemand::WhereClocksDiffer), Ok(()), "{off}");
    }
}

#[test]
fn a_nonce_is_good_for_one_minute_at_least_and_two_at_most() {
    let judge =
        |given: i64| verified_by_a_clock_off_by(0, Some(&nonces().current(at(given))), NonceDemand::Always);
    // A window begins at `NOW`.
    assert_eq!(NOW.unix() % 60, 0);
    for given in [-60, -1, 0, 59, 60] {
        assert_eq!(judge(given), Ok(()), "{given}");
    }
    for given in [-3600, -121, -61, 120] {
        assert_eq!(judge(given), Err(DpopError::NonceMismatch), "{given}");
    }
}

#[test]
fn a_proof_with_an_old_nonce_is_refused_whatever_its_iat_says() {
    let old = nonces().current(at(-300));
    let refused = verified_by_a_clock_off_by(0, Some(&old), NonceDemand::WhereClocksDiffer).unwrap_err();
    assert_eq!(refused, DpopError::NonceMismatch);
}

#[test]
fn a_nonce_of_another_server_does_not_count() {
    let foreign = Nonces::new(&[8; 32]).unwrap().current(NOW);
    for nonce in [foreign.as_str(), "x", "", "\u{e9}", &"A".repeat(54)] {
        let judge = |off, demand| verified_by_a_clock_off_by(off, Some(nonce), demand);
        assert_eq!(judge(0, NonceDemand::WhereClocksDiffer), Ok(()), "{nonce}");
        assert!(judge(300, NonceDemand::WhereClocksDiffer).unwrap_err().asks_for_nonce());
        assert_eq!(judge(0, NonceDemand::Always), Err(DpopError::NonceMismatch));
    }
}

#[test]
fn a_proof_that_a_nonce_let_pass_is_remembered_until_the_nonce_is_old() {
    let prover = Prover::new(&PrivateKey::generate(Algorithm::Ed25519).unwrap()).unwrap();
    let nonce = nonces().current(NOW);
    let proof = prover.prove(&Request::new("POST", URI).nonce(&nonce), at(7200)).unwrap();
    let verifier = ProofVerifier::new().nonces(nonces(), NonceDemand::default());
    let verify = |now| verifier.verify(&proof, &Request::new("POST", URI), now);
    let until = verify(NOW).unwrap().remember_until();
    assert!(until.unix() - NOW.unix() <= 120, "{until:?}");
    // Nor does it pass once its `iat` has come.
    for later in [until.unix() - NOW.unix() + 1, 7200, 7230] {
        assert_eq!(verify(at(later)).map(drop), Err(DpopError::NonceMismatch), "{later}");
    }
}

#[test]
fn a_secret_for_nonces_is_long_and_is_not_shown() {
    assert_eq!(Nonces::new(&[7; 31]).unwrap_err().code(), "key_secret_too_short");
    assert_eq!(format!("{:?}", nonces()), "Nonces { .. }");
    assert_ne!(Nonces::random().current(NOW), Nonces::random().current(NOW));
}
