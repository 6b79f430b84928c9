//! `jeton jws verify`.

use std::path::{Path, PathBuf};

use clap::Args;
use jeton_jose::jws::{Verified, Verifier};
use jeton_jose::jwt::TokenType;
use jeton_jose::{KeySet, VerifyError};

use crate::algorithm::{self, Named, Signature};
use crate::clock;
use crate::commands::certificates::CertificateOption;
use crate::commands::peek::{Asked, Peek, is_json};
use crate::failure::Failure;
use crate::key_choice::{Skipped, VerifyingKeys, verifying_keys};
use crate::{input, output, secret};

/// Verify a signature in any of its three forms, and print the payload, byte for byte
#[derive(Debug, Args)]
#[command(after_help = "\
The algorithm comes from the key, or from --alg where the key names none; the
text only has to agree. `alg` and `crit` must be in the protected header. Of
several signatures one must be by the key. Nothing is printed unless it was
verified.

Examples:
  jeton jws verify --key public.jwk < report.jws > report.pdf
  jeton jws verify --key public.pem --alg PS256 --alg RS256 < note.jws
  jeton jws verify --key public.jwk --payload report.pdf < report.sig > /dev/null
  jeton jws verify --roots ca.pem --certificate-name signer.example < report.jws")]
pub(super) struct Verify {
    /// The key: public, private or secret; in a JWK set, the key that the text names
    #[arg(long, required_unless_present_any = ["roots", "secret_file"], conflicts_with_all = ["roots", "secret_file"])]
    key: Option<PathBuf>,
    /// The secret (HS256, unless --alg says HS384 or HS512): the text of this file, or its bytes
    #[arg(long, value_name = "FILE", conflicts_with = "roots")]
    secret_file: Option<PathBuf>,
    /// Trusted root certificates (PEM) for the certificate chain in the text (`x5c`)
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
    #[command(flatten)]
    certificate: CertificateOption,
    /// Accept only this algorithm; may be repeated [default: those of the keys]
    #[arg(long, value_parser = algorithm::signature)]
    alg: Vec<Named<Signature>>,
    /// The payload, if it is detached
    #[arg(long, value_name = "FILE")]
    payload: Option<PathBuf>,
    /// Required `typ`; `none` means JWT or none [default: any or none]
    #[arg(long)]
    typ: Option<String>,
    /// Accept this header name in `crit`; processing it is up to you; may be repeated
    #[arg(long, value_name = "NAME")]
    understands: Vec<String>,
    /// Largest accepted text (bytes), without a detached payload
    #[arg(long, value_name = "BYTES", default_value_t = Verifier::DEFAULT_MAX_LEN)]
    max_size: usize,
    /// The signed text [default: standard input]
    token: Option<String>,
}

impl Verify {
    pub(super) fn run(self) -> Result<(), Failure> {
        let hint = input::not_the_text(self.token.as_deref());
        output::bytes(self.verify().map_err(hint)?.payload())
    }

    fn verify(self) -> Result<Verified, Failure> {
        let token = self.token.as_deref().unwrap_or("-");
        let key = self.key.as_deref().or(self.secret_file.as_deref()).or(self.roots.as_deref());
        let paths = [key, self.payload.as_deref(), Some(Path::new(token))];
        input::one_from_stdin(paths.into_iter().flatten())?;
        let allowed: Vec<_> =
            algorithm::all_known(&self.alg)?.into_iter().map(|named| named.algorithm).collect();
        let token = input::token(self.token)?;
        let payload = self.payload.as_deref().map(input::file_or_stdin).transpose()?;
        let payload = payload.as_ref().map(|payload| payload.as_slice());
        let peek = Peek::at(&token);
        let typ = match self.typ {
            None => TokenType::Any,
            Some(typ) if typ == "none" => TokenType::JwtOrNone,
            Some(typ) => TokenType::from(typ),
        };
        let mut failure = None;
        self.certificate.check(self.roots.as_deref())?;
        let (keys, skipped) = match (&self.key, &self.roots) {
            _ if self.secret_file.is_some() => {
                let path = self.secret_file.as_deref().unwrap_or("-".as_ref());
                let keys = secret::verifying_keys(path, &allowed)?.into_iter().map(KeySet::from);
                (keys.collect(), Skipped::default())
            }
            (Some(key), _) => {
                let VerifyingKeys { sets, skipped } = verifying_keys(key, &allowed, &peek.algorithms())?;
                (sets, skipped)
            }
            (None, roots) => {
                let roots = roots.as_deref().unwrap_or("-".as_ref());
                let keys = self.certificate.keys(roots, &allowed, &token, self.max_size, clock::now())?;
                (vec![keys], Skipped::default())
            }
        };
        for keys in keys {
            let verifier = Verifier::new(keys.clone()).typ(typ.clone()).max_len(self.max_size);
            let verifier = self.understands.iter().cloned().fold(verifier, Verifier::understands);
            match verify(&token, payload, &verifier) {
                Ok(verified) => {
                    skipped.note();
                    return Ok(verified);
                }
                Err(error) => failure = Some((error, keys)),
            }
        }
        let (error, keys) = failure.unwrap_or_else(|| {
            (VerifyError::KeyNotFound { found: None, wanted: Box::default() }, KeySet::default())
        });
        let asked = Asked { max_size: self.max_size, payload: payload.is_some() };
        let reason = match error {
            VerifyError::KeyNotFound { .. }
            | VerifyError::AlgorithmNotAllowed { .. }
            | VerifyError::SignatureInvalid => skipped.explain(peek.kid()),
            _ => String::new(),
        };
        Err(Failure::coded(error.code(), format!("{}{reason}", peek.explain_jws(&error, &keys, &asked))))
    }
}

fn verify(token: &str, payload: Option<&[u8]>, verifier: &Verifier) -> Result<Verified, VerifyError> {
    match (is_json(token), payload) {
        (false, None) => verifier.verify(token),
        (false, Some(payload)) => verifier.verify_detached(token, payload),
        (true, None) => verifier.verify_json(token),
        (true, Some(payload)) => verifier.verify_json_detached(token, payload),
    }
}
