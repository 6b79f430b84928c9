//! The authority's keys: how they are stored, when they sign, and when they are published.

mod binding;
pub mod lifecycle;
mod master;
mod rule;
mod stored;

pub use binding::{KeyFit, MasterKeyCheck, MasterKeyId, SealedThings};
pub use lifecycle::KeyState;
pub use master::{MASTER_KEY_BYTES, MasterKey, WrongMasterKey};
pub use rule::{KeyAddition, KeyWithdrawal, add, newest, withdraw};
pub use stored::{KeyId, KeyPurpose, SealedKey, StoredKey};
