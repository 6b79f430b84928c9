//! What a browser brings back, as JSON (Web Authentication §5.1, `toJSON()`).

use jeton_jose::base64url;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::stored::CredentialId;
use super::{PasskeyError, client_data};

/// How many transports of a passkey are kept, and how long one may be: there are six, and room for those to come.
const MOST_TRANSPORTS: usize = 8;
const LONGEST_TRANSPORT: usize = 32;

/// A new passkey.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RegistrationResponse {
    pub(super) response: AttestationResponse,
    #[serde(default, rename = "clientExtensionResults")]
    extensions: ExtensionResults,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AttestationResponse {
    #[serde(rename = "clientDataJSON")]
    pub(super) client_data: Bytes,
    pub(super) attestation_object: Bytes,
    #[serde(default)]
    transports: Vec<Box<str>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct ExtensionResults {
    #[serde(rename = "credProps")]
    properties: Properties,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Properties {
    rk: Option<bool>,
}

/// A passkey's answer to a challenge.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AssertionResponse {
    /// The id of the passkey.
    #[serde(rename = "id")]
    pub credential: CredentialId,
    pub(super) response: AssertionParts,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AssertionParts {
    #[serde(rename = "clientDataJSON")]
    pub(super) client_data: Bytes,
    pub(super) authenticator_data: Bytes,
    pub(super) signature: Bytes,
    #[serde(default)]
    user_handle: Option<Bytes>,
}

/// Bytes in base64url.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<str>::deserialize(deserializer)?;
        base64url::decode(&*text)
            .map(Self)
            .map_err(|_| D::Error::custom("expected base64url without padding"))
    }
}

impl RegistrationResponse {
    /// Parses JSON. Members that nothing depends on may be missing, since some browsers and extensions leave them out.
    ///
    /// # Errors
    /// [`PasskeyError::Unreadable`] names the member.
    pub fn parse(json: &str) -> Result<Self, PasskeyError> {
        parse(json)
    }

    /// The challenge that it answers, as the browser says.
    ///
    /// # Errors
    /// [`PasskeyError::Malformed`] if that cannot be read.
    pub(crate) fn challenge(&self) -> Result<Vec<u8>, PasskeyError> {
        client_data::challenge(&self.response.client_data.0)
    }

    /// How a browser reaches the passkey.
    pub(super) fn transports(&self) -> Vec<Box<str>> {
        let is_known = |name: &str| (1..=LONGEST_TRANSPORT).contains(&name.len()) && name.is_ascii();
        let known = self.response.transports.iter().filter(|name| is_known(name));
        known.take(MOST_TRANSPORTS).cloned().collect()
    }

    /// Whether the passkey can be found without a name, if the browser knows.
    pub(super) fn is_discoverable(&self) -> Option<bool> {
        self.extensions.properties.rk
    }
}

impl AssertionResponse {
    /// Parses JSON.
    ///
    /// # Errors
    /// [`PasskeyError::Unreadable`] names the member.
    pub fn parse(json: &str) -> Result<Self, PasskeyError> {
        parse(json)
    }

    /// The challenge that it answers, as the browser says.
    ///
    /// # Errors
    /// [`PasskeyError::Malformed`] if that cannot be read.
    pub(crate) fn challenge(&self) -> Result<Vec<u8>, PasskeyError> {
        client_data::challenge(&self.response.client_data.0)
    }

    /// Whose passkey it is, as the authenticator says: the bytes that it was given for its user.
    pub fn user_handle(&self) -> Option<&[u8]> {
        self.response.user_handle.as_ref().map(|handle| &*handle.0)
    }
}

fn parse<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, PasskeyError> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let parsed = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let member = error.path().to_string().into();
        PasskeyError::Unreadable { member, cause: without_place(error.inner()).into() }
    })?;
    deserializer.end().map_err(|_| PasskeyError::Unreadable {
        member: ".".into(),
        cause: "something follows its end".into(),
    })?;
    Ok(parsed)
}

/// The message of an error without line and column, which nobody sees.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}
