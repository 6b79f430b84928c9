//! josekit, on the system's OpenSSL.

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use jeton_jose::Algorithm;
use josekit::jws::{self, JwsHeader, JwsSigner, JwsVerifier};
use josekit::jwt::{self, JwtPayload, JwtPayloadValidator};
use serde_json::Value;

use super::{Case, Failure, Task};
use crate::Step;
use crate::claims::{AUDIENCE, Claims, ISSUER, KID};
use crate::keys::Key;

const NAME: &str = "josekit";

type Keys = (Box<dyn JwsSigner>, Box<dyn JwsVerifier>);

/// Signer and verifier of a key pair.
macro_rules! pair {
    ($algorithm:expr, $pair:expr) => {
        (
            Box::new($algorithm.signer_from_der(&$pair.private_der)?),
            Box::new($algorithm.verifier_from_der(&$pair.public_der)?),
        )
    };
}

fn keys(algorithm: Algorithm, key: &Key) -> Result<Keys, Failure> {
    Ok(match (algorithm, key) {
        (_, Key::Shared(secret)) => (
            Box::new(jws::HS256.signer_from_bytes(secret)?),
            Box::new(jws::HS256.verifier_from_bytes(secret)?),
        ),
        (Algorithm::RS256, Key::Pair(pair)) => pair!(jws::RS256, pair),
        (Algorithm::PS256, Key::Pair(pair)) => pair!(jws::PS256, pair),
        (Algorithm::ES256, Key::Pair(pair)) => pair!(jws::ES256, pair),
        (Algorithm::ES384, Key::Pair(pair)) => pair!(jws::ES384, pair),
        (_, Key::Pair(pair)) => pair!(jws::EdDSA, pair),
    })
}

/// Claims go through a map of values here.
pub(super) fn payload(claims: &Claims) -> Result<JwtPayload, Failure> {
    match serde_json::to_value(claims)? {
        Value::Object(map) => Ok(JwtPayload::from_map(map)?),
        _ => Err("the claims are an object".into()),
    }
}

fn claims(
    verifier: &dyn JwsVerifier,
    validator: &JwtPayloadValidator,
    token: &str,
) -> Result<Claims, Failure> {
    let (payload, _) = jwt::decode_with_verifier(token, verifier)?;
    validator.validate(&payload)?;
    Ok(serde_json::from_value(Value::Object(payload.into()))?)
}

pub(super) fn cases(task: &Task) -> Result<Vec<Case>, Failure> {
    let (signer, verifier) = keys(task.algorithm, &task.key)?;
    let mut header = JwsHeader::new();
    header.set_token_type("JWT");
    header.set_key_id(KID);
    let mut validator = JwtPayloadValidator::new();
    validator.set_issuer(ISSUER);
    validator.set_audience(AUDIENCE);
    // It takes the time as an argument, so it is spared the clock.
    validator.set_base_time(SystemTime::UNIX_EPOCH + Duration::from_secs(task.now));
    let mut cases = task.checks(NAME, move |token| claims(&*verifier, &validator, token));
    let typed = task.claims.clone();
    cases.push(Case::new(NAME, Step::Sign, move || {
        let payload = payload(black_box(&typed)).expect("the claims are an object");
        black_box(jwt::encode_with_signer(&payload, &header, &*signer).expect("the key can sign"));
    }));
    Ok(cases)
}
