//! Asking for a signature, and looking at it before anybody else does.

use super::{Message, RemoteSignError, RemoteSigner, Signature};
use crate::error::SignError;
use crate::jws::HeaderTemplate;
use crate::key::VerifyingKey;
use crate::material::check_kid;

/// The header that a signer's signatures have.
pub(super) fn header(signer: &dyn RemoteSigner) -> HeaderTemplate {
    let key = signer.public_key();
    HeaderTemplate::new(key.algorithm(), key.kid())
}

/// A signature over the message that verifies.
pub(super) async fn signature(
    signer: &dyn RemoteSigner,
    message: &[u8],
) -> Result<Signature, RemoteSignError> {
    let key = VerifyingKey::from(signer.public_key());
    key.kid().map_or(Ok(()), check_kid).map_err(SignError::from)?;
    let signature = signer.sign(Message::new(key.algorithm(), message)).await?;
    key.verify(message, signature.as_bytes()).map_err(|_| RemoteSignError::SignatureInvalid)?;
    Ok(signature)
}
