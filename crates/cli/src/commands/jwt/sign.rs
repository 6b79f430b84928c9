//! `jeton jwt sign`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jeton_jose::jwt::Signer;
use jeton_jose::{Algorithm, Jwk, KeyError, PrivateKey, SharedSecret, SigningKey};
use serde_json::value::RawValue;

use super::duration;
use super::members::Members;
use crate::failure::Failure;
use crate::key_file::{KeyFile, name_of};
use crate::output::Style;
use crate::{clock, input};

/// Sign claims and print the token
#[derive(Debug, Args)]
#[command(after_help = "\
The claims are signed as they are given; --expires-in adds `exp`, and `iat`
where there is none. The token has `typ: JWT` unless --header says otherwise.

Examples:
  jeton jwt sign --key key.jwk --expires-in 5m '{\"iss\":\"https://issuer.example\",\"sub\":\"ada\"}'
  jeton jwt sign --key key.pem --alg PS256 --header '{\"typ\":\"at+jwt\"}' - < claims.json")]
pub(super) struct Sign {
    /// The private key or the secret
    #[arg(long)]
    key: PathBuf,
    /// The algorithm, where the key does not name it
    #[arg(long)]
    alg: Option<Algorithm>,
    /// More members of the protected header; `typ` and `kid` may be among them, `alg` only as the key has it
    #[arg(long, value_name = "JSON")]
    header: Option<String>,
    /// For how long the token is good: `exp`
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    expires_in: Option<Duration>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// The claims, a JSON object
    #[arg(value_name = "CLAIMS-JSON")]
    claims: Option<String>,
}

impl Sign {
    pub(super) fn run(self) -> Result<(), Failure> {
        let key_is_stdin = self.key.as_os_str() == "-";
        let key = signing_key(&KeyFile::read(&self.key)?, self.alg)
            .map_err(|error| explain(&name_of(&self.key), error))?;
        let claims = match self.claims.as_deref() {
            Some("-") if key_is_stdin => {
                return Err(Failure::usage("the key and the claims cannot both be standard input"));
            }
            None if key_is_stdin || input::stdin_is_terminal() => None,
            _ => Some(input::argument_or_stdin(self.claims)?),
        };
        let claims =
            claims.as_ref().map(|text| text.as_str()).filter(|text| !text.is_empty()).unwrap_or("{}");
        let mut claims = Members::parse(claims).map_err(|error| {
            Failure::refused(format!("the claims are not a JSON object without doubles: {error}"))
        })?;
        if let Some(lifetime) = self.expires_in {
            if claims.get("exp").is_some() {
                return Err(Failure::usage("the claims have `exp` already, so --expires-in makes no sense"));
            }
            let now = clock::now();
            if claims.get("iat").is_none() {
                claims.push("iat", now.unix());
            }
            claims.push("exp", now.saturating_add(lifetime).unix());
        }
        let signer = signer(key, self.header.as_deref())?;
        let token = signer.sign(&claims).map_err(|error| Failure::refused(error.to_string()))?;
        Style::of(self.json).print(&serde_json::json!({"token": token}), || token.clone())
    }
}

/// The one key of the file that can sign, for the algorithm asked for.
fn signing_key(file: &KeyFile, algorithm: Option<Algorithm>) -> Result<SigningKey, KeyError> {
    if let KeyFile::One(key) = file {
        return import(key, algorithm);
    }
    let mut usable = file.keys().iter().filter_map(|key| import(key, algorithm).ok());
    match (usable.next(), usable.next()) {
        (Some(key), None) => Ok(key),
        (Some(_), Some(_)) => Err(KeyError::KidCollision),
        _ => Err(KeyError::Kind {
            found: "no key that can sign",
            wanted: "a private key or a secret in the set",
        }),
    }
}

fn import(key: &Jwk, algorithm: Option<Algorithm>) -> Result<SigningKey, KeyError> {
    let algorithm = match algorithm {
        Some(algorithm) => algorithm,
        None => key.signature_algorithm()?,
    };
    if key.is_symmetric() {
        SharedSecret::from_jwk_for(algorithm, key).map(SigningKey::from)
    } else {
        PrivateKey::from_jwk_for(algorithm, key).map(SigningKey::from)
    }
}

fn explain(file: &str, error: KeyError) -> Failure {
    match error {
        KeyError::AlgorithmMissing => Failure::usage(format!("{file}: {error}: say which with --alg")),
        KeyError::KidCollision => {
            Failure::usage(format!("{file}: several keys of the set can sign: give one of them"))
        }
        _ => Failure::refused(format!("{file}: {error}")),
    }
}

/// A signer whose header has the members that were asked for.
fn signer(key: SigningKey, header: Option<&str>) -> Result<Signer, Failure> {
    let Some(header) = header else { return Ok(Signer::new(key)) };
    let wrong = |text: String| Failure::usage(format!("--header: {text}"));
    let members = Members::parse(header).map_err(wrong)?;
    let text = |name: &str, value: &RawValue| {
        serde_json::from_str::<String>(value.get()).map_err(|_| wrong(format!("`{name}` must be a text")))
    };
    let key = match members.get("kid") {
        Some(kid) => with_kid(key, text("kid", kid)?),
        None => key,
    };
    let algorithm = key.algorithm();
    let mut signer = Signer::new(key);
    for (name, value) in members.iter() {
        signer = match name {
            "kid" => signer,
            "typ" => signer.typ(text("typ", value)?),
            "alg" => match text("alg", value)?.as_str() {
                "EdDSA" if algorithm == Algorithm::Ed25519 => signer.ed25519_as_eddsa(),
                alg if alg == algorithm.as_str() => signer,
                alg => return Err(wrong(format!("`alg` cannot be {alg}: the key is for {algorithm}"))),
            },
            _ => signer.header(name, value).map_err(|error| wrong(error.to_string()))?,
        };
    }
    Ok(signer)
}

fn with_kid(key: SigningKey, kid: String) -> SigningKey {
    match key {
        SigningKey::Private(key) => key.with_kid(kid).into(),
        SigningKey::Secret(key) => key.with_kid(kid).into(),
        other => other,
    }
}
