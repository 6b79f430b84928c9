//! `jeton jwk`: making, showing and converting keys.

mod generate;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use jeton_jose::{Jwk, KeyError};

use crate::failure::Failure;
use crate::key_file::{KeyFile, name_of};
use crate::output::{self, Style};

/// Generate, inspect and convert keys
#[derive(Debug, Args)]
#[command(after_help = "\
FILE holds a JWK, a JWK set, PEM or DER (PKCS#8, SPKI, PKCS#1, SEC1); `-` is
standard input.

Examples:
  jeton jwk generate ES256 > key.jwk            a private key; its thumbprint is its kid
  jeton jwk generate RSA-OAEP-256 > enc.jwk     a key that others encrypt to
  jeton jwk public key.jwk > public.jwk         the public part
  jeton jwk thumbprint key.jwk                  its thumbprint (RFC 7638)
  jeton jwk convert key.pem --to jwk            from PEM to JWK; --to pem for the reverse")]
pub(crate) struct JwkCommand {
    #[command(subcommand)]
    action: Action,
    /// Print one JSON document
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    Generate(generate::Generate),
    /// Print the public part of a key, or of each key of a set
    Public {
        /// The key or set: a JWK, a JWK set, PEM or DER; `-` is standard input
        file: PathBuf,
    },
    /// Print the SHA-256 thumbprint (RFC 7638) of a key, or of each key of a set
    Thumbprint {
        /// The key or set: a JWK, a JWK set, PEM or DER; `-` is standard input
        file: PathBuf,
    },
    /// Print a key in another form: private keys as PKCS#8, public ones as SubjectPublicKeyInfo
    Convert {
        /// The key or set: a JWK, a JWK set, PEM or DER; `-` is standard input
        file: PathBuf,
        /// The form
        #[arg(long)]
        to: Form,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    Jwk,
    Pem,
    Der,
}

impl JwkCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Generate(command) => command.run(),
            Action::Public { file } => public(&file),
            Action::Thumbprint { file } => thumbprint(&file, Style::of(self.json)),
            Action::Convert { file, to } => convert(&file, to),
        }
    }
}

fn public(file: &Path) -> Result<(), Failure> {
    match read(file)? {
        KeyFile::One(key) => {
            output::line(&key.public().map_err(|error| refused(file, &error))?.to_json())?;
            note_certificates(file, [&*key]);
        }
        KeyFile::Set(set) => {
            output::line(&set.public().to_json())?;
            note_certificates(file, set.keys());
            for (index, key) in set.indexed().filter(|(_, key)| key.is_symmetric()) {
                let kid = key.kid().map(|kid| format!(" (kid {kid:?})")).unwrap_or_default();
                let text = format!("keys[{index}]{kid} is symmetric and has no public part: skipped");
                output::note(&format!("note: {}: {}", name_of(file), output::printable(&text)));
            }
        }
    }
    Ok(())
}

fn thumbprint(file: &Path, style: Style) -> Result<(), Failure> {
    let of = |key: &Jwk| serde_json::json!({"thumbprint": key.thumbprint(), "uri": key.thumbprint_uri()});
    match read(file)? {
        KeyFile::One(key) => style.print(&of(&key), || key.thumbprint()),
        KeyFile::Set(set) => {
            let document: Vec<_> = set.keys().iter().map(of).collect();
            style.print(&document, || set.keys().iter().map(Jwk::thumbprint).collect::<Vec<_>>().join("\n"))
        }
    }
}

fn convert(file: &Path, form: Form) -> Result<(), Failure> {
    let key = match (read(file)?, form) {
        (KeyFile::Set(set), Form::Jwk) => {
            output::line(&set.to_json())?;
            note_certificates(file, set.keys());
            return Ok(());
        }
        (KeyFile::Set(set), _) => match <[Jwk; 1]>::try_from(set.keys().to_vec()) {
            Ok([key]) => key,
            Err(keys) => {
                let text = format!("{} has {} keys: PEM and DER hold one", name_of(file), keys.len());
                return Err(Failure::coded("keys_number", text));
            }
        },
        (KeyFile::One(key), _) => *key,
    };
    match form {
        Form::Jwk => {
            output::line(&key.to_json())?;
            note_certificates(file, [&key]);
            Ok(())
        }
        Form::Pem => output::bytes(key.to_pem().map_err(|error| refused(file, &error))?.as_bytes()),
        Form::Der => output::bytes(&key.to_der().map_err(|error| refused(file, &error))?),
    }
}

/// Reads a file of which every key is wanted: one of a kind that Jeton does not have would be missing in the result.
fn read(file: &Path) -> Result<KeyFile, Failure> {
    let read = KeyFile::read(file)?;
    if let Some(key) = read.skipped().first() {
        let text = format!("{}: {}", name_of(file), output::printable(&key.to_string()));
        return Err(Failure::coded(key.reason().code(), text));
    }
    Ok(read)
}

/// Notes certificates that are not in the result.
fn note_certificates<'k>(file: &Path, keys: impl IntoIterator<Item = &'k Jwk>) {
    for fault in keys.into_iter().filter_map(Jwk::certificate_fault) {
        output::note(&format!("note: {}: skipped the certificate of a key: {fault}", name_of(file)));
    }
}

fn refused(file: &Path, error: &KeyError) -> Failure {
    Failure::coded(error.code(), format!("{}: {error}", name_of(file)))
}
