//! Access tokens: short-lived JWTs that an API checks by cryptography alone (RFC 9068).

use jeton_jose::{SignError, Timestamp, VerifyError};
use serde::{Deserialize, Serialize};

use crate::GrantId;
use crate::grant::LiveGrant;
use crate::keys::{KeyRing, expired};
use crate::random::{Random, sixteen};
use crate::settings::Settings;

/// The `typ` of an access token (RFC 9068 §2.1).
pub(crate) const TYP: &str = "at+jwt";

/// What simplejwt calls the type of an access token.
const TOKEN_TYPE: &str = "access";

/// The claims of an access token: simplejwt's first and in its order, then those of RFC 9068 §2.2.
#[derive(Serialize)]
struct Claims<'a> {
    token_type: &'static str,
    exp: Timestamp,
    iat: Timestamp,
    jti: &'a str,
    user_id: &'a str,
    username: &'a str,
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    client_id: &'a str,
    sid: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
}

/// What the authority itself reads in an access token.
#[derive(Deserialize)]
struct AccessTokenClaims {
    /// The grant that it came from.
    sid: String,
}

/// Issues an access token of a grant.
pub(crate) fn issue(
    grant: &LiveGrant,
    ring: &KeyRing,
    settings: &Settings,
    random: &dyn Random,
    now: Timestamp,
) -> Result<String, SignError> {
    ring.access_signer.sign(&Claims {
        token_type: TOKEN_TYPE,
        exp: now.saturating_add(settings.access_lifetime),
        iat: now,
        jti: crate::id::hex(&sixteen(random), &mut [0; 32]),
        user_id: grant.subject.as_str(),
        username: grant.username.as_str(),
        iss: &settings.issuer,
        aud: &settings.audience,
        sub: grant.subject.as_str(),
        client_id: &grant.grant.client,
        sid: crate::id::hex(grant.grant.id.as_bytes(), &mut [0; 32]),
        scope: &grant.grant.scope,
    })
}

/// Verifies an access token and names its grant.
pub(crate) fn verify(ring: &KeyRing, token: &str, now: Timestamp) -> Result<GrantId, VerifyError> {
    let mut outcome = Err(VerifyError::KeyNotFound);
    for verifier in &ring.access_verifiers {
        outcome = verifier.verify::<AccessTokenClaims>(token, now);
        if !matches!(outcome, Err(VerifyError::AlgorithmNotAllowed | VerifyError::KeyNotFound)) {
            break;
        }
    }
    let verified = outcome?;
    if let Some(exp) = expired(verified.registered(), now) {
        return Err(VerifyError::Expired { exp, now });
    }
    verified.claims().sid.parse().map_err(|_| VerifyError::ClaimMalformed { name: "sid" })
}
