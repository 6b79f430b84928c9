//! Signing bytes.

#[cfg(feature = "x509")]
use super::template::CertificateMember;
use super::template::quoted;
use super::{HeaderTemplate, PayloadEncoding, header_methods};
use crate::base64url;
#[cfg(feature = "x509")]
use crate::certificate::CertificateChain;
use crate::error::SignError;
use crate::key::SigningKey;

/// Signs bytes under one key.
///
/// A signer never changes; share it by reference or `Arc`.
#[derive(Clone, Debug)]
pub struct Signer {
    key: SigningKey,
    header: HeaderTemplate,
    unprotected: Vec<(Box<str>, Box<str>)>,
}

impl Signer {
    /// Signs under this key. The header says `alg`, and `kid` if the key has one.
    #[must_use]
    pub fn new(key: impl Into<SigningKey>) -> Self {
        let key = key.into();
        let header = HeaderTemplate::new(key.algorithm(), key.kid());
        Self { key, header, unprotected: vec![] }
    }

    /// Says what the whole JWS is (`typ`).
    #[must_use]
    pub fn typ(mut self, typ: impl Into<String>) -> Self {
        self.header.typ = Some(typ.into().into());
        self
    }

    /// Says what the payload is (`cty`).
    #[must_use]
    pub fn cty(mut self, cty: impl Into<String>) -> Self {
        self.header.cty = Some(cty.into().into());
        self
    }

    /// Names Ed25519 `EdDSA`, for verifiers older than RFC 9864.
    #[must_use]
    pub fn ed25519_as_eddsa(mut self) -> Self {
        self.header.as_eddsa = true;
        self
    }

    /// Includes these certificates (`x5c`), for verifiers who trust their root.
    ///
    /// # Errors
    /// [`SignError::Key`] if the first one is not for the key that signs; [`SignError::HeaderName`] the second time.
    #[cfg(feature = "x509")]
    pub fn certificates(mut self, chain: &CertificateChain) -> Result<Self, SignError> {
        self.header.certified(&self.key, chain, CertificateMember::Chain)?;
        Ok(self)
    }

    /// Names the certificate by its SHA-256 thumbprint (`x5t#S256`), for verifiers who have it.
    ///
    /// # Errors
    /// As [`Signer::certificates`].
    #[cfg(feature = "x509")]
    pub fn certificate_thumbprint(mut self, chain: &CertificateChain) -> Result<Self, SignError> {
        self.header.certified(&self.key, chain, CertificateMember::Thumbprint)?;
        Ok(self)
    }

    /// Moves `kid` to the unprotected header of the JSON forms.
    #[must_use]
    pub fn kid_unprotected(mut self) -> Self {
        if let Some(kid) = self.header.kid.take() {
            self.unprotected.push(("kid".into(), quoted(&kid).into()));
        }
        self
    }

    /// Signs the payload as it is instead of its base64url (RFC 7797), and says so by `b64` and `crit`.
    #[must_use]
    pub fn unencoded(mut self) -> Self {
        self.header.unencoded = true;
        self
    }

    /// The compact serialization.
    ///
    /// # Errors
    /// [`SignError::Unencoded`] for an unencoded payload that has a dot, or anything but printable ASCII (RFC 7797 §5.2);
    /// [`SignError::Unprotected`] if there is an unprotected header.
    pub fn sign(&self, payload: &[u8]) -> Result<String, SignError> {
        if self.header.unencoded && !payload.iter().all(|&byte| (0x20..0x7f).contains(&byte) && byte != b'.')
        {
            return Err(SignError::Unencoded);
        }
        let (header, signature) = self.compact_parts(payload)?;
        let payload = self.encoded(payload)?;
        Ok(format!("{header}.{payload}.{signature}"))
    }

    /// The compact serialization without the payload, which is sent separately (RFC 7515 appendix F).
    ///
    /// # Errors
    /// [`SignError`] if the key must not sign.
    pub fn sign_detached(&self, payload: &[u8]) -> Result<String, SignError> {
        let (header, signature) = self.compact_parts(payload)?;
        Ok(format!("{header}..{signature}"))
    }

    /// The flattened JSON form (RFC 7515 §7.2.2).
    ///
    /// # Errors
    /// [`SignError::Unencoded`] for an unencoded payload that is not UTF-8.
    pub fn sign_flattened(&self, payload: &[u8]) -> Result<String, SignError> {
        let text = quoted(&self.encoded(payload)?);
        Ok(format!("{{\"payload\":{text},{}}}", self.members(payload)?))
    }

    /// The flattened JSON form without the payload.
    ///
    /// # Errors
    /// As [`Signer::sign_detached`].
    pub fn sign_flattened_detached(&self, payload: &[u8]) -> Result<String, SignError> {
        Ok(format!("{{{}}}", self.members(payload)?))
    }

    fn compact_parts(&self, payload: &[u8]) -> Result<(String, String), SignError> {
        if !self.unprotected.is_empty() {
            return Err(SignError::Unprotected);
        }
        self.parts(payload)
    }

    /// `"protected":…,"header":…,"signature":…`
    fn members(&self, payload: &[u8]) -> Result<String, SignError> {
        let (header, signature) = self.parts(payload)?;
        let mut json = format!("\"protected\":\"{header}\",");
        if !self.unprotected.is_empty() {
            let members: Vec<_> =
                self.unprotected.iter().map(|(name, value)| format!("{}:{value}", quoted(name))).collect();
            json.push_str(&format!("\"header\":{{{}}},", members.join(",")));
        }
        json.push_str(&format!("\"signature\":\"{signature}\""));
        Ok(json)
    }

    /// The encoded header and the encoded signature.
    fn parts(&self, payload: &[u8]) -> Result<(String, String), SignError> {
        self.key.check()?;
        let header = base64url::encode(self.header.to_json());
        let encoding =
            if self.header.unencoded { PayloadEncoding::Unencoded } else { PayloadEncoding::Base64url };
        let message = signing_input(header.as_bytes(), payload, encoding);
        let signature = self.key.sign(&message).map_err(|_| SignError::Failed)?;
        Ok((header, base64url::encode(signature.as_slice())))
    }

    fn encoded(&self, payload: &[u8]) -> Result<String, SignError> {
        if self.header.unencoded {
            String::from_utf8(payload.to_vec()).map_err(|_| SignError::Unencoded)
        } else {
            Ok(base64url::encode(payload))
        }
    }
}

header_methods!(Signer);

/// The general JSON serialization (RFC 7515 §7.2.1): one payload, with a signature by each of these.
///
/// # Errors
/// [`SignError::Unencoded`] if only some of them encode the payload; [`SignError::Signers`] for none or more than 16;
/// others as for [`Signer::sign_flattened`].
pub fn sign_general(signers: &[Signer], payload: &[u8]) -> Result<String, SignError> {
    let (first, signatures) = sign_each(signers, payload)?;
    let text = quoted(&first.encoded(payload)?);
    Ok(format!("{{\"payload\":{text},\"signatures\":[{signatures}]}}"))
}

/// The general JSON form without the payload.
///
/// # Errors
/// As [`sign_general`], but any payload may be left unencoded.
pub fn sign_general_detached(signers: &[Signer], payload: &[u8]) -> Result<String, SignError> {
    let (_, signatures) = sign_each(signers, payload)?;
    Ok(format!("{{\"signatures\":[{signatures}]}}"))
}

/// The first signer, and the members of the list of signatures.
fn sign_each<'s>(signers: &'s [Signer], payload: &[u8]) -> Result<(&'s Signer, String), SignError> {
    let Some(first) = signers.first().filter(|_| signers.len() <= super::json_form::MAX_SIGNATURES) else {
        return Err(SignError::Signers);
    };
    if signers.iter().any(|signer| signer.header.unencoded != first.header.unencoded) {
        return Err(SignError::Unencoded);
    }
    let signatures: Vec<_> = signers
        .iter()
        .map(|signer| Ok(format!("{{{}}}", signer.members(payload)?)))
        .collect::<Result<_, SignError>>()?;
    Ok((first, signatures.join(",")))
}

/// What is signed: the encoded header, a dot, and the payload (RFC 7515 §5.1, RFC 7797 §3).
pub(super) fn signing_input(header: &[u8], payload: &[u8], encoding: PayloadEncoding) -> Vec<u8> {
    let mut message = Vec::with_capacity(header.len() + 1 + base64url::encoded_len(payload.len()));
    message.extend_from_slice(header);
    message.push(b'.');
    match encoding {
        PayloadEncoding::Base64url => base64url::encode_into(payload, &mut message),
        PayloadEncoding::Unencoded => message.extend_from_slice(payload),
    }
    message
}
