//! josekit, on the system's OpenSSL.

use std::hint::black_box;

use jeton_jose::jwe::KeyManagement;
use josekit::jwe::{Dir, ECDH_ES_A256KW, JweDecrypter, JweEncrypter, JweHeader, RSA_OAEP_256};
use josekit::jwt;
use serde_json::Value;

use super::{Case, EncryptionTask, Failure};
use crate::Step;
use crate::claims::Claims;
use crate::keys::Key;
use crate::library::josekit::payload;

const NAME: &str = "josekit";

type Keys = (Box<dyn JweEncrypter>, Box<dyn JweDecrypter>);

fn keys(task: &EncryptionTask) -> Result<Keys, Failure> {
    Ok(match (&task.key, task.algorithm) {
        (Key::Shared(secret), _) => {
            (Box::new(Dir.encrypter_from_bytes(secret)?), Box::new(Dir.decrypter_from_bytes(secret)?))
        }
        (Key::Pair(pair), KeyManagement::RsaOaep256) => (
            Box::new(RSA_OAEP_256.encrypter_from_der(&pair.public_der)?),
            Box::new(RSA_OAEP_256.decrypter_from_der(&pair.private_der)?),
        ),
        (Key::Pair(pair), _) => (
            Box::new(ECDH_ES_A256KW.encrypter_from_der(&pair.public_der)?),
            Box::new(ECDH_ES_A256KW.decrypter_from_der(&pair.private_der)?),
        ),
    })
}

pub(super) fn cases(task: &EncryptionTask) -> Result<Vec<Case>, Failure> {
    let (encrypter, decrypter) = keys(task)?;
    let mut header = JweHeader::new();
    header.set_content_encryption("A256GCM");
    let claims = task.claims.clone();
    let token = jwt::encode_with_encrypter(&payload(&claims)?, &header, &*encrypter)?;
    Ok(vec![
        Case::new(NAME, Step::Encrypt, move || {
            let payload = payload(black_box(&claims)).expect("the claims are an object");
            black_box(
                jwt::encode_with_encrypter(&payload, &header, &*encrypter).expect("the key can encrypt"),
            );
        }),
        Case::new(NAME, Step::Decrypt, move || {
            let decrypted = jwt::decode_with_decrypter(black_box(&token), &*decrypter);
            let (payload, _) = decrypted.expect("the token is good");
            let claims: Result<Claims, _> = serde_json::from_value(Value::Object(payload.into()));
            black_box(claims.expect("they are claims"));
        }),
    ])
}
