//! `jeton jwt sign`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use jeton_jose::jwe::{ContentEncryption, KeyManagement};
use jeton_jose::jwt::{Signer, Verifier};
use jeton_jose::nested::{NestedError, NestedSigner};
use jeton_jose::{Algorithm, SignError, SigningKey};
use zeroize::Zeroizing;

use super::duration;
use crate::algorithm::{self, Named, Signature};
use crate::commands::certificates::Certified;
use crate::commands::header::{HeaderOption, wrong};
use crate::commands::jwe::{Recipient, encrypter};
use crate::failure::Failure;
use crate::key_choice::signing_key;
use crate::members::Members;
use crate::output::{self, Style};
use crate::{clock, input, secret};

/// Sign claims and print the token
#[derive(Debug, Args)]
#[command(after_help = "\
The claims are signed as given; --expires-in adds `exp`, and `iat` if it is
missing. The token has `typ: JWT` unless --header sets another.

Examples:
  jeton jwt sign --key key.jwk --expires-in 5m '{\"iss\":\"https://issuer.example\",\"sub\":\"ada\"}'
  jeton jwt sign --secret-file secret.txt --expires-in 5m '{\"sub\":\"ada\"}'
  jeton jwt sign --key key.pem --alg PS256 --header '{\"typ\":\"at+jwt\"}' - < claims.json
  jeton jwt sign --key key.jwk --expires-in 5m --encrypt-to public.jwk '{\"sub\":\"ada\"}'")]
pub(super) struct Sign {
    #[command(flatten)]
    key: KeyOptions,
    /// The algorithm, if the key does not name one
    #[arg(long, value_parser = algorithm::signature)]
    alg: Option<Named<Signature>>,
    /// More members of the protected header, such as `typ` and `kid`; `alg` must match the key
    #[arg(long, value_name = "JSON")]
    header: Option<String>,
    #[command(flatten)]
    certified: Certified,
    /// The token's lifetime: sets `exp`
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    expires_in: Option<Duration>,
    /// Encrypt the signed token for this key: public, or shared
    #[arg(long, value_name = "KEY")]
    encrypt_to: Option<PathBuf>,
    /// The encryption algorithm, if the key does not name one
    #[arg(long, value_name = "ALG", requires = "encrypt_to", value_parser = algorithm::key_management)]
    encrypt_alg: Option<Named<KeyManagement>>,
    /// The content encryption [default: the key's, or A256GCM]
    #[arg(long, requires = "encrypt_to", value_parser = algorithm::content_encryption)]
    enc: Option<ContentEncryption>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// The claims, a JSON object [default: standard input]
    #[arg(value_name = "CLAIMS-JSON")]
    claims: Option<String>,
}

/// What signs: one of them.
#[derive(Debug, Args)]
#[group(id = "signing", required = true, multiple = false)]
struct KeyOptions {
    /// The private key or the secret
    #[arg(long)]
    key: Option<PathBuf>,
    /// The secret (HS256, unless --alg says HS384 or HS512): the text of this file, or its bytes
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Read the secret from standard input
    #[arg(long)]
    secret_stdin: bool,
}

impl KeyOptions {
    /// The file that is read, `-` for standard input.
    fn path(&self) -> &Path {
        self.key.as_deref().or(self.secret_file.as_deref()).unwrap_or(Path::new("-"))
    }

    fn read(&self, algorithm: Option<Algorithm>) -> Result<SigningKey, Failure> {
        match &self.key {
            Some(path) => signing_key(path, algorithm),
            None => secret::signing_key(self.path(), algorithm),
        }
    }
}

impl Sign {
    pub(super) fn run(self) -> Result<(), Failure> {
        let claims_path = self.claims.as_deref().filter(|claims| *claims == "-").map(Path::new);
        let paths = [Some(self.key.path()), self.encrypt_to.as_deref(), claims_path];
        input::one_from_stdin(paths.into_iter().flatten().chain(self.certified.paths()))?;
        let algorithm = self.alg.map(Named::known).transpose()?;
        let key = self.key.read(algorithm.map(|named| named.algorithm))?;
        let header = HeaderOption::parse(self.header.as_deref())?;
        let signer = signer(key, algorithm.is_some_and(|named| named.as_eddsa), &header)?;
        let signer = self.with_certificates(signer)?;
        let claims = self.claims()?;
        let token = match &self.encrypt_to {
            None => signer.sign(&claims).map_err(|error| not_signed(&error))?,
            Some(key) => {
                let alg = self.encrypt_alg.map(Named::known).transpose()?;
                let encrypter = encrypter(&Recipient { key, alg, iterations: None }, self.enc)?;
                let nested = NestedSigner::new(signer, encrypter).sign(&claims);
                nested.map_err(|error| match &error {
                    NestedError::Sign(error) => not_signed(error),
                    error => Failure::coded(error.code(), error.to_string()),
                })?
            }
        };
        Style::of(self.json).print(&serde_json::json!({"token": token}), || token.clone())?;
        output::note_long(&token, Verifier::DEFAULT_MAX_LEN, "verifiers take unless told (--max-size)");
        Ok(())
    }

    fn with_certificates(&self, mut signer: Signer) -> Result<Signer, Failure> {
        let refused = |error: SignError| Failure::coded(error.code(), error.to_string());
        if let Some(chain) = self.certified.chain()? {
            signer = signer.certificates(&chain).map_err(refused)?;
        }
        if let Some(chain) = self.certified.named()? {
            signer = signer.certificate_thumbprint(&chain).map_err(refused)?;
        }
        Ok(signer)
    }

    /// The claims with the times that --expires-in adds.
    fn claims(&self) -> Result<Members, Failure> {
        let stdin_is_free = self.key.path().as_os_str() != "-"
            && self.encrypt_to.as_deref().is_none_or(|key| key.as_os_str() != "-");
        let asked = self.claims.is_some();
        let claims = match asked || stdin_is_free && !input::stdin_is_terminal() {
            true => input::argument_or_stdin(self.claims.clone())?,
            false => Zeroizing::default(),
        };
        // Whoever names no claims and pipes nothing in wants none; an empty text that was asked for is a mistake.
        let claims = if claims.is_empty() && !asked { "{}" } else { &claims };
        let mut claims = Members::parse(claims).map_err(|error| {
            let text = format!("the claims are not a JSON object without duplicate members: {error}");
            Failure::coded("claims_malformed", text)
        })?;
        if let Some(lifetime) = self.expires_in {
            if claims.get("exp").is_some() {
                return Err(Failure::usage("the claims already have `exp`: omit --expires-in"));
            }
            let now = clock::now();
            if claims.get("iat").is_none() {
                claims.push("iat", now.unix());
            }
            claims.push("exp", now.saturating_add(lifetime).unix());
        }
        Ok(claims)
    }
}

/// Why claims are not signed. Here the way out has another name than in the library.
fn not_signed(error: &SignError) -> Failure {
    let text = match error {
        SignError::ClaimMalformed { name, fault } => format!(
            "claim `{name}` is malformed: {fault}; every verifier refuses this: `jeton jws sign --header '{{\"typ\":\"JWT\"}}'` \
             signs it all the same"
        ),
        error => error.to_string(),
    };
    Failure::coded(error.code(), text)
}

/// A signer whose header has the members that were asked for.
fn signer(key: SigningKey, as_eddsa: bool, header: &HeaderOption) -> Result<Signer, Failure> {
    let as_eddsa = header.signs_as(key.algorithm(), as_eddsa)?;
    let mut signer = Signer::new(header.named(key));
    if as_eddsa {
        signer = signer.ed25519_as_eddsa();
    }
    if let Some(typ) = &header.typ {
        signer = signer.typ(typ);
    }
    if header.cty.is_some() || header.enc.is_some() {
        return Err(wrong("`cty` and `enc` are not set on signed tokens"));
    }
    for (name, value, critical) in header.others_of_a_signature() {
        let added = if critical { signer.critical_header(name, value) } else { signer.header(name, value) };
        signer = added.map_err(|error| wrong(format!("`{name}`: {error}")))?;
    }
    Ok(signer)
}
