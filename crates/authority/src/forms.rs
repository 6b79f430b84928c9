//! The token in a form. It proves that the form comes from one of the authority's pages, shown in this browser, and
//! tells what has changed since.
//!
//! A token is not secret and not stored. It contains the time when the page was made, a digest of the account, a
//! digest of what was shown, and a MAC over these and over what the verifier knows.

use std::sync::Arc;
use std::time::Duration;

use jeton_jose::{Timestamp, base64url};
use subtle::ConstantTimeEq;

use crate::UserId;
use crate::keyring::Keys;
use crate::shown_digest::ShownDigest;

/// How long a form may be posted after its page was made.
pub const FORM_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// What a form is sealed for.
#[derive(Debug, Clone, Copy)]
pub struct FormSeal<'a> {
    /// The browser: a text that only this browser can send.
    pub browser: &'a str,
    /// The kind of form. The token of one kind is not valid for another.
    pub form: &'a str,
    /// The subject of the form: the request, or the user code.
    pub about: &'a str,
    /// The signed-in account.
    pub account: Option<UserId>,
    /// The content of the page that may change while it is open.
    pub shown: ShownDigest,
}

/// Whether a posted form is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormVerdict {
    /// It is the authority's own, and everything is as it was shown. Only such a form may have an effect.
    Current,
    /// It is the authority's own, shown in this browser for this purpose, but something has changed since.
    Stale(StaleForm),
    /// It is not the authority's, or was shown in another browser or for another purpose.
    Foreign,
}

/// What has changed since a form was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaleForm {
    /// Another account is signed in, or none, or there was none before.
    Account,
    /// The page would show something else.
    Shown,
    /// The form was open for longer than [`FORM_LIFETIME`].
    Expired,
}

/// The plain content of a token.
#[derive(Clone, Copy)]
struct FormToken {
    made_at: Timestamp,
    account: [u8; 32],
    shown: [u8; 32],
}

impl FormToken {
    const LEN: usize = 8 + 32 + 32;

    fn to_bytes(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..8].copy_from_slice(&self.made_at.unix().to_be_bytes());
        bytes[8..40].copy_from_slice(&self.account);
        bytes[40..].copy_from_slice(&self.shown);
        bytes
    }

    fn from_bytes(bytes: &[u8; Self::LEN]) -> Self {
        let (mut made_at, mut account, mut shown) = ([0; 8], [0; 32], [0; 32]);
        made_at.copy_from_slice(&bytes[..8]);
        account.copy_from_slice(&bytes[8..40]);
        shown.copy_from_slice(&bytes[40..]);
        Self { made_at: Timestamp::from_unix(i64::from_be_bytes(made_at)), account, shown }
    }

    /// Compares a genuine token with the current state. The account comes first: whatever else has changed, the user
    /// must know which account is signed in.
    fn verdict(self, account: [u8; 32], shown: ShownDigest, now: Timestamp) -> FormVerdict {
        if self.account != account {
            FormVerdict::Stale(StaleForm::Account)
        } else if self.shown != shown.0 {
            FormVerdict::Stale(StaleForm::Shown)
        } else if now > self.made_at.saturating_add(FORM_LIFETIME) {
            FormVerdict::Stale(StaleForm::Expired)
        } else {
            FormVerdict::Current
        }
    }
}

/// Seals forms, and other data that a browser carries.
pub struct Forms {
    pub(crate) keys: Arc<Keys>,
}

impl Forms {
    /// Makes the token of a form that is shown now.
    pub fn seal(&self, seal: &FormSeal<'_>, now: Timestamp) -> String {
        let token = FormToken { made_at: now, account: self.account_digest(seal), shown: seal.shown.0 };
        let bytes = token.to_bytes();
        base64url::encode([&bytes[..], &self.form_mac(seal, &bytes)].concat())
    }

    /// Checks the token of a posted form. `seal` describes the form as it would be made now.
    pub fn judge(&self, seal: &FormSeal<'_>, presented: &str, now: Timestamp) -> FormVerdict {
        let Ok(bytes) = base64url::decode(presented) else { return FormVerdict::Foreign };
        let Some((bytes, mac)) = bytes.split_first_chunk::<{ FormToken::LEN }>() else {
            return FormVerdict::Foreign;
        };
        if !bool::from(self.form_mac(seal, bytes).ct_eq(mac)) {
            return FormVerdict::Foreign;
        }
        FormToken::from_bytes(bytes).verdict(self.account_digest(seal), seal.shown, now)
    }

    fn form_mac(&self, seal: &FormSeal<'_>, token: &[u8]) -> [u8; 32] {
        let parts = [seal.browser.as_bytes(), seal.form.as_bytes(), seal.about.as_bytes(), token];
        self.keys.seal("form token", &parts)
    }

    /// Identifies the account only to the authority.
    fn account_digest(&self, seal: &FormSeal<'_>) -> [u8; 32] {
        match seal.account {
            None => [0; 32],
            Some(user) => self
                .keys
                .with_ring(|ring| ring.seal("form account", &[seal.browser.as_bytes(), user.as_bytes()])),
        }
    }

    /// A text that only this authority can have made from these parts, for one purpose: for data that a browser
    /// carries.
    pub fn seal_text(&self, purpose: &str, parts: &[&str]) -> String {
        let parts: Vec<_> = parts.iter().map(|part| part.as_bytes()).collect();
        base64url::encode(self.keys.seal(purpose, &parts))
    }

    /// Whether a text is the result of [`Self::seal_text`].
    pub fn is_sealed(&self, purpose: &str, parts: &[&str], presented: &str) -> bool {
        self.seal_text(purpose, parts).as_bytes().ct_eq(presented.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: [u8; 32] = [1; 32];
    const BOB: [u8; 32] = [2; 32];

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + seconds)
    }

    fn token() -> FormToken {
        FormToken { made_at: at(0), account: ADA, shown: ShownDigest::of(["openid"]).0 }
    }

    #[test]
    fn a_form_acts_only_while_everything_is_as_it_was_shown() {
        let shown = ShownDigest::of(["openid"]);
        let changed = ShownDigest::of(["openid", "orders"]);
        let hour = i64::try_from(FORM_LIFETIME.as_secs()).expect("an hour");
        let read = FormToken::from_bytes(&token().to_bytes());
        for (account, shown, now, verdict) in [
            (ADA, shown, 0, FormVerdict::Current),
            (ADA, shown, hour, FormVerdict::Current),
            (ADA, shown, -5, FormVerdict::Current),
            (ADA, shown, hour + 1, FormVerdict::Stale(StaleForm::Expired)),
            (ADA, changed, 0, FormVerdict::Stale(StaleForm::Shown)),
            (BOB, shown, 0, FormVerdict::Stale(StaleForm::Account)),
            ([0; 32], shown, 0, FormVerdict::Stale(StaleForm::Account)),
            (BOB, changed, hour + 1, FormVerdict::Stale(StaleForm::Account)),
        ] {
            assert_eq!(read.verdict(account, shown, at(now)), verdict, "{account:?} {now}");
        }
    }
}
