//! The rules of a token authority: users, grants, keys, refresh and revocation.
//!
//! Nothing here knows HTTP or SQL, reads a clock or draws random numbers by itself: time, randomness and storage come in
//! as arguments, so each rule can be tested by calling it.

pub mod audit;
pub mod grant;
mod id;
pub mod keys;
mod network;
pub mod password;
pub mod refresh_token;
pub mod store;
pub mod user;

pub use id::{GrantId, ParseIdError, UserId};
pub use network::Network;
