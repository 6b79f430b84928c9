//! Behaviour of the crate as its callers see it.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "what a test assumes fails the test, aloud")]

mod certificates;
mod dpop;
mod faults_claims;
mod faults_header;
mod faults_keys;
mod faults_rsa;
mod faults_signatures;
mod hpke;
mod incumbents;
mod json;
mod jwe;
mod jwe_faults;
mod jwk;
mod jws;
mod jwt;
mod key_sets;
mod laws;
mod mistakes;
mod nested;
mod numbers;
mod policy;
mod profiles;
mod published;
mod refusals;
mod remote_signer;
mod rfc_examples;
mod rfc_values;
mod sd_jwt;
mod signing;
mod source;
mod status_list;
mod vectors;
mod wycheproof_jws;
mod x509;
