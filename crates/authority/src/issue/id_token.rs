//! ID tokens: who signed in, told to one client (OpenID Connect Core §2).

use jeton_jose::jwt::Signer;
use jeton_jose::{Algorithm, SignError, Timestamp, base64url};
use jeton_oauth::Scope;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::claims::UserClaims;
use crate::GrantId;
use crate::client::{Client, IdTokenClaims};
use crate::factor::{acr, amr};
use crate::grant::{GrantDetail, LiveGrant};
use crate::keyring::KeyRing;
use crate::settings::Settings;

/// What an ID token is made from.
pub(crate) struct IdTokenRequest<'a> {
    pub(crate) client: &'a Client,
    pub(crate) live: &'a LiveGrant,
    pub(crate) detail: &'a GrantDetail,
    /// What the client calls the user.
    pub(crate) sub: &'a str,
    /// The scope that it is issued with.
    pub(crate) scope: &'a Scope,
    /// What the client sent with its request, to find it here again.
    pub(crate) nonce: Option<&'a str>,
    /// The access token that it is issued with.
    pub(crate) access_token: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    azp: &'a str,
    exp: Timestamp,
    iat: Timestamp,
    auth_time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    amr: Vec<&'static str>,
    acr: &'static str,
    at_hash: String,
    sid: &'a str,
    #[serde(flatten)]
    user: Map<String, Value>,
}

impl IdTokenRequest<'_> {
    /// Issues it.
    pub(crate) fn issue(
        &self,
        signer: &Signer,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<String, SignError> {
        signer.sign(&self.claims(signer.key().algorithm(), settings, &mut [0; 32], now))
    }

    /// What it says; `sid` is room for one of the claims.
    pub(crate) fn claims<'a>(
        &'a self,
        algorithm: Algorithm,
        settings: &'a Settings,
        sid: &'a mut [u8; 32],
        now: Timestamp,
    ) -> impl Serialize + use<'a> {
        let user = UserClaims::of_grant(self.live);
        let mut claims = match self.client.policy.id_token_claims {
            IdTokenClaims::Requested => Map::new(),
            IdTokenClaims::Scopes => user.of_scope(self.scope),
        };
        user.add_requested(&self.detail.claims.id_token, self.client.scope(), &mut claims);
        user.add_mapped(&self.client.policy, &mut claims);
        let requested_acr = self.detail.claims.id_token.get("acr").and_then(Option::as_ref);
        Claims {
            iss: &settings.issuer,
            sub: self.sub,
            aud: self.client.id.as_str(),
            azp: self.client.id.as_str(),
            exp: now.saturating_add(settings.access.lifetime),
            iat: now,
            auth_time: self.detail.auth_time,
            nonce: self.nonce,
            amr: amr(&self.detail.amr),
            acr: acr(&self.detail.amr, requested_acr),
            at_hash: left_half(algorithm, self.access_token),
            sid: crate::id::hex(self.live.grant.sid().as_bytes(), sid),
            user: claims,
        }
    }
}

/// The left half of a text's hash, by the hash of the algorithm that signs: `at_hash`, `c_hash` (OpenID Connect Core
/// §3.1.3.6). Ed25519 goes by SHA-512 as its signature does.
pub(crate) fn left_half(algorithm: Algorithm, text: &str) -> String {
    let name = algorithm.as_str();
    if name.ends_with("384") {
        base64url::encode(&Sha384::digest(text)[..24])
    } else if name.ends_with("512") || name == "Ed25519" {
        base64url::encode(&Sha512::digest(text)[..32])
    } else {
        base64url::encode(&Sha256::digest(text)[..16])
    }
}

/// What an ID token says that comes back: as a hint, or to be exchanged.
#[derive(Debug, Deserialize)]
pub(crate) struct ReturnedIdToken {
    iss: String,
    pub(crate) sub: String,
    pub(crate) aud: String,
    pub(crate) exp: Timestamp,
    /// Of what is signed for clients only ID tokens say it.
    #[serde(rename = "auth_time")]
    _auth_time: Timestamp,
    /// Access tokens say it, and may have the `typ` of an ID token.
    #[serde(default)]
    token_type: Option<serde::de::IgnoredAny>,
    /// What its client calls the session that it came from.
    #[serde(default)]
    pub(crate) sid: Option<GrantId>,
}

impl ReturnedIdToken {
    /// Reads an ID token of ours, expired or not; nothing where it is something else.
    pub(crate) fn read(ring: &KeyRing, settings: &Settings, token: &str) -> Option<Self> {
        let verified = ring.client_verifier()?.verify(token).ok()?;
        let claims: Self = jeton_jose::json::from_slice(verified.payload()).ok()?;
        (claims.iss == settings.issuer && claims.token_type.is_none()).then_some(claims)
    }
}
