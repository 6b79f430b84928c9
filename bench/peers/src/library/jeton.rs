//! jeton-jose.

use std::hint::black_box;
use std::rc::Rc;

use jeton_jose::jwt::{Signer, Verifier};
use jeton_jose::{Algorithm, KeySet, PrivateKey, SharedSecret, SigningKey, Timestamp};

use super::{Case, Failure, Task};
use crate::Step;
use crate::claims::{AUDIENCE, Claims, ISSUER, KID, PrivateClaims};
use crate::keys::Key;

const NAME: &str = "jeton";

/// A signer whose tokens every library accepts.
pub(super) fn signer(algorithm: Algorithm, key: &Key) -> Result<Signer, Failure> {
    let key: SigningKey = match key {
        Key::Shared(secret) => SharedSecret::new(algorithm, secret)?.with_kid(KID).into(),
        Key::Pair(pair) => PrivateKey::from_der(algorithm, &pair.private_der)?.with_kid(KID).into(),
    };
    Ok(Signer::new(key).ed25519_as_eddsa())
}

fn verifier(algorithm: Algorithm, key: &Key) -> Result<Verifier, Failure> {
    let keys: KeySet = match key {
        Key::Shared(secret) => SharedSecret::new(algorithm, secret)?.with_kid(KID).into(),
        Key::Pair(pair) => {
            PrivateKey::from_der(algorithm, &pair.private_der)?.with_kid(KID).public_key().into()
        }
    };
    Ok(Verifier::new(ISSUER, AUDIENCE, keys))
}

pub(super) fn cases(task: &Task) -> Result<Vec<Case>, Failure> {
    let signer = signer(task.algorithm, &task.key)?;
    let verifier = verifier(task.algorithm, &task.key)?;
    let now = Timestamp::from_unix(i64::try_from(task.now)?);
    let claims = task.claims.clone();
    let verifier = Rc::new(verifier);
    let same = Rc::clone(&verifier);
    let mut cases = task.checks(NAME, move |token| verifier.verify::<Claims>(token, now));
    if task.algorithm == Algorithm::HS256 {
        let token = task.token.clone();
        cases.push(Case::new(NAME, Step::VerifyInPlace, move || {
            let verified = same.verify::<PrivateClaims>(black_box(&token), now).expect("the token is good");
            black_box(verified);
        }));
    }
    cases.push(Case::new(NAME, Step::Sign, move || {
        black_box(signer.sign(black_box(&claims)).expect("the claims are an object"));
    }));
    Ok(cases)
}
