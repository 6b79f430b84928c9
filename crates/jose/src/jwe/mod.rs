//! JSON Web Encryption (RFC 7516, RFC 7518 §4 and §5): any bytes, encrypted for one recipient or several, in the compact
//! and both JSON forms.
//!
//! **Encryption with a public key does not tell who encrypted.** Whoever needs to know signs first and encrypts then:
//! [`nested`](crate::nested) does both. What comes out of here is [`Decrypted`], never `Verified`.
//!
//! ```compile_fail,E0308
//! # use jeton_jose::{jwe::Decrypter, jwt::Verified};
//! # let (token, decrypter) = ("", Decrypter::new([]));
//! let verified: Verified<serde_json::Value> = decrypter.decrypt(token).unwrap();
//! ```
//!
//! `RSA1_5` is not there: its padding tells attackers apart what they should not know (RFC 8725 §3.2), and no library promises
//! otherwise. Texts are never compressed when they are made, since their length would tell about secrets within.

mod agreement;
mod attempt;
mod compact;
mod content_encryption;
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

pub use content_encryption::ContentEncryption;
pub use decrypted::Decrypted;
pub use decrypter::Decrypter;
pub use decryption_key::DecryptionKey;
pub use direct::{EncryptionKey, open, seal};
pub use encrypter::Encrypter;
pub use error::{DecryptError, EncryptError};
#[cfg(feature = "hpke")]
pub use hpke::HpkeSuite;
pub use key_management::{KeyManagement, UnknownEncryption};
pub use recipient_key::RecipientKey;
