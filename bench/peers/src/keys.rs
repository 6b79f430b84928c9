//! The keys, in every encoding that a library wants.

use jeton_jose::{Algorithm, Jwk, KeyError, PrivateKey, SharedSecret};

/// The algorithms that are compared.
pub const ALGORITHMS: [Algorithm; 6] = [
    Algorithm::HS256,
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::Ed25519,
];

/// One key.
pub enum Key {
    /// For HMAC.
    Shared(Vec<u8>),
    /// For signatures.
    Pair(Box<Pair>),
}

/// A private key and its public key.
pub struct Pair {
    /// PKCS#8.
    pub private_der: Vec<u8>,
    /// The same as PEM.
    pub private_pem: String,
    /// SPKI.
    pub public_der: Vec<u8>,
    /// The same as PEM.
    pub public_pem: String,
}

impl Key {
    /// Makes a key.
    ///
    /// # Errors
    /// When the algorithm or an encoding of its keys is not supported.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        if algorithm == Algorithm::HS256 {
            return Ok(Self::Shared(SharedSecret::generate(algorithm)?.expose().to_vec()));
        }
        let key = PrivateKey::generate(algorithm)?;
        let encode = |jwk: &Jwk| Ok::<_, KeyError>((jwk.to_der()?.to_vec(), jwk.to_pem()?.to_string()));
        let (private_der, private_pem) = encode(&key.to_jwk())?;
        let (public_der, public_pem) = encode(&key.public_key().to_jwk())?;
        Ok(Self::Pair(Box::new(Pair { private_der, private_pem, public_der, public_pem })))
    }
}

/// The name that all libraries know: `EdDSA` rather than RFC 9864's `Ed25519`.
pub fn common_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::HS256 => "HS256",
        Algorithm::RS256 => "RS256",
        Algorithm::PS256 => "PS256",
        Algorithm::ES256 => "ES256",
        Algorithm::ES384 => "ES384",
        Algorithm::Ed25519 => "EdDSA",
        other => unreachable!("{other:?} is not among those compared"),
    }
}
