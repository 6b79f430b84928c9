//! `jeton jwt sd verify`.

use std::path::Path;

use clap::Args;
use jeton_jose::jwt::TokenType;
use jeton_jose::sd_jwt::{SdJwtError, SdJwtVerifier};

use super::super::explain::{Wanted, explain};
use super::super::key_source::KeySource;
use super::super::policy::{Policy, issuers};
use super::{TYP, coded};
use crate::algorithm::{self, Named, Signature};
use crate::commands::peek::{named, names};
use crate::failure::Failure;
use crate::{input, output};

/// Verify a presented token and print its claims
#[derive(Debug, Args)]
#[command(after_help = "\
With --aud and --nonce, the holder must prove possession of the token's key, for
this audience and nonce. Without them, anyone who has the token can present it,
and a token with a proof is refused, since the proof would not be checked.

Examples:
  jeton jwt sd verify --key issuer.pub.jwk --aud https://shop.example --nonce n1 < shown
  jeton jwt sd verify --jwks https://issuer.example/jwks.json --iss https://issuer.example < shown")]
pub(super) struct Verify {
    #[command(flatten)]
    source: KeySource,
    /// Accept only this algorithm; may be repeated [default: those of the keys]
    #[arg(long, value_parser = algorithm::signature)]
    alg: Vec<Named<Signature>>,
    /// Required audience of the holder's proof
    #[arg(long, requires = "nonce")]
    aud: Option<String>,
    /// Required nonce of the proof
    #[arg(long, requires = "aud", allow_hyphen_values = true)]
    nonce: Option<String>,
    /// Required `typ` of the issuer's token
    #[arg(long, default_value = TYP)]
    typ: String,
    #[command(flatten)]
    policy: Policy,
    /// Print one JSON document; the claims are JSON in any case
    #[arg(long)]
    json: bool,
    /// The presented token [default: standard input]
    #[arg(value_name = "SD-JWT")]
    token: Option<String>,
}

impl Verify {
    pub(super) fn run(self) -> Result<(), Failure> {
        let hint = input::not_the_text(self.token.as_deref());
        output::line(&self.verify().map_err(hint)?)
    }

    /// The claims.
    fn verify(self) -> Result<String, Failure> {
        let token = Path::new(self.token.as_deref().unwrap_or("-"));
        input::one_from_stdin(self.source.paths().chain([token]))?;
        let (now, clock) = self.policy.time()?;
        let allowed: Vec<_> =
            algorithm::all_known(&self.alg)?.into_iter().map(|named| named.algorithm).collect();
        let token = input::token(self.token.clone())?;
        let issued = token.split('~').next().unwrap_or_default();
        let (keys, skipped) = self.source.keys(&allowed, issued, self.policy.max_size, now)?;
        let wanted = Wanted {
            issuers: issuers(&self.policy.iss, self.source.issuer()),
            audiences: Vec::new(),
            typ: Some(self.typ.clone()),
            algorithms: names(keys.iter().map(|key| key.algorithm().as_str())),
            kids: named(&keys),
            leeway: self.policy.leeway,
            max_size: self.policy.max_size,
            clock,
            skipped,
        };
        let typ = TokenType::from(self.typ.clone());
        let verifier = self.policy.verifier(&wanted.issuers, &[], typ, keys);
        let verifier = SdJwtVerifier::new(verifier);
        let verified = match (&self.aud, &self.nonce) {
            (Some(aud), Some(nonce)) => verifier.verify_bound(&token, aud, nonce, now),
            _ => verifier.verify_unbound(&token, now),
        };
        match verified {
            Ok(verified) => {
                wanted.skipped.note();
                Ok(serde_json::Value::Object(verified.claims().clone()).to_string())
            }
            Err(SdJwtError::Token(error)) => {
                Err(Failure::coded(error.code(), explain(&error, issued, &wanted)))
            }
            Err(error @ SdJwtError::Malformed) if self.aud.is_none() && !token.ends_with('~') => Err(
                Failure::coded(error.code(), format!("{error}; if it has a proof, give --aud and --nonce")),
            ),
            Err(error) => Err(coded(&error)),
        }
    }
}
