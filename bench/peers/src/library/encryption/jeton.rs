//! jeton-jose.

use std::hint::black_box;

use jeton_jose::json;
use jeton_jose::jwe::{ContentEncryption, Decrypter, DecryptionKey, Encrypter, RecipientKey};

use super::{Case, EncryptionTask, Failure};
use crate::Step;
use crate::claims::Claims;

const NAME: &str = "jeton";

pub(super) fn cases(task: &EncryptionTask) -> Result<Vec<Case>, Failure> {
    let [own, others] = task.jwks()?;
    let recipient = RecipientKey::from_jwk_for(task.algorithm, &others)?;
    let encrypter = Encrypter::new(ContentEncryption::A256Gcm, recipient);
    let decrypter = Decrypter::new([DecryptionKey::from_jwk_for(task.algorithm, &own)?]);
    let claims = task.claims.clone();
    let token = encrypter.encrypt(&json::to_vec(&claims)?)?;
    Ok(vec![
        Case::new(NAME, Step::Encrypt, move || {
            let json = json::to_vec(black_box(&claims)).expect("the claims serialise");
            black_box(encrypter.encrypt(&json).expect("the key can encrypt"));
        }),
        Case::new(NAME, Step::Decrypt, move || {
            let decrypted = decrypter.decrypt(black_box(&token)).expect("the token is good");
            black_box(json::from_slice::<Claims>(decrypted.plaintext()).expect("they are claims"));
        }),
    ])
}
