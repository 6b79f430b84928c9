//! The authority's keys: how they are kept, when they sign, when they are published.

mod stored;

pub use stored::{KeyId, KeyPurpose, SealedKey, StoredKey};
