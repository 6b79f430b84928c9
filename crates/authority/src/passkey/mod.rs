//! Passkeys: what a browser brings back from an authenticator is verified here (Web Authentication Level 3, §7).
//!
//! Attestation is neither asked for nor looked at: any authenticator may be used, so what it says about its maker proves nothing
//! that anything here depends on.

mod authenticator_data;
mod ceremony;
mod client_data;
mod cose;
mod error;
mod makers;
mod relying_party;
mod response;
mod stored;

pub use ceremony::{
    Assertion, Registered, UserVerification, algorithms, verify_assertion, verify_registration,
};
pub use error::PasskeyError;
pub use relying_party::{NoRelyingParty, RelyingParty};
pub use response::{AssertionResponse, RegistrationResponse};
pub use stored::{CredentialId, Passkey, PasskeyKey};

#[cfg(test)]
mod published;
