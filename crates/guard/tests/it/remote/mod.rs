//! Keys that are fetched from the issuer, over real connections to this machine.

mod fetching;
mod freshness;
mod origin;
mod revocations;
mod rotation;
mod tls;
