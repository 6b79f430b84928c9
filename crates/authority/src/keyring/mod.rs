//! The keys in use: signing, verifying, publishing, generating and withdrawing keys.

mod for_clients;
mod keys;
mod make;
mod pairs;
mod ring;

pub use keys::{Keys, OpenError};
pub use make::{KeyChangeError, import, list, make_for_client, retire, rotate};
use make::{id_token_key, missing_keys, sign_for_clients};
use pairs::KeyPairs;
pub use ring::{KeyOverview, KeyRingError, PublishedKeys, check_key};
pub(crate) use ring::{KeyRing, expired};
