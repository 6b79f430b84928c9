//! Known faults of headers and parsers: each was a hole somewhere, each is refused here.

use jeton_jose::jws;
use jeton_jose::jwt::Verifier;
use jeton_jose::{Algorithm, SharedSecret, Timestamp, VerifyError, base64url};
use serde_json::Value;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const CLAIMS: &str = r#"{"iss":"i","aud":"a","exp":1800000300}"#;

fn secret() -> SharedSecret {
    SharedSecret::new(Algorithm::HS256, b"0123456789abcdef0123456789ABCDEF").unwrap()
}

/// HMAC-SHA-256 over any two segments, so that faults are tested behind a valid signature.
fn mac(header: &[u8], payload: &[u8]) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let input = format!("{}.{}", base64url::encode(header), base64url::encode(payload));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret().expose()).unwrap();
    mac.update(input.as_bytes());
    format!("{input}.{}", base64url::encode(mac.finalize().into_bytes()))
}

fn verify(token: &str) -> Result<Value, VerifyError> {
    Ok(Verifier::new("i", "a", secret()).verify(token, NOW)?.into_claims())
}

fn with_header(header: &str) -> Result<Value, VerifyError> {
    verify(&mac(header.as_bytes(), CLAIMS.as_bytes()))
}

fn with_claims(claims: &str) -> Result<Value, VerifyError> {
    verify(&mac(br#"{"alg":"HS256"}"#, claims.as_bytes()))
}

#[track_caller]
fn refused(result: Result<Value, VerifyError>, code: &str) {
    assert_eq!(result.expect_err("refused").code(), code);
}

#[test]
fn the_forger_of_these_tests_makes_tokens_that_verify() {
    assert!(with_header(r#"{"alg":"HS256"}"#).is_ok());
    assert!(with_header(r#"{"typ":"JWT","alg":"HS256","x":{"y":[1,null]}}"#).is_ok());
}

#[test]
fn none_in_any_letter_case_is_not_allowed() {
    for name in ["none", "None", "NONE", "nOnE"] {
        let header = format!(r#"{{"alg":"{name}"}}"#);
        refused(with_header(&header), "algorithm_not_allowed");
        let token = format!("{}.{}.", base64url::encode(header), base64url::encode(CLAIMS));
        refused(verify(&token), "algorithm_not_allowed");
    }
}

#[test]
fn an_algorithm_in_other_letters_or_of_another_type_is_refused() {
    for name in ["hs256", "HS256 ", " HS256", "HS2 56", "HS256\\u0000", "HS384", "RS256"] {
        refused(with_header(&format!(r#"{{"alg":"{name}"}}"#)), "algorithm_not_allowed");
    }
    for value in ["[\"HS256\"]", "256", "null", "true", "{}"] {
        refused(with_header(&format!(r#"{{"alg":{value}}}"#)), "header_malformed");
    }
    refused(with_header("{}"), "header_malformed");
    assert!(with_header(r#"{"alg":"HS\u003256"}"#).is_ok(), "the same name, written with an escape");
}

#[test]
fn an_unknown_critical_header_is_refused() {
    refused(
        with_header(
            r#"{"alg":"HS256","crit":["http://example.com/UNDEFINED"],"http://example.com/UNDEFINED":true}"#,
        ),
        "critical_header_unknown",
    );
    refused(with_header(r#"{"alg":"HS256","crit":["exp"],"exp":1}"#), "critical_header_unknown");
}

#[test]
fn a_malformed_crit_is_refused() {
    for crit in [
        "[]",
        "{}",
        "\"x\"",
        "null",
        "[1]",
        "[null]",
        "[\"x\",\"x\"]",
        "[\"alg\"]",
        "[\"kid\"]",
        "[\"absent\"]",
        "[\"\"]",
    ] {
        refused(
            with_header(&format!(r#"{{"alg":"HS256","x":1,"kid":"k","crit":{crit}}}"#)),
            "critical_header_malformed",
        );
    }
}

#[test]
fn b64_in_a_jwt_is_refused_whatever_it_says() {
    for b64 in ["true", "false", "\"false\"", "0", "null"] {
        refused(with_header(&format!(r#"{{"alg":"HS256","b64":{b64}}}"#)), "header_malformed");
    }
    refused(with_header(r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#), "critical_header_unknown");
}

#[test]
fn b64_in_a_jws_without_crit_or_of_another_type_is_refused() {
    let verifier = jws::Verifier::new(secret());
    for header in [
        r#"{"alg":"HS256","b64":false}"#,
        r#"{"alg":"HS256","b64":true}"#,
        r#"{"alg":"HS256","b64":"false","crit":["b64"]}"#,
        r#"{"alg":"HS256","b64":0,"crit":["b64"]}"#,
    ] {
        assert!(verifier.verify(&mac(header.as_bytes(), b"x")).is_err(), "{header}");
    }
}

#[test]
fn a_header_member_twice_is_refused_however_it_is_written() {
    for header in [
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"HS256","\u0061lg":"HS256"}"#,
        r#"{"alg":"HS256","kid":"a","k\u0069d":"a"}"#,
        r#"{"alg":"HS256","x":1,"x":1}"#,
        r#"{"alg":"HS256","x":{"y":1,"y":2}}"#,
    ] {
        refused(with_header(header), "header_malformed");
    }
}

#[test]
fn a_claim_twice_is_refused_at_any_depth() {
    for claims in [
        r#"{"iss":"i","aud":"a","exp":1800000300,"role":"user","role":"admin"}"#,
        r#"{"iss":"i","aud":"a","aud":"b","exp":1800000300}"#,
        r#"{"iss":"i","aud":"a","exp":1800000300,"x":[{"y":[{"z":1,"z":1}]}]}"#,
        r#"{"iss":"i","aud":"a","exp":1800000300,"role":"user","r\u006fle":"admin"}"#,
    ] {
        refused(with_claims(claims), "claims_malformed");
    }
    let same_box = r#"{"iss":"i","aud":"a","exp":1800000300,"axb":1,"ayb":2,"azb":3}"#;
    assert!(with_claims(same_box).is_ok(), "names that only look alike");
}

#[test]
fn names_are_compared_exactly() {
    refused(with_header(r#"{"ALG":"HS256"}"#), "header_malformed");
    refused(with_header(r#"{"Alg":"HS256"}"#), "header_malformed");
    refused(with_claims(r#"{"ISS":"i","aud":"a","exp":1800000300}"#), "claim_missing");
}

#[test]
fn a_header_that_is_no_strict_json_object_is_refused() {
    for header in [
        "",
        "[]",
        "\"alg\"",
        "5",
        "null",
        r#"{"alg":"HS256"}x"#,
        r#"{"alg":"HS256"}{"alg":"HS256"}"#,
        r#"{"alg":"HS256",}"#,
        r#"{"alg":"HS256" "x":1}"#,
        r#"{alg:"HS256"}"#,
        r#"{'alg':'HS256'}"#,
        r#"{"alg":"HS256"/**/}"#,
        "\u{feff}{\"alg\":\"HS256\"}",
        r#"{"alg":"HS256","x":NaN}"#,
        r#"{"alg":"HS256","x":+1}"#,
        r#"{"alg":"HS256","x":01}"#,
        r#"{"alg":"HS256","x":1.}"#,
        r#"{"alg":"HS256","x":.5}"#,
        r#"{"alg":"HS256","x":-}"#,
        r#"{"alg":"HS256","x":1e}"#,
        r#"{"alg":"HS256","x":tru}"#,
        r#"{"alg":"HS256","x":"\x"}"#,
        "{\"alg\":\"HS256\",\"x\":\"\n\"}",
        r#"{"alg":"HS256","x":"\u12"}"#,
        r#"{"alg":"HS256","x":[1 2]}"#,
        r#"{"alg":"HS256""#,
        r#"{"alg":"HS256","x":[}"#,
        "{\"alg\":\"HS256\"}\0",
    ] {
        let error = with_header(header).expect_err(header);
        assert!(matches!(error.code(), "header_malformed" | "token_malformed"), "{header}: {error}");
    }
}

#[test]
fn invalid_unicode_is_refused_in_members_nobody_reads_too() {
    for header in [
        r#"{"alg":"HS256","x":"\ud800"}"#,
        r#"{"alg":"HS256","x":"\udc00\ud800"}"#,
        r#"{"alg":"HS256","x":"\ud800\u0041"}"#,
        r#"{"alg":"HS256","x\u0000":1}"#,
        r#"{"alg":"HS256","\udfff":1}"#,
    ] {
        refused(with_header(header), "header_malformed");
    }
    refused(verify(&mac(b"{\"alg\":\"HS256\",\"x\":\"\xff\"}", CLAIMS.as_bytes())), "header_malformed");
    refused(
        verify(&mac(
            b"{\"alg\":\"HS256\"}",
            b"{\"iss\":\"i\",\"aud\":\"a\",\"exp\":1800000300,\"x\":\"\xc0\xaf\"}",
        )),
        "claims_malformed",
    );
    assert!(with_header(r#"{"alg":"HS256","x":"\ud83d\ude00"}"#).is_ok());
}

#[test]
fn depth_is_limited_and_costs_no_stack() {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"iss":"i","aud":"a","exp":1800000300,"x":{open}{close}}}"#)
    };
    assert!(with_claims(&nested(31)).is_ok());
    refused(with_claims(&nested(32)), "claims_malformed");
    let verifier = Verifier::new("i", "a", secret()).max_len(10_000_000);
    let deep = mac(br#"{"alg":"HS256"}"#, nested(1_000_000).as_bytes());
    assert_eq!(verifier.verify::<Value>(&deep, NOW).unwrap_err().code(), "claims_malformed");
}

#[test]
fn members_of_a_header_are_limited_and_many_claims_are_fast() {
    let members = |count: usize| (0..count).map(|i| format!(",\"x{i}\":0")).collect::<String>();
    assert!(with_header(&format!(r#"{{"alg":"HS256"{}}}"#, members(255))).is_ok());
    refused(with_header(&format!(r#"{{"alg":"HS256"{}}}"#, members(256))), "header_malformed");
    let claims = format!(r#"{{"iss":"i","aud":"a","exp":1800000300{}}}"#, members(100_000));
    let verifier = Verifier::new("i", "a", secret()).max_len(10_000_000);
    assert!(
        verifier.verify::<serde::de::IgnoredAny>(&mac(br#"{"alg":"HS256"}"#, claims.as_bytes()), NOW).is_ok()
    );
}

#[test]
fn letters_outside_base64url_are_refused() {
    let token = mac(br#"{"alg":"HS256"}"#, CLAIMS.as_bytes());
    for letter in ["+", "/", "=", " ", "\n", "\0", "?", "\u{ff0e}", "%"] {
        for at in [3, token.find('.').unwrap() + 3, token.len() - 3] {
            let mut broken = token.clone();
            broken.replace_range(at..=at, letter);
            assert!(verify(&broken).is_err(), "{letter:?} at {at}");
        }
        for broken in [format!("{token}{letter}"), format!("{letter}{token}")] {
            assert!(verify(&broken).is_err(), "{letter:?} around");
        }
    }
}

#[test]
fn unused_bits_and_impossible_lengths_are_refused() {
    // 32 bytes end in a letter with two unused bits: three other letters would decode alike.
    let token = mac(br#"{"alg":"HS256"}"#, CLAIMS.as_bytes());
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = alphabet.find(token.chars().last().unwrap()).unwrap();
    assert_eq!(last % 4, 0);
    for bits in 1..4 {
        let twin = format!("{}{}", &token[..token.len() - 1], &alphabet[last + bits..=last + bits]);
        refused(verify(&twin), "token_malformed");
    }
    refused(verify(&format!("{token}AA")), "token_malformed");
}

#[test]
fn any_number_of_segments_but_three_is_refused() {
    let token = mac(br#"{"alg":"HS256"}"#, CLAIMS.as_bytes());
    let (head, signature) = token.rsplit_once('.').unwrap();
    let (header, payload) = head.split_once('.').unwrap();
    for broken in [
        String::new(),
        ".".into(),
        "..".into(),
        "...".into(),
        header.into(),
        head.into(),
        format!(".{payload}.{signature}"),
        format!("{token}."),
        format!(".{token}"),
        format!("{header}.{payload}.{signature}.{signature}.{signature}"),
        format!("{header}..{payload}.{signature}"),
    ] {
        refused(verify(&broken), "token_malformed");
    }
    refused(verify(&".".repeat(10_000_000)), "token_too_large");
    refused(verify(&".".repeat(16_000)), "token_malformed");
}

#[test]
fn a_token_header_or_kid_beyond_its_limit_is_refused() {
    let long = |len: usize| format!(r#"{{"iss":"i","aud":"a","exp":1800000300,"x":"{}"}}"#, "x".repeat(len));
    assert!(with_claims(&long(10_000)).is_ok());
    refused(with_claims(&long(16_000)), "token_too_large");
    refused(with_header(&format!(r#"{{"alg":"HS256","x":"{}"}}"#, "x".repeat(8_192))), "token_too_large");
    assert!(with_header(&format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "x".repeat(256))).is_ok());
    refused(with_header(&format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "x".repeat(257))), "header_malformed");
}

#[test]
fn a_strange_kid_is_only_a_name() {
    for kid in ["../../dev/null", "' OR 1=1 --", "\\u0000", "$(id)"] {
        let set = jeton_jose::KeySet::new([secret().with_kid("k")]).unwrap();
        let token = mac(format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#).as_bytes(), CLAIMS.as_bytes());
        let error = Verifier::new("i", "a", set).verify::<Value>(&token, NOW).unwrap_err();
        assert_eq!(error.code(), "key_not_found");
    }
    for kid in ["5", "null", "[]", "{}"] {
        refused(with_header(&format!(r#"{{"alg":"HS256","kid":{kid}}}"#)), "header_malformed");
    }
}

#[test]
fn keys_in_the_header_are_never_used() {
    let jwk = SharedSecret::generate(Algorithm::HS256).unwrap().to_jwk().to_json();
    for member in [
        format!("\"jwk\":{}", *jwk),
        r#""jku":"https://evil.example/keys""#.into(),
        r#""x5u":"https://evil.example/x""#.into(),
        r#""x5c":["AAAA"]"#.into(),
    ] {
        let header = format!(r#"{{"alg":"HS256",{member}}}"#);
        let own = mac(header.as_bytes(), CLAIMS.as_bytes());
        assert!(verify(&own).is_ok(), "it is ignored");
        let mut forged = own.into_bytes();
        let at = forged.len() - 10;
        forged[at] ^= 1;
        assert!(verify(std::str::from_utf8(&forged).unwrap()).is_err());
    }
}

#[test]
fn a_jwe_or_a_json_form_is_no_jwt() {
    let key = jeton_jose::jwe::EncryptionKey::new(&[7; 32]).unwrap();
    refused(verify(&jeton_jose::jwe::seal(&key, CLAIMS.as_bytes())), "token_malformed");
    let json = jws::Signer::new(secret()).sign_flattened(CLAIMS.as_bytes()).unwrap();
    refused(verify(&json), "token_malformed");
    let polyglot = format!("{{\"payload\":\"{}\",\"x\":\"", mac(br#"{"alg":"HS256"}"#, CLAIMS.as_bytes()));
    assert!(verify(&polyglot).is_err());
}

#[test]
fn nothing_of_the_token_is_in_an_error_but_what_says_whose_it_is() {
    let claims = r#"{"iss":"an-issuer","aud":"an-audience","exp":1800000300,"role":"evil-role"}"#;
    #[derive(serde::Deserialize, Debug)]
    #[expect(dead_code, reason = "only read")]
    struct Claims {
        role: u8,
    }
    let token = mac(br#"{"alg":"HS256"}"#, claims.as_bytes());
    let odd = mac(
        br#"{"alg":"HS256"}"#,
        claims.replace("\"role\":", "\"nbf\":[0],\"sub\":[\"evil-sub\"],\"role\":").as_bytes(),
    );
    let verifier = |iss: &str, aud: &str| Verifier::new(iss, aud, secret());
    let errors = [
        verifier("i", "an-audience").verify::<Value>(&token, NOW).unwrap_err(),
        verifier("an-issuer", "a").verify::<Value>(&token, NOW).unwrap_err(),
        verifier("an-issuer", "an-audience").verify::<Claims>(&token, NOW).unwrap_err(),
        verifier("an-issuer", "an-audience").verify::<Value>(&odd, NOW).unwrap_err(),
    ];
    assert_eq!(
        errors.each_ref().map(VerifyError::code),
        ["issuer_mismatch", "audience_mismatch", "claims_mismatch", "claim_malformed"]
    );
    let parts: Vec<_> = token.split('.').chain(odd.split('.')).collect();
    for error in errors {
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("evil") && !parts.iter().any(|part| shown.contains(part)), "{shown}");
    }
}

#[test]
fn a_kid_or_typ_with_quotes_does_not_break_out_when_signing() {
    let secret = secret().with_kid("k\",\"alg\":\"none\\");
    let token = jeton_jose::jwt::Signer::new(&secret)
        .typ("t\"\n")
        .sign(&serde_json::json!({"iss":"i","aud":"a","exp":1_800_000_300}))
        .unwrap();
    let verified =
        Verifier::new("i", "a", secret).typ(String::from("t\"\n")).verify::<Value>(&token, NOW).unwrap();
    assert_eq!(verified.kid(), Some("k\",\"alg\":\"none\\"));
}

/// A JWS in JSON with any protected header.
fn json_form(header: &str, payload: &str) -> String {
    let token = mac(header.as_bytes(), payload.as_bytes());
    let mut parts = token.split('.');
    let mut part = || parts.next().unwrap().to_owned();
    serde_json::json!({"protected": part(), "payload": part(), "signature": part()}).to_string()
}

#[test]
fn none_is_refused_in_the_json_forms_too() {
    let verifier = jws::Verifier::new(secret());
    assert!(verifier.verify_json(&json_form(r#"{"alg":"HS256"}"#, "x")).is_ok());
    for name in ["none", "None", "NONE", "nOnE"] {
        let protected = json_form(&format!(r#"{{"alg":"{name}"}}"#), "x");
        assert_eq!(verifier.verify_json(&protected).unwrap_err().code(), "algorithm_not_allowed");
        let unsigned = serde_json::json!({
            "protected": base64url::encode(format!(r#"{{"alg":"{name}"}}"#)), "payload": "eA", "signature": ""
        });
        assert_eq!(verifier.verify_json(&unsigned.to_string()).unwrap_err().code(), "algorithm_not_allowed");
        let bare = serde_json::json!({"header": {"alg": name}, "payload": "eA", "signature": ""});
        assert_eq!(verifier.verify_json(&bare.to_string()).unwrap_err(), VerifyError::Header { name: "alg" });
    }
}

#[test]
fn signatures_that_disagree_about_the_payload_are_refused() {
    let part = |json: &str| {
        let mut part: Value = serde_json::from_str(json).unwrap();
        part.as_object_mut().unwrap().remove("payload");
        part
    };
    let encoded = part(&jws::Signer::new(secret()).sign_flattened(b"text").unwrap());
    let unencoded = part(&jws::Signer::new(secret()).unencoded().sign_flattened(b"text").unwrap());
    for signatures in [[&encoded, &unencoded], [&unencoded, &encoded]] {
        let mixed = serde_json::json!({"payload": "text", "signatures": signatures});
        let refused = jws::Verifier::new(secret()).verify_json(&mixed.to_string());
        assert_eq!(refused.unwrap_err(), VerifyError::Header { name: "b64" });
    }
}

#[test]
fn an_unencoded_compact_payload_with_a_dot_or_a_control_character_is_refused() {
    use hmac::{Hmac, KeyInit, Mac};
    let header = base64url::encode(r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#);
    let verify = |payload: &str| {
        let input = format!("{header}.{payload}");
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret().expose()).unwrap();
        mac.update(input.as_bytes());
        let token = format!("{input}.{}", base64url::encode(mac.finalize().into_bytes()));
        jws::Verifier::new(secret()).verify(&token).map(jws::Verified::into_payload)
    };
    assert_eq!(verify("plain text ~").unwrap(), b"plain text ~");
    for payload in ["$.02", ".", "a\nb", "\0", "\u{7f}", "\t", "\u{e9}"] {
        assert_eq!(verify(payload).unwrap_err(), VerifyError::Malformed, "{payload:?}");
    }
}

#[test]
fn a_header_of_another_form_is_no_shortcut_around_the_strict_reader() {
    // A verifier learns headers that came with a good signature. What it learned opens the door to that header alone.
    let verifier = Verifier::new("i", "a", secret());
    let learned = mac(br#"{"typ":"JWT","alg":"HS256","x":1}"#, CLAIMS.as_bytes());
    for _ in 0..3 {
        assert!(verifier.verify::<Value>(&learned, NOW).is_ok());
    }
    for header in [
        r#"{"typ":"JWT","alg":"HS256","x":1,"x":1}"#,
        r#"{"typ":"JWT","alg":"none","x":1}"#,
        r#"{"typ":"at+jwt","alg":"HS256","x":1}"#,
        r#"{"typ":"JWT","alg":"HS256","x":1,"crit":["x"]}"#,
    ] {
        assert!(
            verifier.verify::<Value>(&mac(header.as_bytes(), CLAIMS.as_bytes()), NOW).is_err(),
            "{header}"
        );
    }
}

#[test]
fn a_signed_token_is_no_encrypted_one() {
    use jeton_jose::jwe::{Decrypter, DecryptionKey, KeyManagement};
    let key = jeton_jose::Jwk::from_secret(&[7; 32]);
    let decrypter = Decrypter::new([DecryptionKey::from_jwk_for(KeyManagement::A256Kw, &key).unwrap()]);
    let token = mac(br#"{"alg":"HS256"}"#, CLAIMS.as_bytes());
    assert_eq!(decrypter.decrypt(&token).unwrap_err().code(), "token_malformed");
    let parts: Vec<_> = token.split('.').collect();
    // With the two parts that are missing it is an encrypted text by an algorithm that none is encrypted by.
    let five = format!("{token}.{}.{}", parts[2], parts[2]);
    assert!(decrypter.decrypt(&five).is_err());
    let json = jws::Signer::new(secret()).sign_flattened(CLAIMS.as_bytes()).unwrap();
    assert!(decrypter.decrypt(&json).is_err() && decrypter.decrypt_json(&json).is_err());
}
