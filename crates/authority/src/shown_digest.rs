//! The digest of what a page shows, to detect when that has changed.

use jeton_jose::base64url;
use sha2::{Digest, Sha256};

/// The digest of what a page showed or was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownDigest(pub(crate) [u8; 32]);

impl ShownDigest {
    /// The digest for a page whose content cannot change.
    pub const NOTHING: Self = Self([0; 32]);

    /// The digest of these texts, in this order.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        Self(hasher.finalize().into())
    }

    /// The digest as text.
    pub fn to_text(&self) -> String {
        base64url::encode(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_tells_where_one_part_ends_and_the_next_begins() {
        assert_ne!(ShownDigest::of(["ab", "c"]), ShownDigest::of(["a", "bc"]));
        assert_ne!(ShownDigest::of([]), ShownDigest::NOTHING);
        assert_eq!(ShownDigest::of(["a", "b"]), ShownDigest::of(["a", "b"]));
    }
}
