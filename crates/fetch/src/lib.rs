//! Fetches small documents safely from hosts named by untrusted parties, and posts forms to them.
//!
//! Anyone who can put a URL into a request or a registration could make a server send requests to whatever it can
//! reach (server-side request forgery). A [`Fetcher`] therefore connects only to public addresses unless more is
//! allowed, connects to exactly the address that it checked, follows no redirects, and limits bytes and time.
//!
//! ```no_run
//! use jeton_fetch::{Fetcher, RemoteUrl};
//!
//! # async fn run() -> Result<(), jeton_fetch::FetchError> {
//! let keys = Fetcher::new().jwk_set(&RemoteUrl::parse("https://client.example/jwks.json")?).await?;
//! # Ok(()) }
//! ```
//!
//! - **Keys:** [`Fetcher::jwk_set`], or [`Fetcher::jwk_set_of`] for those that an issuer's metadata name.
//! - **Another document:** [`Fetcher::json`] requires a JSON media type.
//! - **Repeatedly:** [`Kept`] keeps a document fresh, and prevents floods of requests when a host fails or a key is
//!   unknown.
//! - **Sending something:** [`Fetcher::post_form`].
//! - **An endless response:** [`Fetcher::stream`].

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
mod streamed;
mod tls;
mod url;

pub use address::Reach;
pub use error::FetchError;
pub use fetcher::Fetcher;
pub use freshness::Freshness;
pub use kept::{Fetched, Kept, Origin, TurnedAway};
pub use metadata::IssuerMetadata;
pub use streamed::Streamed;
pub use url::{RemoteUrl, RemoteUrlError};
