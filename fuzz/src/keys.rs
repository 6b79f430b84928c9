//! Fixed keys, so that an input means the same in every run.

use jeton_jose::jwe::{DecryptionKey, KeyManagement};
use jeton_jose::{Algorithm, Jwk, PrivateKey, SharedSecret};

/// The time of every check (seconds since 1970).
pub const NOW: i64 = 1_800_000_000;

/// The secret that tokens are signed with.
pub const HMAC: &[u8; 32] = b"a secret for fuzzing, of 32 byte";

/// The key that texts are encrypted with.
pub const CONTENT: &[u8; 32] = b"another secret for fuzzing, same";

/// The seed of the Ed25519 key that proofs are signed with.
pub const SEED: &[u8; 32] = b"a seed for a key that proves it!";

/// [`HMAC`] as a key for HS256.
pub fn hmac(kid: &str) -> SharedSecret {
    SharedSecret::new(Algorithm::HS256, HMAC).expect("long enough").with_kid(kid)
}

/// [`CONTENT`] as a key for `dir`.
pub fn content() -> DecryptionKey {
    let jwk = Jwk::from_secret(CONTENT);
    DecryptionKey::from_jwk_for(KeyManagement::Dir, &jwk).expect("long enough")
}

/// [`SEED`] as a key for Ed25519.
pub fn ed25519() -> PrivateKey {
    PrivateKey::from_jwk(&Jwk::parse(ed25519_jwk(true).as_bytes()).expect("it is one")).expect("it is whole")
}

/// The key of [`SEED`] as a JWK, with or without its private member.
pub fn ed25519_jwk(private: bool) -> String {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
    let pair = Ed25519KeyPair::from_seed_unchecked(SEED).expect("any seed will do");
    let x = crate::token::encode(pair.public_key());
    let d = if private { format!(r#","d":"{}""#, crate::token::encode(SEED)) } else { String::new() };
    format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"{d}}}"#)
}

/// A private key for agreements on X25519, by its seed [`SEED`].
pub fn x25519_jwk() -> String {
    use aws_lc_rs::agreement::{PrivateKey, X25519};
    let key = PrivateKey::from_private_key(&X25519, SEED).expect("any seed will do");
    let x = crate::token::encode(key.compute_public_key().expect("it has one"));
    format!(r#"{{"kty":"OKP","crv":"X25519","x":"{x}","d":"{}"}}"#, crate::token::encode(SEED))
}
