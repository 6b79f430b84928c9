//! `jeton jwt decode`: show what is in a token, without checking it. It shows all that can be shown, and says beside it what is wrong.

mod shown;
mod spelling;

use clap::Args;
use jeton_jose::Timestamp;

use crate::failure::Failure;
use crate::members::Members;
use crate::output::{self, Style};
use crate::{clock, input, words};
use shown::{Body, Shown};

/// Show the content of a token without verifying it
#[derive(Debug, Args)]
#[command(after_help = "\
Checks nothing, not even the signature: anybody can have written the token. Use
`jeton jwt verify` to verify it. Problems that keep verifiers from parsing the
text (padding, white space, a missing part) are printed on standard error, or as
`problems` with --json. Of an encrypted token only the header is shown.

Examples:
  jeton jwt decode eyJhbGciOi…
  jeton jwt decode 'Bearer eyJhbGciOi…'
  jeton jwt decode --json < token")]
pub(super) struct Decode {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// The token [default: standard input]
    token: Option<String>,
}

impl Decode {
    pub(super) fn run(self) -> Result<(), Failure> {
        let hint = input::not_the_text(self.token.as_deref());
        let text = input::token(self.token)?;
        let shown = Shown::of(&text).map_err(hint)?;
        match Style::of(self.json) {
            Style::Json => output::json(&shown),
            Style::Text => {
                output::line(&text_of(&shown, clock::now()))?;
                for problem in &shown.problems {
                    output::note(&format!("note: {}", output::printable(problem)));
                }
                output::note(
                    "NOTHING WAS CHECKED: not the signature, not the times, not who it is from or for.",
                );
                Ok(())
            }
        }
    }
}

fn text_of(shown: &Shown, now: Timestamp) -> String {
    let mut blocks = Vec::new();
    for (title, part) in &shown.headers {
        let mut lines = vec![format!("UNVERIFIED {title}")];
        match part {
            Body::Members(members) => {
                lines.extend(members.iter().map(|(name, value)| line(name, value.get())));
            }
            Body::Text(text) => lines.push(indented(text)),
        }
        blocks.push(lines.join("\n"));
    }
    if let Some(body) = &shown.body {
        blocks.push(match body {
            Body::Members(claims) => {
                let mut lines = vec!["UNVERIFIED claims".to_owned()];
                lines.extend(claims.iter().map(|(name, value)| match time_of(name, value.get()) {
                    Some(at) => {
                        format!("  {}: {}", output::printable(name), words::date_and_distance(at, now))
                    }
                    None => line(name, value.get()),
                }));
                lines.join("\n")
            }
            Body::Text(text) => format!("UNVERIFIED payload\n{}", indented(text)),
        });
    }
    blocks.join("\n\n")
}

fn indented(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(|line| format!("  {}", output::printable(line))).collect();
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
    serde_json::from_str(value).ok()
}

/// The members of an object, as far as it is one. What a strict reader minds about it is told beside it.
fn members_of(json: &str, what: &str, problems: &mut Vec<String>) -> Option<Members> {
    if let Ok(members) = Members::parse(json) {
        return Some(members);
    }
    let strict = jeton_jose::json::from_slice::<serde::de::IgnoredAny>(json.as_bytes());
    let lax = serde_json::from_str::<Members>(json);
    if let Err(error) = strict {
        problems.push(format!("the {what} is not strict JSON, so verifiers refuse it: {error}"));
    } else if lax.is_err() {
        problems.push(format!("the {what} is not a JSON object, which verifiers refuse"));
    }
    lax.ok()
}
