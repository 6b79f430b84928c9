//! JSON Web Encryption (RFC 7516).

mod direct;
mod error;

pub use direct::{EncryptionKey, open, seal};
pub use error::DecryptError;
