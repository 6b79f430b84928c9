//! What a guard lets pass, what it answers otherwise, and how it keeps its keys.

mod certificates;
mod claims;
mod dpop;
mod nested;
mod nonces;
mod refusals;
mod remembered;
#[cfg(feature = "remote")]
mod remote;
mod rotation;
mod scopes;
mod simplejwt;
mod world;
