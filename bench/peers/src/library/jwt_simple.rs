//! jwt-simple, in its pure Rust variant.

use std::hint::black_box;
use std::rc::Rc;

use jeton_jose::Algorithm;
use jwt_simple::prelude::*;

use super::{Case, Failure, Task};
use crate::Step;
use crate::claims::{AUDIENCE, Claims, ISSUER, KID, PrivateClaims};
use crate::keys::Key;

const NAME: &str = "jwt-simple";

type Sign = Box<dyn Fn(JWTClaims<PrivateClaims>) -> String>;
type Verify = Rc<dyn Fn(&str) -> Result<JWTClaims<PrivateClaims>, jwt_simple::Error>>;

/// The two operations of a key pair whose type and traits differ by algorithm.
macro_rules! pair {
    ($type:ty, $der:expr) => {{
        let key = <$type>::from_der($der)?.with_key_id(KID);
        let public = key.public_key();
        let options = options();
        let sign: Sign = Box::new(move |claims| key.sign(claims).expect("the key can sign"));
        let verify: Verify = Rc::new(move |token| public.verify_token(token, Some(options.clone())));
        (sign, verify)
    }};
}

fn operations(algorithm: Algorithm, key: &Key) -> Result<(Sign, Verify), Failure> {
    let der = match key {
        Key::Shared(secret) => {
            let key = Rc::new(HS256Key::from_bytes(secret).with_key_id(KID));
            let same = Rc::clone(&key);
            let options = options();
            let sign: Sign = Box::new(move |claims| key.authenticate(claims).expect("the key can sign"));
            return Ok((sign, Rc::new(move |token| same.verify_token(token, Some(options.clone())))));
        }
        Key::Pair(pair) => &pair.private_der,
    };
    Ok(match algorithm {
        Algorithm::RS256 => pair!(RS256KeyPair, der),
        Algorithm::PS256 => pair!(PS256KeyPair, der),
        Algorithm::ES256 => pair!(ES256KeyPair, der),
        Algorithm::ES384 => pair!(ES384KeyPair, der),
        _ => pair!(Ed25519KeyPair, der),
    })
}

fn options() -> VerificationOptions {
    VerificationOptions {
        allowed_issuers: Some(HashSet::from([ISSUER.to_owned()])),
        allowed_audiences: Some(HashSet::from([AUDIENCE.to_owned()])),
        ..VerificationOptions::default()
    }
}

/// The registered claims have a type of their own here; the texts are cloned into it, as a caller with a struct must.
pub(super) fn typed(claims: &Claims) -> JWTClaims<PrivateClaims> {
    JWTClaims {
        issued_at: Some(UnixTimeStamp::from_secs(claims.iat)),
        expires_at: Some(UnixTimeStamp::from_secs(claims.exp)),
        invalid_before: Some(UnixTimeStamp::from_secs(claims.nbf)),
        issuer: Some(claims.iss.clone()),
        subject: Some(claims.sub.clone()),
        audiences: Some(Audiences::AsString(claims.aud.clone())),
        jwt_id: Some(claims.jti.clone()),
        nonce: None,
        custom: PrivateClaims { scope: claims.scope.clone(), sid: claims.sid.clone() },
    }
}

pub(super) fn cases(task: &Task) -> Result<Vec<Case>, Failure> {
    let (sign, verify) = operations(task.algorithm, &task.key)?;
    let mut cases = task.checks(NAME, move |token| verify(token));
    let claims = task.claims.clone();
    cases.push(Case::new(NAME, Step::Sign, move || {
        black_box(sign(typed(black_box(&claims))));
    }));
    Ok(cases)
}
