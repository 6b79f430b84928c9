//! `jeton jwk generate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jeton_jose::jwe::{ContentEncryption, KeyManagement};
use jeton_jose::jwk::{KeyKind, KeyUse};
use jeton_jose::{Algorithm, Jwk, KeyError, PrivateKey, RsaBits, SharedSecret};

use crate::algorithm;
use crate::failure::Failure;
use crate::{input, output, secret};

/// Generate a key for an algorithm and print it, including the private part
#[derive(Debug, Args)]
#[command(after_help = "\
ALG is a signature algorithm (ES256, Ed25519, RS256, PS256, HS256, ML-DSA-65 …), a
way to encrypt to somebody (RSA-OAEP-256, ECDH-ES+A256KW, A256KW, A256GCMKW,
PBES2-HS512+A256KW …), or, for `dir`, the content encryption (A256GCM …).

Examples:
  jeton jwk generate ES256 > key.jwk
  jeton jwk generate RS256 --bits 3072 --kid 2026-11
  jeton jwk generate ECDH-ES+A256KW --crv X25519
  jeton jwk generate HS256 --from-file secret.txt
  jeton jwk generate PBES2-HS512+A256KW --password-stdin < password")]
pub(super) struct Generate {
    /// The algorithm
    alg: String,
    /// Its `kid` [default: its thumbprint; none for a password or a given secret]
    #[arg(long, allow_hyphen_values = true)]
    kid: Option<String>,
    /// The size of an RSA key [default: 2048]
    #[arg(long)]
    bits: Option<Bits>,
    /// The curve of a key for ECDH-ES [default: P-256]
    #[arg(long)]
    crv: Option<Crv>,
    /// Use the secret in this file as an HS256, HS384 or HS512 key: its text, or its bytes; `-` is standard input
    #[arg(long, value_name = "FILE")]
    from_file: Option<PathBuf>,
    /// Make a PBES2 key from the password in the first line of standard input
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Bits {
    #[value(name = "2048")]
    Rsa2048,
    #[value(name = "3072")]
    Rsa3072,
    #[value(name = "4096")]
    Rsa4096,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Crv {
    #[value(name = "P-256")]
    P256,
    #[value(name = "P-384")]
    P384,
    #[value(name = "P-521")]
    P521,
    #[value(name = "X25519")]
    X25519,
}

/// What ALG stands for.
enum Purpose {
    Sign(Algorithm),
    Encrypt(KeyManagement),
    Direct(ContentEncryption),
}

impl Generate {
    pub(super) fn run(self) -> Result<(), Failure> {
        output::line(&self.key()?.to_json())
    }

    fn key(self) -> Result<Jwk, Failure> {
        let purpose = purpose(&self.alg)?;
        self.check_flags(&purpose)?;
        let failed = |error: KeyError| Failure::coded(error.code(), error.to_string());
        let key = match purpose {
            Purpose::Sign(algorithm) if self.from_file.is_some() => {
                let path = self.from_file.as_deref().unwrap_or("-".as_ref());
                let key = secret::key(path, &secret::read(path)?, algorithm)?.to_jwk();
                // A secret that somebody chose could be guessed by its thumbprint.
                return self.kid.map_or(Ok(key.clone()), |kid| key.with_kid(kid)).map_err(failed);
            }
            Purpose::Sign(algorithm) => self.for_signing(algorithm).map_err(failed)?,
            Purpose::Encrypt(algorithm) if self.password_stdin => {
                let password = input::line_of_stdin()?;
                if password.is_empty() {
                    return Err(Failure::coded("password_empty", "the password is empty"));
                }
                let key =
                    Jwk::from_secret(password.as_bytes()).with_alg(algorithm.as_str()).with_use(KeyUse::Enc);
                // A password could be guessed by its thumbprint.
                return self.kid.map_or(Ok(key.clone()), |kid| key.with_kid(kid)).map_err(failed);
            }
            Purpose::Encrypt(algorithm) => {
                let key = Jwk::generate(self.kind(algorithm)).map_err(failed)?;
                key.with_alg(algorithm.as_str()).with_use(KeyUse::Enc)
            }
            Purpose::Direct(enc) => {
                let key = Jwk::generate(KeyKind::Secret { bytes: enc.key_len() }).map_err(failed)?;
                key.with_alg(enc.as_str()).with_use(KeyUse::Enc)
            }
        };
        // The thumbprint of a secret is made from the secret, and a short secret could be guessed by it; these are random and
        // have 16 bytes or more.
        let kid = self.kid.unwrap_or_else(|| key.thumbprint());
        key.with_kid(kid).map_err(failed)
    }

    /// Refuses flags that say nothing about a key for this purpose.
    fn check_flags(&self, purpose: &Purpose) -> Result<(), Failure> {
        let is_rsa = match purpose {
            Purpose::Sign(algorithm) => algorithm.as_str().starts_with(['R', 'P']),
            Purpose::Encrypt(algorithm) => algorithm.as_str().starts_with("RSA"),
            Purpose::Direct(_) => false,
        };
        let is_hmac = matches!(purpose, Purpose::Sign(algorithm) if algorithm.is_symmetric());
        let is = |prefix| matches!(purpose, Purpose::Encrypt(alg) if alg.as_str().starts_with(prefix));
        for (given, fits, flag, wanted) in [
            (self.bits.is_some(), is_rsa, "--bits", "RSA"),
            (self.crv.is_some(), is("ECDH-ES"), "--crv", "ECDH-ES"),
            (self.password_stdin, is("PBES2"), "--password-stdin", "PBES2"),
            (self.from_file.is_some(), is_hmac, "--from-file", "HS256, HS384 and HS512"),
        ] {
            if given && !fits {
                return Err(Failure::usage(format!("{flag} applies to {wanted} keys, not to {}", self.alg)));
            }
        }
        Ok(())
    }

    fn for_signing(&self, algorithm: Algorithm) -> Result<Jwk, KeyError> {
        if algorithm.is_symmetric() {
            return SharedSecret::generate(algorithm).map(|secret| secret.to_jwk());
        }
        match self.bits {
            Some(bits) => PrivateKey::generate_rsa(algorithm, bits.rsa()),
            None => PrivateKey::generate(algorithm),
        }
        .map(|key| key.to_jwk())
    }

    fn kind(&self, algorithm: KeyManagement) -> KeyKind {
        match algorithm.as_str() {
            name if name.starts_with("RSA") => KeyKind::Rsa(self.bits.map_or(RsaBits::Rsa2048, Bits::rsa)),
            "HPKE-0" | "HPKE-0-KE" | "HPKE-7" | "HPKE-7-KE" => KeyKind::P256,
            "HPKE-1" | "HPKE-1-KE" => KeyKind::P384,
            "HPKE-2" | "HPKE-2-KE" => KeyKind::P521,
            name if name.starts_with("HPKE") => KeyKind::X25519,
            name if name.starts_with("ECDH-ES") => self.crv.map_or(KeyKind::P256, Crv::kind),
            name if name.starts_with("A128") => KeyKind::Secret { bytes: 16 },
            name if name.starts_with("A192") => KeyKind::Secret { bytes: 24 },
            _ => KeyKind::Secret { bytes: 32 },
        }
    }
}

impl Bits {
    fn rsa(self) -> RsaBits {
        match self {
            Self::Rsa2048 => RsaBits::Rsa2048,
            Self::Rsa3072 => RsaBits::Rsa3072,
            Self::Rsa4096 => RsaBits::Rsa4096,
        }
    }
}

impl Crv {
    fn kind(self) -> KeyKind {
        match self {
            Self::P256 => KeyKind::P256,
            Self::P384 => KeyKind::P384,
            Self::P521 => KeyKind::P521,
            Self::X25519 => KeyKind::X25519,
        }
    }
}

fn purpose(name: &str) -> Result<Purpose, Failure> {
    if let Ok(algorithm) = name.parse() {
        return Ok(Purpose::Sign(algorithm));
    }
    match name.parse() {
        Ok(KeyManagement::Dir) => {
            return Err(Failure::usage(
                "`dir`: name the content encryption that the key is for, such as A256GCM",
            ));
        }
        Ok(algorithm) => return Ok(Purpose::Encrypt(algorithm)),
        Err(_) => {}
    }
    if let Ok(enc) = name.parse() {
        return Ok(Purpose::Direct(enc));
    }
    Err(Failure::usage(match algorithm::refused_by_design(name) {
        Some((name, reason)) => format!("cannot generate a key for {name}: {reason}"),
        None => format!("{name:?} is not a supported algorithm"),
    }))
}
