//! Why a page is shown again. It goes from the form to the page after it in the address, as a word: an address that somebody else
//! makes can say nothing but these sentences.

use http::StatusCode;
use jeton_authority::StaleForm;
use jeton_authority::device::UserCodeError;
use jeton_jose::Timestamp;
use jeton_oauth::Parameters;

use super::super::authorize::Notice;
use crate::interaction::Browser;
use crate::pages::isolated;

/// The parameter with the reason.
const WHY: &str = "why";
/// The parameter with what a sign-in came to.
const SIGN_IN: &str = "sign_in";
/// The parameter with the seconds to wait.
const WAIT: &str = "wait";
/// The longest that a page tells anybody to wait, in seconds.
const LONGEST_WAIT: u64 = 3600;

/// Why a page is shown again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// No code was typed.
    Missing,
    /// What was typed can be no code.
    Malformed,
    /// No device waits with this code.
    Unknown,
    /// This network typed too many wrong codes.
    Throttled {
        /// For so many seconds.
        wait: u64,
    },
    /// A parameter came twice, or is no text.
    Unreadable,
    /// Another account is signed in than when the page was shown.
    Account,
    /// Nobody is signed in any more.
    SignedOut,
    /// The page would show something else.
    Shown,
    /// The page was open for too long.
    Expired,
    /// The form was not shown at this browser.
    Foreign,
    /// The browser sent no cookie at all.
    NoCookies,
    /// Nobody was signed in.
    SignIn(Notice),
}

impl Why {
    const PLAIN: [Self; 10] = [
        Self::Missing,
        Self::Malformed,
        Self::Unknown,
        Self::Unreadable,
        Self::Account,
        Self::SignedOut,
        Self::Shown,
        Self::Expired,
        Self::Foreign,
        Self::NoCookies,
    ];

    /// Why a stale form did nothing.
    pub(super) fn of_stale(stale: StaleForm, browser: &Browser) -> Self {
        match stale {
            StaleForm::Account if browser.signed_in.is_none() => Self::SignedOut,
            StaleForm::Account => Self::Account,
            StaleForm::Shown => Self::Shown,
            StaleForm::Expired => Self::Expired,
        }
    }

    /// Why a form did nothing that was not shown at this browser.
    pub(super) fn of_foreign(browser: &Browser) -> Self {
        if browser.is_new { Self::NoCookies } else { Self::Foreign }
    }

    pub(super) fn of_no_code(error: UserCodeError) -> Self {
        match error {
            UserCodeError::Missing => Self::Missing,
            _ => Self::Malformed,
        }
    }

    /// What an address says.
    pub(super) fn of_query(query: &Parameters) -> Option<Self> {
        let word = query.get(WHY)?;
        if word == SIGN_IN {
            return Some(Self::SignIn(serde_json::from_str(query.get(SIGN_IN)?).ok()?));
        }
        if word == "throttled" {
            let wait = query.get(WAIT).and_then(|wait| wait.parse::<u64>().ok())?;
            return Some(Self::Throttled { wait: wait.clamp(1, LONGEST_WAIT) });
        }
        Self::PLAIN.into_iter().find(|why| why.word() == word)
    }

    pub(super) fn parameters(self) -> impl Iterator<Item = (&'static str, String)> {
        let more = match self {
            Self::Throttled { wait } => Some((WAIT, wait.to_string())),
            Self::SignIn(notice) => serde_json::to_string(&notice).ok().map(|notice| (SIGN_IN, notice)),
            _ => None,
        };
        std::iter::once((WHY, self.word().to_owned())).chain(more)
    }

    /// How long to wait, in seconds.
    pub(super) fn wait(self, now: Timestamp) -> Option<u64> {
        match self {
            Self::Throttled { wait } => Some(wait),
            Self::SignIn(notice) => notice.sentence(None, "", now).retry_after,
            _ => None,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Unknown => "unknown",
            Self::Throttled { .. } => "throttled",
            Self::Unreadable => "unreadable",
            Self::Account => "account",
            Self::SignedOut => "signed_out",
            Self::Shown => "changed",
            Self::Expired => "expired",
            Self::Foreign => "foreign",
            Self::NoCookies => "cookies",
            Self::SignIn(_) => SIGN_IN,
        }
    }

    /// Whether what was typed is at fault.
    pub(super) const fn is_problem(self) -> bool {
        matches!(
            self,
            Self::Missing
                | Self::Malformed
                | Self::Unknown
                | Self::Throttled { .. }
                | Self::Unreadable
                | Self::SignIn(_)
        )
    }

    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::SignIn(notice) => notice.status(),
            why if why.is_problem() => StatusCode::BAD_REQUEST,
            _ => StatusCode::OK,
        }
    }

    /// The sentence. `username` is who is signed in now.
    pub(super) fn sentence(self, username: Option<&str>, now: Timestamp) -> String {
        match self {
            Self::Missing => "Type the code that your device shows.".to_owned(),
            Self::Malformed => {
                "This is not a device code. A device code has eight letters, such as BCDF-GHJK.".to_owned()
            }
            Self::Unknown => {
                "No device waits with this code. If you have not used it already, look at the device again: \
                              it may show another code now."
                    .to_owned()
            }
            Self::Throttled { wait } => {
                format!("Too many wrong codes. Wait {wait} seconds and try again.")
            }
            Self::Unreadable => {
                "Something in the form or in the address came twice, or cannot be read. Try again.".to_owned()
            }
            Self::Account => match username {
                Some(name) => {
                    let name = isolated(name);
                    format!(
                        "You are now signed in as {name}, so nothing was done. Look at the request again."
                    )
                }
                None => "Another account is signed in now, so nothing was done.".to_owned(),
            },
            Self::SignedOut => {
                "You were signed out in the meantime, so nothing was done. Sign in again.".to_owned()
            }
            Self::Shown => {
                "The request has changed since this page was shown, so nothing was done. Look at it again."
                    .to_owned()
            }
            Self::Expired => "This page was open for a long time, so nothing was done. Try again.".to_owned(),
            Self::Foreign => {
                "This form does not belong to this browser, so nothing was done. Try again.".to_owned()
            }
            Self::NoCookies => {
                "Your browser sent no cookie, so nothing was done. Allow cookies for this site and try again."
                    .to_owned()
            }
            Self::SignIn(notice) => {
                let sentence = notice.sentence(None, "", now);
                sentence.problem.or(sentence.lead).unwrap_or_default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_comes_through_an_address_and_nothing_else_does() {
        let sign_in = Why::SignIn(Notice::Credentials);
        let all = Why::PLAIN.into_iter().chain([Why::Throttled { wait: 60 }, sign_in]);
        for why in all {
            let query: Parameters = why.parameters().collect();
            assert_eq!(Why::of_query(&query), Some(why));
            assert!(!why.sentence(None, Timestamp::from_unix(0)).is_empty());
        }
        for query in
            ["why=x", "why=throttled", "why=throttled&wait=x", "why=sign_in", "why=sign_in&sign_in=x", ""]
        {
            let query = Parameters::parse(query.as_bytes()).expect("parameters");
            assert_eq!(Why::of_query(&query), None);
        }
        let query = Parameters::parse(b"why=throttled&wait=99999999").expect("parameters");
        assert_eq!(Why::of_query(&query), Some(Why::Throttled { wait: 3600 }));
    }
}
