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
//! No I/O, no async run-time, no clock and no globals: the time is an argument. `Signer` and `Verifier` are prepared once and
//! shared; neither ever changes.
//!
//! # Which algorithm?
//!
//! [`Algorithm::ES256`], unless you know better: small, fast to sign, and everybody has it. [`Algorithm::Ed25519`] where all
//! verifiers are recent. [`Algorithm::RS256`] for verifiers that know nothing else; signing costs twenty times as much.
//! [`Algorithm::HS256`] only where the verifier may also sign. [`Algorithm::MlDsa65`] where signatures must outlive the
//! arrival of quantum computers, at three kilobytes each.
//!
//! A key belongs to one algorithm from the moment it is made, and a token's `alg` only has to agree with it. There is no
//! `none`. A public key and a [`SharedSecret`] are different types, and the text of one is refused as the other.
//!
//! Sets that name no algorithm (Microsoft Entra ID): [`KeySet::from_jwk_set_with`]. Sets with keys that cannot be used: those are
//! left out, and [`JwkSet::skipped`] says why.
//!
//! # Rotating keys?
//!
//! Publish the next key before it signs: [`JwkSet::new`] with both, [`JwkSet::public`], [`JwkSet::to_json`]. Verifiers read it with
//! [`JwkSet::parse`] and [`KeySet::from_jwk_set`], and find a token's key by its `kid`. Sign with the next key once everybody has
//! had the time to fetch it; leave the old one in the set until its last token has expired.
//!
//! # Validating the audience?
//!
//! [`Verifier::new`](jwt::Verifier::new) asks for it, like for the issuer: a token that was made for somebody else is refused
//! with `audience_mismatch`. Who is known by several names says [`Audience::one_of`](jwt::Audience::one_of); who really
//! means anybody says [`Audience::any`](jwt::Audience::any).
//!
//! Tokens of a known kind have more to show: [`Verifier::access_token`](jwt::Verifier::access_token) wants what RFC 9068 demands,
//! [`Verifier::id_token`](jwt::Verifier::id_token) and [`Verifier::logout_token`](jwt::Verifier::logout_token) what OpenID
//! Connect does.
//!
//! # Keys in certificates?
//!
//! A certificate is read wherever a key is, in PEM or DER. The certificates that a token itself carries (`x5c`) mean nothing
//! until an `x509::Verifier` has followed them to a root that it was given.
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
//! What changes with it: `iss` and `aud` are checked always, `exp` must be there, `nbf` and `iat` count, an unknown
//! `crit` and members that appear twice are refused, tokens of another `typ` too.
//! `sub` must be a string, and a signer refuses what no verifier takes.
//! The guide in `docs/guide/jose.md` has the whole list beside what other crates do.
//!
//! # More questions
//!
//! Each has an example in `examples/`: `choose_an_algorithm`, `rotate_keys`, `validate_the_audience`, `typed_claims`,
//! `come_from_jsonwebtoken`, `encrypt_for_a_public_key`, `check_a_status_list` (has it been revoked?), `disclose_selectively`
//! (SD-JWT), `prove_possession` (DPoP), `sign_with_an_hsm` (a key that never leaves its device).
//!
//! # Where it runs
//!
//! Wherever AWS-LC builds: Linux, macOS, Windows, iOS, Android, with a C compiler at hand. Not in WebAssembly and not without the
//! standard library (`no_std`), since AWS-LC runs in neither, and there is no other backend: in a browser or a worker verify
//! with WebCrypto (panva's `jose` does), or behind `jeton-guard` on a server.
//!
//! # Errors
//!
//! Every error is an enum with a stable `code()`, and carries what was found and what was wanted as fields; `docs/errors.md`
//! tells the cause and the remedy of each. None repeats a token, a key, or a claim other than those that say whose token it is.

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
pub use key::{KeySet, PrivateKey, PublicKey, SharedSecret, SigningKey, VerifyingKey};
pub use material::KeyError;
pub use timestamp::Timestamp;
