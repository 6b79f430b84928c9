//! Browsers in which a user is not asked for the second factor for a while, because they wanted it so.

use std::fmt;
use std::time::Duration;

use jeton_jose::{Timestamp, base64url};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::Authenticators;
use crate::UserId;
use crate::random::Random;
use crate::user::UserStanding;

/// How many browsers are remembered at most. Another one takes the place of the one that was remembered first.
pub const MOST_REMEMBERED: usize = 10;

/// The secret in the cookie of a browser that is remembered: 256 random bits. Never stored and never shown.
#[derive(Clone)]
pub struct DeviceSecret(Box<str>);

impl DeviceSecret {
    /// Generates a secret.
    pub fn draw(random: &dyn Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self(base64url::encode(bytes).into())
    }

    /// Parses the value of a cookie; `None` if it cannot be one of our secrets.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = base64url::decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(text.into()))
    }

    /// The text, for the cookie.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The hash that the store keeps of it for this user. Those of several users of a browser do not show that it is one.
    pub fn hash(&self, user: UserId) -> DeviceHash {
        DeviceHash(
            Sha256::new().chain_update(user.as_bytes()).chain_update(self.0.as_bytes()).finalize().into(),
        )
    }
}

impl fmt::Debug for DeviceSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceSecret(…)")
    }
}

/// The SHA-256 of a user's identifier and a browser's secret, which also names the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceHash([u8; 32]);

impl DeviceHash {
    /// From a text that [`Self::to_text`] made; `None` if it did not.
    pub fn parse(text: &str) -> Option<Self> {
        base64url::decode(text).ok()?.try_into().ok().map(Self)
    }

    /// As text.
    pub fn to_text(self) -> String {
        base64url::encode(self.0)
    }
}

impl Serialize for DeviceHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_text().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DeviceHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a hash"))
    }
}

/// A browser that is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedDevice {
    /// The hash of its secret.
    pub hash: DeviceHash,
    /// The user's epoch when it was remembered. Whatever raises it, such as another password, ends the remembering.
    pub epoch: u64,
    /// What the browser says that it is, in words; empty if nothing is known.
    pub device: Box<str>,
    /// When it was remembered.
    pub added_at: Timestamp,
}

impl RememberedDevice {
    fn counts(&self, user: &UserStanding, remembered_for: Duration, now: Timestamp) -> bool {
        // One from the future is as old as the clock was ahead.
        user.honours(self.epoch) && now.unix().abs_diff(self.added_at.unix()) < remembered_for.as_secs()
    }
}

impl Authenticators {
    /// The browsers that are remembered, of those that were within this time.
    pub fn remembered(
        &self,
        user: &UserStanding,
        remembered_for: Duration,
        now: Timestamp,
    ) -> impl Iterator<Item = &RememberedDevice> {
        let user = *user;
        let is_two_step = self.is_two_step();
        self.remembered.iter().filter(move |device| is_two_step && device.counts(&user, remembered_for, now))
    }

    /// Remembers a browser, in the place of what was remembered of it, and of what counts no more.
    pub(super) fn remember_device(&mut self, device: RememberedDevice) {
        self.remembered.retain(|known| known.hash != device.hash && known.epoch == device.epoch);
        if self.remembered.len() >= MOST_REMEMBERED {
            self.remembered.remove(0);
        }
        self.remembered.push(device);
    }
}

#[cfg(test)]
mod tests {
    use super::super::example::{ADA, at, set_up};
    use super::*;
    use crate::user::UserStatus;

    const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

    fn device(number: u8, epoch: u64) -> RememberedDevice {
        let hash = DeviceHash([number; 32]);
        RememberedDevice { hash, epoch, device: "Firefox on Linux".into(), added_at: at(0) }
    }

    fn remembered(factors: &Authenticators, user: &UserStanding, seconds: i64) -> Vec<u8> {
        factors.remembered(user, MONTH, at(seconds)).map(|device| device.hash.0[0]).collect()
    }

    #[test]
    fn a_browser_is_remembered_for_a_while_and_as_long_as_the_user_stands_as_they_did() {
        let mut factors = set_up();
        factors.remember_device(device(1, ADA.epoch));
        assert_eq!(remembered(&factors, &ADA, 0), [1]);
        let month = 30 * 24 * 3600;
        assert_eq!(
            [remembered(&factors, &ADA, month - 1).len(), remembered(&factors, &ADA, month).len()],
            [1, 0]
        );
        let changed = UserStanding { epoch: ADA.epoch + 1, ..ADA };
        let disabled = UserStanding { status: UserStatus::Disabled, ..ADA };
        assert!(
            remembered(&factors, &changed, 0).is_empty() && remembered(&factors, &disabled, 0).is_empty()
        );
        factors.totp = None;
        assert!(remembered(&factors, &ADA, 0).is_empty(), "there is nothing to be asked for");
    }

    #[test]
    fn ten_are_remembered_each_once_and_those_of_an_earlier_password_go() {
        let mut factors = set_up();
        factors.remember_device(device(99, ADA.epoch - 1));
        for number in (0..12).chain([11]) {
            factors.remember_device(device(number, ADA.epoch));
        }
        assert_eq!(remembered(&factors, &ADA, 0), (2..12).collect::<Vec<_>>());
        assert_eq!(factors.remembered.len(), 10);
    }

    #[test]
    fn a_secret_is_another_hash_for_another_user() {
        let secret = DeviceSecret::parse(&base64url::encode([7; 32])).expect("a secret");
        let [ada, bob] = [1, 2].map(|number| secret.hash(UserId::from_bytes([number; 16])));
        assert_ne!(ada, bob);
        assert_eq!(DeviceHash::parse(&ada.to_text()), Some(ada));
        assert!(!format!("{secret:?}").contains(secret.expose()));
        for text in ["", "AAAA", "?"] {
            assert!(DeviceSecret::parse(text).is_none() && DeviceHash::parse(text).is_none());
        }
    }
}
