//! `jeton jwt sd present`.

use std::path::{Path, PathBuf};

use clap::Args;
use jeton_jose::SigningKey;
use jeton_jose::sd_jwt::Presentation;

use super::coded;
use crate::algorithm::{self, Named, Signature};
use crate::failure::Failure;
use crate::key_choice::signing_key;
use crate::output::printable;
use crate::{clock, input, output};

/// Present a token, disclosing none, some or all of its hidden claims
#[derive(Debug, Args)]
#[command(after_help = "\
Nothing hidden is shown unless --show or --show-all says so; --list tells what
there is. Hidden elements of arrays have no name: --show '*' shows them all. With --key the holder proves that the token is
theirs, to one verifier and for the nonce that this verifier gave.

Examples:
  jeton jwt sd present --list < credential
  jeton jwt sd present --show email --key holder.jwk --aud https://shop.example --nonce n1 < credential")]
pub(super) struct Present {
    /// Disclose the hidden claim of this name; `*` for all array elements; may be repeated
    #[arg(long, value_name = "NAME")]
    show: Vec<String>,
    /// Disclose everything
    #[arg(long, conflicts_with = "show")]
    show_all: bool,
    /// Only list the hidden claims and their values, one per line
    #[arg(long, conflicts_with_all = ["show", "show_all", "key"])]
    list: bool,
    /// The holder's private key
    #[arg(long, requires = "aud", requires = "nonce")]
    key: Option<PathBuf>,
    /// The algorithm, if the key does not name one
    #[arg(long, requires = "key", value_parser = algorithm::signature)]
    alg: Option<Named<Signature>>,
    /// The audience of the proof
    #[arg(long, requires = "key")]
    aud: Option<String>,
    /// The nonce from the verifier
    #[arg(long, requires = "key", allow_hyphen_values = true)]
    nonce: Option<String>,
    /// The issued token [default: standard input]
    #[arg(value_name = "SD-JWT")]
    token: Option<String>,
}

impl Present {
    pub(super) fn run(self) -> Result<(), Failure> {
        let token = Path::new(self.token.as_deref().unwrap_or("-"));
        input::one_from_stdin(self.key.as_deref().into_iter().chain([token]))?;
        let algorithm = self.alg.map(Named::known).transpose()?.map(|named| named.algorithm);
        let key = self.key.as_deref().map(|path| signing_key(path, algorithm)).transpose()?;
        let hint = input::not_the_text(self.token.as_deref());
        let token = input::token(self.token)?;
        let presentation = Presentation::parse(&token).map_err(|error| hint(coded(&error)))?;
        if self.list {
            let hidden = presentation.hidden();
            let lines: Vec<_> =
                hidden.map(|(name, value)| printable(&format!("{}: {value}", name.unwrap_or("*")))).collect();
            return output::line(&lines.join("\n"));
        }
        for name in self
            .show
            .iter()
            .filter(|name| !presentation.hidden().any(|(own, _)| own.unwrap_or("*") == name.as_str()))
        {
            output::note(&format!("note: the token has no hidden claim {}", printable(name)));
        }
        let presentation = presentation
            .show(|name, _| self.show_all || self.show.iter().any(|shown| shown == name.unwrap_or("*")));
        let shown = match (key, &self.aud, &self.nonce) {
            (Some(SigningKey::Private(key)), Some(aud), Some(nonce)) => {
                presentation.bound(&key, aud, nonce, clock::now()).map_err(|error| coded(&error))?
            }
            (Some(_), ..) => {
                return Err(Failure::coded("key_kind", "the holder's key must be a private key"));
            }
            (None, ..) => presentation.unbound(),
        };
        output::line(&shown)
    }
}
