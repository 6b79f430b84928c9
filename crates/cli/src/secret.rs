//! Shared secrets as bare bytes: from a file or standard input, never as an argument, which every process of the machine can read.

use std::path::{Path, PathBuf};

use clap::Args;
use jeton_jose::{Algorithm, Jwk, JwkSet, KeyError, SharedSecret, SigningKey};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::input;
use crate::key_file::{name_of, text_of};

/// Where a secret for signatures is, for commands that sign.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct SecretOptions {
    /// The secret (HS256, unless --alg says HS384 or HS512): the text of this file, or its bytes
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Read the secret from standard input
    #[arg(long)]
    pub(crate) secret_stdin: bool,
}

impl SecretOptions {
    /// The file, or `-` for standard input, where there is a secret at all.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.secret_file.as_deref().or_else(|| self.secret_stdin.then_some(Path::new("-")))
    }
}

/// The key that signs.
pub(crate) fn signing_key(path: &Path, algorithm: Option<Algorithm>) -> Result<SigningKey, Failure> {
    let secret = read(path)?;
    key(path, &secret, algorithm.unwrap_or(Algorithm::HS256)).map(SigningKey::from)
}

/// The keys that a secret is for these algorithms, none meaning HS256.
pub(crate) fn verifying_keys(path: &Path, allowed: &[Algorithm]) -> Result<Vec<SharedSecret>, Failure> {
    let secret = read(path)?;
    let allowed = if allowed.is_empty() { &[Algorithm::HS256] } else { allowed };
    let mut keys = Vec::new();
    let mut failure = None;
    for &algorithm in allowed {
        match key(path, &secret, algorithm) {
            Ok(key) => keys.push(key),
            Err(error) => failure = Some(error),
        }
    }
    // A secret may be long enough for one of them only.
    failure.filter(|_| keys.is_empty()).map_or(Ok(keys), Err)
}

/// A secret in a file, or in standard input for `-`. Of a text one line break at the end does not count; bytes that are no text
/// are taken as they are. The file of a key is refused: its text would be taken for the secret.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = input::file_or_stdin(path)?;
    if std::str::from_utf8(&bytes).is_ok() {
        let kept = bytes
            .strip_suffix(b"\n")
            .map_or(bytes.len(), |text| text.strip_suffix(b"\r").unwrap_or(text).len());
        bytes.truncate(kept);
    }
    let text = text_of(&bytes);
    let is_json_key =
        text.first() == Some(&b'{') && (Jwk::parse(text).is_ok() || JwkSet::parse(text).is_ok());
    if is_json_key || text.starts_with(b"-----BEGIN ") {
        return Err(Failure::coded(
            "secret_is_key_file",
            format!("{}: this is a key file, not a bare secret: use --key", name_of(path)),
        ));
    }
    Ok(bytes)
}

/// The secret as a key, or why it is none.
pub(crate) fn key(path: &Path, secret: &[u8], algorithm: Algorithm) -> Result<SharedSecret, Failure> {
    SharedSecret::new(algorithm, secret).map_err(|error| {
        let hint = match error {
            KeyError::Kind { .. } => format!(": {algorithm} does not use a secret; give a key with --key"),
            _ => String::new(),
        };
        Failure::coded(error.code(), format!("{}: {error}{hint}", name_of(path)))
    })
}
