//! The limit: hash and signature alone, on the same bytes, with a prepared key.

use std::hint::black_box;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self as signatures, EcdsaKeyPair, Ed25519KeyPair, ParsedPublicKey, RsaKeyPair};
use base64_simd::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jeton_jose::Algorithm;
use sha2::Sha256;

use super::{Case, Failure, Task};
use crate::Step;
use crate::keys::{Key, Pair};

const NAME: &str = "limit";

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

/// The RustCrypto crates: of all HMACs measured the fastest that is safe to call.
fn hmac_cases(secret: &[u8], message: Vec<u8>) -> Result<Vec<Case>, Failure> {
    let prepared = Hmac::<Sha256>::new_from_slice(secret)?;
    let tag = move |message: &[u8]| {
        let mut mac = prepared.clone();
        mac.update(message);
        black_box(mac.finalize());
    };
    let (same_tag, same) = (tag.clone(), message.clone());
    Ok(vec![
        Case::new(NAME, Step::Sign, move || tag(black_box(&message))),
        Case::new(NAME, Step::Verify, move || same_tag(black_box(&same))),
    ])
}

fn signer(algorithm: Algorithm, pair: &Pair) -> Result<Sign, Failure> {
    let (der, random) = (&pair.private_der, SystemRandom::new());
    Ok(match algorithm {
        Algorithm::ES256 | Algorithm::ES384 => {
            let curve = match algorithm {
                Algorithm::ES256 => &signatures::ECDSA_P256_SHA256_FIXED_SIGNING,
                _ => &signatures::ECDSA_P384_SHA384_FIXED_SIGNING,
            };
            let key = EcdsaKeyPair::from_pkcs8(curve, der)?;
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

fn public_key(algorithm: Algorithm, pair: &Pair) -> Result<ParsedPublicKey, Failure> {
    let der = &pair.public_der;
    Ok(match algorithm {
        Algorithm::RS256 => ParsedPublicKey::new(&signatures::RSA_PKCS1_2048_8192_SHA256, der)?,
        Algorithm::PS256 => ParsedPublicKey::new(&signatures::RSA_PSS_2048_8192_SHA256, der)?,
        Algorithm::ES256 => ParsedPublicKey::new(&signatures::ECDSA_P256_SHA256_FIXED, der)?,
        Algorithm::ES384 => ParsedPublicKey::new(&signatures::ECDSA_P384_SHA384_FIXED, der)?,
        _ => ParsedPublicKey::new(&signatures::ED25519, der)?,
    })
}
