//! Keys that are fetched from the issuer (feature `remote`).
//!
//! ```no_run
//! use jeton_guard::{Guard, remote::RemoteJwkSet};
//!
//! let guard = Guard::remote("https://api.example", RemoteJwkSet::discovered("https://auth.example")).build();
//! ```
//!
//! - [`RemoteJwkSet`] keeps one issuer's keys fresh for a [`Guard`](crate::Guard).
//! - [`Fetcher`] fetches once, under the same limits, for programs that need a set immediately.

mod builder;
mod jwk_set;

pub use builder::RemoteJwkSetBuilder;
pub use jeton_fetch::{FetchError, Fetcher, IssuerMetadata, Reach, RemoteUrl, RemoteUrlError};
pub(crate) use jwk_set::Fetched;
pub use jwk_set::RemoteJwkSet;
