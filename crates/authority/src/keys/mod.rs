//! The authority's keys: how they are kept, when they sign, when they are published.

mod binding;
pub mod lifecycle;
mod make;
mod master;
mod pairs;
mod ring;
mod stored;

pub use binding::{KeyFit, MasterKeyCheck, SealedThings};
pub use lifecycle::KeyState;
pub use make::{KeyChangeError, import, list, make_for_client, retire, rotate};
pub(crate) use make::{id_token_key, missing_keys, newest, sign_for_clients};
pub use master::{MASTER_KEY_BYTES, MasterKey, WrongMasterKey};
pub(crate) use pairs::KeyPairs;
pub(crate) use ring::{KeyRing, expired};
pub use ring::{KeyRingError, PublishedKeys};
pub use stored::{KeyId, KeyPurpose, SealedKey, StoredKey};
