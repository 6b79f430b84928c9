//! `jeton jws`: signing and verifying any bytes.

mod sign;
mod verify;

use clap::{Args, Subcommand, ValueEnum};

use crate::failure::Failure;

/// Sign and verify files: JSON Web Signatures
#[derive(Debug, Args)]
#[command(after_help = "\
KEY is a file that holds a JWK, a JWK set, PEM or DER; `-` is standard input.
For tokens with claims there is `jeton jwt`, which checks the claims too.

Examples:
  jeton jwk generate Ed25519 > key.jwk && jeton jwk public key.jwk > public.jwk
  jeton jws sign --key key.jwk report.pdf > report.jws
  jeton jws verify --key public.jwk < report.jws > report.pdf
  jeton jws sign --key key.jwk --detached report.pdf > report.sig
  jeton jws verify --key public.jwk --payload report.pdf < report.sig")]
pub(crate) struct JwsCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Sign(sign::Sign),
    Verify(verify::Verify),
}

impl JwsCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Sign(command) => command.run(),
            Action::Verify(command) => command.run(),
        }
    }
}

/// How a JWS or JWE is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Parts separated by dots
    Compact,
    /// JSON with one signature or recipient
    Flattened,
    /// JSON with any number of them
    General,
}
