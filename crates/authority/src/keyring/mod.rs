//! The keys in use: what signs, what verifies, what is published, and how a key is made and withdrawn.

mod for_clients;
mod keys;
mod make;
mod pairs;
mod ring;

pub use keys::{Keys, OpenError};
pub use make::{KeyChangeError, import, list, make_for_client, retire, rotate};
use make::{id_token_key, missing_keys, sign_for_clients};
use pairs::KeyPairs;
pub(crate) use ring::{KeyRing, expired};
pub use ring::{KeyRingError, PublishedKeys};
