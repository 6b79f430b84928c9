//! `jeton jwe encrypt`.

use std::path::{Path, PathBuf};

use clap::Args;
use jeton_jose::jwe::{ContentEncryption, Decrypter, EncryptError, Encrypter, KeyManagement, RecipientKey};

use crate::algorithm::{self, Named};
use crate::commands::header::{HeaderOption, wrong};
use crate::commands::jws::Format;
use crate::failure::Failure;
use crate::key_choice::recipient_key;
use crate::{input, output};

/// Encrypt a file, byte for byte
#[derive(Debug, Args)]
#[command(after_help = "\
A key without `alg` needs --alg. A key for `dir` may name the content encryption
as its `alg`. With a PBES2 algorithm, in the key or in --alg, the key is a
password. Nothing is compressed. RSA1_5 is refused.

Examples:
  jeton jwe encrypt --key public.jwk report.pdf > report.jwe
  jeton jwe encrypt --key rsa.pem --alg RSA-OAEP-256 --enc A128CBC-HS256 - < note.txt
  jeton jwe encrypt --key ada.jwk --key bob.jwk --format general contract.txt")]
pub(super) struct Encrypt {
    /// The recipient's public key, or a shared key; repeat for several recipients in the general form
    #[arg(long, required = true)]
    key: Vec<PathBuf>,
    /// The algorithm, if the key does not name one; once for all keys, or once per key in order
    #[arg(long, value_parser = algorithm::key_management)]
    alg: Vec<Named<KeyManagement>>,
    /// The content encryption [default: the key's, or A256GCM]
    #[arg(long, value_parser = algorithm::content_encryption)]
    enc: Option<ContentEncryption>,
    /// The serialization
    #[arg(long, default_value = "compact")]
    format: Format,
    /// Authenticate this file too; the JSON forms include it unencrypted
    #[arg(long, value_name = "FILE")]
    aad: Option<PathBuf>,
    /// How often a password is hashed (PBES2) [default: 600000 for HS256, 210000 for the others; panva's jose takes 10000 at
    /// most unless told, latchset's 32768]
    #[arg(long, value_name = "COUNT")]
    iterations: Option<u32>,
    /// More members of the protected header, such as `typ` and `cty`
    #[arg(long, value_name = "JSON")]
    header: Option<String>,
    /// What to encrypt [default: standard input]
    file: Option<PathBuf>,
}

/// How one recipient is reached.
pub(in crate::commands) struct Recipient<'r> {
    /// Their key.
    pub(in crate::commands) key: &'r Path,
    /// `--alg`.
    pub(in crate::commands) alg: Option<KeyManagement>,
    /// `--iterations`.
    pub(in crate::commands) iterations: Option<u32>,
}

impl Recipient<'_> {
    fn key(&self) -> Result<RecipientKey, Failure> {
        let key = recipient_key(self.key, self.alg)?;
        match self.iterations {
            None => Ok(key),
            Some(count) => key.iterations(count).map_err(|_| {
                Failure::usage(
                    "--iterations must be between 1000 and 1200000, and applies to passwords (PBES2) only",
                )
            }),
        }
    }
}

/// An encrypter for one recipient with the content encryption that is wanted; or, where none is, with the one that the
/// recipient's key is for.
pub(in crate::commands) fn encrypter(
    recipient: &Recipient<'_>,
    enc: Option<ContentEncryption>,
) -> Result<Encrypter, Failure> {
    let key = recipient.key()?;
    #[cfg(feature = "hpke")]
    if matches!(key.alg(), KeyManagement::Hpke(_)) {
        return match enc {
            None => Ok(Encrypter::integrated(key)),
            Some(_) => {
                Err(Failure::usage(format!("{} encrypts the content directly: omit --enc", key.alg())))
            }
        };
    }
    if let Some(enc) = enc {
        return Ok(Encrypter::new(enc, key));
    }
    if key.alg() != KeyManagement::Dir {
        return Ok(Encrypter::new(ContentEncryption::A256Gcm, key));
    }
    // The key for `dir` fits one of them, by its length or by what it says; only A256GCM and A128CBC-HS256 are of one length.
    PREFERRED
        .iter()
        .map(|enc| Encrypter::new(*enc, key.clone()))
        .find(|encrypter| !matches!(encrypter.encrypt(b""), Err(EncryptError::ContentEncryption)))
        .ok_or_else(|| coded(&EncryptError::ContentEncryption))
}

const PREFERRED: [ContentEncryption; 6] = [
    ContentEncryption::A256Gcm,
    ContentEncryption::A192Gcm,
    ContentEncryption::A128Gcm,
    ContentEncryption::A256CbcHs512,
    ContentEncryption::A192CbcHs384,
    ContentEncryption::A128CbcHs256,
];

impl Encrypt {
    pub(super) fn run(self) -> Result<(), Failure> {
        let jwe = self.encrypt()?;
        output::line(&jwe)?;
        output::note_long(&jwe, Decrypter::DEFAULT_MAX_LEN, "are decrypted unless told (--max-size)");
        Ok(())
    }

    fn encrypt(&self) -> Result<String, Failure> {
        if self.key.len() > 1 && self.format != Format::General {
            return Err(Failure::usage("several keys need --format general"));
        }
        if self.aad.is_some() && self.format == Format::Compact {
            return Err(Failure::usage("--aad needs --format flattened or general"));
        }
        let content = self.file.as_deref().unwrap_or("-".as_ref());
        let paths = self.key.iter().chain(&self.aad).map(PathBuf::as_path).chain([content]);
        input::one_from_stdin(paths)?;
        let mut encrypter = self.encrypter()?;
        if let Some(aad) = &self.aad {
            encrypter = encrypter.aad(input::file_or_stdin(aad)?.to_vec());
        }
        let plaintext = input::content(Some(content))?;
        let jwe = match self.format {
            Format::Compact => encrypter.encrypt(&plaintext),
            Format::Flattened => encrypter.encrypt_flattened(&plaintext),
            Format::General => encrypter.encrypt_general(&plaintext),
        };
        jwe.map_err(|error| coded(&error))
    }

    fn encrypter(&self) -> Result<Encrypter, Failure> {
        let algorithms = algorithm::all_known(&self.alg)?;
        let mut recipients = Vec::new();
        for (index, key) in self.key.iter().enumerate() {
            let alg = match algorithms.as_slice() {
                [] => None,
                [one] => Some(*one),
                several if several.len() == self.key.len() => several.get(index).copied(),
                _ => return Err(Failure::usage("give --alg once for all keys, or once per key")),
            };
            recipients.push(Recipient { key, alg, iterations: self.iterations });
        }
        let header = HeaderOption::parse(self.header.as_deref())?;
        if header.kid.is_some() || header.alg.is_some() || header.enc.is_some() {
            return Err(wrong("`alg`, `enc` and `kid` come from the key and the flags"));
        }
        if !header.crit.is_empty() {
            return Err(wrong("`crit` is for signatures: no extension of JWE is known"));
        }
        let [first, others @ ..] = recipients.as_slice() else {
            return Err(coded(&EncryptError::Form));
        };
        let mut encrypter = encrypter(first, self.enc)?;
        for recipient in others {
            encrypter = encrypter.and(recipient.key()?);
        }
        if let Some(typ) = &header.typ {
            encrypter = encrypter.typ(typ);
        }
        if let Some(cty) = &header.cty {
            encrypter = encrypter.cty(cty);
        }
        for (name, value) in &header.others {
            encrypter = encrypter.header(name, value).map_err(|error| wrong(format!("`{name}`: {error}")))?;
        }
        Ok(encrypter)
    }
}

fn coded(error: &EncryptError) -> Failure {
    let reason = match error {
        EncryptError::Form => {
            "several recipients are 16 at most, and none of them by `dir`, `ECDH-ES` or an integrated HPKE"
                .to_owned()
        }
        error => error.to_string(),
    };
    Failure::coded(error.code(), reason)
}
