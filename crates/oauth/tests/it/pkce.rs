//! Proof Key for Code Exchange.

use jeton_oauth::pkce::{CodeChallenge, CodeVerifier};

/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

#[test]
fn the_example_of_the_rfc_is_met() {
    let challenge = CodeChallenge::parse(CHALLENGE).expect("a challenge");
    assert!(challenge.is_met_by(&CodeVerifier::parse(VERIFIER).expect("a verifier")));
    let other = VERIFIER.replace('d', "e");
    assert!(!challenge.is_met_by(&CodeVerifier::parse(&other).expect("a verifier")));
}

#[test]
fn a_challenge_is_a_sha_256_and_nothing_else() {
    for text in ["", "plain", &CHALLENGE[1..], &format!("{CHALLENGE}A"), &CHALLENGE.replace('-', "+")] {
        assert!(CodeChallenge::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_verifier_keeps_to_its_length_and_alphabet() {
    assert!(CodeVerifier::parse(&"a".repeat(128)).is_ok());
    for text in
        [&"a".repeat(42), &"a".repeat(129), &format!("{} ", "a".repeat(50)), &format!("{}é", "a".repeat(50))]
    {
        assert!(CodeVerifier::parse(text).is_err(), "{text}");
    }
    assert_eq!(format!("{:?}", CodeVerifier::parse(VERIFIER).expect("a verifier")), "CodeVerifier(…)");
}
