//! JSON Web Signature (RFC 7515).

mod compact;
pub(crate) mod header;

pub(crate) use compact::{Parts, split, verify_signature};
pub(crate) use header::Header;
