//! Proofs of possession. The input is a header, claims and a URI; `"@"` in the header stands for the public key that signs. What
//! passes has only that key and no private one, is for the method and the URI, is of this minute, and has one text; and
//! what Jeton proves it accepts.
#![no_main]

use std::sync::LazyLock;

use aws_lc_rs::signature::Ed25519KeyPair;
use jeton_fuzz::{input, keys, second_opinion, token};
use jeton_jose::Timestamp;
use jeton_jose::dpop::{ProofVerifier, Prover, Request};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const NOW: Timestamp = Timestamp::from_unix(keys::NOW);

static VERIFIER: LazyLock<ProofVerifier> = LazyLock::new(ProofVerifier::new);
static PAIR: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(keys::SEED).expect("any seed will do"));
static JWK: LazyLock<String> = LazyLock::new(|| keys::ed25519_jwk(false));
static PROVER: LazyLock<Prover> = LazyLock::new(|| Prover::new(&keys::ed25519()).expect("it can be written"));

fuzz_target!(|data: &[u8]| {
    let Some([header, claims, uri]) = input::texts(data) else { return };
    let header = header.replacen("\"@\"", &JWK, 1);
    let request = Request::new("POST", uri);
    let made = signed(header.as_bytes(), claims.as_bytes());
    if let Ok(proof) = VERIFIER.verify(&made, &request, NOW)
        && let Some(header) = second_opinion::agreed(header.as_bytes())
        && let Some(claims) = second_opinion::agreed(claims.as_bytes())
    {
        let typ = header["typ"].as_str().map(str::to_ascii_lowercase);
        assert!(matches!(typ.as_deref(), Some("dpop+jwt" | "application/dpop+jwt")), "{typ:?}");
        assert!(matches!(header["alg"].as_str(), Some("Ed25519" | "EdDSA")));
        assert!(header["jwk"].get("d").is_none(), "a private key was accepted");
        assert_eq!(claims["htm"], "POST");
        assert_eq!(claims["jti"], proof.jti());
        let htu = claims["htu"].as_str().expect("a text");
        assert!(!htu.contains(['?', '#']));
        let plain = uri.split(['?', '#']).next().unwrap_or_default();
        assert!(same_but_for_spelling(htu, plain), "{htu} {uri}");
        let iat = claims["iat"].as_f64().expect("a number");
        assert!((iat - keys::NOW as f64).abs() <= 90.0);
        assert_eq!(proof.thumbprint(), PROVER.thumbprint());
        assert_eq!(proof.iat().unix(), iat.ceil() as i64);
        assert!(VERIFIER.verify(&made, &Request::new("post", uri), NOW).is_err(), "methods have a case");
        let bound = request.access_token("token").bound_to(proof.thumbprint());
        if VERIFIER.verify(&made, &bound, NOW).is_ok() {
            assert_eq!(claims["ath"], token::encode(token::sha256("token")));
        }
        let asked = request.nonce("nonce");
        assert_eq!(
            VERIFIER.verify(&made, &asked, NOW).is_ok(),
            claims.get("nonce") == Some(&Value::from("nonce"))
        );
        for other in token::other_texts(&made) {
            assert!(VERIFIER.verify(&other, &request, NOW).is_err(), "a second text for a proof: {other:?}");
        }
    }
    // What was proved for this request is accepted for it, if the URI is one at all.
    let request = Request::new(claims, uri).access_token(&header).nonce(claims);
    let proof = PROVER.prove(&request, NOW).expect("a key that signs");
    if proof.len() <= 16 * 1024 {
        match VERIFIER.verify(&proof, &request, NOW) {
            Ok(accepted) => assert_eq!(accepted.thumbprint(), PROVER.thumbprint()),
            Err(error) => assert_eq!(error.code(), "dpop_uri_mismatch"),
        }
    }
});

fn signed(header: &[u8], claims: &[u8]) -> String {
    let input = format!("{}.{}", token::encode(header), token::encode(claims));
    let signature = token::encode(PAIR.sign(input.as_bytes()));
    format!("{input}.{signature}")
}

/// RFC 3986 §6.2.2 and §6.2.3: the case of scheme and host, the default port, an empty path.
fn same_but_for_spelling(one: &str, other: &str) -> bool {
    let normal = |uri: &str| {
        let (scheme, rest) = uri.split_once("://").unwrap_or_default();
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let scheme = scheme.to_ascii_lowercase();
        let mut host = host.to_ascii_lowercase();
        let port = if scheme == "https" { ":443" } else { ":80" };
        if host.ends_with(port) {
            host.truncate(host.len() - port.len());
        }
        format!("{scheme}://{host}/{path}")
    };
    normal(one) == normal(other)
}
