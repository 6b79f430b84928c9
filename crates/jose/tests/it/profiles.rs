//! Tokens of a known kind: access tokens, ID tokens, logout tokens.

use jeton_jose::jwt::{Signer, Verifier};
use jeton_jose::{Algorithm, PrivateKey, Timestamp, VerifyError, jws};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const ISSUER: &str = "https://issuer.example";
const LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";

struct Case {
    verifier: Verifier,
    /// Signs whatever it is given.
    signer: jws::Signer,
    claims: Value,
}

impl Case {
    fn new(make: impl Fn(PrivateKey) -> (Verifier, jws::Signer), claims: Value) -> Self {
        let (verifier, signer) = make(PrivateKey::generate(Algorithm::Ed25519).unwrap());
        Self { verifier, signer, claims }
    }

    fn verify(&self, claims: &Value) -> Result<(), VerifyError> {
        let token = self.signer.sign(claims.to_string().as_bytes()).unwrap();
        self.verifier.verify::<Value>(&token, NOW).map(drop)
    }

    fn with(&self, name: &str, value: Value) -> Result<(), VerifyError> {
        let mut claims = self.claims.clone();
        claims[name] = value;
        self.verify(&claims)
    }

    fn without(&self, name: &str) -> Result<(), VerifyError> {
        let mut claims = self.claims.clone();
        claims.as_object_mut().unwrap().remove(name);
        self.verify(&claims)
    }

    /// Each of these claims must be there.
    fn requires(&self, names: &[&'static str]) {
        assert_eq!(self.verify(&self.claims), Ok(()));
        for &name in names {
            assert_eq!(self.without(name), Err(VerifyError::ClaimMissing { name }));
        }
    }

    /// Each of these claims must be a text that is not empty.
    fn requires_text(&self, names: &[&'static str]) {
        for &name in names {
            for value in [json!(""), json!(7), json!(null), json!(["ada"])] {
                malformed(self.with(name, value), name);
            }
        }
    }
}

#[track_caller]
fn malformed(verified: Result<(), VerifyError>, wanted: &str) {
    match verified.unwrap_err() {
        VerifyError::ClaimMalformed { name, fault } => {
            assert_eq!((name, &*fault.pointer), (wanted, &*format!("/{wanted}")));
        }
        other => panic!("{other:?}"),
    }
}

fn access_token() -> Case {
    let claims = json!({"iss": ISSUER, "aud": "api", "sub": "ada", "client_id": "web", "jti": "1", "iat": NOW, "exp": NOW.unix() + 300});
    Case::new(
        |key| {
            let verifier = Verifier::access_token(ISSUER, "api", key.public_key());
            (verifier, jws::Signer::new(key).typ("at+jwt"))
        },
        claims,
    )
}

fn id_token() -> Case {
    let claims = json!({"iss": ISSUER, "aud": "web", "sub": "ada", "iat": NOW, "exp": NOW.unix() + 300});
    Case::new(|key| (Verifier::id_token(ISSUER, "web", key.public_key()), jws::Signer::new(key)), claims)
}

fn logout_token() -> Case {
    let claims = json!({"iss": ISSUER, "aud": "web", "sub": "ada", "sid": "s", "jti": "1", "iat": NOW, "exp": NOW.unix() + 120, "events": {LOGOUT: {}}});
    Case::new(
        |key| {
            let verifier = Verifier::logout_token(ISSUER, "web", key.public_key());
            (verifier, jws::Signer::new(key).typ("logout+jwt"))
        },
        claims,
    )
}

#[test]
fn an_access_token_has_the_claims_of_rfc9068() {
    let case = access_token();
    case.requires(&["iss", "exp", "aud", "sub", "client_id", "iat", "jti"]);
    case.requires_text(&["sub", "client_id", "jti"]);
    assert_eq!(case.with("iss", json!("")).unwrap_err().code(), "issuer_mismatch");
    assert_eq!(case.with("client_id", json!("w\u{e9}b")), Ok(()));
}

#[test]
fn an_id_token_has_the_claims_of_openid_connect() {
    let case = id_token();
    case.requires(&["iss", "sub", "aud", "exp", "iat"]);
    case.requires_text(&["sub", "azp"]);
    assert_eq!(case.with("sub", json!("a".repeat(255))), Ok(()));
    for sub in ["a".repeat(256), "ad\u{e1}".to_owned()] {
        malformed(case.with("sub", json!(sub)), "sub");
    }
}

#[test]
fn an_id_token_for_several_audiences_names_the_client_it_was_issued_to() {
    let case = id_token();
    assert_eq!(case.with("azp", json!("web")), Ok(()));
    assert_eq!(case.with("azp", json!("other")).unwrap_err().code(), "authorized_party_mismatch");
    assert_eq!(case.with("aud", json!(["web"])), Ok(()));
    let several = json!(["other", "web"]);
    assert_eq!(case.with("aud", several.clone()), Err(VerifyError::ClaimMissing { name: "azp" }));
    let mut claims = case.claims.clone();
    claims["aud"] = several;
    claims["azp"] = json!("other");
    assert_eq!(case.verify(&claims).unwrap_err().code(), "authorized_party_mismatch");
    claims["azp"] = json!("web");
    assert_eq!(case.verify(&claims), Ok(()));
}

#[test]
fn a_logout_token_has_an_event_a_subject_or_session_and_no_nonce() {
    let case = logout_token();
    case.requires(&["iss", "aud", "iat", "exp", "jti", "events"]);
    case.requires_text(&["jti", "sub", "sid"]);
    assert_eq!(case.without("sub"), Ok(()));
    assert_eq!(case.without("sid"), Ok(()));
    let mut neither = case.claims.clone();
    neither.as_object_mut().unwrap().retain(|name, _| name != "sub" && name != "sid");
    assert_eq!(case.verify(&neither), Err(VerifyError::ClaimMissing { name: "sid" }));
    malformed(case.with("nonce", json!("n")), "nonce");
    for events in [json!({}), json!([LOGOUT]), json!({LOGOUT: null}), json!({"other": {}}), json!(LOGOUT)] {
        malformed(case.with("events", events), "events");
    }
}

#[test]
fn a_token_of_one_kind_does_not_pass_for_another() {
    let key = PrivateKey::generate(Algorithm::Ed25519).unwrap();
    let everything = json!({"iss": ISSUER, "aud": "web", "sub": "ada", "client_id": "web", "sid": "s", "jti": "1", "iat": NOW, "exp": NOW.unix() + 120, "events": {LOGOUT: {}}});
    let public = key.public_key();
    let verifiers = [
        Verifier::access_token(ISSUER, "web", &public),
        Verifier::id_token(ISSUER, "web", &public),
        Verifier::logout_token(ISSUER, "web", &public),
    ];
    for (made, typ) in ["at+jwt", "JWT", "logout+jwt"].into_iter().enumerate() {
        let token = Signer::new(&key).typ(typ).sign(&everything).unwrap();
        for (wanted, verifier) in verifiers.iter().enumerate() {
            let verified = verifier.verify::<Value>(&token, NOW).map(drop);
            let expected = if made == wanted { Ok(()) } else { Err("type_mismatch") };
            assert_eq!(verified.map_err(|error| error.code()), expected, "{typ}");
        }
    }
    let full = Signer::new(&key).typ("application/at+jwt").sign(&everything).unwrap();
    assert!(verifiers[0].verify::<Value>(&full, NOW).is_ok());
}
