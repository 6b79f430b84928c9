//! What the user has done for an authorization request since it arrived. Every form is answered with a redirect to the
//! request. This text is in its URL, sealed for the browser, the request and the session, and valid for as long as a
//! form. So Back and reload find the state of that page, and what was done for one request in one tab counts for no
//! other request.

use jeton_authority::sign_in::{Identified, Since};
use jeton_authority::{FORM_LIFETIME, ShownDigest};
use jeton_jose::{Timestamp, base64url};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use crate::app::App;
use crate::interaction::{Browser, Mark, Notice};

/// The name of the parameter.
pub(super) const PARAMETER: &str = "jeton_progress";

/// The value for a browser that sent no cookie with a form: nothing can be sealed for it. It only selects a message.
pub(super) const NO_COOKIES: &str = "no_cookies";

/// How much longer it makes a URL at most, in bytes.
pub(super) const MAX_LEN: usize = 512;

/// What the user has done for a request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// The session in which the user acted; `None` if nobody was signed in.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    session: Option<Box<str>>,
    /// How the user identified themselves.
    #[serde(rename = "i", default, deserialize_with = "if_known")]
    identified: Identified,
    /// The user's answer to the request.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none", deserialize_with = "if_known")]
    answer: Option<Answer>,
    /// The challenge of a sign-in that still requires a second factor.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    challenge: Option<Box<str>>,
    /// Why the page is shown again.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none", deserialize_with = "if_known")]
    notice: Option<Notice>,
}

/// The user's answer to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Answer {
    /// The user allows what a page with this digest showed.
    Allowed(Box<str>),
    Denied,
    /// The user does not want to sign in.
    Cancelled,
}

/// The sealed content.
#[derive(Serialize, Deserialize)]
struct Sealed {
    #[serde(rename = "t")]
    made_at: Timestamp,
    #[serde(flatten)]
    progress: Progress,
}

impl Progress {
    /// The same, with the reason why the page is shown again.
    pub(super) fn noticed(&self, browser: &Browser, notice: Notice) -> Self {
        let (identified, challenge) = match self.holds(browser) {
            true => (self.identified, self.challenge.clone()),
            false => (Identified::NotYet, None),
        };
        Self { session: session(browser), identified, answer: None, challenge, notice: Some(notice) }
    }

    /// Why the page is shown again. A failed attempt to sign in no longer matters once the user has signed in.
    pub(super) fn notice(&self, browser: &Browser) -> Option<Notice> {
        self.notice.filter(|notice| !notice.is_attempt() || self.holds(browser))
    }

    /// The same after a form of the page was posted: the reason no longer applies.
    pub(super) fn unnoticed(&self) -> Self {
        Self { notice: None, ..self.clone() }
    }

    /// The same after the user of this browser has identified themselves.
    pub(super) fn identified(browser: &Browser, identified: Identified) -> Self {
        Self { session: session(browser), identified, ..Self::default() }
    }

    /// The same after the user of this browser has answered.
    pub(super) fn answered(&self, browser: &Browser, answer: Answer) -> Self {
        let identified = if self.holds(browser) { self.identified } else { Identified::NotYet };
        Self { session: session(browser), identified, answer: Some(answer), ..Self::default() }
    }

    /// The same after a password was presented that leaves this challenge.
    pub(super) fn challenged(browser: &Browser, challenge: String) -> Self {
        Self { session: session(browser), challenge: Some(challenge.into()), ..Self::default() }
    }

    /// The challenge that a second factor is still required for, in whichever session it was made.
    pub(super) fn challenge(&self) -> Option<&str> {
        self.challenge.as_deref()
    }

    /// What the user did, as far as it counts in the current session. `shown` is what the consent page would show.
    pub(super) fn since(&self, browser: &Browser, shown: ShownDigest) -> Since<'static> {
        if !self.holds(browser) {
            return Since::default();
        }
        let allowed = matches!(&self.answer, Some(Answer::Allowed(digest)) if **digest == *shown.to_text());
        Since { identified: self.identified, consented: allowed, challenged: None }
    }

    /// The user's answer, as far as it counts in the current session.
    pub(super) fn answer(&self, browser: &Browser) -> Option<&Answer> {
        self.answer.as_ref().filter(|_| self.holds(browser))
    }

    /// Whether it belongs to the current session.
    pub(super) fn holds(&self, browser: &Browser) -> bool {
        self.session == session(browser)
    }

    /// The text for the URL, sealed for this browser and request.
    pub(super) fn seal(&self, app: &App, browser: &Browser, request: &str) -> String {
        let sealed = Sealed { made_at: app.clock.now(), progress: self.clone() };
        let text = base64url::encode(serde_json::to_vec(&sealed).expect("progress is JSON"));
        let mac = Mark::Progress { request, progress: &text }.mac(app, browser);
        format!("{text}.{mac}")
    }

    /// Reads the text from a URL. A text that was not made here, or for another browser or request, or too long ago,
    /// counts as empty.
    pub(super) fn open(app: &App, browser: &Browser, request: &str, presented: &str) -> Self {
        if presented == NO_COOKIES {
            let notice = if browser.is_new { Notice::NoCookies } else { Notice::Foreign };
            return Self { notice: Some(notice), ..Self::default() };
        }
        let opened = || {
            let (text, mac) = presented.split_once('.')?;
            if !(Mark::Progress { request, progress: text }).is_genuine(app, browser, mac) {
                return None;
            }
            let sealed: Sealed = serde_json::from_slice(&base64url::decode(text).ok()?).ok()?;
            let late = app.clock.now() > sealed.made_at.saturating_add(FORM_LIFETIME);
            (!late).then_some(sealed.progress)
        };
        opened().unwrap_or_default()
    }
}

/// What only a newer version knows, whose page this may be while servers are replaced, counts as absent; the rest stays.
fn if_known<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

fn session(browser: &Browser) -> Option<Box<str>> {
    browser.signed_in.as_ref().map(|signed_in| signed_in.session.id.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_a_newer_version_knows_is_passed_over_and_the_rest_stays() {
        let read = |json: &str| serde_json::from_str::<Sealed>(json).expect("progress").progress;
        let newer =
            r#"{"t":1,"s":"a","i":"BySignIn","a":"AllowedForAnHour","n":{"Weather":{"is":"fine"}},"z":[1]}"#;
        let known = read(r#"{"t":1,"s":"a","i":"BySignIn"}"#);
        assert_eq!((known.session.as_deref(), known.identified), (Some("a"), Identified::BySignIn));
        assert_eq!(read(newer), known);
        assert_eq!(read(r#"{"t":1,"i":"ByFingerprint"}"#), Progress::default());
    }
}
