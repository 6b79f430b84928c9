//! Fetches small documents from hosts that strangers name, and posts forms to them.
//!
//! Who may write a URL into a request or a registration may make a server ask whatever that server can reach (server-side
//! request forgery). So a [`Fetcher`] asks public addresses alone until more is allowed, connects to the very address
//! that it checked, follows no redirect, and takes no more than it was prepared for, neither bytes nor time.
//!
//! ```no_run
//! use jeton_fetch::{Fetcher, RemoteUrl};
//!
//! # async fn run() -> Result<(), jeton_fetch::FetchError> {
//! let keys = Fetcher::new().jwk_set(&RemoteUrl::parse("https://client.example/jwks.json")?).await?;
//! # Ok(()) }
//! ```
//!
//! - **Keys?** [`Fetcher::jwk_set`], [`Fetcher::jwk_set_of`] for those that an issuer's metadata name.
//! - **Another document?** [`Fetcher::json`] wants JSON that says that it is JSON.
//! - **Again and again?** [`Kept`] keeps a document fresh, and a host that fails or a key that is unknown from causing a storm.
//! - **Telling somebody something?** [`Fetcher::post_form`].

mod address;
mod connect;
mod error;
mod exchange;
mod fetcher;
mod flight;
mod freshness;
mod kept;
mod metadata;
mod own_certificate;
mod tls;
mod url;

pub use address::Reach;
pub use error::FetchError;
pub use fetcher::Fetcher;
pub use freshness::Freshness;
pub use kept::{Fetched, Kept, Origin, TurnedAway};
pub use metadata::IssuerMetadata;
pub use url::{RemoteUrl, RemoteUrlError};
