//! Runs the real binary, as people and scripts do.

mod audit;
mod browser;
mod certificates;
mod client;
mod config;
mod demo;
mod demo_single_sign_on;
mod guide;
mod help;
mod import;
mod jwe;
mod jwk;
mod jws;
mod jwt;
mod key;
mod key_sets;
mod log;
mod machine;
mod run;
mod serve;
mod session;
mod signals;
mod tls;
mod token_api;
mod user;
mod vectors;
