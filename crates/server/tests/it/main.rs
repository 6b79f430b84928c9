//! The authority over HTTP, driven as its clients drive it.

// Requests pass through many futures, each within another.
#![recursion_limit = "256"]

mod admin_api;
mod anything;
mod app;
mod clock_set_back;
mod control;
mod cross_origin;
mod failing_store;
mod forwarding;
mod hash_pool;
mod health;
mod jwks;
mod keys;
mod known_callers;
mod logs;
mod mail;
mod metrics;
mod nodes;
mod refreshing;
mod request_ids;
mod revocations;
mod second_factor_api;
mod sessions;
mod shortage;
mod shutdown;
mod simplejwt_wire;
mod sockets;
mod sso;
mod tls;
mod token_api_claims;
#[cfg(feature = "otlp")]
mod traces;
mod username_field;
