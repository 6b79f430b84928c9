//! Tokens of a known kind: what their specifications demand beyond a signature, an issuer, an audience and a lifetime.

use std::borrow::Cow;

use super::{Audience, Issuer, RegisteredClaims, Verifier};
use crate::error::VerifyError;
use crate::found::ClaimFault;
use crate::json::{Document, Limits, Value};
use crate::key::KeySet;

/// Verifiers for tokens of a known kind.
impl Verifier {
    /// Verifies JWT access tokens (RFC 9068 §2.2, §4): `typ` is `at+jwt`; `iss`, `sub`, `client_id` and `jti` are texts that
    /// are not empty; `exp`, `aud` and `iat` are there.
    ///
    /// ```
    /// # use jeton_jose::{Algorithm, PrivateKey, Timestamp, jwt::{Signer, Verifier}};
    /// # use serde_json::{Value, json};
    /// # let key = PrivateKey::generate(Algorithm::ES256)?;
    /// # let now = Timestamp::from_unix(1_800_000_000);
    /// let verifier = Verifier::access_token("https://issuer.example", "api", key.public_key());
    /// let claims = json!({"iss": "https://issuer.example", "aud": "api", "sub": "ada", "client_id": "web",
    ///     "jti": "4f1c", "iat": now, "exp": now.unix() + 300});
    /// let token = Signer::new(&key).typ("at+jwt").sign(&claims)?;
    /// assert!(verifier.verify::<Value>(&token, now).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn access_token(
        issuer: impl Into<Issuer>,
        audience: impl Into<Audience>,
        keys: impl Into<KeySet>,
    ) -> Self {
        let verifier = Self::new(issuer, audience, keys).typ("at+jwt").profile(Profile::AccessToken);
        ["iss", "aud", "sub", "client_id", "iat", "jti"].into_iter().fold(verifier, Self::require)
    }

    /// Verifies ID tokens for this client (OpenID Connect Core §2, §3.1.3.7). `iss`, `sub`, `aud`, `exp` and `iat` are
    /// required; `sub` has 1 to 255 ASCII characters; `azp` is this client or one of [`Verifier::authorized_parties`],
    /// and is required if the token has several audiences.
    ///
    /// `typ` is `JWT` or absent, so that access and logout tokens are refused. The caller compares `nonce` with the
    /// one that it sent, which differs for each sign-in.
    #[must_use]
    pub fn id_token(
        issuer: impl Into<Issuer>,
        client_id: impl Into<String>,
        keys: impl Into<KeySet>,
    ) -> Self {
        let client_id = client_id.into();
        let audience = Audience::new(client_id.clone());
        let profile = Profile::IdToken { client_id: client_id.into() };
        let verifier = Self::new(issuer, audience, keys).profile(profile);
        ["iss", "sub", "aud", "iat"].into_iter().fold(verifier, Self::require)
    }

    /// Verifies logout tokens for this client (OpenID Connect Back-Channel Logout 1.0 §2.4, §2.6). `typ` is
    /// `logout+jwt`; `iss`, `aud`, `iat`, `exp` and `jti` are required, and `sub` or `sid` or both; `events` contains
    /// the logout event; there is no `nonce`, so that no ID token passes.
    ///
    /// The caller remembers `jti` until the token expires, to refuse it the second time.
    #[must_use]
    pub fn logout_token(
        issuer: impl Into<Issuer>,
        client_id: impl Into<String>,
        keys: impl Into<KeySet>,
    ) -> Self {
        let audience = Audience::new(client_id.into());
        let verifier = Self::new(issuer, audience, keys).typ("logout+jwt").profile(Profile::LogoutToken);
        ["iss", "aud", "iat", "jti", "events"].into_iter().fold(verifier, Self::require)
    }
}

/// The kind of token that a verifier is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Profile {
    /// Whatever its caller says.
    #[default]
    Custom,
    AccessToken,
    IdToken {
        client_id: Box<str>,
    },
    LogoutToken,
}

/// The longest `sub` of an ID token (OpenID Connect Core §2).
const MAX_SUBJECT: usize = 255;

/// The event that a logout token tells of.
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

impl Profile {
    /// Checks what only tokens of this kind must have. Signature, `iss`, `aud` and dates have been checked, and all
    /// required claims are there.
    pub(super) fn check(
        &self,
        claims: &RegisteredClaims,
        authorized: Option<&[Box<str>]>,
    ) -> Result<(), VerifyError> {
        if *self == Self::Custom && authorized.is_none() {
            return Ok(());
        }
        let document =
            Document::parse_str(claims.json(), Limits::PAYLOAD).map_err(VerifyError::ClaimsJson)?;
        let root = document.root();
        if let (Some(authorized), false) = (authorized, matches!(self, Self::IdToken { .. })) {
            check_party(text(root, "azp")?.as_deref(), None, authorized)?;
        }
        match self {
            Self::Custom => Ok(()),
            Self::AccessToken => {
                ["iss", "sub", "client_id", "jti"].into_iter().try_for_each(|name| text(root, name).map(drop))
            }
            Self::IdToken { client_id } => {
                let sub = text(root, "sub")?.unwrap_or_default();
                if sub.len() > MAX_SUBJECT || !sub.is_ascii() {
                    return Err(malformed(root, "sub", "at most 255 ASCII characters"));
                }
                let azp = text(root, "azp")?;
                if azp.is_none() && claims.aud().nth(1).is_some() {
                    return Err(VerifyError::ClaimMissing { name: "azp" });
                }
                check_party(azp.as_deref(), Some(client_id), authorized.unwrap_or_default())
            }
            Self::LogoutToken => {
                text(root, "jti")?;
                if let (None, None) = (text(root, "sub")?, text(root, "sid")?) {
                    return Err(VerifyError::ClaimMissing { name: "sid" });
                }
                if root.get("nonce").is_some() {
                    return Err(malformed(root, "nonce", "none, which tells the token from an ID token"));
                }
                let event = root.get("events").and_then(|events| events.get(LOGOUT_EVENT));
                match event.map(|event| event.members().is_some()) {
                    Some(true) => Ok(()),
                    _ => Err(malformed(
                        root,
                        "events",
                        "an object that holds the event of a logout, which is an object",
                    )),
                }
            }
        }
    }
}

/// `azp`, where it is there, is the client or one of those that are authorized beside it.
fn check_party(azp: Option<&str>, client: Option<&str>, authorized: &[Box<str>]) -> Result<(), VerifyError> {
    let Some(azp) = azp else { return Ok(()) };
    if client == Some(azp) || authorized.iter().any(|party| **party == *azp) {
        return Ok(());
    }
    let wanted = client.into_iter().chain(authorized.iter().map(|party| &**party));
    Err(VerifyError::AuthorizedPartyMismatch { found: azp.into(), wanted: wanted.map(Into::into).collect() })
}

/// A text, which is not empty where it is there.
fn text<'a>(root: Value<'_, 'a>, name: &'static str) -> Result<Option<Cow<'a, str>>, VerifyError> {
    let Some(value) = root.get(name) else { return Ok(None) };
    let text = value.as_str().filter(|text| !text.is_empty());
    text.map(Some).ok_or_else(|| malformed(root, name, "a string that is not empty"))
}

#[cold]
fn malformed(root: Value<'_, '_>, name: &'static str, wanted: &'static str) -> VerifyError {
    match root.get(name) {
        Some(value) => {
            VerifyError::ClaimMalformed { name, fault: Box::new(ClaimFault::of(name, value, wanted)) }
        }
        None => VerifyError::ClaimMissing { name },
    }
}
