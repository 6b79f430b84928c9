//! DPoP: proof that the sender of a request has the key that a token is bound to (RFC 9449).
//!
//! A proof is good once. This crate judges everything about it but that: the caller remembers each
//! [`Proof::replay_id`] until [`Proof::remember_until`], and refuses the second.

mod error;
mod nonces;
mod proof;
mod prover;
mod request;

pub use error::DpopError;
pub use nonces::{NonceDemand, Nonces};
pub use proof::{Proof, ProofVerifier};
pub use prover::Prover;
pub use request::Request;
