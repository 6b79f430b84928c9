//! JSON Web Signature (RFC 7515): any bytes, signed by one key or several, in the compact and both JSON forms, attached
//! or detached, encoded or not (RFC 7797).
//!
//! For claims use [`jwt`](crate::jwt), which checks them too.

mod candidates;
mod compact;
pub(crate) mod header;
mod json_form;
mod signer;
mod template;
mod verified;
mod verifier;

pub use header::Header;
pub use signer::{Signer, sign_general, sign_general_detached};
pub use verified::Verified;
pub use verifier::Verifier;

pub(crate) use compact::{Parts, split, verify_signature};
pub(crate) use header::PayloadEncoding;
#[cfg(feature = "x509")]
pub(crate) use json_form::protected_headers;
#[cfg(feature = "x509")]
pub(crate) use template::CertificateMember;
#[cfg(feature = "jwe")]
pub(crate) use template::quoted;
pub(crate) use template::{HeaderTemplate, header_methods};
