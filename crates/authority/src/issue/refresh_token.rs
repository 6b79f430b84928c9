//! The refresh token itself: a JWT under a key that is never published, so that no API can take it for an access token.
//!
//! Minting is deterministic: the same state of a grant yields the same bytes, so that a token can be handed out again
//! without having been stored.

use jeton_jose::{SignError, Timestamp};
use jeton_oauth::Confirmation;
use serde::{Deserialize, Serialize};

use crate::grant::LiveGrant;
use crate::keyring::KeyRing;
use crate::refresh_token::{KeyProof, Presented};
use crate::sender_constraint::SenderConstraint;
use crate::settings::Settings;
use crate::{GrantId, Network};

/// What simplejwt calls the type of a refresh token.
const TOKEN_TYPE: &str = "refresh";

/// The claims of a refresh token: simplejwt's first and in its order.
#[derive(Serialize)]
struct Claims<'a> {
    token_type: &'static str,
    exp: Timestamp,
    iat: Timestamp,
    jti: &'a str,
    user_id: &'a str,
    iss: &'a str,
    sid: &'a str,
    #[serde(rename = "gen")]
    generation: u64,
    /// The client that it is for; none for the token API.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    /// The key or certificate that it is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
}

/// What the authority reads in a refresh token.
#[derive(Deserialize)]
pub(crate) struct RefreshTokenClaims {
    iat: Timestamp,
    sid: GrantId,
    #[serde(rename = "gen")]
    generation: u64,
    client_id: Option<String>,
    cnf: Option<Confirmation>,
}

impl RefreshTokenClaims {
    /// The grant that the token names.
    pub(crate) fn grant(&self) -> GrantId {
        self.sid
    }

    /// The generation that the token names.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// The client that it is for; none for the token API.
    pub(crate) fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// What presenting it together with this constraint proves; nothing where it is bound to a key that was not proved.
    pub(crate) fn key_proof(&self, constraint: &SenderConstraint) -> Option<KeyProof> {
        match &self.cnf {
            None => Some(KeyProof::None),
            bound => constraint.proves(bound.as_ref()).then_some(KeyProof::Proved),
        }
    }

    /// The token as presented from a network.
    pub(crate) fn presented_from(&self, network: Network) -> Presented {
        Presented::new(self.generation, self.iat, network)
    }
}

/// Mints the refresh token of a grant's state.
pub(crate) fn mint(grant: &LiveGrant, ring: &KeyRing, settings: &Settings) -> Result<String, SignError> {
    let state = &grant.grant.state;
    let idle_end = state.minted_at.saturating_add(settings.refresh.idle_lifetime);
    ring.refresh_signer.sign(&Claims {
        token_type: TOKEN_TYPE,
        exp: idle_end.min(grant.grant.expires_at),
        iat: state.minted_at,
        jti: crate::id::hex(&jti(grant.grant.id, state.generation), &mut [0; 32]),
        user_id: grant.subject.as_str(),
        iss: &settings.issuer,
        sid: crate::id::hex(grant.grant.id.as_bytes(), &mut [0; 32]),
        generation: state.generation,
        client_id: grant.grant.detail.as_ref().map(|_| &*grant.grant.client),
        cnf: grant.grant.detail.as_ref().and_then(|detail| {
            SenderConstraint { jkt: detail.jkt.clone(), x5t_s256: detail.x5t_s256.clone() }.confirmation()
        }),
    })
}

/// An identifier of its own for each generation: the grant's, with the generation mixed into its last eight bytes.
fn jti(grant: GrantId, generation: u64) -> [u8; 16] {
    // Odd, so that multiplying by it maps no two generations to the same number.
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mixed = (u128::from_be_bytes(*grant.as_bytes()))
        ^ u128::from(generation.wrapping_add(1).wrapping_mul(SPREAD));
    mixed.to_be_bytes()
}
