//! What decrypting gives.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::header::ContentHeader;
use super::{ContentEncryption, KeyManagement};

/// Decrypted bytes, authenticated by the key: **anyone who has the key** can have made them, which for a public key
/// means everybody.
#[derive(Clone)]
pub struct Decrypted {
    pub(super) plaintext: Zeroizing<Vec<u8>>,
    pub(super) content: Arc<ContentHeader>,
    pub(super) alg: KeyManagement,
    pub(super) kid: Option<Arc<str>>,
}

impl Decrypted {
    /// The bytes that were encrypted.
    #[must_use]
    pub fn plaintext(&self) -> &[u8] {
        &self.plaintext
    }

    /// The bytes that were encrypted. They are wiped when dropped.
    #[must_use]
    pub fn into_plaintext(self) -> Zeroizing<Vec<u8>> {
        self.plaintext
    }

    /// The `alg` of the key that decrypted them.
    #[must_use]
    pub fn alg(&self) -> KeyManagement {
        self.alg
    }

    /// The `enc`; integrated encryption (HPKE) has none.
    #[must_use]
    pub fn enc(&self) -> Option<ContentEncryption> {
        self.content.enc
    }

    /// The `kid` that the sender put into the header.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The protected `typ`.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.content.typ.as_deref()
    }

    /// The protected `cty`: what the plaintext is.
    #[must_use]
    pub fn cty(&self) -> Option<&str> {
        self.content.cty.as_deref()
    }

    /// The JSON of the protected header.
    #[must_use]
    pub fn protected_json(&self) -> &str {
        &self.content.json
    }
}

impl fmt::Debug for Decrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decrypted")
            .field("alg", &self.alg)
            .field("content", &self.content)
            .finish_non_exhaustive()
    }
}
