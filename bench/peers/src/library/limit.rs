//! The limit: hash and signature alone, on the same bytes, with a prepared key.

use std::hint::black_box;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self as signatures, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, ParsedPublicKey, RsaKeyPair,
};
use base64_simd::URL_SAFE_NO_PAD;
use jeton_jose::Algorithm;
use sha2::block_api::compress256;

use super::{Case, Failure, Task};
use crate::Step;
use crate::keys::{Key, Pair};

pub(super) const NAME: &str = "limit";

/// Bytes that SHA-256 takes at a time.
const BLOCK: usize = 64;

type Sign = Box<dyn FnMut(&[u8])>;

pub(super) fn cases(task: &Task) -> Result<Vec<Case>, Failure> {
    let (signed, signature) = task.token.rsplit_once('.').ok_or("a token has dots")?;
    let (message, signature) = (signed.as_bytes().to_vec(), URL_SAFE_NO_PAD.decode_to_vec(signature)?);
    match &task.key {
        Key::Shared(secret) => hmac_cases(secret, message),
        Key::Pair(pair) => {
            let (mut sign, public_key) = (signer(task.algorithm, pair)?, public_key(task.algorithm, pair)?);
            let same = message.clone();
            Ok(vec![
                Case::new(NAME, Step::Sign, move || sign(black_box(&message))),
                Case::new(NAME, Step::Verify, move || {
                    public_key.verify_sig(black_box(&same), &signature).expect("the signature is good");
                }),
            ])
        }
    }
}

/// The bare compression function from the two padded blocks of the key, hashed before: nothing that hashes can be faster. It
/// is sha2's, which keeps step with AWS-LC's here and is safe to call; AWS-LC's safe HMAC takes a third longer.
fn hmac_cases(secret: &[u8], message: Vec<u8>) -> Result<Vec<Case>, Failure> {
    let key: [u8; BLOCK] = std::array::from_fn(|at| secret.get(at).copied().unwrap_or(0));
    let state = |pad: u8| {
        let mut state = [0x9e37_79b9; 8];
        compress256(&mut state, &[key.map(|byte| byte ^ pad)]);
        state
    };
    let (inner, outer) = (state(0x36), state(0x5c));
    let tag = move |message: &[u8]| {
        let (mut inner, mut outer, mut end) = (black_box(inner), black_box(outer), [0; BLOCK]);
        let (blocks, rest) = message.as_chunks::<BLOCK>();
        compress256(&mut inner, blocks);
        end[..rest.len()].copy_from_slice(rest);
        compress256(&mut inner, &[end]);
        for (bytes, word) in end.as_chunks_mut().0.iter_mut().zip(inner) {
            *bytes = word.to_be_bytes();
        }
        compress256(&mut outer, &[end]);
        black_box(outer);
    };
    let same = message.clone();
    Ok(vec![
        Case::new(NAME, Step::Sign, move || tag(black_box(&message))),
        Case::new(NAME, Step::Verify, move || tag(black_box(&same))),
    ])
}

fn signer(algorithm: Algorithm, pair: &Pair) -> Result<Sign, Failure> {
    let (der, random) = (&pair.private_der, SystemRandom::new());
    Ok(match algorithm {
        Algorithm::ES256 | Algorithm::ES384 => {
            let key = EcdsaKeyPair::from_pkcs8(curve(algorithm), der)?;
            Box::new(move |message| {
                black_box(key.sign(&random, message).expect("the key can sign"));
            })
        }
        Algorithm::Ed25519 => {
            let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)?;
            Box::new(move |message| {
                black_box(key.sign(message));
            })
        }
        _ => {
            let padding = match algorithm {
                Algorithm::RS256 => &signatures::RSA_PKCS1_SHA256,
                _ => &signatures::RSA_PSS_SHA256,
            };
            let key = RsaKeyPair::from_pkcs8(der)?;
            let mut signature = vec![0; key.public_modulus_len()];
            Box::new(move |message| {
                key.sign(padding, &random, message, &mut signature).expect("the key can sign");
            })
        }
    })
}

pub(super) fn curve(algorithm: Algorithm) -> &'static EcdsaSigningAlgorithm {
    match algorithm {
        Algorithm::ES256 => &signatures::ECDSA_P256_SHA256_FIXED_SIGNING,
        _ => &signatures::ECDSA_P384_SHA384_FIXED_SIGNING,
    }
}

pub(super) fn public_key(algorithm: Algorithm, pair: &Pair) -> Result<ParsedPublicKey, Failure> {
    let der = &pair.public_der;
    Ok(match algorithm {
        Algorithm::RS256 => ParsedPublicKey::new(&signatures::RSA_PKCS1_2048_8192_SHA256, der)?,
        Algorithm::PS256 => ParsedPublicKey::new(&signatures::RSA_PSS_2048_8192_SHA256, der)?,
        Algorithm::ES256 => ParsedPublicKey::new(&signatures::ECDSA_P256_SHA256_FIXED, der)?,
        Algorithm::ES384 => ParsedPublicKey::new(&signatures::ECDSA_P384_SHA384_FIXED, der)?,
        _ => ParsedPublicKey::new(&signatures::ED25519, der)?,
    })
}
