//! `jeton jwt sd`: tokens whose holder chooses what to show (RFC 9901).

mod issue;
mod present;
mod verify;

use clap::{Args, Subcommand};
use jeton_jose::sd_jwt::SdJwtError;

use crate::failure::Failure;

/// Issue, present and verify tokens with selective disclosure (SD-JWT)
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jeton jwt sd issue --key issuer.jwk --hide /birthdate --hide /address --holder holder.jwk \\
    --expires-in 30d '{\"iss\":\"https://issuer.example\",\"birthdate\":\"1990-01-01\",\"address\":{}}' > credential
  jeton jwt sd present --show birthdate --key holder.jwk --aud https://shop.example --nonce n1 < credential > shown
  jeton jwt sd verify --key issuer.pub.jwk --aud https://shop.example --nonce n1 < shown")]
pub(super) struct SdCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Issue(issue::Issue),
    Present(present::Present),
    Verify(verify::Verify),
}

impl SdCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Issue(command) => command.run(),
            Action::Present(command) => command.run(),
            Action::Verify(command) => command.run(),
        }
    }
}

/// The `typ` of credentials, unless said otherwise.
const TYP: &str = "dc+sd-jwt";

fn coded(error: &SdJwtError) -> Failure {
    Failure::coded(error.code(), error.to_string())
}
