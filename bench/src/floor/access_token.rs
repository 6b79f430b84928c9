//! Access tokens of the floor: compact ES256 JWTs with the claims that the token API's own have. What is for a client may be
//! signed with RS256.

use std::sync::OnceLock;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, ParsedPublicKey,
    RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64_simd::{Out, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::ISSUER;
use crate::clock::unix_seconds;

/// How long an access token lives, in seconds.
pub(super) const LIFETIME: u64 = 300;
/// The length of an ES256 signature (RFC 7518 §3.4).
const SIGNATURE_BYTES: usize = 64;

/// What an access token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) token_type: String,
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) aud: String,
    pub(super) exp: u64,
    pub(super) iat: u64,
    pub(super) jti: String,
    pub(super) sid: String,
    pub(super) user_id: String,
}

/// What an ID token is signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IdTokenKey {
    /// The key of access tokens.
    Es256,
    /// An RSA key of 2048 bits.
    Rs256,
}

/// The key pair, the header it writes and accepts, and the published set.
pub(super) struct Signer {
    random: SystemRandom,
    private_key: EcdsaKeyPair,
    public_key: ParsedPublicKey,
    header: String,
    jwks: String,
    /// Made when it is first asked for.
    rsa: OnceLock<RsaKeyPair>,
}

impl Signer {
    /// Makes a P-256 key.
    pub(super) fn generate() -> Result<Self, Unspecified> {
        let private_key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        let point = private_key.public_key().as_ref();
        let public_key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| Unspecified)?;
        // An uncompressed point is 0x04, x, y (SEC 1 §2.3.3).
        let (x, y) =
            (URL_SAFE_NO_PAD.encode_to_string(&point[1..33]), URL_SAFE_NO_PAD.encode_to_string(&point[33..]));
        let kid = &x[..16];
        let header =
            URL_SAFE_NO_PAD.encode_to_string(format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":"{kid}"}}"#));
        let jwks = format!(
            r#"{{"keys":[{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}","use":"sig","alg":"ES256","kid":"{kid}"}}]}}"#
        );
        let rsa = OnceLock::new();
        Ok(Self { random: SystemRandom::new(), private_key, public_key, header, jwks, rsa })
    }

    /// The published JWK set.
    pub(super) fn jwks(&self) -> &str {
        &self.jwks
    }

    /// Random bytes.
    pub(super) fn random<const LENGTH: usize>(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        self.random.fill(&mut bytes).expect("the system has random bytes");
        bytes
    }

    /// Issues an access token for a user's session.
    pub(super) fn issue(&self, user: &str, session: &[u8; 16]) -> String {
        let now = unix_seconds();
        self.sign(&Claims {
            token_type: "access".to_owned(),
            iss: ISSUER.to_owned(),
            sub: user.to_owned(),
            aud: ISSUER.to_owned(),
            exp: now + LIFETIME,
            iat: now,
            jti: hex(&self.random::<16>()),
            sid: hex(session),
            user_id: user.to_owned(),
        })
    }

    /// Signs claims.
    pub(super) fn sign(&self, claims: &impl Serialize) -> String {
        let mut token = String::with_capacity(640);
        token.push_str(&self.header);
        token.push('.');
        let claims = serde_json::to_vec(claims).expect("claims are plain data");
        URL_SAFE_NO_PAD.encode_append(&claims, &mut token);
        let signature = self.private_key.sign(&self.random, token.as_bytes()).expect("the key can sign");
        token.push('.');
        URL_SAFE_NO_PAD.encode_append(signature.as_ref(), &mut token);
        token
    }

    /// Signs claims with this key.
    pub(super) fn sign_by(&self, key: IdTokenKey, claims: &impl Serialize) -> String {
        if key == IdTokenKey::Es256 {
            return self.sign(claims);
        }
        let rsa = self.rsa.get_or_init(|| RsaKeyPair::generate(KeySize::Rsa2048).expect("a key"));
        let mut token = URL_SAFE_NO_PAD.encode_to_string(r#"{"alg":"RS256","typ":"JWT","kid":"rsa"}"#);
        token.push('.');
        let claims = serde_json::to_vec(claims).expect("claims are plain data");
        URL_SAFE_NO_PAD.encode_append(&claims, &mut token);
        let mut signature = vec![0; rsa.public_modulus_len()];
        rsa.sign(&RSA_PKCS1_SHA256, &self.random, token.as_bytes(), &mut signature)
            .expect("the key can sign");
        token.push('.');
        URL_SAFE_NO_PAD.encode_append(&signature, &mut token);
        token
    }

    /// Verifies an access token: header, signature, claims, expiry.
    pub(super) fn verify(&self, token: &str) -> Option<Claims> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        if header != self.header || signature.len() > 2 * SIGNATURE_BYTES {
            return None;
        }
        let mut buffer = [0; 2 * SIGNATURE_BYTES];
        let signature = URL_SAFE_NO_PAD.decode(signature.as_bytes(), Out::from_slice(&mut buffer)).ok()?;
        self.public_key.verify_sig(signed.as_bytes(), signature).ok()?;
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode_to_vec(claims).ok()?).ok()?;
        (claims.exp > unix_seconds()).then_some(claims)
    }
}

/// Bytes as lower-case hex digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|nibble| char::from(DIGITS[usize::from(nibble)]))
        .collect()
}
