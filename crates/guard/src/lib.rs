//! Protects a Rust API with access tokens: a tower layer and axum extractors.
//!
//! A [`Guard`] knows one issuer, one audience and the issuer's keys. Its [`layer`](Guard::layer) lets a request pass
//! only with a good bearer token (RFC 6750), and answers the others itself.
//!
//! ```
//! # #[cfg(feature = "axum")] {
//! use axum::{Router, routing::get};
//! use jeton_guard::{AccessToken, Guard};
//! use jeton_jose::{JwkSet, KeySet};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let jwks = br#"{"keys":[]}"#;
//! let keys = KeySet::from_jwk_set(&JwkSet::parse(jwks)?)?;
//! let guard = Guard::new("https://auth.example", "https://api.example", keys);
//!
//! let app: Router = Router::new()
//!     .route("/hello", get(|token: AccessToken| async move { format!("Hello, {}!", token.sub) }))
//!     .layer(guard.layer());
//! # Ok(()) }
//! # }
//! ```
//!
//! - **Some routes for everybody?** [`Guard::optional_layer`], and `Option<AccessToken>` in the handler.
//! - **Scopes?** [`RequireScope`] on a route, [`AccessToken::require_scope`] within a handler.
//! - **More than a scope can say (RFC 9396)?** [`AccessToken::details`].
//! - **Own claims?** [`GuardBuilder::claims`] with a type that is [`GuardedClaims`].
//! - **Keys that change?** [`Guard::replace_keys`]; or, with the feature `remote`, `RemoteJwkSet`, which fetches them
//!   and follows every change.
//! - **Tokens that are refused as soon as their session ends?** With the feature `remote`, `GuardBuilder::revocations`.
//! - **A shared secret (HS256)?** A `SharedSecret` is a key set of one.
//! - **The same tokens again and again?** [`GuardBuilder::remember`].
//! - **A front end that was written for Django?** [`BodyStyle::SimpleJwt`].
//!
//! - **Tokens that are bound to a key (DPoP)?** [`GuardBuilder::dpop`].
//! - **Tokens that are bound to a certificate?** [`ClientCertificate`], among the extensions of each request.
//! - **Clients that know only the API's URL?** [`ProtectedResource`].
//!
//! A token in a query or in a body is never read. A token that is bound to a key or a certificate (`cnf`) passes only with a proof
//! of it, and not at all where the guard was not told to check proofs.

mod answer;
mod certificate;
mod challenge;
mod claims;
mod clock;
mod credentials;
mod dpop;
#[cfg(feature = "axum")]
mod extract;
mod guard;
mod layer;
mod policy;
mod received_uri;
mod refusal;
#[cfg(feature = "remote")]
pub mod remote;
mod require_scope;
mod resource;
#[cfg(feature = "remote")]
pub mod revocations;
mod token;

pub use answer::BodyStyle;
pub use certificate::ClientCertificate;
pub use claims::GuardedClaims;
pub use clock::{Clock, ManualClock};
pub use dpop::{Dpop, InProcessMemory, ProofMemory, ProofUse};
pub use guard::{Guard, GuardBuilder, KeysAreRemote};
pub use jeton_jose::dpop::{NonceDemand, Nonces};
pub use layer::{GuardFuture, GuardLayer, Guarded};
pub use received_uri::ReceivedUri;
pub use refusal::Refusal;
pub use require_scope::{RequireScope, ScopeFuture, ScopeRequired};
pub use resource::{ProtectedResource, ResourceUrlError};
pub use token::{AccessToken, Rejection};
