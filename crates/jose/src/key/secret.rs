//! Shared secrets.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::identity::{Identity, identified, renamed};
use crate::Algorithm;
use crate::crypto::SecretBytes;
use crate::crypto::{HmacKey, SignKey, VerifyKey, fill_random};
use crate::encoding;
use crate::jwk::{Jwk, JwkSet, KeyOperation};
use crate::material::{KeyError, Material};

/// A secret that signer and verifier share, for one HMAC algorithm.
///
/// Anyone who can verify with it can also sign with it. Cloning is cheap. `Debug` shows the algorithm and the `kid`.
#[derive(Clone)]
pub struct SharedSecret {
    identity: Identity,
    bytes: Arc<SecretBytes>,
    signing: Arc<SignKey>,
    verifying: Arc<VerifyKey>,
    may_sign: bool,
    may_verify: bool,
}

impl SharedSecret {
    /// From the raw bytes of a secret, at least as many as the hash has: 32, 48 or 64 (RFC 7518 §3.2).
    ///
    /// # Errors
    /// [`KeyError::SecretTooShort`]; [`KeyError::SecretIsPublicKey`] for the text or DER of a public key, which has
    /// enabled forgeries elsewhere; [`KeyError::SecretKnown`] for a published example; [`KeyError::Kind`] for an
    /// algorithm without a secret.
    pub fn new(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        if !algorithm.is_symmetric() {
            return Err(KeyError::Kind { found: "a shared secret", wanted: "a private or public key" });
        }
        let wanted = algorithm.hmac_len();
        if secret.len() < wanted {
            return Err(KeyError::SecretTooShort { bytes: secret.len(), wanted, algorithm });
        }
        if is_public_key(secret) {
            return Err(KeyError::SecretIsPublicKey);
        }
        if is_known(secret) {
            return Err(KeyError::SecretKnown);
        }
        let prepared = HmacKey::new(algorithm, secret).map_err(|_| KeyError::Inconsistent)?;
        Ok(Self {
            identity: Identity::new(algorithm),
            bytes: Arc::new(Zeroizing::new(secret.to_vec())),
            signing: Arc::new(SignKey::Hmac(Box::new(prepared.clone()))),
            verifying: Arc::new(VerifyKey::Hmac(Box::new(prepared))),
            may_sign: true,
            may_verify: true,
        })
    }

    /// Generates a secret as long as the hash.
    ///
    /// # Errors
    /// [`KeyError::Kind`] for an algorithm without a secret.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let mut secret = Zeroizing::new(vec![0; algorithm.hmac_len()]);
        fill_random(&mut secret);
        Self::new(algorithm, &secret)
    }

    /// From a JWK with `kty` oct and an `alg`.
    ///
    /// # Errors
    /// [`KeyError::AlgorithmMissing`] if it has none: use [`SharedSecret::from_jwk_for`]. Others as for
    /// [`SharedSecret::new`], and if `use` or `key_ops` forbids both signing and verifying.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        Self::from_jwk_for(jwk.signature_algorithm()?, jwk)
    }

    /// Takes a JWK of `kty` oct for this algorithm, which its `alg` must name if it has one.
    ///
    /// # Errors
    /// As [`SharedSecret::from_jwk`].
    pub fn from_jwk_for(algorithm: Algorithm, jwk: &Jwk) -> Result<Self, KeyError> {
        jwk.permit(algorithm, &[KeyOperation::Sign, KeyOperation::Verify])?;
        let Material::Secret(secret) = jwk.material() else {
            return Err(KeyError::Kind { found: "an asymmetric key", wanted: "a shared secret" });
        };
        let mut key = Self::new(algorithm, secret)?;
        key.identity.kid = jwk.kid().map(Arc::from);
        key.may_sign = jwk.allows(KeyOperation::Sign);
        key.may_verify = jwk.allows(KeyOperation::Verify);
        Ok(key)
    }

    /// The secret as a JWK with `use`, `alg` and `kid`. Its `Debug` hides the secret too.
    #[must_use]
    pub fn to_jwk(&self) -> Jwk {
        Jwk::for_signing(Material::Secret((*self.bytes).clone()), self.algorithm(), self.kid())
    }

    /// The bytes of the secret, for sending or storing it.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn identity(&self) -> Identity {
        self.identity.clone()
    }

    pub(super) fn signing(&self) -> Option<&SignKey> {
        self.may_sign.then_some(&*self.signing)
    }

    pub(super) fn verifying(&self) -> Option<Arc<VerifyKey>> {
        self.may_verify.then(|| Arc::clone(&self.verifying))
    }

    pub(super) fn check(&self) -> Result<(), KeyError> {
        self.identity.check()
    }
}

identified!(SharedSecret);
renamed!(SharedSecret);

/// Whether the bytes are a public key or a certificate in any text or DER form: RS256-to-HS256 confusion begins with that.
fn is_public_key(secret: &[u8]) -> bool {
    let text = secret.strip_prefix("\u{feff}".as_bytes()).unwrap_or(secret).trim_ascii();
    let letters: Vec<u8> = text.iter().copied().filter(|letter| !letter.is_ascii_whitespace()).collect();
    text.windows(11).any(|window| window == b"-----BEGIN ")
        || text.first() == Some(&b'{') && (Jwk::parse(text).is_ok() || JwkSet::parse(text).is_ok())
        || [&b"ssh-"[..], b"ecdsa-sha2-"].iter().any(|ssh| text.starts_with(ssh))
        // As it is, too: the last byte of a key may be a line feed by chance.
        || encoding::is_key_or_certificate(secret)
        || encoding::is_key_or_certificate(text)
        || base64_turbo::STANDARD.decode(&letters).is_ok_and(|der| encoding::is_key_or_certificate(&der))
}

/// Whether the secret is publicly known: long enough, but published in a tutorial.
fn is_known(secret: &[u8]) -> bool {
    const KNOWN: &[&str] = &[
        "a-string-secret-at-least-256-bits-long",
        "a-valid-string-secret-that-is-at-least-384-bits-long",
        "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
        "your-256-bit-secret-your-256-bit-secret",
        "this-is-a-very-long-secret-key-for-jwt",
        "YOUR_SECRET_KEY_WHICH_SHOULD_BE_LONG_ENOUGH",
        "my-32-character-ultra-secure-and-ultra-long-secret",
        "super-secret-jwt-token-with-at-least-32-characters-long",
        "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
        "@NcRfUjXn2r5u8x/A?D(G+KbPdSgVkYp",
        "secretsecretsecretsecretsecretsecret",
        "abcdefghijklmnopqrstuvwxyz123456",
        "12345678901234567890123456789012",
        "00000000000000000000000000000000",
    ];
    KNOWN.iter().any(|known| known.as_bytes() == secret)
}
