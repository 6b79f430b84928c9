//! Registering a passkey and signing in with it (Web Authentication §7.1 and §7.2).

use jeton_jose::remote_signer::Signature;
use jeton_jose::{Algorithm, PublicKey};
use sha2::{Digest, Sha256};

use super::authenticator_data::{AuthenticatorData, of_attestation_object};
use super::client_data::{self, Ceremony};
use super::cose::ALGORITHMS;
use super::stored::{CredentialId, PasskeyKey};
use super::{AssertionResponse, PasskeyError, RegistrationResponse, RelyingParty};

/// Whether the authenticator has to verify its user, by a PIN or biometrically.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserVerification {
    /// It has to: nothing else does.
    Required,
    /// It need not.
    Optional,
}

/// A passkey that was made, verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// Its id.
    pub id: CredentialId,
    /// Its public key.
    pub key: PasskeyKey,
    /// How many signatures it has made.
    pub counter: u32,
    /// How a browser reaches it.
    pub transports: Vec<Box<str>>,
    /// Whether it can be found without a name; `None` if the browser does not say.
    pub is_discoverable: Option<bool>,
    /// Whether the authenticator verified its user.
    pub user_verified: bool,
    /// Whether it may be copied to other devices.
    pub backup_eligible: bool,
    /// Whether it has been.
    pub backed_up: bool,
    /// The model of its authenticator.
    pub aaguid: [u8; 16],
}

/// What a passkey proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assertion {
    /// Whether the authenticator verified its user.
    pub user_verified: bool,
    /// How many signatures it has made.
    pub counter: u32,
    /// Whether it may be copied to other devices.
    pub backup_eligible: bool,
    /// Whether it has been.
    pub backed_up: bool,
}

/// Verifies a new passkey, made for this challenge.
///
/// # Errors
/// [`PasskeyError`] says what is wrong.
pub fn verify_registration(
    response: &RegistrationResponse,
    challenge: &[u8],
    party: &RelyingParty,
) -> Result<Registered, PasskeyError> {
    client_data::check(&response.response.client_data.0, Ceremony::Registration, challenge, party)?;
    let data = of_attestation_object(&response.response.attestation_object.0)?;
    let data = AuthenticatorData::of(data, party)?;
    let new = data
        .attested
        .ok_or(PasskeyError::Malformed { part: "authenticatorData", cause: "it contains no passkey" })?;
    Ok(Registered {
        id: new.id,
        key: new.key,
        counter: data.counter,
        transports: response.transports(),
        is_discoverable: response.is_discoverable(),
        user_verified: data.user_verified,
        backup_eligible: data.backup_eligible,
        backed_up: data.backed_up,
        aaguid: new.aaguid,
    })
}

/// Verifies a passkey's answer to a challenge, with the public key that was stored.
///
/// # Errors
/// [`PasskeyError`] says what is wrong.
pub fn verify_assertion(
    response: &AssertionResponse,
    key: &PasskeyKey,
    challenge: &[u8],
    party: &RelyingParty,
    verification: UserVerification,
) -> Result<Assertion, PasskeyError> {
    let parts = &response.response;
    client_data::check(&parts.client_data.0, Ceremony::Authentication, challenge, party)?;
    let data = AuthenticatorData::of(&parts.authenticator_data.0, party)?;
    let key = key.public().ok_or(PasskeyError::Stored)?;
    let signed = [&parts.authenticator_data.0[..], &Sha256::digest(&parts.client_data.0)[..]].concat();
    let signature = signature_of(&key, &parts.signature.0)?;
    key.verify_message(&signed, &signature).map_err(|_| PasskeyError::Signature)?;
    if verification == UserVerification::Required && !data.user_verified {
        return Err(PasskeyError::NobodyVerified);
    }
    Ok(Assertion {
        user_verified: data.user_verified,
        counter: data.counter,
        backup_eligible: data.backup_eligible,
        backed_up: data.backed_up,
    })
}

/// The signature in the form that its algorithm has in Web Authentication (§6.5.5): that of ECDSA is DER.
fn signature_of(key: &PublicKey, bytes: &[u8]) -> Result<Signature, PasskeyError> {
    match key.algorithm() {
        Algorithm::ES256 => Signature::from_der(Algorithm::ES256, bytes).map_err(|_| PasskeyError::Signature),
        _ => Ok(Signature::from_bytes(bytes)),
    }
}

/// The algorithms that are asked for, as COSE numbers them (§5.3), the preferred ones first.
pub fn algorithms() -> impl Iterator<Item = i64> {
    ALGORITHMS.into_iter().map(|(number, _)| number)
}
