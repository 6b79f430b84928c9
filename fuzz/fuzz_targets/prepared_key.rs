//! Prepared public keys: every signature, good, changed or invented, under honest keys and under whatever bytes are a key, is judged
//! by the tables of a prepared key as AWS-LC judges it.
#![no_main]

use std::cell::RefCell;
use std::collections::HashMap;

use jeton_fuzz::token;
use jeton_jose::jws::Verifier;
use jeton_jose::{Algorithm, PrivateKey, PublicKey};
use libfuzzer_sys::fuzz_target;

/// A key that signs, and both ways to verify.
struct Keys {
    private: PrivateKey,
    plain: Verifier,
    prepared: Verifier,
}

thread_local! {
    /// Making a table takes longer than verifying a thousand signatures.
    static KEYS: RefCell<HashMap<(bool, u8), Keys>> = RefCell::default();
}

fuzz_target!(|data: &[u8]| {
    let Some((&[mode, number], rest)) = data.split_first_chunk() else { return };
    let Some((mask, rest)) = rest.split_first_chunk::<64>() else { return };
    if mode % 3 == 2 {
        return any_bytes(mask, rest);
    }
    let ecdsa = mode % 3 == 0;
    KEYS.with_borrow_mut(|all| {
        let keys = all.entry((ecdsa, number)).or_insert_with(|| made(ecdsa, number));
        let signed = jeton_jose::jws::Signer::new(&keys.private).sign(rest).expect("it signs");
        let (input, signature) = signed.rsplit_once('.').expect("a signature");
        let mut changed = token::decode(signature).expect("base64url");
        changed.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
        judge(&keys.plain, &keys.prepared, input, &changed, mask == &[0; 64]);
        judge(&keys.plain, &keys.prepared, input, mask, false);
    });
});

/// Both verify the same signatures.
fn judge(plain: &Verifier, prepared: &Verifier, input: &str, signature: &[u8], good: bool) {
    let text = format!("{input}.{}", token::encode(signature));
    let (plain, prepared) = (plain.verify(&text), prepared.verify(&text));
    assert_eq!(plain.as_ref().err(), prepared.as_ref().err(), "the tables and AWS-LC disagree");
    assert!(!good || plain.is_ok(), "what was signed verifies");
}

/// A key of this number.
fn made(ecdsa: bool, number: u8) -> Keys {
    let scalar = token::sha256([number]);
    // SEC1 without the public point; PKCS#8 with the seed alone.
    let (algorithm, head, tail): (_, &[u8], &[u8]) = if ecdsa {
        let curve = &[0xa0, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
        (Algorithm::ES256, &[0x30, 49, 2, 1, 1, 4, 32], curve)
    } else {
        (Algorithm::Ed25519, &[0x30, 46, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 34, 4, 32], &[])
    };
    let der = [head, &scalar, tail].concat();
    let private = PrivateKey::from_der(algorithm, &der).expect("any number will do");
    let public = private.public_key();
    let prepared = Verifier::new(public.clone().prepare().expect("it is on its curve"));
    Keys { private, plain: Verifier::new(public), prepared }
}

/// A key of Ed25519 whose bytes are the first 32 of `rest`, if they are a point.
fn any_bytes(signature: &[u8; 64], rest: &[u8]) {
    let Some((point, message)) = rest.split_first_chunk::<32>() else { return };
    let der = [&[0x30, 42, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 33, 0][..], point].concat();
    let Ok(public) = PublicKey::from_der(Algorithm::Ed25519, &der) else { return };
    let Ok(prepared) = public.clone().prepare() else { return };
    let input = format!("{}.{}", token::encode(r#"{"alg":"Ed25519"}"#), token::encode(message));
    judge(&Verifier::new(public), &Verifier::new(prepared), &input, signature, false);
}
