//! Why a page is shown again, in one sentence.

use std::time::Duration;

use axum::response::Response;
use http::{StatusCode, header};
use jeton_authority::device::UserCodeError;
use jeton_authority::passkey::PasskeyError;
use jeton_authority::password::{PasswordError, WeakPassword, Weakness};
use jeton_authority::sign_in::CodeError;
use jeton_authority::user::UsernameError;
use jeton_authority::{SignInError, StaleForm};
use jeton_jose::Timestamp;
use serde::{Deserialize, Serialize};

use crate::pages::isolated;
use crate::respond::sentence;

/// Why a page is shown again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Notice {
    /// The username or the password is wrong.
    Credentials,
    /// The username or the password is missing.
    Incomplete,
    /// The input is not a valid username.
    Username(BadUsername),
    /// The input is not a valid password.
    Password(BadPassword),
    /// The input cannot be read.
    Unreadable,
    /// There were too many wrong passwords; the next attempt is allowed at this time.
    Throttled { until: Timestamp },
    /// Nobody can sign in at the moment.
    Busy,
    /// Another account is signed in, or none, or there was none before.
    Account,
    /// The application requests something other than the page showed.
    Changed,
    /// The page was open for too long.
    Expired,
    /// The form is not from here, not for this browser, or not for this request.
    Foreign,
    /// The browser sent no cookie, neither with the form nor after it.
    NoCookies,
    /// The input is not a valid user code.
    Code(BadCode),
    /// The input is not a right one-time code.
    OneTimeCode(BadOneTimeCode),
    /// There were too many wrong one-time codes; the next attempt is allowed at this time.
    OneTimeCodesThrottled { until: Timestamp },
    /// The passkey is not known, here or not any more.
    PasskeyUnknown,
    /// The passkey alone is not enough: its authenticator did not verify who uses it.
    PasskeyUnverified,
    /// The page is at another address than the issuer.
    PasskeyElsewhere,
    /// The passkey cannot be used.
    PasskeyRefused,
    /// The name of a passkey is missing or too long.
    PasskeyName,
    /// The new password cannot be chosen.
    NewPassword(BadNewPassword),
    /// The account is that of the last owner, who cannot leave.
    LastOwner,
    /// What the user asked for was done.
    Done(Done),
    /// The sign-in took too long, was completed elsewhere, or the credentials changed.
    SignInOver,
    /// There were too many wrong user codes from this network; the next attempt is allowed at this time.
    CodesThrottled { until: Timestamp },
}

/// Why a password cannot be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum BadNewPassword {
    Missing,
    /// The two fields differ.
    Differs,
    TooShort {
        found: u32,
        wanted: u32,
    },
    Guessable(Weakness),
}

impl From<WeakPassword> for BadNewPassword {
    fn from(weak: WeakPassword) -> Self {
        match weak {
            WeakPassword::TooShort { found, wanted } => Self::TooShort { found, wanted },
            WeakPassword::Guessable(weakness) => Self::Guessable(weakness),
            _ => Self::Guessable(Weakness::Common),
        }
    }
}

impl BadNewPassword {
    pub(crate) fn sentence(self) -> String {
        let because = match self {
            Self::Missing => return "Enter a new password.".to_owned(),
            Self::Differs => return "The two passwords differ. Enter the same one twice.".to_owned(),
            Self::TooShort { found, wanted } => {
                return format!("This password has {found} characters. It needs at least {wanted}.");
            }
            Self::Guessable(weakness) => match weakness {
                Weakness::Common => "many people use it, or one like it",
                Weakness::Repetition => "it repeats itself",
                Weakness::Sequence => "its characters follow each other",
                Weakness::Keyboard => "its keys lie side by side",
                Weakness::Name => "it is little more than a name",
                Weakness::Date => "it is little more than a date",
                Weakness::Word => "it is little more than a word, or something about you",
            },
        };
        format!("This password is easy to guess: {because}. Choose another one.")
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Done {
    PasswordChanged,
    SignedOutThere,
    SignedOutElsewhere,
    AccessRemoved,
    Leaving,
    Staying,
}

impl Done {
    const fn sentence(self) -> &'static str {
        match self {
            Self::PasswordChanged => "Your password was changed. You are signed out everywhere else.",
            Self::SignedOutThere => "It is signed out.",
            Self::SignedOutElsewhere => "You are signed out everywhere else.",
            Self::AccessRemoved => "It has no access any more, and has to ask you again.",
            Self::Leaving => "Your account will be deleted.",
            Self::Staying => "Your account stays.",
        }
    }
}

/// Why a text is not a waiting device's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum BadCode {
    Missing,
    Malformed,
    Unknown,
}

/// Why a one-time code does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum BadOneTimeCode {
    Malformed,
    Wrong,
    WrongRecovery,
    Used,
}

/// The longest waiting time that a page states, in seconds.
const LONGEST_WAIT: u64 = 3600;

/// Why a text is not a username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum BadUsername {
    TooLong { found: usize },
    Control,
}

/// Why a text is not a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum BadPassword {
    TooLong { found: usize },
    Null,
    LineBreak,
}

/// The message on the page.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Sentence {
    /// Next to the password field.
    pub(crate) problem: Option<String>,
    /// At the top of the page.
    pub(crate) lead: Option<String>,
    pub(crate) retry_after: Option<u64>,
}

impl Sentence {
    /// The message, wherever it is shown.
    pub(crate) fn text(&self) -> Option<&str> {
        self.lead.as_deref().or(self.problem.as_deref())
    }

    pub(crate) fn add_retry_after(&self, response: &mut Response) {
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
    }
}

impl From<StaleForm> for Notice {
    fn from(stale: StaleForm) -> Self {
        match stale {
            StaleForm::Account => Self::Account,
            StaleForm::Shown => Self::Changed,
            StaleForm::Expired => Self::Expired,
        }
    }
}

impl From<UsernameError> for Notice {
    fn from(error: UsernameError) -> Self {
        match error {
            UsernameError::Empty => Self::Incomplete,
            UsernameError::TooLong { found } => Self::Username(BadUsername::TooLong { found }),
            _ => Self::Username(BadUsername::Control),
        }
    }
}

impl From<PasswordError> for Notice {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::TooLong { found } => Self::Password(BadPassword::TooLong { found }),
            PasswordError::Null => Self::Password(BadPassword::Null),
            PasswordError::LineBreak => Self::Password(BadPassword::LineBreak),
            _ => Self::Incomplete,
        }
    }
}

impl From<UserCodeError> for Notice {
    fn from(error: UserCodeError) -> Self {
        Self::Code(match error {
            UserCodeError::Missing => BadCode::Missing,
            _ => BadCode::Malformed,
        })
    }
}

impl Notice {
    pub(crate) fn of_sign_in(error: &SignInError, now: Timestamp) -> Self {
        match error {
            SignInError::Refused => Self::Credentials,
            SignInError::Throttled { retry_after } => {
                Self::Throttled { until: now.saturating_add(*retry_after) }
            }
            _ => Self::Busy,
        }
    }

    pub(crate) fn of_code(error: &CodeError, now: Timestamp) -> Self {
        match error {
            CodeError::Malformed => Self::OneTimeCode(BadOneTimeCode::Malformed),
            CodeError::Refused => Self::OneTimeCode(BadOneTimeCode::Wrong),
            CodeError::Used => Self::OneTimeCode(BadOneTimeCode::Used),
            CodeError::Throttled { retry_after } => {
                Self::OneTimeCodesThrottled { until: now.saturating_add(*retry_after) }
            }
            CodeError::Over => Self::SignInOver,
            CodeError::Passkey(error) => Self::of_passkey(error),
            _ => Self::Busy,
        }
    }

    pub(crate) const fn of_passkey(error: &PasskeyError) -> Self {
        match error {
            PasskeyError::Unknown => Self::PasskeyUnknown,
            PasskeyError::NobodyVerified => Self::PasskeyUnverified,
            PasskeyError::Origin { .. } => Self::PasskeyElsewhere,
            _ => Self::PasskeyRefused,
        }
    }

    /// Whether an attempt to sign in failed.
    pub(crate) const fn is_attempt(self) -> bool {
        !matches!(
            self,
            Self::Account
                | Self::Changed
                | Self::Expired
                | Self::Foreign
                | Self::NoCookies
                | Self::Unreadable
                | Self::SignInOver
                | Self::Done(_)
        )
    }

    /// The name in the log, if a form had no effect.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Account | Self::Changed | Self::Expired | Self::SignInOver => "form_stale",
            Self::Foreign | Self::NoCookies => "form_token_invalid",
            _ => "form_incomplete",
        }
    }

    /// The status of the page, which is the result of the attempt to sign in. A page that is only shown again has
    /// status 200.
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::Credentials
            | Self::Incomplete
            | Self::Username(_)
            | Self::Password(_)
            | Self::Unreadable
            | Self::OneTimeCode(_)
            | Self::PasskeyUnknown
            | Self::PasskeyUnverified
            | Self::PasskeyElsewhere
            | Self::PasskeyRefused
            | Self::PasskeyName
            | Self::NewPassword(_)
            | Self::LastOwner
            | Self::Code(_) => StatusCode::BAD_REQUEST,
            Self::Throttled { .. } | Self::CodesThrottled { .. } | Self::OneTimeCodesThrottled { .. } => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::OK,
        }
    }

    /// The message on the page, where `account` is signed in and `client` waits.
    pub(crate) fn sentence(self, account: Option<&str>, client: &str, now: Timestamp) -> Sentence {
        let problem = |text: &str| Sentence { problem: Some(text.to_owned()), ..Sentence::default() };
        let lead = |text: String| Sentence { lead: Some(text), ..Sentence::default() };
        let wait = |what: &str, until: Timestamp| {
            let left = until.unix().saturating_sub(now.unix());
            let seconds = u64::try_from(left).unwrap_or(0).clamp(1, LONGEST_WAIT);
            let text = format!("Too many incorrect {what}. Wait {seconds} seconds and try again.");
            Sentence { retry_after: Some(seconds), ..problem(&text) }
        };
        match self {
            Self::Credentials => problem("Incorrect username or password."),
            Self::Incomplete => problem("Enter your username and password."),
            Self::Username(bad) => problem(&bad.sentence()),
            Self::Password(bad) => problem(&bad.sentence()),
            Self::Unreadable => problem("Your input could not be read. Enter it again."),
            Self::Throttled { until } => wait("passwords", until.saturating_add(Duration::from_secs(1))),
            Self::CodesThrottled { until } | Self::OneTimeCodesThrottled { until } => wait("codes", until),
            Self::OneTimeCode(BadOneTimeCode::Malformed) => {
                problem("Enter the six digits that your authenticator app shows, or a recovery code.")
            }
            Self::OneTimeCode(BadOneTimeCode::Wrong) => problem(
                "Incorrect code. Check that you use the right account in your app, and that the time of your phone is right.",
            ),
            Self::OneTimeCode(BadOneTimeCode::WrongRecovery) => {
                problem("Incorrect recovery code. Each code works once, and new codes replace all earlier ones.")
            }
            Self::OneTimeCode(BadOneTimeCode::Used) => {
                problem("This code was used already. Wait until your app shows the next one.")
            }
            Self::Code(BadCode::Missing) => problem("Enter the code shown on your device."),
            Self::Code(BadCode::Malformed) => {
                problem("This is not a valid code. A device code has eight letters, such as BCDF-GHJK.")
            }
            Self::Code(BadCode::Unknown) => problem(
                "No device is waiting for this code. You may have used it already, or your device may now show a new code.",
            ),
            Self::PasskeyUnknown => lead(
                "This passkey is not known here. It may have been removed. Use another one, or your password.".to_owned(),
            ),
            Self::PasskeyUnverified => lead(
                "This security key needs a PIN before it can sign you in alone. Set a PIN in your system's settings, or use your password."
                    .to_owned(),
            ),
            Self::PasskeyElsewhere => lead(
                "This page is open at another address than the one that passkeys are for. Open it at the address that you were given."
                    .to_owned(),
            ),
            Self::PasskeyRefused => {
                lead("The passkey could not be used. Try again, or sign in another way.".to_owned())
            }
            Self::NewPassword(bad) => problem(&bad.sentence()),
            Self::LastOwner => lead(
                "You are the last owner of this site, so your account stays. Make somebody else an owner first."
                    .to_owned(),
            ),
            Self::Done(done) => lead(done.sentence().to_owned()),
            Self::PasskeyName => lead("Enter a name of at most 60 characters.".to_owned()),
            Self::Busy => Sentence {
                retry_after: Some(1),
                ..problem("Sign-in is busy at the moment. Wait a moment and try again.")
            },
            Self::Account => lead(match account {
                Some(name) => {
                    let name = isolated(name);
                    format!("You are now signed in as {name}, so the previous page had no effect.")
                }
                None => "You were signed out after this page was opened.".to_owned(),
            }),
            Self::Changed => {
                let client = isolated(client);
                lead(format!("{client} has changed since this page was opened. Review its request again."))
            }
            Self::Expired => lead("This page has expired. Please try again.".to_owned()),
            Self::SignInOver => {
                lead("Your sign-in took too long or was completed elsewhere. Sign in again.".to_owned())
            }
            Self::Foreign => lead("This page is no longer valid. Please try again.".to_owned()),
            Self::NoCookies => lead(
                "Your browser sent no cookies, which signing in requires. Allow cookies for this site and try again."
                    .to_owned(),
            ),
        }
    }
}

impl BadUsername {
    fn sentence(self) -> String {
        sentence(&match self {
            Self::TooLong { found } => UsernameError::TooLong { found },
            Self::Control => UsernameError::Control,
        })
    }
}

impl BadPassword {
    fn sentence(self) -> String {
        sentence(&match self {
            Self::TooLong { found } => PasswordError::TooLong { found },
            Self::Null => PasswordError::Null,
            Self::LineBreak => PasswordError::LineBreak,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Notice; 38] = [
        Notice::Credentials,
        Notice::Incomplete,
        Notice::Username(BadUsername::TooLong { found: 151 }),
        Notice::Username(BadUsername::Control),
        Notice::Password(BadPassword::TooLong { found: 5000 }),
        Notice::Password(BadPassword::Null),
        Notice::Password(BadPassword::LineBreak),
        Notice::Unreadable,
        Notice::Throttled { until: Timestamp::from_unix(1_800_000_009) },
        Notice::Busy,
        Notice::Account,
        Notice::Changed,
        Notice::Expired,
        Notice::Foreign,
        Notice::NoCookies,
        Notice::Code(BadCode::Missing),
        Notice::Code(BadCode::Malformed),
        Notice::Code(BadCode::Unknown),
        Notice::CodesThrottled { until: Timestamp::from_unix(1_800_000_009) },
        Notice::OneTimeCode(BadOneTimeCode::Malformed),
        Notice::OneTimeCode(BadOneTimeCode::Wrong),
        Notice::OneTimeCode(BadOneTimeCode::WrongRecovery),
        Notice::OneTimeCode(BadOneTimeCode::Used),
        Notice::OneTimeCodesThrottled { until: Timestamp::from_unix(1_800_000_009) },
        Notice::SignInOver,
        Notice::PasskeyUnknown,
        Notice::PasskeyUnverified,
        Notice::PasskeyElsewhere,
        Notice::PasskeyRefused,
        Notice::PasskeyName,
        Notice::NewPassword(BadNewPassword::Missing),
        Notice::NewPassword(BadNewPassword::Differs),
        Notice::NewPassword(BadNewPassword::TooShort { found: 3, wanted: 15 }),
        Notice::NewPassword(BadNewPassword::Guessable(Weakness::Date)),
        Notice::LastOwner,
        Notice::Done(Done::PasswordChanged),
        Notice::Done(Done::SignedOutElsewhere),
        Notice::Done(Done::Leaving),
    ];

    #[test]
    fn every_page_that_is_shown_again_says_why_in_one_place() {
        let now = Timestamp::from_unix(1_800_000_000);
        for notice in ALL {
            for account in [None, Some("ada")] {
                let Sentence { problem, lead, retry_after } = notice.sentence(account, "Orders", now);
                assert!(problem.is_some() != lead.is_some(), "{notice:?}");
                let text = problem.or(lead).expect("a sentence");
                let cookies = text.contains("cookie");
                assert_eq!(cookies, notice == Notice::NoCookies, "cookies only where none came: {text}");
                let waits = matches!(
                    notice,
                    Notice::Throttled { .. }
                        | Notice::CodesThrottled { .. }
                        | Notice::OneTimeCodesThrottled { .. }
                        | Notice::Busy
                );
                assert_eq!(retry_after.is_some(), waits, "{notice:?}");
            }
        }
        let account = Notice::Account.sentence(Some("bob"), "Orders", now).lead.expect("a sentence");
        assert!(account.contains("You are now signed in as \u{2068}bob\u{2069}"), "{account}");
    }
}
