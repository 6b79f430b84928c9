//! What the authenticator says (Web Authentication §6.1).

use minicbor::Decoder;
use sha2::{Digest, Sha256};

use super::cose;
use super::stored::{CredentialId, PasskeyKey};
use super::{PasskeyError, RelyingParty};

/// The authenticator data of a registration or an assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AuthenticatorData {
    pub(super) user_verified: bool,
    /// Whether the passkey may be copied to other devices.
    pub(super) backup_eligible: bool,
    /// Whether it has been.
    pub(super) backed_up: bool,
    /// How many signatures the passkey has made; 0 if the authenticator does not count.
    pub(super) counter: u32,
    /// The new passkey, in a registration.
    pub(super) attested: Option<Attested>,
}

/// A new passkey (§6.5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attested {
    /// The model of the authenticator, if it says so.
    pub(super) aaguid: [u8; 16],
    pub(super) id: CredentialId,
    pub(super) key: PasskeyKey,
}

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const ATTESTED: u8 = 1 << 6;
const EXTENSIONS: u8 = 1 << 7;

const PART: &str = "authenticatorData";

const fn malformed(cause: &'static str) -> PasskeyError {
    PasskeyError::Malformed { part: PART, cause }
}

impl AuthenticatorData {
    /// Parses the data, and checks that it is for this relying party and that somebody was there (§7.1 and §7.2, steps 13 to 19).
    pub(super) fn of(bytes: &[u8], party: &RelyingParty) -> Result<Self, PasskeyError> {
        let (hash, rest) = bytes.split_first_chunk::<32>().ok_or(malformed("it is too short"))?;
        let ([flags], rest) = rest.split_first_chunk::<1>().ok_or(malformed("it is too short"))?;
        let (counter, rest) = rest.split_first_chunk::<4>().ok_or(malformed("it is too short"))?;
        if hash[..] != Sha256::digest(party.id().as_bytes())[..] {
            return Err(PasskeyError::RelyingParty { wanted: party.id().into() });
        }
        let has = |flag: u8| flags & flag != 0;
        let (attested, rest) = if has(ATTESTED) {
            let (attested, rest) = Attested::of(rest)?;
            (Some(attested), rest)
        } else {
            (None, rest)
        };
        let end = if has(EXTENSIONS) { end_of_map(rest)? } else { 0 };
        if rest.len() != end {
            return Err(malformed("something follows its end"));
        }
        if has(BACKED_UP) && !has(BACKUP_ELIGIBLE) {
            return Err(malformed("it is backed up although that is not possible"));
        }
        if !has(USER_PRESENT) {
            return Err(PasskeyError::NobodyPresent);
        }
        Ok(Self {
            user_verified: has(USER_VERIFIED),
            backup_eligible: has(BACKUP_ELIGIBLE),
            backed_up: has(BACKED_UP),
            counter: u32::from_be_bytes(*counter),
            attested,
        })
    }
}

impl Attested {
    /// Parses the passkey at the front, and returns what follows.
    fn of(bytes: &[u8]) -> Result<(Self, &[u8]), PasskeyError> {
        let too_short = || malformed("the passkey in it is too short");
        let (aaguid, rest) = bytes.split_first_chunk::<16>().ok_or_else(too_short)?;
        let (len, rest) = rest.split_first_chunk::<2>().ok_or_else(too_short)?;
        let (id, rest) = rest.split_at_checked(u16::from_be_bytes(*len).into()).ok_or_else(too_short)?;
        let id = CredentialId::new(id).ok_or(malformed("the id of the passkey is too long or empty"))?;
        let mut decoder = Decoder::new(rest);
        let key = cose::key(&mut decoder)?;
        let rest = rest.get(decoder.position()..).unwrap_or_default();
        Ok((Self { aaguid: *aaguid, id, key }, rest))
    }
}

/// Where the map at the front ends.
fn end_of_map(bytes: &[u8]) -> Result<usize, PasskeyError> {
    let mut decoder = Decoder::new(bytes);
    let is_map = matches!(decoder.datatype(), Ok(minicbor::data::Type::Map));
    if !is_map || decoder.skip().is_err() {
        return Err(malformed("its extensions are not a map"));
    }
    Ok(decoder.position())
}

/// The authenticator data in an attestation object (§6.5.4). What attests it is passed over.
pub(super) fn of_attestation_object(bytes: &[u8]) -> Result<&[u8], PasskeyError> {
    let malformed = |cause| PasskeyError::Malformed { part: "attestationObject", cause };
    let no_map = |_: minicbor::decode::Error| malformed("it is not a map of texts");
    let mut decoder = Decoder::new(bytes);
    let members = decoder.map().map_err(no_map)?.ok_or(malformed("it does not say how long it is"))?;
    let mut found = None;
    for _ in 0..members {
        match decoder.str().map_err(no_map)? {
            "authData" if found.is_none() => {
                found = Some(decoder.bytes().map_err(|_| malformed("authData is not bytes"))?);
            }
            "authData" => return Err(malformed("authData stands in it twice")),
            _ => decoder.skip().map_err(no_map)?,
        }
    }
    if decoder.position() != bytes.len() {
        return Err(malformed("something follows its end"));
    }
    found.ok_or(malformed("authData is missing"))
}
