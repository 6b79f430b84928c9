//! `jeton jwe`: encrypting and decrypting any bytes.

mod decrypt;
mod encrypt;

use clap::{Args, Subcommand};

use crate::failure::Failure;

pub(super) use decrypt::decrypter;
pub(super) use encrypt::{Recipient, encrypter};

/// Encrypt and decrypt files: JSON Web Encryption
#[derive(Debug, Args)]
#[command(after_help = "\
KEY is a file that holds a JWK, a JWK set, PEM or DER; `-` is standard input.
Encrypting with a public key does not prove who the sender is; sign first for
that. `jeton jwt sign --encrypt-to KEY` does both for claims.

Examples:
  jeton jwk generate ECDH-ES+A256KW > key.jwk && jeton jwk public key.jwk > public.jwk
  jeton jwe encrypt --key public.jwk report.pdf > report.jwe
  jeton jwe decrypt --key key.jwk < report.jwe > report.pdf")]
pub(crate) struct JweCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Encrypt(encrypt::Encrypt),
    Decrypt(decrypt::Decrypt),
}

impl JweCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Encrypt(command) => command.run(),
            Action::Decrypt(command) => command.run(),
        }
    }
}
