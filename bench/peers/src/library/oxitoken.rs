//! oxitoken on aws-lc-rs, through traits of its own: its backend does not compile with current versions of aws-lc-rs, whose
//! algorithms have no address.

use std::hint::black_box;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    EcdsaKeyPair, Ed25519KeyPair, ParsedPublicKey, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair,
    RsaSignatureEncoding,
};
use oxitoken::Algorithm;
use oxitoken::claims::{Aud, Exp, Iss, Nbf};
use oxitoken::encoding::{JwtEncodingError, Signer, encode};
use oxitoken::error::JwtError;
use oxitoken::header::Alg;
use oxitoken::validation::{StaticKeyProvider, ValidationPipeline, VerificationKey};
use serde::{Deserialize, Serialize};

use super::{Case, Failure, Task, limit};
use crate::Step;
use crate::claims::{AUDIENCE, Claims, ISSUER, KID};
use crate::keys::{Key, common_name};

const NAME: &str = "oxitoken";

/// The header is the caller's own type here.
#[derive(Serialize, Deserialize)]
struct Header {
    alg: Algorithm,
    typ: String,
    kid: String,
}

impl Alg for Header {
    fn alg(&self) -> Algorithm {
        self.alg
    }
}

impl Iss for Claims {
    fn iss(&self) -> &str {
        &self.iss
    }
}

impl Aud for Claims {
    fn aud(&self) -> impl Iterator<Item = impl AsRef<str>> {
        std::iter::once(&self.aud)
    }
}

impl Exp for Claims {
    fn exp(&self) -> i64 {
        self.exp.cast_signed()
    }
}

impl Nbf for Claims {
    fn nbf(&self) -> i64 {
        self.nbf.cast_signed()
    }
}

/// A private key as its own backend would hold it.
enum PrivateKey {
    Hmac(hmac::Key),
    Rsa(RsaKeyPair, &'static RsaSignatureEncoding),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Signer for PrivateKey {
    type Error = Unspecified;

    fn check_alg(&self, _: Algorithm) -> Result<(), JwtEncodingError<Unspecified>> {
        Ok(())
    }

    fn sign_jwt(&self, _: Algorithm, jwt: &mut String) -> Result<(), JwtEncodingError<Unspecified>> {
        match self {
            Self::Hmac(key) => self.append_sig(hmac::sign(key, jwt.as_bytes()), jwt),
            Self::Rsa(key, encoding) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(*encoding, &SystemRandom::new(), jwt.as_bytes(), &mut signature)?;
                self.append_sig(signature, jwt);
            }
            Self::Ecdsa(key) => self.append_sig(key.sign(&SystemRandom::new(), jwt.as_bytes())?, jwt),
            Self::Ed25519(key) => self.append_sig(key.sign(jwt.as_bytes()), jwt),
        }
        Ok(())
    }

    fn siglen(&self) -> usize {
        match self {
            Self::Hmac(_) => 32,
            Self::Rsa(key, _) => key.public_modulus_len(),
            Self::Ecdsa(_) => 96,
            Self::Ed25519(_) => 64,
        }
    }
}

enum PublicKey {
    Hmac(hmac::Key),
    Pair(Algorithm, ParsedPublicKey),
}

impl VerificationKey for PublicKey {
    fn alg(&self) -> Option<Algorithm> {
        Some(match self {
            Self::Hmac(_) => Algorithm::HS256,
            Self::Pair(algorithm, _) => *algorithm,
        })
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), JwtError> {
        match self {
            Self::Hmac(key) => hmac::verify(key, message, signature),
            Self::Pair(_, key) => key.verify_sig(message, signature),
        }
        .map_err(|_| JwtError::InvalidSignature)
    }
}

fn keys(task: &Task, alg: Algorithm) -> Result<(PrivateKey, PublicKey), Failure> {
    let pair = match &task.key {
        Key::Shared(secret) => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
            return Ok((PrivateKey::Hmac(key.clone()), PublicKey::Hmac(key)));
        }
        Key::Pair(pair) => pair,
    };
    let der = &pair.private_der;
    let private = match alg {
        Algorithm::ES256 | Algorithm::ES384 => {
            PrivateKey::Ecdsa(EcdsaKeyPair::from_pkcs8(limit::curve(task.algorithm), der)?)
        }
        Algorithm::EdDSA => PrivateKey::Ed25519(Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)?),
        Algorithm::RS256 => PrivateKey::Rsa(RsaKeyPair::from_pkcs8(der)?, &RSA_PKCS1_SHA256),
        _ => PrivateKey::Rsa(RsaKeyPair::from_pkcs8(der)?, &RSA_PSS_SHA256),
    };
    Ok((private, PublicKey::Pair(alg, limit::public_key(task.algorithm, pair)?)))
}

pub(super) fn cases(task: &Task) -> Result<Vec<Case>, Failure> {
    let alg = serde_json::from_value(common_name(task.algorithm).into())?;
    let (private, public) = keys(task, alg)?;
    let header = Header { alg, typ: "JWT".to_owned(), kid: KID.to_owned() };
    let pipeline = ValidationPipeline::<Header, Claims, _>::builder(StaticKeyProvider::new(public))
        .with_issuer_validator(ISSUER)
        .with_audience_validator(AUDIENCE)
        .with_expiration_validator()
        .with_not_before_validator()
        .build();
    let claims = task.claims.clone();
    let mut cases = task.checks(NAME, move |token| pipeline.verify(token.as_bytes()));
    cases.push(Case::new(NAME, Step::Sign, move || {
        black_box(encode(&private, &header, black_box(&claims)).expect("the key can sign"));
    }));
    Ok(cases)
}
