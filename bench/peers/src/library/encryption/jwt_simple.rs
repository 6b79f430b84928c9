//! jwt-simple, in its pure Rust variant. It has no `dir`, and RSA-OAEP with SHA-1 only.

use std::hint::black_box;

use jeton_jose::jwe::KeyManagement;
use jwt_simple::prelude::EcdhEsA256KWDecryptionKey;

use super::{Case, EncryptionTask, Failure};
use crate::Step;
use crate::claims::PrivateClaims;
use crate::keys::Key;
use crate::library::jwt_simple::typed;

const NAME: &str = "jwt-simple";

pub(super) fn cases(task: &EncryptionTask) -> Result<Vec<Case>, Failure> {
    let (Key::Pair(pair), KeyManagement::EcdhEsA256Kw) = (&task.key, task.algorithm) else {
        return Ok(Vec::new());
    };
    let own = EcdhEsA256KWDecryptionKey::from_der(&pair.private_der)?;
    let public = own.encryption_key();
    let claims = task.claims.clone();
    let token = public.encrypt(typed(&claims))?;
    Ok(vec![
        Case::new(NAME, Step::Encrypt, move || {
            black_box(public.encrypt(typed(black_box(&claims))).expect("the key can encrypt"));
        }),
        Case::new(NAME, Step::Decrypt, move || {
            black_box(
                own.decrypt_token::<PrivateClaims>(black_box(&token), None).expect("the token is good"),
            );
        }),
    ])
}
