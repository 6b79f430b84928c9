//! Key sets from afar: over https, or over http from this machine itself.

use jeton_fetch::{FetchError, Fetcher, Reach, RemoteUrl};
use jeton_jose::JwkSet;

use crate::data;
use crate::failure::Failure;

/// The set at a URL.
pub(crate) fn jwk_set(url: &str) -> Result<JwkSet, Failure> {
    data::run(async { fetcher().jwk_set(&parse(url)?).await.map_err(|error| refused(url, &error)) })
}

/// The keys that an authority publishes: where its metadata say, or else at the place that Jeton has them.
pub(crate) fn keys_of_issuer(issuer: &str) -> Result<JwkSet, Failure> {
    let fetcher = fetcher();
    data::run(async {
        match fetcher.jwk_set_of(issuer).await {
            Err(FetchError::Status { .. }) => {
                let url = format!("{}/.well-known/jwks.json", issuer.trim_end_matches('/'));
                fetcher.jwk_set(&parse(&url)?).await.map_err(|error| refused(&url, &error))
            }
            outcome => outcome.map_err(|error| refused(issuer, &error)),
        }
    })
}

/// Reaches private networks too: whoever names the URL sits at the terminal.
fn fetcher() -> Fetcher {
    Fetcher::new().allow(Reach::Loopback).allow(Reach::Private)
}

fn parse(url: &str) -> Result<RemoteUrl, Failure> {
    RemoteUrl::parse(url).map_err(|error| Failure::coded(error.code(), format!("{url}: {error}")))
}

fn refused(url: &str, error: &FetchError) -> Failure {
    Failure::coded(error.code(), format!("{url}: {error}"))
}
