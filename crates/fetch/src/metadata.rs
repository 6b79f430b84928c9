//! The metadata of an issuer, which say where its keys are.

use serde::Deserialize;

use crate::error::FetchError;
use crate::url::{RemoteUrl, RemoteUrlError};

/// The part of an issuer's metadata (RFC 8414 §2, OpenID Connect Discovery 1.0 §3) that a resource server needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IssuerMetadata {
    /// The issuer, equal to the requested one.
    pub issuer: String,
    /// The URL of its JWK Set, which may be on another host.
    pub jwks_uri: RemoteUrl,
    /// Where a Jeton authority says which tokens are no longer good (`revocation_feed_endpoint`), if it does.
    pub revocation_feed_endpoint: Option<RemoteUrl>,
}

/// How many characters of a wrong issuer an error repeats.
const MAX_NAMED: usize = 256;

impl IssuerMetadata {
    /// Parses the metadata that were fetched for `issuer`.
    pub(crate) fn parse(json: &[u8], issuer: &str) -> Result<Self, FetchError> {
        #[derive(Deserialize)]
        struct Wire {
            issuer: String,
            jwks_uri: String,
            revocation_feed_endpoint: Option<String>,
        }
        let wire: Wire = serde_json::from_slice(json).map_err(|_| FetchError::MetadataMalformed)?;
        // Compared exactly: else one issuer could speak for another (RFC 8414 §3.3).
        if wire.issuer != issuer {
            let found: String = wire.issuer.chars().take(MAX_NAMED).collect();
            return Err(FetchError::IssuerMismatch { wanted: issuer.into(), found: found.into() });
        }
        let feed = wire.revocation_feed_endpoint.map(|url| RemoteUrl::parse(&url)).transpose()?;
        Ok(Self {
            issuer: wire.issuer,
            jwks_uri: RemoteUrl::parse(&wire.jwks_uri)?,
            revocation_feed_endpoint: feed,
        })
    }
}

/// The possible URLs of an issuer's metadata: OpenID Connect puts its well-known name after the path, RFC 8414 before
/// it.
pub(crate) fn metadata_urls(issuer: &str) -> Result<[RemoteUrl; 2], RemoteUrlError> {
    RemoteUrl::parse(issuer)?;
    if issuer.contains('?') {
        return Err(RemoteUrlError::Parts);
    }
    let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
    let host_at = issuer.find("://").map_or(0, |scheme| scheme + "://".len());
    let path_at =
        issuer.get(host_at..).and_then(|rest| rest.find('/')).map_or(issuer.len(), |path| host_at + path);
    let (origin, path) = issuer.split_at_checked(path_at).ok_or(RemoteUrlError::Malformed)?;
    Ok([
        RemoteUrl::parse(&format!("{issuer}/.well-known/openid-configuration"))?,
        RemoteUrl::parse(&format!("{origin}/.well-known/oauth-authorization-server{path}"))?,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_metadata_lie_where_the_two_standards_put_them() {
        for (issuer, openid, oauth) in [
            (
                "https://auth.example",
                "https://auth.example/.well-known/openid-configuration",
                "https://auth.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://auth.example:8443/realms/one/",
                "https://auth.example:8443/realms/one/.well-known/openid-configuration",
                "https://auth.example:8443/.well-known/oauth-authorization-server/realms/one",
            ),
        ] {
            let urls = metadata_urls(issuer).expect("an issuer").map(|url| url.to_string());
            assert_eq!(urls, [openid, oauth]);
        }
        assert_eq!(metadata_urls("https://auth.example/?realm=1"), Err(RemoteUrlError::Parts));
        assert_eq!(metadata_urls("accounts.example"), Err(RemoteUrlError::Malformed));
    }

    #[test]
    fn metadata_of_another_issuer_are_refused() {
        let json =
            br#"{"issuer":"https://auth.example/","jwks_uri":"https://auth.example/jwks.json","more":[1]}"#;
        let refused = IssuerMetadata::parse(json, "https://auth.example").expect_err("another issuer");
        let text = refused.to_string();
        assert_eq!(
            text,
            "the metadata names the issuer \"https://auth.example/\", expected \"https://auth.example\"",
            "both are told, so that a slash at the end shows"
        );
        assert!(IssuerMetadata::parse(json, "https://auth.example/").is_ok());
        for malformed in [&b"{}"[..], b"[]", b"", br#"{"issuer":"https://auth.example"}"#] {
            assert_eq!(
                IssuerMetadata::parse(malformed, "https://auth.example"),
                Err(FetchError::MetadataMalformed)
            );
        }
    }
}
