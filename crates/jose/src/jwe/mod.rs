//! JSON Web Encryption (RFC 7516, RFC 7518 §4 and §5): any bytes, encrypted for one recipient or several, in the compact
//! and both JSON forms.
//!
//! **Encrypting with a public key does not prove who the sender is.** If that matters, sign first and then encrypt:
//! [`nested`](crate::nested) does both. What comes out of here is [`Decrypted`], never `Verified`.
//!
//! ```compile_fail,E0308
//! # use jeton_jose::{jwe::Decrypter, jwt::Verified};
//! # let (token, decrypter) = ("", Decrypter::new([]));
//! let verified: Verified<serde_json::Value> = decrypter.decrypt(token).unwrap();
//! ```
//!
//! # What is not there
//!
//! **`RSA1_5`.** Its padding (PKCS#1 v1.5) lets an attacker who can tell whether a key is well padded decrypt any text by asking about
//! a million others (Bleichenbacher 1998, and ROBOT 2017 once more). RFC 7516 §11.5 wants the difference hidden, and no library
//! promises to hide it down to its timing, AWS-LC neither; draft-ietf-jose-deprecate-none-rsa15 does away with it. Ask for
//! `RSA-OAEP-256` with the same key.
//!
//! **A way to set keys, nonces or salts.** They are drawn afresh for every text: a nonce that AES-GCM meets twice under one key
//! gives that key's authentication away.
//!
//! ```compile_fail,E0599
//! # use jeton_jose::jwe::{ContentEncryption, Encrypter, RecipientKey};
//! # fn with(key: RecipientKey) {
//! let encrypter = Encrypter::new(ContentEncryption::A256Gcm, key).iv([0; 12]);
//! # }
//! ```
//!
//! **Compression.** The length of a compressed text tells about secrets within, so texts are never compressed when they are
//! made. Reading compressed ones has to be allowed, up to a length: [`Decrypter::allow_compressed`].
//!
//! # Passwords
//!
//! A text under a password (PBES2) says itself how much work it costs to try it. A decrypter accepts 1,000 to 1,200,000
//! iterations, checked before any is made, and only where its key is a password. Others are made with 600,000 (SHA-256) or
//! 210,000, which some libraries refuse: [`Decrypter::max_iterations`] names them.
//!
//! # HPKE
//!
//! With the feature `hpke`, the algorithms `HPKE-0` to `-4` and `-7` of draft-ietf-jose-hpke-encrypt, in base mode: without
//! `psk_id`, and without information of the application's own. `HPKE-5` and `-6` want X448, which AWS-LC does not have; a key
//! for them is refused by name. It is a draft, so that a later version of this crate may not read what this one writes.

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
