//! jsonwebtoken with its aws-lc-rs backend.

use std::hint::black_box;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};

use super::{Case, Failure, Task};
use crate::Step;
use crate::claims::{AUDIENCE, Claims, ISSUER, KID};
use crate::keys::{Key, common_name};

const NAME: &str = "jsonwebtoken";

fn keys(algorithm: Algorithm, key: &Key) -> Result<(EncodingKey, DecodingKey), Failure> {
    Ok(match key {
        Key::Shared(secret) => (EncodingKey::from_secret(secret), DecodingKey::from_secret(secret)),
        Key::Pair(pair) => {
            let (private, public) = (pair.private_pem.as_bytes(), pair.public_pem.as_bytes());
            match algorithm {
                Algorithm::ES256 | Algorithm::ES384 => {
                    (EncodingKey::from_ec_pem(private)?, DecodingKey::from_ec_pem(public)?)
                }
                Algorithm::EdDSA => (EncodingKey::from_ed_pem(private)?, DecodingKey::from_ed_pem(public)?),
                _ => (EncodingKey::from_rsa_pem(private)?, DecodingKey::from_rsa_pem(public)?),
            }
        }
    })
}

pub(super) fn cases(task: &Task) -> Result<Vec<Case>, Failure> {
    let algorithm: Algorithm = common_name(task.algorithm).parse()?;
    let (private, public) = keys(algorithm, &task.key)?;
    let header = Header { kid: Some(KID.to_owned()), ..Header::new(algorithm) };
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.validate_nbf = true;
    let mut cases = task.checks(NAME, move |token| decode::<Claims>(token, &public, &validation));
    let claims = task.claims.clone();
    cases.push(Case::new(NAME, Step::Sign, move || {
        black_box(encode(&header, black_box(&claims), &private).expect("the claims are an object"));
    }));
    Ok(cases)
}
