//! `jeton jwt verify`.

use std::path::{Path, PathBuf};

use clap::Args;
use jeton_jose::VerifyError;
use jeton_jose::jwe::{ContentEncryption, Decrypter, KeyManagement};
use jeton_jose::jwt::TokenType;
use jeton_jose::nested::NestedError;
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use super::explain::{Wanted, explain};
use super::key_source::KeySource;
use super::policy::{Policy, issuers};
use crate::algorithm::{self, Named, Signature};
use crate::commands::jwe::decrypter;
use crate::commands::peek::{Peek, is_json, named, names};
use crate::failure::Failure;
use crate::key_choice::decryption_keys;
use crate::{input, output};

/// Verify a token and print its claims, or the reason why it is refused
#[derive(Debug, Args)]
#[command(after_help = "\
Checks the signature, with the key's algorithm, `typ`, `exp`, `nbf` and `iat`.
The issuer and the audience are checked only with --iss and --aud; --issuer
implies --iss and requires `typ: at+jwt`. --jwks and --issuer fetch public keys
over https, or http from this machine. --key accepts any key. With --roots the
key is that of the token's own certificate (`x5c`). With --decrypt-key the token
must be a signed token that was encrypted (RFC 7519 §5.2).

Examples:
  jeton jwt verify --key public.pem --iss https://issuer.example --aud my-api < token
  jeton jwt verify --issuer http://127.0.0.1:8000 eyJhbGciOi…
  jeton jwt verify --key key.jwk --at 1795378647 < token       as of that time
  jeton jwt verify --key public.jwk --decrypt-key mine.jwk < nested
  jeton jwt verify --roots ca.pem --certificate-name issuer.example < token")]
pub(super) struct Verify {
    #[command(flatten)]
    source: KeySource,
    /// Accept only this algorithm; may be repeated [default: those of the keys]
    #[arg(long, value_parser = algorithm::signature)]
    alg: Vec<Named<Signature>>,
    /// Required audience; repeat to accept any of several
    #[arg(long)]
    aud: Vec<String>,
    /// Required `typ`; `none` means JWT or none [default: JWT or none; with --issuer at+jwt]
    #[arg(long)]
    typ: Option<String>,
    #[command(flatten)]
    policy: Policy,
    #[command(flatten)]
    nested: NestedOptions,
    /// Print one JSON document; the claims are JSON in any case
    #[arg(long)]
    json: bool,
    /// The token [default: standard input]
    token: Option<String>,
}

/// How the token is encrypted around the signed one.
#[derive(Debug, Args)]
struct NestedOptions {
    /// Decrypt the token with this key first
    #[arg(long, value_name = "KEY")]
    decrypt_key: Option<PathBuf>,
    /// Accept only this encryption algorithm; may be repeated [default: that of the key]
    #[arg(long, value_name = "ALG", requires = "decrypt_key", value_parser = algorithm::key_management)]
    decrypt_alg: Vec<Named<KeyManagement>>,
    /// Accept only this content encryption; may be repeated [default: any]
    #[arg(long, requires = "decrypt_key", value_parser = algorithm::content_encryption)]
    enc: Vec<ContentEncryption>,
    /// Accept a compressed token of at most 250,000 bytes uncompressed
    #[arg(long, requires = "decrypt_key")]
    allow_zip: bool,
    /// Largest accepted iteration count (PBES2)
    #[arg(long, value_name = "COUNT", requires = "decrypt_key", default_value_t = Decrypter::DEFAULT_MAX_ITERATIONS)]
    max_iterations: u32,
}

impl Verify {
    pub(super) fn run(self) -> Result<(), Failure> {
        let hint = input::not_the_text(self.token.as_deref());
        output::line(&self.verify().map_err(hint)?)
    }

    /// The claims.
    fn verify(self) -> Result<String, Failure> {
        let token = Path::new(self.token.as_deref().unwrap_or("-"));
        input::one_from_stdin(self.source.paths().chain(self.nested.decrypt_key.as_deref()).chain([token]))?;
        let (now, clock) = self.policy.time()?;
        let allowed: Vec<_> =
            algorithm::all_known(&self.alg)?.into_iter().map(|named| named.algorithm).collect();
        let received = input::token(self.token.clone())?;
        let token = self.nested.signed_token(received, self.policy.max_size)?;
        let (keys, skipped) = self.source.keys(&allowed, &token, self.policy.max_size, now)?;
        let issuer = self.source.issuer();
        let wanted = Wanted {
            issuers: issuers(&self.policy.iss, issuer),
            audiences: self.aud.clone(),
            typ: match self.typ.as_deref() {
                Some("none") => None,
                Some(typ) => Some(typ.to_owned()),
                None => issuer.is_some().then(|| "at+jwt".to_owned()),
            },
            algorithms: names(keys.iter().map(|key| key.algorithm().as_str())),
            kids: named(&keys),
            leeway: self.policy.leeway,
            max_size: self.policy.max_size,
            clock,
            skipped,
        };
        let typ = wanted.typ.clone().map_or(TokenType::JwtOrNone, TokenType::from);
        let verifier = self.policy.verifier(&wanted.issuers, &wanted.audiences, typ, keys);
        match verifier.verify::<IgnoredAny>(&token, now) {
            Ok(verified) => {
                wanted.skipped.note();
                Ok(verified.registered().json().to_owned())
            }
            Err(error) => Err(Failure::coded(error.code(), explain(&error, &token, &wanted))),
        }
    }
}

impl NestedOptions {
    /// The signed token: what is received, or what is within.
    fn signed_token(
        &self,
        received: Zeroizing<String>,
        max_size: usize,
    ) -> Result<Zeroizing<String>, Failure> {
        let Some(path) = &self.decrypt_key else { return Ok(received) };
        let keys = decryption_keys(path, &algorithm::all_known(&self.decrypt_alg)?)?;
        let allowed = names(keys.iter().map(|key| key.alg().as_str()));
        let decrypter = decrypter(keys, &self.enc).max_len(max_size).max_iterations(self.max_iterations);
        let decrypter = match self.allow_zip {
            true => decrypter.allow_compressed(Decrypter::DEFAULT_INFLATE),
            false => decrypter,
        };
        let decrypted = decrypter.decrypt(&received).map_err(|error| {
            Failure::coded(error.code(), Peek::at(&received).explain_jwe(&error, &allowed, max_size))
        })?;
        let inner = std::str::from_utf8(decrypted.plaintext()).unwrap_or_default();
        let says_so = decrypted.cty().is_some_and(is_jwt);
        // What is within is for whoever has the key, who is told what it looks like and no more.
        let looks_signed = inner.split('.').count() == 3 && !is_json(inner);
        match (says_so, looks_signed) {
            (true, true) => Ok(Zeroizing::new(inner.to_owned())),
            (false, true) => Err(not_nested(
                "the encrypted content looks like a signed token, but the header lacks `cty: JWT`: decrypt it with `jeton jwe decrypt`, \
                 then verify it with `jeton jwt verify`",
            )),
            (false, false) => Err(not_nested(
                "the encrypted content is not a signed token, so its issuer is unknown: `jeton jwe decrypt` shows it",
            )),
            (true, false) => Err(Failure::coded(
                VerifyError::Malformed.code(),
                "the header says `cty: JWT`, but the encrypted content is not a signed token, so its issuer is unknown: \
                 `jeton jwe decrypt` shows it",
            )),
        }
    }
}

fn not_nested(text: &str) -> Failure {
    Failure::coded(NestedError::NotNested.code(), text)
}

/// Whether a media type is that of a JWT; letter case and the prefix `application/` do not matter.
fn is_jwt(media_type: &str) -> bool {
    let short = media_type.to_ascii_lowercase();
    short.strip_prefix("application/").unwrap_or(&short) == "jwt"
}
