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

mod algorithm;
mod decrypter;
mod decryption_key;
mod direct;
mod encrypter;
mod error;
mod header;
mod json_form;
mod recipient_key;
mod unwrap;
mod wrap;

pub use algorithm::{ContentEncryption, KeyManagement, UnknownEncryption};
pub use decrypter::{Decrypted, Decrypter};
pub use decryption_key::DecryptionKey;
pub use direct::{EncryptionKey, open, seal};
pub use encrypter::Encrypter;
pub use error::{DecryptError, EncryptError};
pub use recipient_key::RecipientKey;
