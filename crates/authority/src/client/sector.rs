//! A user's subject for a client: the same for all clients, or different in each sector.

use jeton_jose::base64url;
use jeton_oauth::RedirectUri;
use jeton_oauth::client::SubjectType;

use super::{Client, ClientSource};
use crate::user::Subject;

impl Client {
    /// The `sub` of a user for this client: public, or pairwise (OpenID Connect Core §8.1), made by `seal`.
    pub(crate) fn subject_of(
        &self,
        subject: &Subject,
        seal: impl FnOnce(&str, &[&[u8]]) -> [u8; 32],
    ) -> String {
        if self.metadata.subject_type != Some(SubjectType::Pairwise) {
            return subject.as_str().to_owned();
        }
        base64url::encode(seal("pairwise", &[self.sector().as_bytes(), subject.as_str().as_bytes()]))
    }

    /// The sector of its pairwise subjects (OpenID Connect Core §8.1): the host of its sector identifier, or of its
    /// redirect URI. A client that the operator did not add has a sector to itself, unless it names a verified one.
    /// Otherwise, anybody could register a redirect URI at somebody else's host, and get tokens without ever using it.
    pub(crate) fn sector(&self) -> &str {
        let host = |uri: &'_ str| -> Option<(usize, usize)> {
            let start = uri.find("://")? + 3;
            let rest = uri.get(start..)?;
            Some((start, start + rest.find(['/', '?', ':']).unwrap_or(rest.len())))
        };
        let uri = self.metadata.sector_identifier_uri.as_deref();
        let uri = match self.policy.source {
            ClientSource::Operator => {
                uri.or_else(|| self.metadata.redirect_uris.first().map(RedirectUri::as_str))
            }
            _ => uri,
        };
        uri.and_then(|uri| host(uri).and_then(|(start, end)| uri.get(start..end))).unwrap_or(self.id.as_str())
    }
}
