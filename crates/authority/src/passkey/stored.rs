//! A passkey, as it is stored.

use jeton_jose::{Algorithm, Jwk, PublicKey, Timestamp, base64url};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::makers;

/// The longest id of a passkey in bytes (Web Authentication §5.1.3).
const LONGEST_ID: usize = 1023;

/// The id that an authenticator gave a passkey.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CredentialId(Box<[u8]>);

impl CredentialId {
    /// The id with these bytes; `None` if there are none, or more than 1,023.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        (1..=LONGEST_ID).contains(&bytes.len()).then(|| Self(bytes.into()))
    }

    /// Reads [`Self::to_text`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::new(&base64url::decode(text).ok()?)
    }

    /// The id in base64url, as browsers have it.
    pub fn to_text(&self) -> String {
        base64url::encode(&self.0)
    }
}

impl Serialize for CredentialId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_text().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CredentialId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("expected base64url of 1 to 1,023 bytes"))
    }
}

/// The public key of a passkey: a JWK with its algorithm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasskeyKey(Box<str>);

impl PasskeyKey {
    /// The key in a JWK, for this algorithm; `None` if it is not one.
    pub(super) fn new(algorithm: Algorithm, jwk: &str) -> Option<Self> {
        let jwk = Jwk::parse(jwk.as_bytes()).ok()?;
        let key = PublicKey::from_jwk_for(algorithm, &jwk).ok()?;
        Some(Self(key.to_jwk().to_json().as_str().into()))
    }

    /// The key; `None` if what was stored is none.
    pub(super) fn public(&self) -> Option<PublicKey> {
        PublicKey::from_jwk(&Jwk::parse(self.0.as_bytes()).ok()?).ok()
    }
}

/// A passkey of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    /// Its id.
    pub id: CredentialId,
    /// Its public key.
    pub key: PasskeyKey,
    /// What its user calls it.
    pub name: Box<str>,
    /// How many signatures it had made when it was last used; 0 if its authenticator does not count.
    pub counter: u32,
    /// How a browser reaches it, such as `internal` or `usb` (§5.8.4): hints, as the browser gave them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transports: Vec<Box<str>>,
    /// Whether it signs in alone, without a name. A key that cannot is asked for after the password.
    pub is_discoverable: bool,
    /// Whether it may be copied to other devices.
    pub backup_eligible: bool,
    /// Whether it has been.
    pub backed_up: bool,
    /// The model of its authenticator, 16 bytes in base64url; zeros if it does not say.
    pub aaguid: Box<str>,
    /// When it was added.
    pub added_at: Timestamp,
    /// When it was last used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Timestamp>,
}

impl Passkey {
    /// What it is called unless its user knows better.
    pub fn default_name(aaguid: [u8; 16], transports: &[Box<str>]) -> &'static str {
        let has = |name: &str| transports.iter().any(|transport| **transport == *name);
        match makers::name_of(aaguid) {
            Some(name) => name,
            None if has("usb") || has("nfc") => "Security key",
            None => "Passkey",
        }
    }
}
