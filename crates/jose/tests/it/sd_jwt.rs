//! Selective disclosure.

use jeton_jose::jwt::{Audience, Issuer, Signer, Verifier};
use jeton_jose::sd_jwt::{Presentation, SdJwtError, SdJwtIssuer, SdJwtVerifier};
use jeton_jose::{Algorithm, Jwk, PrivateKey, PublicKey, Timestamp, base64url};
use serde_json::{Map, Value, json};

use crate::vectors::{list, read, text};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

struct World {
    issuer: PrivateKey,
    holder: PrivateKey,
}

impl World {
    fn new() -> Self {
        let key = || PrivateKey::generate(Algorithm::ES256).unwrap();
        Self { issuer: key(), holder: key() }
    }

    fn issuer(&self) -> SdJwtIssuer {
        SdJwtIssuer::new(Signer::new(&self.issuer).typ("dc+sd-jwt")).bind_to(&self.holder.to_jwk()).unwrap()
    }

    fn verifier(&self) -> SdJwtVerifier {
        SdJwtVerifier::new(Verifier::new("i", Audience::any(), self.issuer.public_key()).typ("dc+sd-jwt"))
    }

    /// Any claims, signed as they are.
    fn raw(&self, claims: &Value, disclosures: &[String]) -> Result<Value, SdJwtError> {
        let token = Signer::new(&self.issuer).typ("dc+sd-jwt").sign(claims).unwrap();
        let text = format!("{token}~{}", disclosures.iter().map(|d| format!("{d}~")).collect::<String>());
        self.verifier().verify_unbound(&text, NOW).map(|verified| Value::Object(verified.claims().clone()))
    }
}

fn claims() -> Map<String, Value> {
    let claims = json!({"iss": "i", "exp": 1_900_000_000, "sub": "ada", "name": "Ada", "address": {"street": "Main St", "country": "UK"}, "nationalities": ["UK", "FR"]});
    claims.as_object().unwrap().clone()
}

#[test]
fn a_holder_shows_some_claims_and_proves_possession() {
    let world = World::new();
    let issuer = world
        .issuer()
        .hide("/name")
        .hide("/address")
        .hide("/address/street")
        .hide("/nationalities/1")
        .decoys(3);
    let issued = issuer.issue(&claims()).unwrap();
    let whole = world.verifier().verify_unbound(&issued, NOW).unwrap();
    let mut shown = whole.claims().clone();
    shown.remove("cnf");
    assert_eq!(shown, claims());

    let presentation = Presentation::parse(&issued).unwrap();
    assert_eq!(presentation.hidden().count(), 4);
    let part = presentation.show(|name, _| name == Some("address"));
    let shown = part.bound(&world.holder, "shop", "n", NOW).unwrap();
    let verified = world.verifier().verify_bound(&shown, "shop", "n", NOW).unwrap();
    let claims = Value::Object(verified.claims().clone());
    assert_eq!(claims["address"], json!({"country": "UK"}));
    assert_eq!((&claims["nationalities"], claims.get("name")), (&json!(["UK"]), None));

    let verify = |aud: &str, nonce: &str, now: i64| {
        world.verifier().verify_bound(&shown, aud, nonce, Timestamp::from_unix(now)).map(drop)
    };
    assert_eq!(verify("other", "n", NOW.unix()), Err(SdJwtError::KeyBindingMismatch));
    assert_eq!(verify("shop", "m", NOW.unix()), Err(SdJwtError::KeyBindingMismatch));
    assert_eq!(verify("shop", "n", NOW.unix() + 331), Err(SdJwtError::KeyBindingMismatch));
    assert_eq!(verify("shop", "n", NOW.unix() - 31), Err(SdJwtError::KeyBindingMismatch));
    let unbound = part.unbound();
    assert_eq!(
        world.verifier().verify_bound(&unbound, "shop", "n", NOW).map(drop),
        Err(SdJwtError::KeyBindingMissing)
    );
    assert_eq!(world.verifier().verify_unbound(&shown, NOW).map(drop), Err(SdJwtError::Malformed));
    let proof = shown.rsplit_once('~').unwrap().1;
    let moved = format!("{}{proof}", issued);
    assert_eq!(
        world.verifier().verify_bound(&moved, "shop", "n", NOW).map(drop),
        Err(SdJwtError::KeyBindingMismatch)
    );
    let thief = part.bound(&world.issuer, "shop", "n", NOW).unwrap();
    assert_eq!(
        world.verifier().verify_bound(&thief, "shop", "n", NOW).unwrap_err().code(),
        "signature_invalid"
    );
}

#[test]
fn what_the_verifier_needs_is_never_hidden() {
    let world = World::new();
    for pointer in ["/iss", "/exp", "/cnf", "/absent", "/nationalities/7", "/nationalities/x", "name", ""] {
        assert_eq!(world.issuer().hide(pointer).issue(&claims()), Err(SdJwtError::CannotHide), "{pointer}");
    }
    let mut reserved = claims();
    reserved.insert("x".into(), json!({"_sd": []}));
    assert_eq!(world.issuer().issue(&reserved), Err(SdJwtError::Digests));
}

#[test]
fn the_examples_of_rfc9901_verify() {
    let Some(file) = read("sd-jwt/rfc9901-examples.json") else { return };
    let jwk = Jwk::parse(file["issuer_jwk"].to_string().as_bytes()).unwrap();
    for example in list(&file, "examples") {
        let sd_jwt = text(example, "sd_jwt_kb");
        let typ = jeton_jose::jwt::Unverified::parse(sd_jwt.split('~').next().unwrap())
            .unwrap()
            .typ()
            .unwrap()
            .to_owned();
        let verifier =
            Verifier::new(Issuer::any(), Audience::any(), PublicKey::from_jwk(&jwk).unwrap()).typ(typ);
        let proof = jeton_jose::jwt::Unverified::parse(sd_jwt.rsplit('~').next().unwrap()).unwrap();
        let iat: Value = serde_json::from_str(proof.claims_json()).unwrap();
        let now = Timestamp::from_unix(iat["iat"].as_i64().unwrap());
        let verified = SdJwtVerifier::new(verifier).verify_bound(
            sd_jwt,
            text(example, "aud"),
            text(example, "nonce"),
            now,
        );
        let claims = verified.unwrap_or_else(|error| panic!("{}: {error}", example["section"]));
        if text(example, "section").contains("5.2") {
            let claims = Value::Object(claims.claims().clone());
            assert_eq!((&claims["family_name"], &claims["nationalities"]), (&json!("Doe"), &json!(["US"])));
        }
    }
}

#[test]
fn faulty_disclosures_and_digests_are_refused() {
    let world = World::new();
    let disclosure = |json: &str| base64url::encode(json);
    let digest = |encoded: &str| {
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, encoded.as_bytes());
        base64url::encode(hash.as_ref())
    };
    let base = |extra: Value| {
        let mut claims = json!({"iss": "i", "exp": 1_900_000_000});
        claims.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        claims
    };
    let name = disclosure(r#"["salt","name","Ada"]"#);
    let element = disclosure(r#"["salt","x"]"#);
    let ok = world.raw(&base(json!({"_sd": [digest(&name)]})), std::slice::from_ref(&name)).unwrap();
    assert_eq!(ok["name"], "Ada");

    let refused = |claims: Value, disclosures: &[&String]| {
        let disclosures: Vec<String> = disclosures.iter().map(|d| (*d).clone()).collect();
        world.raw(&base(claims), &disclosures).unwrap_err().code()
    };
    assert_eq!(refused(json!({}), &[&name]), "sd_jwt_disclosure", "not asked for");
    assert_eq!(refused(json!({"_sd": [digest(&name)]}), &[&name, &name]), "sd_jwt_disclosure", "twice");
    assert_eq!(refused(json!({"_sd": [digest(&name), digest(&name)]}), &[&name]), "sd_jwt_digests");
    assert_eq!(
        refused(json!({"_sd": [digest(&name)], "x": {"_sd": [digest(&name)]}}), &[&name]),
        "sd_jwt_digests"
    );
    assert_eq!(
        refused(json!({"_sd": [digest(&name)], "name": "Eve"}), &[&name]),
        "sd_jwt_digests",
        "overwritten"
    );
    assert_eq!(refused(json!({"_sd": [5]}), &[]), "sd_jwt_digests");
    assert_eq!(refused(json!({"_sd": "x"}), &[]), "sd_jwt_digests");
    assert_eq!(
        refused(json!({"_sd": [digest(&element)]}), &[&element]),
        "sd_jwt_disclosure",
        "an element as a claim"
    );
    assert_eq!(
        refused(json!({"x": [{"...": digest(&name)}]}), &[&name]),
        "sd_jwt_disclosure",
        "a claim as an element"
    );
    assert_eq!(refused(json!({"x": [{"...": "a", "y": 1}]}), &[]), "sd_jwt_digests");
    assert_eq!(refused(json!({"x": {"...": "a"}}), &[]), "sd_jwt_digests");
    assert_eq!(refused(json!({"_sd_alg": "md5"}), &[]), "sd_jwt_hash_unknown");
    let replaced = disclosure(r#"["salt","exp",1]"#);
    assert_eq!(refused(json!({"_sd": [digest(&replaced)]}), &[&replaced]), "sd_jwt_digests");
    for malformed in [
        r#"["salt"]"#,
        r#"[1,"n","v"]"#,
        r#"["s",1,"v"]"#,
        r#"["s","_sd","v"]"#,
        r#"["s","...","v"]"#,
        r#"["s","n","v","x"]"#,
        "{}",
        "x",
        r#"["s","n",{"a":1,"a":1}]"#,
    ] {
        let malformed = disclosure(malformed);
        assert_eq!(refused(json!({"_sd": [digest(&malformed)]}), &[&malformed]), "sd_jwt_disclosure");
    }
    let mut inner = disclosure(r#"["s","end"]"#);
    for _ in 0..40 {
        inner = format!(
            "{inner}~{}",
            disclosure(&format!(r#"["s",[{{"...":"{}"}}]]"#, digest(inner.rsplit('~').next().unwrap())))
        );
    }
    let chain: Vec<&str> = inner.split('~').collect();
    let owned: Vec<String> = chain.iter().map(|d| (*d).to_owned()).collect();
    let deep = world.raw(&base(json!({"x": [{"...": digest(chain.last().unwrap())}]})), &owned);
    assert_eq!(deep.unwrap_err().code(), "sd_jwt_digests", "too deep");
    for text in ["", "~", "a~b", "a.b.c", "a~~"] {
        assert!(world.verifier().verify_unbound(text, NOW).is_err());
    }
}
