//! Requests to set a new password without the old one, by a mail with a link and a code.
//!
//! Everybody gets the same: a request is stored for every name, whether somebody has it or not, and only the mail differs. What the mail
//! says counts in the browser that asked, for one user as they were then, and once.

use std::time::Duration;

use jeton_jose::Timestamp;
use serde::{Deserialize, Serialize};

use crate::mail::MailKind;
use crate::user::UserStanding;
use crate::{MailId, UserId};

/// How long the link and the code of a mail count, from when the mail server took it.
pub const RESET_LIFETIME: Duration = Duration::from_secs(15 * 60);
/// How many wrong codes a request takes.
pub const WRONG_RESET_CODES: u32 = 5;
/// How long a request is kept: as long as its mail may take, and its link counts.
pub const RESET_KEPT: Duration =
    Duration::from_secs(MailKind::PasswordReset.life().as_secs() + RESET_LIFETIME.as_secs());

/// What a stored request goes by: a keyed hash of what its browser was given.
pub type ResetId = [u8; 32];

/// A request, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReset {
    /// What it goes by.
    pub id: ResetId,
    /// Who has the name that was typed; nobody, perhaps.
    pub user: Option<UserId>,
    /// The mail.
    pub mail: MailId,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When the mail server took the mail.
    pub sent_at: Option<Timestamp>,
    /// The rest.
    pub content: ResetContent,
}

/// What is compared. The hashes are keyed, and of no use elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetContent {
    /// The user's epoch when it was asked for. A change of the password, or signing out everywhere, changes it.
    pub epoch: u64,
    /// The address that the mail goes to.
    pub email: Box<str>,
    /// The hash of the browser.
    pub browser: Box<str>,
    /// The hash of what the link contains.
    pub link: Box<str>,
    /// The hash of the code.
    pub code: Box<str>,
    /// How many wrong codes were typed.
    #[serde(default)]
    pub wrong_codes: u32,
    /// Whether the link or the code was presented.
    #[serde(default)]
    pub is_proved: bool,
}

impl ResetContent {
    /// As the store keeps it.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers are JSON")
    }

    /// Parses [`Self::to_json`].
    pub fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }
}

/// A user, as far as a request depends on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResetUser {
    /// How they stand.
    pub standing: UserStanding,
    /// Their address.
    pub email: Option<Box<str>>,
}

/// What a browser presents, by the hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResetProof {
    /// What the link contains.
    Link(Box<str>),
    /// The code.
    Code(Box<str>),
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetVerdict {
    /// A new password may be set.
    Proved,
    /// Another browser asked. Nothing was spent.
    AnotherBrowser,
    /// It is wrong or too old. Of a code, nobody can tell which, or whether anybody has the name.
    Wrong,
    /// There were too many wrong codes.
    TooMany,
}

impl StoredReset {
    /// Whether its time is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        let end = match self.sent_at {
            Some(sent_at) => sent_at.saturating_add(RESET_LIFETIME),
            None => self.asked_at.saturating_add(RESET_KEPT),
        };
        now >= end
    }

    fn is_for(&self, user: Option<&ResetUser>) -> bool {
        self.user.is_some()
            && user.is_some_and(|user| {
                user.standing.honours(self.content.epoch)
                    && user.email.as_deref() == Some(&*self.content.email)
            })
    }
}

/// Decides about a link or a code. Also answers the request as it is from now on, if it changes.
pub fn prove(
    reset: Option<StoredReset>,
    user: Option<&ResetUser>,
    browser: &str,
    proof: &ResetProof,
    now: Timestamp,
) -> (ResetVerdict, Option<StoredReset>) {
    let Some(mut reset) = reset else { return (ResetVerdict::Wrong, None) };
    if &*reset.content.browser != browser {
        return (ResetVerdict::AnotherBrowser, None);
    }
    let counts = !reset.is_over(now) && reset.is_for(user);
    match proof {
        ResetProof::Link(link) if counts && *link == reset.content.link => {}
        ResetProof::Link(_) => return (ResetVerdict::Wrong, None),
        ResetProof::Code(_) if reset.content.wrong_codes >= WRONG_RESET_CODES => {
            return (ResetVerdict::TooMany, None);
        }
        ResetProof::Code(code) if counts && *code == reset.content.code => {}
        ResetProof::Code(_) => {
            reset.content.wrong_codes += 1;
            return (ResetVerdict::Wrong, Some(reset));
        }
    }
    // Pressed twice, it leads where it led the first time.
    let changes = !reset.content.is_proved;
    reset.content.is_proved = true;
    (ResetVerdict::Proved, changes.then_some(reset))
}

/// Whether a new password may be set: whose, if it may.
pub fn completes(
    reset: Option<&StoredReset>,
    user: Option<&ResetUser>,
    browser: &str,
    now: Timestamp,
) -> Option<UserId> {
    let reset = reset.filter(|reset| {
        reset.content.is_proved
            && &*reset.content.browser == browser
            && !reset.is_over(now)
            && reset.is_for(user)
    });
    reset.and_then(|reset| reset.user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user::UserStatus;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
    const ADA: UserId = UserId::from_bytes([1; 16]);

    fn reset() -> StoredReset {
        StoredReset {
            id: [1; 32],
            user: Some(ADA),
            mail: MailId::from_bytes([2; 16]),
            asked_at: NOW,
            sent_at: Some(NOW),
            content: ResetContent {
                epoch: 3,
                email: "ada@example.org".into(),
                browser: "browser".into(),
                link: "link".into(),
                code: "code".into(),
                wrong_codes: 0,
                is_proved: false,
            },
        }
    }

    fn ada() -> ResetUser {
        let standing = UserStanding { id: ADA, status: UserStatus::Active, epoch: 3 };
        ResetUser { standing, email: Some("ada@example.org".into()) }
    }

    fn after(seconds: u64) -> Timestamp {
        NOW.saturating_add(Duration::from_secs(seconds))
    }

    fn link() -> ResetProof {
        ResetProof::Link("link".into())
    }

    fn code(code: &str) -> ResetProof {
        ResetProof::Code(code.into())
    }

    fn verdict(reset: StoredReset, user: &ResetUser, proof: &ResetProof, now: Timestamp) -> ResetVerdict {
        prove(Some(reset), Some(user), "browser", proof, now).0
    }

    #[test]
    fn the_link_and_the_code_count_in_the_browser_that_asked() {
        for proof in [link(), code("code")] {
            let (verdict, proved) = prove(Some(reset()), Some(&ada()), "browser", &proof, NOW);
            assert_eq!(verdict, ResetVerdict::Proved);
            let proved = proved.expect("it changes");
            assert_eq!(completes(Some(&proved), Some(&ada()), "browser", NOW), Some(ADA));
            assert_eq!(completes(Some(&proved), Some(&ada()), "other", NOW), None);
            let again = prove(Some(proved), Some(&ada()), "browser", &proof, NOW);
            assert_eq!(again, (ResetVerdict::Proved, None));
            let elsewhere = prove(Some(reset()), Some(&ada()), "other", &proof, NOW);
            assert_eq!(elsewhere, (ResetVerdict::AnotherBrowser, None));
        }
        assert_eq!(completes(Some(&reset()), Some(&ada()), "browser", NOW), None, "nothing was presented");
        assert_eq!(prove(None, None, "browser", &link(), NOW), (ResetVerdict::Wrong, None));
    }

    #[test]
    fn the_time_begins_when_the_mail_server_took_the_mail() {
        let late = StoredReset { sent_at: Some(after(3000)), ..reset() };
        assert_eq!(verdict(late.clone(), &ada(), &link(), after(3899)), ResetVerdict::Proved);
        assert_eq!(verdict(late, &ada(), &link(), after(3900)), ResetVerdict::Wrong);
        let unsent = StoredReset { sent_at: None, ..reset() };
        assert_eq!(verdict(unsent.clone(), &ada(), &link(), after(4499)), ResetVerdict::Proved);
        assert_eq!(verdict(unsent, &ada(), &link(), after(4500)), ResetVerdict::Wrong);
    }

    #[test]
    fn any_change_of_the_user_ends_it() {
        let mut proved = reset();
        proved.content.is_proved = true;
        for user in [
            ResetUser { standing: UserStanding { epoch: 4, ..ada().standing }, ..ada() },
            ResetUser { standing: UserStanding { status: UserStatus::Disabled, ..ada().standing }, ..ada() },
            ResetUser { email: Some("eve@example.org".into()), ..ada() },
            ResetUser { email: None, ..ada() },
        ] {
            assert_eq!(verdict(reset(), &user, &link(), NOW), ResetVerdict::Wrong);
            assert_eq!(completes(Some(&proved), Some(&user), "browser", NOW), None);
        }
    }

    #[test]
    fn wrong_codes_are_counted_alike_for_everybody() {
        let nobody = StoredReset { user: None, ..reset() };
        for stored in [reset(), nobody] {
            let mut stored = stored;
            for _ in 0..WRONG_RESET_CODES {
                let (verdict, changed) = prove(Some(stored), Some(&ada()), "browser", &code("no"), NOW);
                assert_eq!(verdict, ResetVerdict::Wrong);
                stored = changed.expect("it is counted");
            }
            let right = prove(Some(stored.clone()), Some(&ada()), "browser", &code("code"), NOW);
            assert_eq!(right, (ResetVerdict::TooMany, None), "not even the right one");
        }
        let nobody = StoredReset { user: None, ..reset() };
        assert_eq!(verdict(nobody, &ada(), &code("code"), NOW), ResetVerdict::Wrong);
    }
}
