//! The limit: what the algorithms demand of AWS-LC, with prepared keys and nothing around it.

use std::hint::black_box;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, ParsedPublicKey, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap};
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{
    OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
    PublicEncryptingKey,
};
use jeton_jose::jwe::KeyManagement;

use super::{Case, EncryptionTask, Failure};
use crate::Step;
use crate::keys::{Key, Pair};
use crate::library::limit::NAME;

/// Bytes of a content encryption key.
const KEY: usize = 32;
/// Bytes that wrapping a key adds.
const WRAPPING: usize = 8;
const NEVER: &str = "the keys are good";

pub(super) fn cases(task: &EncryptionTask) -> Result<Vec<Case>, Failure> {
    let claims = serde_json::to_vec(&task.claims)?;
    match (&task.key, task.algorithm) {
        (Key::Shared(secret), _) => {
            let (key, same) = (content_key(secret), content_key(secret));
            let (sealed, nonce) = seal(&key, &claims);
            Ok(pair_of(
                move || drop(black_box(seal(&key, &claims))),
                move || drop(black_box(open(&same, nonce, &sealed))),
            ))
        }
        (Key::Pair(pair), KeyManagement::RsaOaep256) => rsa(pair, claims),
        (Key::Pair(pair), _) => agreement(pair, claims),
    }
}

fn pair_of(encrypt: impl FnMut() + 'static, decrypt: impl FnMut() + 'static) -> Vec<Case> {
    vec![Case::new(NAME, Step::Encrypt, encrypt), Case::new(NAME, Step::Decrypt, decrypt)]
}

fn rsa(pair: &Pair, claims: Vec<u8>) -> Result<Vec<Case>, Failure> {
    let public = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(&pair.public_der)?)?;
    let private = OaepPrivateDecryptingKey::new(PrivateDecryptingKey::from_pkcs8(&pair.private_der)?)?;
    let length = public.ciphertext_size();
    let encrypt = move |claims: &[u8]| {
        let key = fresh_key();
        let mut wrapped = vec![0; length];
        public.encrypt(&OAEP_SHA256_MGF1SHA256, &key, &mut wrapped, None).expect(NEVER);
        (wrapped, seal(&content_key(&key), claims))
    };
    let (wrapped, (sealed, nonce)) = encrypt(&claims);
    Ok(pair_of(
        move || drop(black_box(encrypt(black_box(&claims)))),
        move || {
            let mut room = vec![0; length];
            let key = private.decrypt(&OAEP_SHA256_MGF1SHA256, black_box(&wrapped), &mut room, None);
            black_box(open(&content_key(key.expect(NEVER)), nonce, &sealed));
        },
    ))
}

fn agreement(pair: &Pair, claims: Vec<u8>) -> Result<Vec<Case>, Failure> {
    let own = PrivateKey::from_private_key_der(&ECDH_P256, &pair.private_der)?;
    let public = parsed(own.compute_public_key()?.as_ref());
    let encrypt = move |claims: &[u8]| {
        let ephemeral = PrivateKey::generate(&ECDH_P256).expect(NEVER);
        let key = fresh_key();
        let mut wrapped = [0; KEY + WRAPPING];
        agreed(&ephemeral, &public).wrap(&key, &mut wrapped).expect(NEVER);
        let ephemeral = ephemeral.compute_public_key().expect(NEVER).as_ref().to_vec();
        (ephemeral, wrapped, seal(&content_key(&key), claims))
    };
    let (ephemeral, wrapped, (sealed, nonce)) = encrypt(&claims);
    Ok(pair_of(
        move || drop(black_box(encrypt(black_box(&claims)))),
        move || {
            let mut room = [0; KEY + WRAPPING];
            let key = agreed(&own, &parsed(black_box(&ephemeral)))
                .unwrap(&wrapped, &mut room)
                .expect(NEVER)
                .to_vec();
            black_box(open(&content_key(&key), nonce, &sealed));
        },
    ))
}

fn parsed(point: &[u8]) -> ParsedPublicKey {
    ParsedPublicKey::try_from(UnparsedPublicKey::new(&ECDH_P256, point)).expect(NEVER)
}

/// The key that wraps: a hash of what was agreed (RFC 7518 §4.6.2).
fn agreed(own: &PrivateKey, other: &ParsedPublicKey) -> AesKek {
    let secret =
        agreement::agree(own, other.clone(), NEVER, |secret| Ok(digest(&SHA256, secret))).expect(NEVER);
    AesKek::new(&AES_256, secret.as_ref()).expect(NEVER)
}

fn fresh_key() -> [u8; KEY] {
    let mut key = [0; KEY];
    rand::fill(&mut key).expect(NEVER);
    key
}

fn content_key(key: &[u8]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect(NEVER))
}

fn seal(key: &LessSafeKey, claims: &[u8]) -> (Vec<u8>, [u8; NONCE_LEN]) {
    let mut nonce = [0; NONCE_LEN];
    rand::fill(&mut nonce).expect(NEVER);
    let mut text = Vec::with_capacity(claims.len() + AES_256_GCM.tag_len());
    text.extend_from_slice(claims);
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text).expect(NEVER);
    (text, nonce)
}

fn open(key: &LessSafeKey, nonce: [u8; NONCE_LEN], sealed: &[u8]) -> Vec<u8> {
    let mut text = sealed.to_vec();
    key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text).expect(NEVER);
    text
}
