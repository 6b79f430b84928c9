//! Why a mail was not sent.

use std::time::Duration;

use jeton_authority::mail::{MailAddressError, MailOutcome};

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    /// The mail server cannot be reached, or the connection broke.
    #[error("the mail server cannot be reached: {reason}")]
    Unreachable {
        /// Why.
        reason: String,
    },
    /// The mail server took too long.
    #[error("the mail server did not answer within {} s", .limit.as_secs())]
    TimedOut {
        /// How long it had.
        limit: Duration,
    },
    /// TLS failed: the server speaks something else, or its certificate is not trusted.
    #[error("no TLS connection to the mail server: {reason}")]
    Tls {
        /// Why.
        reason: String,
    },
    /// The mail server does not offer STARTTLS, and nothing is sent without TLS.
    #[error("the mail server does not offer STARTTLS")]
    NoStartTls,
    /// The mail server refused the username or the password, or takes none.
    #[error("the mail server refused mail.username and mail.password: {reason}")]
    Credentials {
        /// What it said.
        reason: String,
    },
    /// The address is none that mail can be sent to.
    #[error("mail cannot be sent to this address: {0}")]
    Address(#[from] MailAddressError),
    /// The part of the address before the `@` has letters beyond ASCII, and the mail server does not take such addresses.
    #[error("the mail server does not offer SMTPUTF8, which this address requires")]
    NoUtf8,
    /// The mail server asks to try again later.
    #[error("the mail server does not take the mail now: {reason}")]
    Later {
        /// What it said.
        reason: String,
    },
    /// The mail server refused the mail for good.
    #[error("the mail server refused the mail: {reason}")]
    Refused {
        /// What it said.
        reason: String,
    },
    /// The mail cannot be written.
    #[error("the mail cannot be written: {reason}")]
    Unwritable {
        /// Why.
        reason: String,
    },
}

impl MailError {
    /// The stable name of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "mail_unreachable",
            Self::TimedOut { .. } => "mail_timed_out",
            Self::Tls { .. } => "mail_tls_failed",
            Self::NoStartTls => "mail_no_starttls",
            Self::Credentials { .. } => "mail_credentials_refused",
            Self::Address(error) => error.code(),
            Self::NoUtf8 => "mail_no_smtputf8",
            Self::Later { .. } => "mail_postponed",
            Self::Refused { .. } => "mail_refused",
            Self::Unwritable { .. } => "mail_unwritable",
        }
    }

    /// Whether the error is about this mail alone, so that others can be sent over the same connection.
    pub(super) const fn is_of_the_mail(&self) -> bool {
        matches!(
            self,
            Self::Address(_)
                | Self::NoUtf8
                | Self::Refused { .. }
                | Self::Later { .. }
                | Self::Unwritable { .. }
        )
    }

    /// What it means for the mail.
    pub(super) fn outcome(&self) -> MailOutcome {
        match self {
            Self::Address(_) | Self::NoUtf8 | Self::Refused { .. } | Self::Unwritable { .. } => {
                MailOutcome::Refused(self.to_string())
            }
            _ => MailOutcome::Later(self.to_string()),
        }
    }
}
