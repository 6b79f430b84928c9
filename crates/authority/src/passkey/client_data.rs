//! What the browser says of the page (Web Authentication §5.8.1).

use jeton_jose::base64url;
use serde::Deserialize;

use super::{PasskeyError, RelyingParty};

/// What the browser is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ceremony {
    Registration,
    Authentication,
}

impl Ceremony {
    const fn type_name(self) -> &'static str {
        match self {
            Self::Registration => "webauthn.create",
            Self::Authentication => "webauthn.get",
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    r#type: Box<str>,
    challenge: Box<str>,
    origin: Box<str>,
    #[serde(default)]
    cross_origin: bool,
}

impl ClientData {
    fn parse(json: &[u8]) -> Result<Self, PasskeyError> {
        serde_json::from_slice(json).map_err(|_| malformed("it is not the JSON object that it has to be"))
    }
}

const fn malformed(cause: &'static str) -> PasskeyError {
    PasskeyError::Malformed { part: "clientDataJSON", cause }
}

/// The challenge that a browser says it answered.
pub(super) fn challenge(json: &[u8]) -> Result<Vec<u8>, PasskeyError> {
    let data = ClientData::parse(json)?;
    base64url::decode(&*data.challenge).map_err(|_| malformed("its challenge is not base64url"))
}

/// Checks that a browser answered this challenge, on a page of the relying party (§7.1 and §7.2, steps 7 to 10).
pub(super) fn check(
    json: &[u8],
    ceremony: Ceremony,
    challenge: &[u8],
    party: &RelyingParty,
) -> Result<(), PasskeyError> {
    let data = ClientData::parse(json)?;
    let wanted = ceremony.type_name();
    if *data.r#type != *wanted {
        return Err(PasskeyError::Type { found: data.r#type, wanted });
    }
    if base64url::encode(challenge) != *data.challenge {
        return Err(PasskeyError::Challenge);
    }
    if *data.origin != *party.origin() {
        return Err(PasskeyError::Origin { found: data.origin, wanted: party.origin().into() });
    }
    if data.cross_origin {
        return Err(PasskeyError::Framed);
    }
    Ok(())
}
