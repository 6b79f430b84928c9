//! `jeton jwt sd issue`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use jeton_jose::json;
use jeton_jose::jwt::Signer;
use jeton_jose::sd_jwt::SdJwtIssuer;
use serde_json::{Map, Value};

use super::super::duration;
use super::{TYP, coded};
use crate::algorithm::{self, Named, Signature};
use crate::failure::Failure;
use crate::key_choice::signing_key;
use crate::key_file::{KeyFile, name_of};
use crate::{clock, input, output};

/// Sign claims, some of them hidden until the holder discloses them
#[derive(Debug, Args)]
#[command(after_help = "\
--hide names a claim or an element of an array by a JSON pointer (RFC 6901).
`iss`, `aud`, `exp`, `nbf`, `iat` and `cnf` are never hidden.

Examples:
  jeton jwt sd issue --key issuer.jwk --hide /email --hide /nationalities/0 --expires-in 30d - < claims.json")]
pub(super) struct Issue {
    /// The issuer's private key
    #[arg(long)]
    key: PathBuf,
    /// The algorithm, if the key does not name one
    #[arg(long, value_parser = algorithm::signature)]
    alg: Option<Named<Signature>>,
    /// A claim to hide, as a JSON pointer; may be repeated
    #[arg(long, value_name = "POINTER")]
    hide: Vec<String>,
    /// How many decoy digests to add
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    decoys: u8,
    /// Bind the token to this key of the holder, who must prove possession of it
    #[arg(long, value_name = "KEY")]
    holder: Option<PathBuf>,
    /// The `typ` of the token
    #[arg(long, default_value = TYP)]
    typ: String,
    /// The token's lifetime: sets `exp`
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    expires_in: Option<Duration>,
    /// The claims, a JSON object [default: standard input]
    #[arg(value_name = "CLAIMS-JSON")]
    claims: Option<String>,
}

impl Issue {
    pub(super) fn run(self) -> Result<(), Failure> {
        let claims = Path::new(self.claims.as_deref().unwrap_or("-"));
        input::one_from_stdin(
            [Some(self.key.as_path()), self.holder.as_deref(), Some(claims)].into_iter().flatten(),
        )?;
        let algorithm = self.alg.map(Named::known).transpose()?;
        let key = signing_key(&self.key, algorithm.map(|named| named.algorithm))?;
        let mut signer = Signer::new(key).typ(self.typ.clone());
        if algorithm.is_some_and(|named| named.as_eddsa) {
            signer = signer.ed25519_as_eddsa();
        }
        let mut issuer = SdJwtIssuer::new(signer).decoys(self.decoys.into());
        for pointer in &self.hide {
            issuer = issuer.hide(pointer);
        }
        if let Some(path) = &self.holder {
            let file = KeyFile::read(path)?;
            let [holder] = file.keys() else {
                return Err(Failure::usage(format!(
                    "{}: exactly one key of the holder is required",
                    name_of(path)
                )));
            };
            issuer = issuer.bind_to(holder).map_err(|error| coded(&error))?;
        }
        output::line(&issuer.issue(&self.claims()?).map_err(|error| coded(&error))?)
    }

    fn claims(&self) -> Result<Map<String, Value>, Failure> {
        let text = input::argument_or_stdin(self.claims.clone())?;
        let mut claims: Map<String, Value> = json::from_slice(text.as_bytes()).map_err(|error| {
            let text = format!("the claims are not a JSON object without duplicate members: {error}");
            Failure::coded("claims_malformed", text)
        })?;
        if let Some(lifetime) = self.expires_in {
            if claims.contains_key("exp") {
                return Err(Failure::usage("the claims already have `exp`: omit --expires-in"));
            }
            let now = clock::now();
            claims.entry("iat").or_insert_with(|| now.unix().into());
            claims.insert("exp".to_owned(), now.saturating_add(lifetime).unix().into());
        }
        Ok(claims)
    }
}
