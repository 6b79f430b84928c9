//! The authority's rules, from outside.

mod accounts;
mod authorizing;
mod clock_set_back;
mod consenting;
mod key_lifecycle;
mod naming;
mod passwords;
mod refresh_model;
mod refreshing;
mod rotating_keys;
mod signing_in;
mod support;
mod throttling;
mod throttling_at_once;
mod tokens;
