//! Recognising an access token: by its signature, or as one that was verified recently.
//!
//! The cache belongs to the ring of keys that verified its tokens. Expiry is checked each time, and so is the store,
//! because a valid token may have been revoked.

use std::sync::Arc;

use jeton_jose::{Timestamp, VerifyError};

use crate::issue::access_token::{self, Held, VerifiedAccessToken};
use crate::keyring::KeyRing;
use crate::known_token::{IntrospectionClaims, Recognised};
use crate::sender_constraint::TokenType;
use crate::settings::Settings;

/// Recognises a token, and caches it if the settings say so.
pub(crate) fn recognise(
    ring: &KeyRing,
    settings: &Settings,
    token: &str,
    now: Timestamp,
) -> Result<Arc<Recognised>, VerifyError> {
    let remembered = ring.remembered.as_ref();
    if let Some(known) = remembered.and_then(|remembered| remembered.find(token, now)) {
        return Ok(known);
    }
    let recognised = Arc::new(recognised(access_token::verify(ring, token, now)?, settings));
    if let Some(remembered) = remembered {
        remembered.insert(token, Arc::clone(&recognised), now, recognised.claims.exp);
    }
    Ok(recognised)
}

/// What a token depends on, for callers that need nothing else.
pub(crate) fn recognise_held(
    ring: &KeyRing,
    settings: &Settings,
    token: &str,
    now: Timestamp,
) -> Result<Held, VerifyError> {
    if ring.remembered.is_none() {
        return access_token::verify_held(ring, token, now);
    }
    let recognised = recognise(ring, settings, token, now)?;
    Ok(Held::of(recognised.grant, recognised.claims.jti.as_deref().unwrap_or_default()))
}

fn recognised(access: VerifiedAccessToken, settings: &Settings) -> Recognised {
    let VerifiedAccessToken { grant, claims, exp, iat, aud } = access;
    let bound_by_dpop = claims.cnf.as_ref().is_some_and(|cnf| cnf.jkt.is_some());
    let claims = IntrospectionClaims {
        scope: claims.scope,
        client_id: claims.client_id.into(),
        username: claims.username.map(Into::into),
        token_type: Some(if bound_by_dpop { TokenType::Dpop } else { TokenType::Bearer }),
        exp,
        iat,
        sub: claims.sub.into(),
        aud,
        iss: settings.issuer.as_str().into(),
        jti: Some(claims.jti.into()),
        sid: claims.sid.map(Into::into),
        cnf: claims.cnf,
        act: claims.act,
        authorization_details: claims.authorization_details,
    };
    Recognised { grant, claims: Arc::new(claims) }
}
