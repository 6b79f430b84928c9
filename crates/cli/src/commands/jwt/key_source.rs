//! Where the keys of an issuer come from: a file of the caller's own, a published set, or the issuer.

use std::path::{Path, PathBuf};

use clap::Args;
use jeton_jose::{Algorithm, JwkSet, KeySet};

use crate::failure::Failure;
use crate::key_choice::{published_keys, verifying_keys};
use crate::{input, remote};

/// One of the three.
#[derive(Debug, Args)]
#[group(id = "keys", required = true, multiple = false)]
pub(super) struct KeySource {
    /// The key: public, private or secret; of a JWK set the one that the token names
    #[arg(long)]
    key: Option<PathBuf>,
    /// The JWK set that holds the public key: a file, or a URL
    #[arg(long, value_name = "FILE-OR-URL")]
    jwks: Option<String>,
    /// The authority that issued the token; its keys are fetched
    #[arg(long, value_name = "URL")]
    pub(super) issuer: Option<String>,
}

impl KeySource {
    /// The files that are read, for the one that may be standard input.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.key.as_deref().into_iter().chain(self.jwks.as_deref().map(Path::new))
    }

    /// The keys that a token may be signed with, which names an algorithm.
    pub(super) fn keys(&self, allowed: &[Algorithm], named: &[Algorithm]) -> Result<KeySet, Failure> {
        let sets = if let Some(path) = &self.key {
            verifying_keys(path, allowed, named)
        } else if let Some(place) = &self.jwks {
            published_keys(place, &jwk_set(place)?, allowed, named)
        } else {
            let issuer = self.issuer.as_deref().unwrap_or_default();
            published_keys(issuer, &remote::keys_of_issuer(issuer)?, allowed, named)
        };
        // A token names one algorithm, so there is one set.
        Ok(sets?.pop().unwrap_or_default())
    }
}

/// The set at a URL or in a file.
fn jwk_set(place: &str) -> Result<JwkSet, Failure> {
    if place.contains("://") {
        return remote::jwk_set(place);
    }
    let bytes = input::file_or_stdin(place.as_ref())?;
    JwkSet::parse(bytes.trim_ascii())
        .map_err(|error| Failure::coded(error.code(), format!("{place}: {error}")))
}
