//! `jeton jwe decrypt`.

use std::path::{Path, PathBuf};

use clap::Args;
use jeton_jose::jwe::{ContentEncryption, DecryptError, Decrypted, Decrypter, DecryptionKey, KeyManagement};

use crate::algorithm::{self, Named};
use crate::commands::peek::{Peek, is_json, names};
use crate::failure::Failure;
use crate::key_choice::decryption_keys;
use crate::{input, output};

/// Decrypt a text in any of its three forms, and print the plaintext, byte for byte
#[derive(Debug, Args)]
#[command(after_help = "\
The algorithm comes from the key, or from --alg where the key names none; the
text only has to agree. `enc`, `zip` and `crit` must be in the protected header.
Naming a PBES2 algorithm is the opt-in to the work that it costs. Whoever has
the public key can have encrypted this: it proves no sender.

Examples:
  jeton jwe decrypt --key key.jwk < report.jwe > report.pdf
  jeton jwe decrypt --key rsa.pem --alg RSA-OAEP-256 --enc A256GCM < note.jwe
  jeton jwe decrypt --key password.jwk --alg PBES2-HS256+A128KW < backup.jwe")]
pub(super) struct Decrypt {
    /// The private or shared key; in a JWK set, the key that the text names
    #[arg(long)]
    key: PathBuf,
    /// Accept only this algorithm; may be repeated [default: those of the keys]
    #[arg(long, value_parser = algorithm::key_management)]
    alg: Vec<Named<KeyManagement>>,
    /// Accept only this content encryption; may be repeated [default: any]
    #[arg(long, value_parser = algorithm::content_encryption)]
    enc: Vec<ContentEncryption>,
    /// Accept compressed text of at most 250,000 bytes uncompressed
    #[arg(long)]
    allow_zip: bool,
    /// Largest accepted iteration count (PBES2); fewer than 1000 are refused
    #[arg(long, value_name = "COUNT", default_value_t = Decrypter::DEFAULT_MAX_ITERATIONS)]
    max_iterations: u32,
    /// Largest accepted text (bytes)
    #[arg(long, value_name = "BYTES", default_value_t = Decrypter::DEFAULT_MAX_LEN)]
    max_size: usize,
    /// The encrypted text [default: standard input]
    token: Option<String>,
}

impl Decrypt {
    pub(super) fn run(self) -> Result<(), Failure> {
        let hint = input::not_the_text(self.token.as_deref());
        output::bytes(self.decrypt().map_err(hint)?.plaintext())
    }

    fn decrypt(self) -> Result<Decrypted, Failure> {
        input::one_from_stdin([self.key.as_path(), Path::new(self.token.as_deref().unwrap_or("-"))])?;
        let keys = decryption_keys(&self.key, &algorithm::all_known(&self.alg)?)?;
        let token = input::token(self.token)?;
        let allowed = names(keys.iter().map(|key| key.alg().as_str()));
        let several = keys.len();
        let decrypter = decrypter(keys, &self.enc).max_len(self.max_size).max_iterations(self.max_iterations);
        let decrypter = match self.allow_zip {
            true => decrypter.allow_compressed(Decrypter::DEFAULT_INFLATE),
            false => decrypter,
        };
        let decrypted =
            if is_json(&token) { decrypter.decrypt_json(&token) } else { decrypter.decrypt(&token) };
        decrypted.map_err(|error| {
            let peek = Peek::at(&token);
            let hint = match error {
                DecryptError::Failed if several > MOST_TRIED && peek.kid().is_none() => format!(
                    "; the text names no key (`kid`), and only {MOST_TRIED} of {several} keys are tried: give the right one alone"
                ),
                _ => String::new(),
            };
            let reason = peek.explain_jwe(&error, &allowed, self.max_size);
            Failure::coded(error.code(), format!("{reason}{hint}"))
        })
    }
}

/// A decrypter tries as many keys with a text that names none.
const MOST_TRIED: usize = 16;

/// A decrypter that takes these content encryptions, or all where none is named.
pub(in crate::commands) fn decrypter(keys: Vec<DecryptionKey>, enc: &[ContentEncryption]) -> Decrypter {
    let decrypter = Decrypter::new(keys);
    if enc.is_empty() { decrypter } else { decrypter.only(enc.iter().copied()) }
}
