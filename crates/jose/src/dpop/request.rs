//! The request that a proof is for.

/// The request that a proof is for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    pub(super) method: &'r str,
    pub(super) uri: &'r str,
    pub(super) access_token: Option<&'r str>,
    pub(super) thumbprint: Option<&'r str>,
    pub(super) nonce: Option<&'r str>,
}

impl<'r> Request<'r> {
    /// A request by this method to this absolute URI; a query or fragment does not count (RFC 9449 §4.2).
    #[must_use]
    pub fn new(method: &'r str, uri: &'r str) -> Self {
        Self { method, uri, access_token: None, thumbprint: None, nonce: None }
    }

    /// It carries this access token.
    #[must_use]
    pub fn access_token(mut self, token: &'r str) -> Self {
        self.access_token = Some(token);
        self
    }

    /// The token or grant is bound to the key with this thumbprint (`cnf.jkt`). Only for verifying.
    #[must_use]
    pub fn bound_to(mut self, thumbprint: &'r str) -> Self {
        self.thumbprint = Some(thumbprint);
        self
    }

    /// The server gave this nonce (RFC 9449 §8).
    #[must_use]
    pub fn nonce(mut self, nonce: &'r str) -> Self {
        self.nonce = Some(nonce);
        self
    }
}

/// The URI without query and fragment.
pub(super) fn without_query(uri: &str) -> &str {
    uri.split(['?', '#']).next().unwrap_or(uri)
}

/// Whether two URIs without query and fragment are the same: letter case of scheme and host, the default port, and an
/// empty path do not matter (RFC 3986 §6.2.2, §6.2.3); everything else does.
pub(super) fn same_uri(one: &str, other: &str) -> bool {
    match (Target::of(one), Target::of(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

#[derive(PartialEq)]
struct Target<'u> {
    scheme: String,
    authority: String,
    path: &'u str,
}

impl<'u> Target<'u> {
    fn of(uri: &'u str) -> Option<Self> {
        let (scheme, rest) = uri.split_once("://")?;
        let (authority, path) =
            rest.find('/').and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, "/"));
        let scheme = scheme.to_ascii_lowercase();
        let mut authority = authority.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "https" => ":443",
            "http" => ":80",
            _ => return None,
        };
        if let Some(host) = authority.strip_suffix(default_port) {
            authority = host.to_owned();
        }
        (!authority.is_empty()).then_some(Self { scheme, authority, path })
    }
}
