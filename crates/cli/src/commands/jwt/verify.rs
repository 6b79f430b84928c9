//! `jeton jwt verify`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args};
use jeton_jose::jwt::{Audience, Issuer, TokenType, Unverified, Verifier};
use jeton_jose::{
    Algorithm, Jwk, JwkSet, KeyError, KeySet, PublicKey, SharedSecret, Timestamp, VerifyingKey,
};
use serde::de::IgnoredAny;

use super::duration;
use super::explain::{Clock, Wanted, explain};
use crate::failure::Failure;
use crate::key_file::{KeyFile, name_of};
use crate::{clock, input, output};

/// Verify a token and print its claims; says in one line why it is refused
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("keys").required(true).args(["key", "jwks", "issuer"])),
    after_help = "\
Checked are the signature, by the algorithm of the key, `typ`, `exp`, `nbf`
and `iat`. Who the token is from and for is checked only where --iss and --aud
say who that must be; --issuer implies --iss, and wants `typ: at+jwt`. Public
keys come from --jwks or --issuer over https, or http from this machine
itself; --key takes any key.

Examples:
  jeton jwt verify --key public.pem --iss https://issuer.example --aud my-api < token
  jeton jwt verify --issuer http://127.0.0.1:8000 eyJhbGciOi…
  jeton jwt verify --key key.jwk --at 1795378647 < token       as of that time"
)]
pub(super) struct Verify {
    /// The key: public, private or secret
    #[arg(long)]
    key: Option<PathBuf>,
    /// The JWK set that holds the public key: a file, or a URL
    #[arg(long, value_name = "FILE-OR-URL")]
    jwks: Option<String>,
    /// The authority that issued the token; its keys are fetched
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Accept this algorithm alone; may be given several times [default: what the keys are for]
    #[arg(long)]
    alg: Vec<Algorithm>,
    /// Who the token must be from
    #[arg(long)]
    iss: Option<String>,
    /// Who the token must be for
    #[arg(long)]
    aud: Option<String>,
    /// The `typ` that the token must have [default: JWT or none; with --issuer at+jwt]
    #[arg(long)]
    typ: Option<String>,
    /// How far clocks may differ, at most 10m
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "30s")]
    leeway: Duration,
    /// The time to check at, in seconds since 1970 [default: now]
    #[arg(long, value_name = "UNIX-TIME")]
    at: Option<i64>,
    /// Accept a token that never expires
    #[arg(long)]
    allow_no_exp: bool,
    /// Print one JSON document, which is what is printed in any case: the claims
    #[arg(long)]
    json: bool,
    /// The token
    token: Option<String>,
}

impl Verify {
    pub(super) fn run(mut self) -> Result<(), Failure> {
        if self.leeway > Verifier::MAX_LEEWAY {
            return Err(Failure::usage("--leeway is at most 10m"));
        }
        let key_is_stdin = self.key.as_deref().is_some_and(|key| key.as_os_str() == "-")
            || self.jwks.as_deref() == Some("-");
        if key_is_stdin && self.token.as_deref().is_none_or(|token| token == "-") {
            return Err(Failure::usage("the key and the token cannot both be standard input"));
        }
        let token = input::argument_or_stdin(self.token.take())?;
        let token = token.trim();
        let keys = self.keys(token)?;
        let (now, clock) = match self.at {
            Some(at) => (
                Timestamp::try_from_unix(at)
                    .ok_or_else(|| Failure::usage("--at must lie between the years 1970 and 9999"))?,
                Clock::Given,
            ),
            None => (clock::now(), Clock::Machine),
        };
        let wanted = Wanted {
            issuer: self.iss.or_else(|| self.issuer.clone()),
            audience: self.aud,
            typ: self.typ.or_else(|| self.issuer.is_some().then(|| "at+jwt".to_owned())),
            algorithms: names(keys.iter().map(VerifyingKey::algorithm)),
            leeway: self.leeway,
            clock,
        };
        let issuer = wanted.issuer.clone().map_or_else(Issuer::any, Issuer::new);
        let audience = wanted.audience.clone().map_or_else(Audience::any, Audience::new);
        let typ = wanted.typ.clone().map_or(TokenType::JwtOrNone, TokenType::from);
        let verifier = Verifier::new(issuer, audience, keys).typ(typ).leeway(wanted.leeway);
        let verifier = if self.allow_no_exp { verifier.allow_missing_exp() } else { verifier };
        match verifier.verify::<IgnoredAny>(token, now) {
            Ok(verified) => output::line(verified.registered().json()),
            Err(error) => Err(Failure::refused(format!("refused: {}", explain(&error, token, &wanted)))),
        }
    }

    /// The keys that the token may be signed with.
    fn keys(&self, token: &str) -> Result<KeySet, Failure> {
        let (source, keys) = if let Some(path) = &self.key {
            (name_of(path), own_keys(&KeyFile::read(path)?, &self.alg, token))
        } else if let Some(place) = &self.jwks {
            (place.clone(), self.published_keys(&jwk_set(place)?))
        } else {
            let issuer = self.issuer.as_deref().unwrap_or_default();
            (issuer.to_owned(), self.published_keys(&crate::remote::keys_of_issuer(issuer)?))
        };
        let keys = keys.map_err(|error| match error {
            KeyError::AlgorithmMissing => Failure::usage(format!("{source}: {error}: say which with --alg")),
            KeyError::SecretInSet => {
                Failure::refused(format!("{source}: {error}; such keys are given with --key"))
            }
            _ => Failure::refused(format!("{source}: {error}")),
        })?;
        if keys.is_empty() {
            return Err(Failure::refused(format!("{source}: no key can verify{}", self.under_alg())));
        }
        Ok(keys)
    }

    fn under_alg(&self) -> String {
        if self.alg.is_empty() { String::new() } else { format!(" by {}", names(self.alg.iter().copied())) }
    }

    fn published_keys(&self, set: &JwkSet) -> Result<KeySet, KeyError> {
        let keys = KeySet::from_jwk_set(set)?;
        only(&keys, &self.alg)
    }
}

/// The set at a URL or in a file.
fn jwk_set(place: &str) -> Result<JwkSet, Failure> {
    if place.contains("://") {
        return crate::remote::jwk_set(place);
    }
    let bytes = input::file_or_stdin(place.as_ref())?;
    JwkSet::parse(&bytes).map_err(|error| Failure::refused(format!("{place}: {error}")))
}

/// The keys of the caller's own file, which may be private or secret.
fn own_keys(file: &KeyFile, allowed: &[Algorithm], token: &str) -> Result<KeySet, KeyError> {
    match file {
        KeyFile::One(key) => import(key, allowed, token).map(KeySet::from),
        KeyFile::Set(set) => only(&KeySet::from_own_jwk_set(set, allowed.first().copied())?, allowed),
    }
}

fn import(key: &Jwk, allowed: &[Algorithm], token: &str) -> Result<VerifyingKey, KeyError> {
    let algorithm = match key.signature_algorithm() {
        Ok(algorithm) if allowed.is_empty() || allowed.contains(&algorithm) => algorithm,
        Ok(_) => {
            return Err(KeyError::AlgorithmMismatch {
                wanted: allowed.first().copied().unwrap_or(Algorithm::ES256),
            });
        }
        // The caller allows several, and the token says which of them it is: one that they do not allow is never taken.
        Err(KeyError::AlgorithmMissing) => {
            let named = Unverified::parse(token).ok().and_then(|token| token.alg().parse().ok());
            let chosen = allowed.iter().find(|allowed| Some(**allowed) == named).or(allowed.first());
            *chosen.ok_or(KeyError::AlgorithmMissing)?
        }
        Err(error) => return Err(error),
    };
    if key.is_symmetric() {
        return SharedSecret::from_jwk_for(algorithm, key).map(VerifyingKey::from);
    }
    let public = if key.is_public() { key.clone() } else { key.public()? };
    PublicKey::from_jwk_for(algorithm, &public).map(VerifyingKey::from)
}

/// The keys whose algorithm is allowed.
fn only(keys: &KeySet, allowed: &[Algorithm]) -> Result<KeySet, KeyError> {
    KeySet::new(keys.iter().filter(|key| allowed.is_empty() || allowed.contains(&key.algorithm())).cloned())
}

fn names(algorithms: impl Iterator<Item = Algorithm>) -> String {
    let mut names: Vec<_> = algorithms.map(Algorithm::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}
