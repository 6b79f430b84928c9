//! The compact form: header, payload and signature with dots between them (RFC 7515 §7.1).

use crate::base64url;
use crate::error::VerifyError;
use crate::key::VerifyingKey;

/// The three segments, still encoded.
#[derive(Clone, Copy)]
pub(crate) struct Parts<'t> {
    pub(crate) header: &'t [u8],
    pub(crate) payload: &'t [u8],
    pub(crate) signature: &'t [u8],
    /// Header and payload with the dot between them: what is signed.
    pub(crate) signing_input: &'t [u8],
}

/// Cuts a token at its two dots. A third one is in the payload, whose alphabet refuses it, and so is looked for only there.
pub(crate) fn split(token: &str) -> Result<Parts<'_>, VerifyError> {
    let bytes = token.as_bytes();
    let last = memchr::memrchr(b'.', bytes).ok_or(VerifyError::Malformed)?;
    let (signing_input, signature) = bytes.split_at_checked(last).ok_or(VerifyError::Malformed)?;
    let first = memchr::memchr(b'.', signing_input).ok_or(VerifyError::Malformed)?;
    let (header, payload) = signing_input.split_at_checked(first).ok_or(VerifyError::Malformed)?;
    let payload = payload.get(1..).unwrap_or_default();
    let signature = signature.get(1..).unwrap_or_default();
    if header.is_empty() || memchr::memchr(b'.', payload).is_some() {
        return Err(VerifyError::Malformed);
    }
    Ok(Parts { header, payload, signature, signing_input })
}

/// Decodes a signature and verifies it. One that has not the length of the key's is refused before any work.
pub(crate) fn verify_signature(
    key: &VerifyingKey,
    message: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    /// Room for signatures of up to 144 bytes, which all but RSA and ML-DSA have.
    const SHORT: usize = 144;
    let invalid = VerifyError::SignatureInvalid;
    if signature.len() != base64url::encoded_len(key.signature_len()) {
        // A signature of another length may still be malformed, which says more than that it is wrong.
        return match base64url::decode(signature) {
            Ok(_) => Err(invalid),
            Err(_) => Err(VerifyError::Malformed),
        };
    }
    let verified = if base64url::room_for(signature.len()) <= SHORT {
        let mut room = [0; SHORT];
        let signature = base64url::decode_slice(signature, &mut room).ok_or(VerifyError::Malformed)?;
        key.verify(message, signature)
    } else {
        let signature = base64url::decode(signature).map_err(|_| VerifyError::Malformed)?;
        key.verify(message, &signature)
    };
    verified.map_err(|_| invalid)
}
