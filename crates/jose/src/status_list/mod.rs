//! Token Status Lists (draft-ietf-oauth-status-list): whether a token that verifies has been revoked meanwhile, without
//! asking for each one.
//!
//! An issuer numbers its tokens, and gives each a [`StatusReference`] in its `status` claim. It publishes a [`StatusList`] as a
//! signed token: a few bits for each number, compressed. The verifier of a token fetches the list that it names (fetching is
//! the caller's part), verifies it with a [`StatusListVerifier`], and looks up the number.
//!
//! ```
//! use std::time::Duration;
//! use jeton_jose::status_list::{Bits, Status, StatusList, StatusListClaims, StatusListVerifier, StatusReference};
//! use jeton_jose::{Algorithm, PrivateKey, Timestamp};
//!
//! let key = PrivateKey::generate(Algorithm::ES256)?;
//! let now = Timestamp::from_unix(1_800_000_000); // from your clock
//! let uri = "https://issuer.example/status/1";
//!
//! let mut list = StatusList::new(Bits::One, 100_000);
//! list.set(4711, Status::Invalid)?;
//! let token = StatusListClaims::new(uri, &list, now, Duration::from_secs(3600)).iss("https://issuer.example").sign(&key)?;
//!
//! let verifier = StatusListVerifier::new("https://issuer.example", key.public_key());
//! let list = verifier.verify(&token, uri, now)?;
//! assert_eq!(list.status(&StatusReference::new(uri, 4711), now)?, Status::Invalid);
//! assert_eq!(list.status(&StatusReference::new(uri, 4712), now)?, Status::Valid);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod claims;
mod error;
mod list;
mod reference;
mod verifier;

pub use claims::StatusListClaims;
pub use error::StatusListError;
pub use list::{Bits, Status, StatusList};
pub use reference::{StatusClaim, StatusReference};
pub use verifier::{StatusListVerifier, VerifiedStatusList};

/// The `typ` of a status list (draft §5.1).
pub const TYP: &str = "statuslist+jwt";
