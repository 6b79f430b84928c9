//! JOSE and JWT: keys, signatures, encryption and claims, in types that cannot be misused.
//!
//! ```
//! use jeton_jose::jwt::{Signer, Verifier};
//! use jeton_jose::{Algorithm, PrivateKey, Timestamp};
//! use serde_json::{Value, json};
//!
//! let key = PrivateKey::generate(Algorithm::ES256)?.with_kid("2026-11");
//! let now = Timestamp::from_unix(1_800_000_000); // from your clock
//!
//! let claims = json!({"iss": "https://issuer.example", "aud": "api", "sub": "ada", "exp": now.unix() + 300});
//! let token = Signer::new(&key).typ("at+jwt").sign(&claims)?;
//!
//! let verifier = Verifier::new("https://issuer.example", "api", key.public_key()).typ("at+jwt");
//! let verified = verifier.verify::<Value>(&token, now)?;
//! assert_eq!(verified.registered().sub(), Some("ada"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! No I/O, no async runtime, no clock and no globals: the time is an argument. A `Signer` or `Verifier` is prepared
//! once and shared; neither ever changes.
//!
//! # Which algorithm?
//!
//! [`Algorithm::ES256`] is the default choice: small, fast to sign, and universally supported. Use
//! [`Algorithm::Ed25519`] if all verifiers are recent, and [`Algorithm::RS256`] for verifiers that support nothing
//! else; signing costs twenty times as much. Use [`Algorithm::HS256`] only if the verifier may also sign, and
//! [`Algorithm::MlDsa65`] if signatures must remain secure against quantum computers, at three kilobytes each.
//!
//! A key belongs to one algorithm from the moment it is made, and a token's `alg` only has to agree with it. There is
//! no `none`. A public key and a [`SharedSecret`] are different types, and the text of one is refused as the other.
//!
//! For sets whose keys have no algorithm (Microsoft Entra ID), use [`KeySet::from_jwk_set_with`]. Unusable keys in a
//! set are skipped, and [`JwkSet::skipped`] says why.
//!
//! # Rotating keys?
//!
//! Publish the next key before it signs: [`JwkSet::new`] with both, [`JwkSet::public`], [`JwkSet::to_json`]. Verifiers
//! read the set with [`JwkSet::parse`] and [`KeySet::from_jwk_set`], and find a token's key by its `kid`. Sign with
//! the next key after everybody has had time to fetch it, and leave the old one in the set until its last token has
//! expired.
//!
//! # Validating the audience?
//!
//! [`Verifier::new`](jwt::Verifier::new) requires it, like the issuer: a token for another audience is refused with
//! `audience_mismatch`. If a service has several names, use [`Audience::one_of`](jwt::Audience::one_of). To accept any
//! audience deliberately, use [`Audience::any`](jwt::Audience::any).
//!
//! Some kinds of tokens have further requirements: [`Verifier::access_token`](jwt::Verifier::access_token) checks
//! those of RFC 9068, [`Verifier::id_token`](jwt::Verifier::id_token) and
//! [`Verifier::logout_token`](jwt::Verifier::logout_token) those of OpenID Connect.
//!
//! # Keys in certificates?
//!
//! A certificate can be read wherever a key can, in PEM or DER. The certificates in a token (`x5c`) have no meaning
//! until an `x509::Verifier` has followed them to one of its roots.
//!
//! # Coming from jsonwebtoken?
//!
//! | there | here |
//! |---|---|
//! | `EncodingKey::from_ec_pem(pem)` | [`PrivateKey::from_pem(Algorithm::ES256, pem)`](PrivateKey::from_pem) |
//! | `DecodingKey::from_secret(b)` | [`SharedSecret::new(Algorithm::HS256, b)`](SharedSecret::new), at least 32 bytes |
//! | `DecodingKey::from_jwk` for each of a `JwkSet` | [`KeySet::from_jwk_set(&JwkSet::parse(json)?)`](KeySet::from_jwk_set) |
//! | `DecodingKey::from_jwk(jwk)` | [`PublicKey::from_jwk(&Jwk::parse(json)?)`](PublicKey::from_jwk) |
//! | `encode(&Header::new(alg), &claims, &key)` | [`Signer::new(key).sign(&claims)`](jwt::Signer::sign) |
//! | `decode::<C>(token, &key, &validation)` | [`Verifier::new(iss, aud, keys).verify::<C>(token, now)`](jwt::Verifier::verify) |
//! | `decode_header(token)` | [`Unverified::parse(token)`](jwt::Unverified::parse) |
//! | `Validation { leeway, .. }` | [`Verifier::leeway`](jwt::Verifier::leeway), 30 s unless said |
//!
//! Differences: `iss` and `aud` are always checked, `exp` is required, `nbf` and `iat` are checked; an unknown `crit`,
//! repeated members and tokens with another `typ` are refused. `sub` must be a string, and a signer refuses claims
//! that no verifier accepts. The guide in `docs/guide/jose.md` compares all of this with other crates.
//!
//! # More questions
//!
//! Each has an example in `examples/`: `choose_an_algorithm`, `rotate_keys`, `validate_the_audience`, `typed_claims`,
//! `come_from_jsonwebtoken`, `encrypt_for_a_public_key`, `check_a_status_list` (has it been revoked?), `disclose_selectively`
//! (SD-JWT), `prove_possession` (DPoP), `sign_with_an_hsm` (a key that never leaves its device).
//!
//! # Where it runs
//!
//! Wherever AWS-LC builds: Linux, macOS, Windows, iOS and Android, with a C compiler. Not in WebAssembly and not
//! without the standard library (`no_std`), because AWS-LC does not support these, and there is no other backend. In a
//! browser or a worker, verify with WebCrypto (panva's `jose` does), or behind `jeton-guard` on a server.
//!
//! # Errors
//!
//! Every error is an enum with a stable `code()`, and has what was found and what was expected as fields;
//! `docs/errors.md` lists the cause and the remedy of each. No error repeats a token, a key, or a claim except those
//! that identify the token.

// No input makes the library panic: nothing is indexed, and what cannot fail says why (`expect`).
#![cfg_attr(
    not(test),
    warn(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::panic,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

mod algorithm;
pub mod base64url;
#[cfg(feature = "x509")]
mod certificate;
#[cfg(feature = "jwe")]
mod content_encryption;
mod crypto;
mod curve;
mod der;
#[cfg(feature = "dpop")]
pub mod dpop;
mod encoding;
mod error;
mod expected;
mod found;
#[cfg(any(feature = "jwe", feature = "status-list"))]
mod inflate;
pub mod json;
#[cfg(feature = "jwe")]
pub mod jwe;
pub mod jwk;
pub mod jws;
pub mod jwt;
mod key;
mod material;
#[cfg(doctest)]
mod mistakes;
#[cfg(feature = "jwe")]
pub mod nested;
pub mod random;
pub mod remote_signer;
#[cfg(feature = "sd-jwt")]
pub mod sd_jwt;
mod shown;
mod signature;
#[cfg(feature = "status-list")]
pub mod status_list;
mod timestamp;
#[cfg(feature = "jwe")]
#[cfg(test)]
#[path = "../tests/it/vectors.rs"]
#[expect(dead_code, reason = "shared with the tests beside the crate, which read more")]
mod vectors;
#[cfg(feature = "x509")]
pub mod x509;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use crypto::RsaBits;
pub use error::{SignError, VerifyError};
pub use found::{ClaimFault, KeyNames};
pub use jwk::{Jwk, JwkSet};
pub use key::{KeySet, PrivateKey, PublicKey, SharedSecret, SignatureInvalid, SigningKey, VerifyingKey};
pub use material::KeyError;
pub use timestamp::Timestamp;
