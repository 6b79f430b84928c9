//! The kinds of mail, and what each tells.

use std::time::Duration;

use jeton_jose::Timestamp;
use serde::{Deserialize, Serialize};

use crate::audit::{Actor, AuditEvent, AuditRecord};

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MailKind {
    /// The password was changed.
    PasswordChanged,
    /// A second factor or a passkey was added, removed, or replaced by a recovery code.
    SecondFactorChanged,
    /// Somebody signed in from a network and in a browser that the account was not used with before.
    NewDevice,
    /// Somebody asked to set a new password: the mail has a link and a code.
    PasswordReset,
}

impl MailKind {
    /// All kinds that this version writes.
    pub const ALL: [Self; 4] =
        [Self::PasswordChanged, Self::SecondFactorChanged, Self::NewDevice, Self::PasswordReset];

    /// Its stable name, which is also what the store keeps.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PasswordChanged => "password_changed",
            Self::SecondFactorChanged => "second_factor_changed",
            Self::NewDevice => "new_device",
            Self::PasswordReset => "password_reset",
        }
    }

    /// The kind with this name. A newer version on the same database may have others.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The mail that an event calls for.
    pub const fn of_event(event: AuditEvent) -> Option<Self> {
        match event {
            AuditEvent::PasswordChanged => Some(Self::PasswordChanged),
            AuditEvent::SecondFactorAdded
            | AuditEvent::SecondFactorRemoved
            | AuditEvent::PasskeyAdded
            | AuditEvent::PasskeyRemoved
            | AuditEvent::RecoveryCodeUsed => Some(Self::SecondFactorChanged),
            _ => None,
        }
    }

    /// How long it is tried to be sent.
    pub const fn life(self) -> Duration {
        match self {
            Self::PasswordChanged | Self::SecondFactorChanged | Self::NewDevice => {
                Duration::from_secs(24 * 3600)
            }
            // Somebody waits for it.
            Self::PasswordReset => Duration::from_secs(3600),
        }
    }
}

/// What a mail tells, without anything secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailFacts {
    /// What happened, by the name of the audited event; empty where the kind says it all.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub event: Box<str>,
    /// When, in seconds since 1970.
    pub at: i64,
    /// From which network, if over one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Box<str>>,
    /// With which browser and system, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Box<str>>,
    /// Whether the operator did it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_operator: bool,
}

impl MailFacts {
    /// What a record tells.
    pub fn of(record: &AuditRecord) -> Self {
        Self {
            event: record.event.as_str().into(),
            at: record.at.unix(),
            network: record.network.map(|network| network.to_string().into()),
            device: None,
            by_operator: record.actor == Some(Actor::Operator),
        }
    }

    /// When it happened.
    pub const fn at(&self) -> Timestamp {
        Timestamp::from_unix(self.at)
    }

    /// The facts as JSON, for the store.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers are JSON")
    }

    /// Parses [`Self::to_json`].
    pub fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }
}

/// Which mails about audited events are wanted. The store keeps them, so that commands and servers queue alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Notices {
    /// [`MailKind::PasswordChanged`]
    pub password: bool,
    /// [`MailKind::SecondFactorChanged`]
    pub second_factor: bool,
}

impl Notices {
    /// Whether this kind is wanted.
    pub const fn include(self, kind: MailKind) -> bool {
        match kind {
            MailKind::PasswordChanged => self.password,
            MailKind::SecondFactorChanged => self.second_factor,
            MailKind::NewDevice | MailKind::PasswordReset => false,
        }
    }

    /// The names of the kinds that are wanted, for the store.
    pub fn to_text(self) -> String {
        let wanted = MailKind::ALL.into_iter().filter(|kind| self.include(*kind));
        wanted.map(MailKind::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Parses [`Self::to_text`], passing over names that this version does not know.
    pub fn parse(text: &str) -> Self {
        let has = |kind: MailKind| text.split(' ').any(|name| name == kind.as_str());
        Self { password: has(MailKind::PasswordChanged), second_factor: has(MailKind::SecondFactorChanged) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Network;
    use crate::audit::AuditSubject;

    #[test]
    fn facts_come_back_as_they_were_written_and_new_members_are_passed_over() {
        let (home, subject) = (Network::V4([192, 0, 2]), AuditSubject::default());
        let record = AuditRecord::asked_from(
            home,
            AuditEvent::PasskeyAdded,
            Actor::Authority,
            subject,
            Timestamp::from_unix(7),
        );
        let facts = MailFacts::of(&record);
        assert_eq!(
            (&*facts.event, facts.network.as_deref(), facts.by_operator),
            ("passkey_added", Some(home.to_string().as_str()), false)
        );
        assert_eq!(MailFacts::from_json(&facts.to_json()), Some(facts));
        let from_later = MailFacts::from_json(r#"{"at":1,"place":"Oslo"}"#).expect("facts");
        assert_eq!((from_later.at, &*from_later.event), (1, ""));
    }

    #[test]
    fn notices_come_back_as_they_were_written() {
        for (password, second_factor) in [(false, false), (true, false), (false, true), (true, true)] {
            let notices = Notices { password, second_factor };
            assert_eq!(Notices::parse(&notices.to_text()), notices);
        }
        assert_eq!(Notices::parse("new_device something_else"), Notices::default());
    }
}
