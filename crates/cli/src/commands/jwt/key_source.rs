//! Where the keys of an issuer come from: a file of the caller's own, a published set, the issuer, or the token itself with
//! certificates.

use std::path::{Path, PathBuf};

use clap::Args;
use jeton_jose::{Algorithm, JwkSet, KeySet, Timestamp};

use crate::commands::certificates::CertificateOption;
use crate::commands::peek::Peek;
use crate::failure::Failure;
use crate::key_choice::{Skipped, published_keys, verifying_keys};
use crate::key_file::text_of;
use crate::{input, remote, secret};

/// One place, and what has to be known about it.
#[derive(Debug, Args)]
#[group(skip)]
pub(super) struct KeySource {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    certificate: CertificateOption,
}

/// One of the five.
#[derive(Debug, Args)]
#[group(id = "keys", required = true, multiple = false)]
struct Place {
    /// The key: public, private or secret; in a JWK set, the key that the token names
    #[arg(long)]
    key: Option<PathBuf>,
    /// The secret (HS256, unless --alg says HS384 or HS512): the text of this file, or its bytes
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The JWK set that holds the public key: a file, or a URL
    #[arg(long, value_name = "FILE-OR-URL")]
    jwks: Option<String>,
    /// The authority that issued the token; its keys are fetched
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Trusted root certificates (PEM) for the token's certificate chain (`x5c`)
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
}

impl KeySource {
    /// The authority that issued the token, where its keys are fetched.
    pub(super) fn issuer(&self) -> Option<&str> {
        self.place.issuer.as_deref()
    }

    /// The files that are read, for the one that may be standard input.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        let Place { key, secret_file, roots, .. } = &self.place;
        let files = [key, secret_file, roots].into_iter().filter_map(Option::as_deref);
        files.chain(self.place.jwks.as_deref().map(Path::new))
    }

    /// The keys that a token may be signed with, which names an algorithm, and those that were left out. `max_len` bounds what is read of a token that
    /// brings its key along.
    pub(super) fn keys(
        &self,
        allowed: &[Algorithm],
        token: &str,
        max_len: usize,
        now: Timestamp,
    ) -> Result<(KeySet, Skipped), Failure> {
        self.certificate.check(self.place.roots.as_deref())?;
        if let Some(roots) = &self.place.roots {
            let keys = self.certificate.keys(roots, allowed, token, max_len, now)?;
            return Ok((keys, Skipped::default()));
        }
        if let Some(path) = &self.place.secret_file {
            let keys = secret::verifying_keys(path, allowed)?;
            let keys = KeySet::new(keys).map_err(|error| Failure::coded(error.code(), error.to_string()))?;
            return Ok((keys, Skipped::default()));
        }
        let named = &Peek::at(token).algorithms();
        let keys = if let Some(path) = &self.place.key {
            verifying_keys(path, allowed, named)
        } else if let Some(place) = &self.place.jwks {
            published_keys(place, &jwk_set(place)?, allowed, named)
        } else {
            let issuer = self.place.issuer.as_deref().unwrap_or_default();
            published_keys(issuer, &remote::keys_of_issuer(issuer)?, allowed, named)
        }?;
        // A token names one algorithm, so there is one set.
        Ok((keys.sets.into_iter().next_back().unwrap_or_default(), keys.skipped))
    }
}

/// The set at a URL or in a file.
fn jwk_set(place: &str) -> Result<JwkSet, Failure> {
    if place.contains("://") {
        return remote::jwk_set(place);
    }
    let bytes = input::file_or_stdin(place.as_ref())?;
    JwkSet::parse(text_of(&bytes)).map_err(|error| Failure::coded(error.code(), format!("{place}: {error}")))
}
