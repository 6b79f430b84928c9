//! The examples of Web Authentication Level 3 §16, and what has to be refused.

use jeton_jose::base64url;
use serde_json::{Value, json};

use super::*;

const EXAMPLES: &str = include_str!("../../../../vectors/webauthn/level-3.json");

fn party() -> RelyingParty {
    RelyingParty::of("https://example.org").expect("a relying party")
}

fn bytes(value: &Value) -> Vec<u8> {
    base64url::decode(value.as_str().expect("a text")).expect("base64url")
}

/// An example: what the browser answered, as JSON, with the challenges.
struct Example {
    section: String,
    registration: Value,
    made: Vec<u8>,
    authentication: Value,
    asked: Vec<u8>,
}

fn examples() -> Vec<Example> {
    let all: Vec<Value> = serde_json::from_str(EXAMPLES).expect("JSON");
    let example = |value: &Value| {
        let (registration, authentication) = (&value["registration"], &value["authentication"]);
        Example {
            section: value["section"].as_str().expect("a text").to_owned(),
            registration: json!({"response": {
                "clientDataJSON": registration["clientDataJSON"],
                "attestationObject": registration["attestationObject"],
            }}),
            made: bytes(&registration["challenge"]),
            authentication: json!({"id": registration["credential_id"], "response": {
                "clientDataJSON": authentication["clientDataJSON"],
                "authenticatorData": authentication["authenticatorData"],
                "signature": authentication["signature"],
            }}),
            asked: bytes(&authentication["challenge"]),
        }
    };
    all.iter().map(example).collect()
}

fn example(section: &str) -> Example {
    examples().into_iter().find(|example| example.section.ends_with(section)).expect("an example")
}

impl Example {
    fn register(&self) -> Result<Registered, PasskeyError> {
        let response = RegistrationResponse::parse(&self.registration.to_string())?;
        verify_registration(&response, &self.made, &party())
    }

    fn sign_in(&self, key: &PasskeyKey) -> Result<Assertion, PasskeyError> {
        let response = AssertionResponse::parse(&self.authentication.to_string())?;
        verify_assertion(&response, key, &self.asked, &party(), UserVerification::Optional)
    }

    /// Flips a bit of a member of the answer.
    fn spoiled(&self, member: &str, at: usize) -> Self {
        let mut authentication = self.authentication.clone();
        let member = &mut authentication["response"][member];
        let mut spoiled = bytes(member);
        spoiled[at] ^= 1;
        *member = base64url::encode(spoiled).into();
        Self {
            authentication,
            section: self.section.clone(),
            registration: Value::Null,
            made: Vec::new(),
            asked: self.asked.clone(),
        }
    }
}

#[test]
fn the_examples_are_accepted_unless_they_are_framed_or_of_another_algorithm() {
    let mut accepted = 0;
    for example in examples() {
        let registered = example.register();
        match example.section.trim_start_matches("sctn-test-vectors-") {
            "none-es256-crossOrigin" | "none-es256-topOrigin" => {
                assert_eq!(registered, Err(PasskeyError::Framed), "{}", example.section);
            }
            "packed-es384" | "packed-es512" | "packed-ed448" => {
                assert!(matches!(registered, Err(PasskeyError::Algorithm { .. })), "{}", example.section);
            }
            _ => {
                let registered = registered.expect(&example.section);
                let response =
                    AssertionResponse::parse(&example.authentication.to_string()).expect("an answer");
                assert_eq!(response.credential, registered.id, "{}", example.section);
                let assertion = example.sign_in(&registered.key).expect(&example.section);
                assert_eq!(assertion.backup_eligible, registered.backup_eligible, "{}", example.section);
                accepted += 1;
            }
        }
    }
    assert_eq!(accepted, 10);
}

#[test]
fn no_bit_of_an_answer_can_be_changed() {
    let example = example("none-es256");
    let key = example.register().expect("a passkey").key;
    for member in ["clientDataJSON", "authenticatorData", "signature"] {
        let len = bytes(&example.authentication["response"][member]).len();
        for at in 0..len {
            assert!(example.spoiled(member, at).sign_in(&key).is_err(), "{member}, byte {at}");
        }
    }
}

#[test]
fn an_answer_counts_for_its_challenge_its_page_and_its_key_only() {
    let first = example("none-es256");
    let key = first.register().expect("a passkey").key;
    let mut other = example("none-es256");
    other.asked[0] ^= 1;
    assert_eq!(other.sign_in(&key), Err(PasskeyError::Challenge));
    let another_key = example("packed-es256").register().expect("a passkey").key;
    assert_eq!(first.sign_in(&another_key), Err(PasskeyError::Signature));

    let response = AssertionResponse::parse(&first.authentication.to_string()).expect("an answer");
    let at = |issuer| {
        let party = RelyingParty::of(issuer).expect("a relying party");
        verify_assertion(&response, &key, &first.asked, &party, UserVerification::Optional)
    };
    let origin =
        |wanted: &str| PasskeyError::Origin { found: "https://example.org".into(), wanted: wanted.into() };
    for issuer in ["https://example.org:8443", "https://auth.example.org", "https://example.com"] {
        assert_eq!(at(issuer), Err(origin(issuer)));
    }
    assert!(at("https://example.org:443").is_ok());
    // One ceremony's answer is none to the other.
    let mixed = json!({"id": first.authentication["id"], "response": {
        "clientDataJSON": first.registration["response"]["clientDataJSON"],
        "authenticatorData": first.authentication["response"]["authenticatorData"],
        "signature": first.authentication["response"]["signature"],
    }});
    let mixed = AssertionResponse::parse(&mixed.to_string()).expect("an answer");
    let refused = verify_assertion(&mixed, &key, &first.made, &party(), UserVerification::Optional);
    assert!(matches!(refused, Err(PasskeyError::Type { .. })), "{refused:?}");
}

#[test]
fn a_user_who_has_to_be_verified_and_was_not_is_refused() {
    for example in examples() {
        let Ok(registered) = example.register() else { continue };
        let response = AssertionResponse::parse(&example.authentication.to_string()).expect("an answer");
        let verified = |verification| {
            verify_assertion(&response, &registered.key, &example.asked, &party(), verification)
        };
        let was_verified = verified(UserVerification::Optional).expect("an assertion").user_verified;
        let required = verified(UserVerification::Required);
        assert_eq!(required.is_ok(), was_verified, "{}", example.section);
        if !was_verified {
            assert_eq!(required, Err(PasskeyError::NobodyVerified));
        }
    }
}

#[test]
fn members_that_nothing_depends_on_may_be_missing_and_malformed_ones_are_named() {
    let example = example("none-es256");
    let mut registration = example.registration.clone();
    registration["clientExtensionResults"] = json!({"credProps": {}});
    registration["response"]["transports"] = json!(["internal", "hybrid", "", "x".repeat(99)]);
    let response = RegistrationResponse::parse(&registration.to_string()).expect("an answer");
    let registered = verify_registration(&response, &example.made, &party()).expect("a passkey");
    assert_eq!(registered.is_discoverable, None);
    assert_eq!(registered.transports, ["internal".into(), "hybrid".into()]);

    for (pointer, value, member) in [
        ("/id", json!("+/=="), "id"),
        ("/id", json!(""), "id"),
        ("/response/signature", json!("AA=="), "response.signature"),
        ("/response/signature", json!(null), "response.signature"),
        ("/response/authenticatorData", json!(7), "response.authenticatorData"),
    ] {
        let mut answer = example.authentication.clone();
        *answer.pointer_mut(pointer).expect("a member") = value;
        match AssertionResponse::parse(&answer.to_string()) {
            Err(PasskeyError::Unreadable { member: found, .. }) => assert_eq!(*found, *member),
            other => panic!("{pointer}: {other:?}"),
        }
    }
    for text in ["", "{", "[]", "{}", "null", "{\"id\":\"AAAA\"} x"] {
        assert!(matches!(AssertionResponse::parse(text), Err(PasskeyError::Unreadable { .. })), "{text}");
    }
}

#[test]
fn authenticator_data_that_is_cut_off_or_too_long_is_malformed_and_never_a_panic() {
    for example in examples() {
        let object = bytes(&example.registration["response"]["attestationObject"]);
        for len in 0..object.len() {
            let mut cut = example.registration.clone();
            cut["response"]["attestationObject"] = base64url::encode(&object[..len]).into();
            let response = RegistrationResponse::parse(&cut.to_string()).expect("an answer");
            assert!(
                verify_registration(&response, &example.made, &party()).is_err(),
                "{}: {len}",
                example.section
            );
        }
        let mut longer = example.registration.clone();
        longer["response"]["attestationObject"] = base64url::encode([&object[..], &[0]].concat()).into();
        let response = RegistrationResponse::parse(&longer.to_string()).expect("an answer");
        assert!(verify_registration(&response, &example.made, &party()).is_err(), "{}", example.section);
    }
}

#[test]
fn a_passkey_is_called_by_its_provider_or_by_its_kind() {
    let of = |aaguid: u128, transports: &[&str]| {
        let transports: Vec<Box<str>> = transports.iter().map(|name| (*name).into()).collect();
        Passkey::default_name(aaguid.to_be_bytes(), &transports)
    };
    assert_eq!(of(0xea9b_8d66_4d01_1d21_3ce4_b6b4_8cb5_75d4, &["usb"]), "Google Password Manager");
    assert_eq!([of(0, &["usb"]), of(0, &["internal"])], ["Security key", "Passkey"]);
}
