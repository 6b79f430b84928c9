//! JSON Web Encryption (RFC 7516, RFC 7518 §4 and §5): any bytes, encrypted for one recipient or several, in the compact
//! and both JSON forms.
//!
//! **Encrypting with a public key does not prove who the sender is.** If that matters, sign first and then encrypt:
//! [`nested`](crate::nested) does both. The result of decryption is [`Decrypted`], never `Verified`.
//!
//! ```compile_fail,E0308
//! # use jeton_jose::{jwe::Decrypter, jwt::Verified};
//! # let (token, decrypter) = ("", Decrypter::new([]));
//! let verified: Verified<serde_json::Value> = decrypter.decrypt(token).unwrap();
//! ```
//!
//! # What is not supported
//!
//! **`RSA1_5`.** Its padding (PKCS#1 v1.5) lets an attacker who can tell whether a key is well padded decrypt any text
//! with about a million requests (Bleichenbacher 1998, and again ROBOT 2017). RFC 7516 §11.5 requires hiding the
//! difference, and no library guarantees that down to its timing, including AWS-LC;
//! draft-ietf-jose-deprecate-none-rsa15 removes it. Use `RSA-OAEP-256` with the same key.
//!
//! **Setting keys, nonces or salts.** They are generated for every text, because using a nonce twice with one AES-GCM
//! key reveals its authentication key.
//!
//! ```compile_fail,E0599
//! # use jeton_jose::jwe::{ContentEncryption, Encrypter, RecipientKey};
//! # fn with(key: RecipientKey) {
//! let encrypter = Encrypter::new(ContentEncryption::A256Gcm, key).iv([0; 12]);
//! # }
//! ```
//!
//! **Compression when encrypting.** The length of a compressed text reveals secrets in it. Decrypting compressed texts
//! must be allowed, with a limit: [`Decrypter::allow_compressed`].
//!
//! # Passwords
//!
//! A text encrypted with a password (PBES2) states how much work it costs to try it. A decrypter accepts 1,000 to
//! 1,200,000 iterations, checked before any is computed, and only if its key is a password. New texts use 600,000
//! (SHA-256) or 210,000, which some libraries refuse: see [`Decrypter::max_iterations`].
//!
//! # HPKE
//!
//! The feature `hpke` enables the algorithms `HPKE-0` to `-4` and `-7` of draft-ietf-jose-hpke-encrypt in base mode:
//! without `psk_id`, and without application-supplied information. `HPKE-5` and `-6` require X448, which AWS-LC does
//! not have, so keys for them are refused. It is a draft, so a later version of this crate may not read what this one
//! writes.

mod agreement;
mod attempt;
mod compact;
mod decrypted;
mod decrypter;
mod decryption_key;
mod direct;
mod direct_key;
mod encrypter;
mod error;
mod header;
#[cfg(feature = "hpke")]
mod hpke;
mod json_form;
mod jwk_use;
mod key_management;
mod known_header;
mod parts;
mod password;
#[cfg(test)]
mod published;
mod randomness;
mod recipient_key;
mod sealed;
mod template;
mod unwrap;
mod wrap;

pub use decrypted::Decrypted;
pub use decrypter::Decrypter;
pub use decryption_key::DecryptionKey;
pub use direct::{EncryptionKey, open, seal};
pub use encrypter::Encrypter;
pub use error::{DecryptError, EncryptError};
#[cfg(feature = "hpke")]
pub use hpke::HpkeSuite;
pub use key_management::KeyManagement;
pub use recipient_key::RecipientKey;

pub use crate::content_encryption::{ContentEncryption, UnknownEncryption};
