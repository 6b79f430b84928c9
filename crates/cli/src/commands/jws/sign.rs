//! `jeton jws sign`.

use std::path::PathBuf;

use clap::Args;
use jeton_jose::jws::{Signer, Verifier, sign_general, sign_general_detached};
use jeton_jose::{SignError, SigningKey};

use super::Format;
use crate::algorithm::{self, Named, Signature};
use crate::commands::certificates::Certified;
use crate::commands::header::{HeaderOption, wrong};
use crate::failure::Failure;
use crate::key_choice::signing_key;
use crate::secret::SecretOptions;
use crate::{input, output, secret};

/// Sign a file, byte for byte
#[derive(Debug, Args)]
#[command(after_help = "\
Signs the exact bytes of the file, including a final line break. --detached
leaves them out of the result. --unencoded signs them without base64url (RFC
7797); in the compact form the payload must then be detached, or printable ASCII
without dots.

Examples:
  jeton jws sign --key key.jwk report.pdf > report.jws
  jeton jws sign --key rsa.pem --alg PS256 --format flattened - < note.txt
  jeton jws sign --key one.jwk --key two.jwk --format general contract.txt
  jeton jws sign --key key.jwk --detached --unencoded big.iso > big.iso.jws")]
pub(super) struct Sign {
    /// The private key or the secret; repeat for several signatures in the general form
    #[arg(long, required_unless_present_any = ["secret_file", "secret_stdin"])]
    key: Vec<PathBuf>,
    #[command(flatten)]
    secret: SecretOptions,
    /// The algorithm, if the key does not name one; once for all keys, or once per key in order
    #[arg(long, value_parser = algorithm::signature)]
    alg: Vec<Named<Signature>>,
    /// The serialization
    #[arg(long, default_value = "compact")]
    format: Format,
    /// Leave the payload out of the result (detached)
    #[arg(long)]
    detached: bool,
    /// Sign the payload as it is instead of its base64url
    #[arg(long)]
    unencoded: bool,
    /// More members of the protected header, such as `typ`, `cty` and `kid`
    #[arg(long, value_name = "JSON")]
    header: Option<String>,
    #[command(flatten)]
    certified: Certified,
    /// What to sign [default: standard input]
    file: Option<PathBuf>,
}

impl Sign {
    pub(super) fn run(self) -> Result<(), Failure> {
        let jws = self.sign()?;
        output::line(&jws)?;
        output::note_long(
            &jws,
            Verifier::DEFAULT_MAX_LEN,
            "verifiers take unless told (--max-size); --detached keeps it short",
        );
        Ok(())
    }

    fn sign(&self) -> Result<String, Failure> {
        if self.secret.path().is_some() && !self.key.is_empty()
            || self.secret.secret_stdin && self.secret.secret_file.is_some()
        {
            return Err(Failure::usage("--key, --secret-file and --secret-stdin are mutually exclusive"));
        }
        if self.key.len() > 1 && self.format != Format::General {
            return Err(Failure::usage("several keys need --format general"));
        }
        let content = self.file.as_deref().unwrap_or("-".as_ref());
        if self.key.len() > 1 && !self.certified.is_empty() {
            return Err(Failure::usage("certificates belong to one key, but several keys are given"));
        }
        let keys = self.key.iter().map(PathBuf::as_path);
        input::one_from_stdin(keys.chain(self.secret.path()).chain(self.certified.paths()).chain([content]))?;
        let signers = self.signers()?;
        let payload = input::content(Some(content))?;
        let jws = match (self.format, self.detached, signers.as_slice()) {
            (Format::General, true, signers) => sign_general_detached(signers, &payload),
            (Format::General, false, signers) => sign_general(signers, &payload),
            (Format::Compact, true, [signer, ..]) => signer.sign_detached(&payload),
            (Format::Compact, false, [signer, ..]) => signer.sign(&payload),
            (Format::Flattened, true, [signer, ..]) => signer.sign_flattened_detached(&payload),
            (Format::Flattened, false, [signer, ..]) => signer.sign_flattened(&payload),
            (_, _, []) => Err(SignError::Signers),
        };
        jws.map_err(|error| match error {
            SignError::Unencoded => {
                Failure::coded(error.code(), format!("{error}: use --detached for other bytes"))
            }
            _ => Failure::coded(error.code(), error.to_string()),
        })
    }

    fn signers(&self) -> Result<Vec<Signer>, Failure> {
        let algorithms = algorithm::all_known(&self.alg)?;
        let of_key = |index: usize| match algorithms.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            several if several.len() == self.key.len() => Ok(several.get(index).copied()),
            _ => Err(Failure::usage("give --alg once for all keys, or once per key")),
        };
        let header = HeaderOption::parse(self.header.as_deref())?;
        if let Some(path) = self.secret.path() {
            let key = secret::signing_key(path, algorithms.first().map(|named| named.algorithm))?;
            return Ok(vec![self.signer(key, false, &header)?]);
        }
        self.key
            .iter()
            .enumerate()
            .map(|(index, path)| {
                let algorithm = of_key(index)?;
                let key = signing_key(path, algorithm.map(|named| named.algorithm))?;
                self.signer(key, algorithm.is_some_and(|named| named.as_eddsa), &header)
            })
            .collect()
    }

    fn signer(&self, key: SigningKey, as_eddsa: bool, header: &HeaderOption) -> Result<Signer, Failure> {
        let algorithm = key.algorithm();
        let as_eddsa = header.signs_as(algorithm, as_eddsa)?;
        let mut signer = Signer::new(header.named(key));
        if as_eddsa {
            signer = signer.ed25519_as_eddsa();
        }
        if let Some(typ) = &header.typ {
            signer = signer.typ(typ);
        }
        if let Some(cty) = &header.cty {
            signer = signer.cty(cty);
        }
        for (name, value, critical) in header.others_of_a_signature() {
            let added =
                if critical { signer.critical_header(name, value) } else { signer.header(name, value) };
            signer = added.map_err(|error| wrong(format!("`{name}`: {error}")))?;
        }
        let refused = |error: SignError| Failure::coded(error.code(), error.to_string());
        if let Some(chain) = self.certified.chain()? {
            signer = signer.certificates(&chain).map_err(refused)?;
        }
        if let Some(chain) = self.certified.named()? {
            signer = signer.certificate_thumbprint(&chain).map_err(refused)?;
        }
        Ok(if self.unencoded { signer.unencoded() } else { signer })
    }
}
