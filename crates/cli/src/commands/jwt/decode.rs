//! `jeton jwt decode`: what a token says, unchecked.

use clap::Args;
use jeton_jose::jwt::Unverified;
use jeton_jose::{Timestamp, VerifyError};
use serde::Serialize;

use super::explain::another_form;
use crate::failure::Failure;
use crate::members::Members;
use crate::output::{self, Style};
use crate::{clock, input, words};

/// Show what a token says; checks nothing
#[derive(Debug, Args)]
#[command(after_help = "\
Nothing is checked, not even the signature: anybody can have written what is
shown. `jeton jwt verify` checks.

Examples:
  jeton jwt decode eyJhbGciOi…
  jeton jwt decode --json < token")]
pub(super) struct Decode {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// The token [default: standard input]
    token: Option<String>,
}

#[derive(Serialize)]
struct Decoded {
    verified: bool,
    header: Members,
    claims: Members,
}

impl Decode {
    pub(super) fn run(self) -> Result<(), Failure> {
        let hint = input::not_the_text(self.token.as_deref());
        let token = input::token(self.token)?;
        let token = Unverified::parse(&token).map_err(|error| match error {
            VerifyError::Malformed if another_form(&token).is_some() => {
                Failure::coded(error.code(), another_form(&token).unwrap_or_default())
            }
            VerifyError::Malformed if token.split('.').count() == 5 => Failure::coded(
                error.code(),
                "token is encrypted, and shows nothing: `jeton jwe decrypt` and `jeton jwt verify --decrypt-key` open it",
            ),
            VerifyError::Malformed if token.split('.').count() != 3 => Failure::coded(
                error.code(),
                format!("{error}: it has {} parts between dots, and a signed one has 3", token.split('.').count()),
            ),
            _ => Failure::coded(error.code(), error.to_string()),
        });
        let token = token.map_err(hint)?;
        let members = |json: &str| Members::parse(json).map_err(Failure::refused);
        let (header, claims) = (members(token.header_json())?, members(token.claims_json())?);
        match Style::of(self.json) {
            Style::Json => output::json(&Decoded { verified: false, header, claims }),
            Style::Text => {
                output::line(&text(&header, &claims, clock::now()))?;
                output::note(
                    "NOTHING WAS CHECKED: not the signature, not the times, not who it is from or for.",
                );
                Ok(())
            }
        }
    }
}

fn text(header: &Members, claims: &Members, now: Timestamp) -> String {
    let mut lines = vec!["UNVERIFIED header".to_owned()];
    lines.extend(header.iter().map(|(name, value)| line(name, value.get())));
    lines.push(String::new());
    lines.push("UNVERIFIED claims".to_owned());
    lines.extend(claims.iter().map(|(name, value)| match time_of(name, value.get()) {
        Some(at) => format!("  {}: {}", output::printable(name), words::date_and_distance(at, now)),
        None => line(name, value.get()),
    }));
    lines.join("\n")
}

fn line(name: &str, value: &str) -> String {
    let text = serde_json::from_str::<String>(value).unwrap_or_else(|_| value.to_owned());
    format!("  {}: {}", output::printable(name), output::printable(&text))
}

/// The time that a claim names, where it is one that names a time (RFC 7519 §4.1, OpenID Connect Core §2).
fn time_of(name: &str, value: &str) -> Option<Timestamp> {
    if !matches!(name, "exp" | "nbf" | "iat" | "auth_time" | "updated_at") {
        return None;
    }
    let seconds = value.split(['.', 'e', 'E']).next()?;
    if value.contains(['e', 'E']) { None } else { seconds.parse().ok().and_then(Timestamp::try_from_unix) }
}
