//! What a user proves their identity with besides the password, as it is stored, with the rules about it: setting it up, removing
//! it, and presenting it. Everything about one user is one document, so that each rule decides over all of it at once.

mod changing;
mod passkeys;
mod recovery;
mod remembered;
mod tries;
mod trying;

pub use changing::{AuthenticatorChange, AuthenticatorsChanged, ChangeDecision, SETUP_LIFETIME, change};
pub use passkeys::{
    LONGEST_PASSKEY_NAME, MOST_PASSKEY_SIGN_INS, MOST_PASSKEYS, PasskeyPresented, passkey_name,
};
pub(crate) use recovery::is_separator;
pub use recovery::{RECOVERY_CODES, RecoveryCode, RecoveryCodeHash, RecoverySet};
pub use remembered::{DeviceHash, DeviceSecret, MOST_REMEMBERED, RememberedDevice};
pub use tries::{FREE_CODES, FREE_RECOVERY_CODES, LONGEST_WAIT, RECOVERY_WAIT};
pub use trying::{
    ACCEPTED_AGAIN, Attempt, CHALLENGE_LIFETIME, ChallengeId, CodeDecision, CodeVerdict, CodesFrom,
    PASSKEY_CHALLENGE_LIFETIME, Presented, Repeated, attempt,
};

use jeton_jose::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use self::tries::Tries;
use self::trying::Accepted;
use crate::factor::{Enrolled, Factor};
use crate::keys::SealedKey;
use crate::passkey::{CredentialId, Passkey};

/// The authenticators of a user, and what is remembered about presenting them. A user who has none has an empty document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Authenticators {
    /// The authenticator app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub totp: Option<Totp>,
    /// The authenticator app that is being set up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting_up: Option<SettingUp>,
    /// The recovery codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery: Option<RecoverySet>,
    /// The passkeys, in the order in which they were added.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passkeys: Vec<Passkey>,
    /// Whether a passkey is required after the password, if there is no app.
    #[serde(skip_serializing_if = "is_false")]
    pub passkey_after_password: bool,
    /// The browsers in which no second factor is asked for, in the order in which they were remembered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remembered: Vec<RememberedDevice>,
    #[serde(skip_serializing_if = "Tries::is_empty")]
    tries: Tries,
    /// What was accepted lately.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    accepted: Vec<Accepted>,
}

/// An authenticator app (RFC 6238) that was set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totp {
    /// Its secret, encrypted with the master key.
    #[serde(with = "sealed")]
    pub secret: SealedKey,
    /// When it was set up.
    pub added_at: Timestamp,
    /// When it was last used.
    pub used_at: Timestamp,
    /// The time step of the last code that was accepted. No code of it, or of an earlier one, is accepted again.
    pub step: u64,
}

/// An authenticator app that is being set up. It becomes a factor with the first right code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingUp {
    /// Its secret, encrypted with the master key.
    #[serde(with = "sealed")]
    pub secret: SealedKey,
    /// When it was begun.
    pub since: Timestamp,
}

impl Authenticators {
    /// What the user has set up.
    pub fn enrolled(&self) -> Enrolled {
        let app = self.totp.as_ref().map(|_| Factor::OneTimeCode);
        let passkey = self.passkeys.first().map(|_| Factor::Passkey);
        Enrolled { factors: app.into_iter().chain(passkey).collect(), is_two_step: self.is_two_step() }
    }

    /// Whether something is required after the password.
    pub fn is_two_step(&self) -> bool {
        self.totp.is_some() || self.passkey_after_password
    }

    /// The passkey with this id.
    pub fn passkey(&self, id: &CredentialId) -> Option<&Passkey> {
        self.passkeys.iter().find(|passkey| passkey.id == *id)
    }

    /// How many recovery codes are left.
    pub fn recovery_codes_left(&self) -> usize {
        self.recovery.as_ref().map_or(0, |set| set.left.len())
    }

    /// All that only the master key can decrypt.
    pub fn sealed(&self) -> impl Iterator<Item = &SealedKey> {
        let totp = self.totp.iter().map(|totp| &totp.secret);
        totp.chain(self.setting_up.iter().map(|begun| &begun.secret))
    }

    /// Whether nothing is there to be stored.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The stored form.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("second factors are JSON")
    }

    /// Parses what [`Self::to_json`] wrote; `None` if it cannot be parsed.
    pub fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// Encrypted values as texts.
mod sealed {
    use super::{Deserialize, Deserializer, SealedKey, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(sealed: &SealedKey, serializer: S) -> Result<S::Ok, S::Error> {
        sealed.as_str().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SealedKey, D::Error> {
        Box::<str>::deserialize(deserializer).map(SealedKey::new)
    }
}

/// What the tests of the rules begin with.
#[cfg(test)]
pub(crate) mod example {
    use super::*;
    use crate::UserId;
    use crate::user::{UserStanding, UserStatus};

    pub(crate) const ADA: UserStanding =
        UserStanding { id: UserId::from_bytes([1; 16]), status: UserStatus::Active, epoch: 3 };

    pub(crate) fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + seconds)
    }

    pub(crate) fn sealed(text: &str) -> SealedKey {
        SealedKey::new(text)
    }

    pub(crate) fn passkey(number: u8, counter: u32) -> Passkey {
        let passkey = serde_json::json!({
            "id": format!("passkey{number:05}"),
            "key": format!("the key of {number}"),
            "name": format!("Passkey {number}"),
            "counter": counter,
            "is_discoverable": true,
            "backup_eligible": false,
            "backed_up": false,
            "aaguid": "",
            "added_at": at(0),
        });
        serde_json::from_value(passkey).expect("a passkey")
    }

    pub(crate) fn hash(number: u8) -> RecoveryCodeHash {
        RecoveryCodeHash::from_bytes([number; 32])
    }

    pub(crate) fn recovery_set(number: u8) -> RecoverySet {
        RecoverySet {
            id: [number; 16],
            made_at: at(0),
            left: (0..10).map(|code| hash(number * 16 + code)).collect(),
        }
    }

    /// An app whose last code was of step 100, and ten recovery codes.
    pub(crate) fn set_up() -> Authenticators {
        Authenticators {
            totp: Some(Totp { secret: sealed("a secret"), added_at: at(0), used_at: at(0), step: 100 }),
            recovery: Some(recovery_set(1)),
            ..Authenticators::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_as_it_is_written() {
        for factors in [Authenticators::default(), example::set_up()] {
            assert_eq!(Authenticators::from_json(&factors.to_json()), Some(factors));
        }
        assert_eq!(Authenticators::default().to_json(), "{}");
    }

    #[test]
    fn no_secret_shows_in_debug() {
        assert!(!format!("{:?}", example::set_up()).contains("a secret"));
    }
}
