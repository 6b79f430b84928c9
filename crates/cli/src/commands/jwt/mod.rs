//! `jeton jwt`: signing, verifying and looking at tokens.

mod decode;
mod dpop;
mod explain;
mod key_source;
mod policy;
mod sd;
mod sign;
mod verify;

use clap::{Args, Subcommand};

use crate::failure::Failure;

/// Sign, verify and decode JSON Web Tokens
#[derive(Debug, Args)]
#[command(after_help = "\
KEY is a file that holds a JWK, a JWK set, PEM or DER; `-` is standard input.
If the token or claims are missing or `-`, they are read from standard input.

Examples:
  jeton jwk generate ES256 > key.jwk
  jeton jwt sign --key key.jwk --expires-in 5m '{\"sub\":\"ada\"}' > token
  jeton jwt verify --key key.jwk < token
  jeton jwt decode < token")]
pub(crate) struct JwtCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Sign(sign::Sign),
    Verify(verify::Verify),
    Decode(decode::Decode),
    Sd(sd::SdCommand),
    Dpop(dpop::DpopCommand),
}

impl JwtCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Sign(command) => command.run(),
            Action::Verify(command) => command.run(),
            Action::Decode(command) => command.run(),
            Action::Sd(command) => command.run(),
            Action::Dpop(command) => command.run(),
        }
    }
}

/// A duration of a flag.
fn duration(text: &str) -> Result<std::time::Duration, String> {
    humantime::parse_duration(text)
        .ok()
        .filter(|duration| duration.subsec_nanos() == 0)
        .ok_or_else(|| "expected a duration such as 30s, 5m, 24h or 30d".to_owned())
}
