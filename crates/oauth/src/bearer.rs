//! Bearer tokens in a request, and the response to an invalid one (RFC 6750).

use std::fmt;

use jeton_jose::Algorithm;

use crate::error_description::ErrorDescription;
use crate::scope::Scope;

/// What is wrong with a request for a protected resource (RFC 6750 §3.1, RFC 9449 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BearerError {
    /// The request is malformed: it contains a token in two ways, or not as the scheme requires.
    InvalidRequest,
    /// The token is expired, revoked, malformed or invalid in another way.
    InvalidToken,
    /// The token is valid, but does not permit this.
    InsufficientScope,
    /// The DPoP proof is missing or invalid (RFC 9449 §7.1).
    InvalidDpopProof,
    /// The DPoP proof lacks the server's nonce (RFC 9449 §9).
    UseDpopNonce,
}

impl BearerError {
    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
        }
    }

    /// The HTTP status for the code: 400, 401 or 403.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidRequest => 400,
            Self::InvalidToken | Self::InvalidDpopProof | Self::UseDpopNonce => 401,
            Self::InsufficientScope => 403,
        }
    }
}

impl fmt::Display for BearerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The value of a `WWW-Authenticate` header that requests a bearer token (RFC 6750 §3), or a DPoP-bound token (RFC
/// 9449 §7.1); [`Display`](fmt::Display) writes it.
///
/// ```
/// use jeton_oauth::{BearerChallenge, BearerError, ErrorDescription, Realm};
///
/// let challenge = BearerChallenge::new(Realm::parse("api")?);
/// assert_eq!(challenge.to_string(), r#"Bearer realm="api""#);
///
/// let expired = ErrorDescription::from_static("the access token has expired");
/// assert_eq!(
///     challenge.error(BearerError::InvalidToken).error_description(expired).to_string(),
///     r#"Bearer realm="api", error="invalid_token", error_description="the access token has expired""#,
/// );
/// # Ok::<(), jeton_oauth::RealmError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BearerChallenge {
    realm: Realm,
    error: Option<BearerError>,
    error_description: Option<ErrorDescription>,
    scope: Scope,
    /// If there are some, the scheme is DPoP.
    algorithms: Vec<Algorithm>,
    resource_metadata: Option<Realm>,
}

impl BearerChallenge {
    /// A challenge without an error, for a request without credentials.
    #[must_use]
    pub fn new(realm: Realm) -> Self {
        Self {
            realm,
            error: None,
            error_description: None,
            scope: Scope::default(),
            algorithms: vec![],
            resource_metadata: None,
        }
    }

    /// Sets what was wrong with the credentials.
    #[must_use]
    pub fn error(mut self, error: BearerError) -> Self {
        self.error = Some(error);
        self
    }

    /// Sets a description for developers.
    #[must_use]
    pub fn error_description(mut self, description: ErrorDescription) -> Self {
        self.error_description = Some(description);
        self
    }

    /// Requests a DPoP-bound token, with a proof signed with one of these algorithms.
    #[must_use]
    pub fn by_dpop(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// Sets the URL of the resource's metadata (RFC 9728 §5.1). A URL can be put between quotes, like a realm.
    #[must_use]
    pub fn resource_metadata(mut self, url: Realm) -> Self {
        self.resource_metadata = Some(url);
        self
    }

    /// Sets the scope that the resource requires; the empty scope is omitted.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }
}

impl fmt::Display for BearerChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // None of the alphabets in these types holds a quote or a backslash, so nothing can break out.
        let scheme = if self.algorithms.is_empty() { "Bearer" } else { "DPoP" };
        write!(f, "{scheme} realm=\"{}\"", self.realm)?;
        if let Some(error) = self.error {
            write!(f, ", error=\"{error}\"")?;
        }
        if let Some(description) = &self.error_description {
            write!(f, ", error_description=\"{description}\"")?;
        }
        if !self.scope.is_empty() {
            write!(f, ", scope=\"{}\"", self.scope)?;
        }
        if !self.algorithms.is_empty() {
            let names: Vec<_> = self.algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
            write!(f, ", algs=\"{}\"", names.join(" "))?;
        }
        if let Some(url) = &self.resource_metadata {
            write!(f, ", resource_metadata=\"{url}\"")?;
        }
        Ok(())
    }
}

/// The name of a protection space (RFC 9110 §11.5): printable ASCII and spaces, without quotes and backslashes.
///
/// RFC 9110 permits escaped quotes and backslashes, but few clients support them, and nobody needs them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm(Box<str>);

/// The text cannot be a realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a realm is printable ASCII without quotes and backslashes")]
pub struct RealmError;

impl RealmError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "realm"
    }
}

impl Realm {
    /// Parses a realm.
    ///
    /// # Errors
    /// [`RealmError`] if the text contains a quote, a backslash, a control or a non-ASCII character.
    pub fn parse(text: impl Into<Box<str>>) -> Result<Self, RealmError> {
        let text = text.into();
        let allowed = |byte: u8| matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~');
        if text.bytes().all(allowed) { Ok(Self(text)) } else { Err(RealmError) }
    }

    /// The text.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
