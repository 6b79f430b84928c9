//! The rules of a token authority: users, grants, keys, refresh and revocation.
//!
//! Nothing here knows HTTP or SQL, reads a clock or draws random numbers by itself: time, randomness and storage come in
//! as arguments, so each rule can be tested by calling it.

mod access_token;
pub mod audit;
mod authority;
pub mod client;
pub mod device;
pub mod grant;
mod id;
pub mod keys;
mod network;
pub mod one_time;
pub mod password;
mod random;
mod refresh;
pub mod refresh_token;
pub mod session;
pub mod settings;
mod sign_in;
mod sign_out;
pub mod store;
mod sweep;
pub mod throttle;
mod token;
pub mod user;
mod verify;

pub use authority::{Authority, OpenError};
pub use id::{GrantId, ParseIdError, SessionId, UserId};
pub use network::Network;
pub use random::{Random, SystemRandom};
pub use sign_in::SignInError;
pub use sweep::{AUDIT_KEPT, SWEEP_STEP, SweepCursor};
pub use token::{TokenError, TokenPair};
