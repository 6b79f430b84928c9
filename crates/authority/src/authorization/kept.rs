//! A stored request that waits for its user, pushed or signed: its lifetime, and that it yields only one code.
//!
//! It is valid for `authorization.request_lifetime`. Once its page has been shown, it is valid as long as the form of
//! that page, so that reload, Back and a slow user find it. After it was answered, it yields no second code, but it is
//! stored for as long as one of its forms may be posted, so that a returning browser is sent back to the application.

use std::time::Duration;

use jeton_jose::Timestamp;
use jeton_oauth::Parameters;
use serde::{Deserialize, Serialize};

use super::code::CodeContent;
use crate::forms::FORM_LIFETIME;
use crate::one_time::{OneTime, OneTimeHash, Standing};
use crate::user::User;

/// How long after it was stored a request may live at most, besides its own lifetime, however often its page is shown.
/// Each page view costs a request, so the rows that a stranger can keep alive are limited.
const MOST_SHOWN: Duration = Duration::from_secs(2 * FORM_LIFETIME.as_secs());
/// A page that is shown again extends the request only if it gains this much, so that not every view costs a write.
const PROLONGED_BY: Duration = Duration::from_secs(60);

/// A stored request, as its row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptRequest {
    /// The hash of its reference.
    pub(crate) handle: OneTimeHash,
    /// Its state.
    pub standing: Standing,
    /// When it expires.
    expires_at: Timestamp,
    /// When it expires at the latest.
    latest: Timestamp,
}

/// The stored content of a request.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptContent {
    /// Its parameters, as a query.
    request: Box<str>,
    /// When it expires at the latest.
    latest: Timestamp,
}

impl KeptContent {
    /// A request that is stored now.
    pub(crate) fn new(parameters: &Parameters, lifetime: Duration, now: Timestamp) -> Self {
        let latest = now.saturating_add(lifetime).saturating_add(MOST_SHOWN);
        Self { request: parameters.to_query().into(), latest }
    }

    pub(crate) fn to_json(&self) -> Box<str> {
        serde_json::to_string(self).expect("a kept request is JSON").into()
    }
}

impl KeptRequest {
    /// A request that is being stored.
    pub(crate) const fn fresh(handle: OneTimeHash, now: Timestamp) -> Self {
        Self { handle, standing: Standing::Waiting, expires_at: now, latest: now }
    }

    /// Parses a row; `None` if a newer version wrote it.
    pub(crate) fn read(handle: OneTimeHash, row: &OneTime, now: Timestamp) -> Option<(Parameters, Self)> {
        let standing = Standing::of(row, now);
        let kept = |latest| Self { handle, standing, expires_at: row.expires_at, latest };
        // A row of an older version holds the query alone, and lives no longer than it was kept for.
        let (query, kept) = if row.content.starts_with('{') {
            let content: KeptContent = serde_json::from_str(&row.content).ok()?;
            (content.request, kept(content.latest))
        } else {
            (row.content.clone(), kept(row.expires_at))
        };
        Some((Parameters::parse(query.as_bytes()).ok()?, kept))
    }

    /// The new expiry of the request now that its page is shown; `None` if that changes little.
    pub(crate) fn prolonged(&self, now: Timestamp) -> Option<Timestamp> {
        let until = now.saturating_add(FORM_LIFETIME).min(self.latest);
        (until > self.expires_at.saturating_add(PROLONGED_BY)).then_some(until)
    }
}

/// Whether a returning browser may get the first code again: it belongs to this browser, and nobody has redeemed it. A
/// redeemed code would only end its grant (RFC 6749 §4.1.2).
pub(crate) fn leads_again(code: &OneTime, user: &User, now: Timestamp) -> bool {
    let content = CodeContent::from_json(&code.content);
    let same_user = content.is_some_and(|content| content.user == user.id);
    same_user && code.redeemed_at.is_none() && code.expires_at > now
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::one_time::example::{at, row};

    const LIFETIME: Duration = Duration::from_secs(540);

    fn kept(expires_at: i64, now: i64) -> KeptRequest {
        let parameters: Parameters = [("client_id", "web")].into_iter().collect();
        let content = KeptContent::new(&parameters, LIFETIME, at(0)).to_json();
        let read = KeptRequest::read(OneTimeHash::of("x"), &row(&content, expires_at, None), at(now));
        let (read, kept) = read.expect("a request");
        assert_eq!(read, parameters);
        kept
    }

    #[test]
    fn a_request_whose_page_was_shown_lives_as_long_as_the_page_but_not_for_ever() {
        let hour = i64::try_from(FORM_LIFETIME.as_secs()).expect("an hour");
        assert_eq!(kept(540, 500).prolonged(at(500)), Some(at(500 + hour)));
        assert_eq!(kept(500 + hour, 520).prolonged(at(520)), None, "little would be gained");
        assert_eq!(kept(500 + hour, 4000).prolonged(at(4000)), Some(at(4000 + hour)));
        assert_eq!(kept(4000 + hour, 7500).prolonged(at(7500)), Some(at(540 + 2 * hour)), "the latest");
        assert_eq!(kept(540 + 2 * hour, 7700).prolonged(at(7700)), None);
    }

    #[test]
    fn a_request_that_an_older_version_kept_is_read_and_lives_as_long_as_it_said() {
        let old = row("client_id=web&scope=openid+email", 540, None);
        let (parameters, kept) = KeptRequest::read(OneTimeHash::of("x"), &old, at(10)).expect("a request");
        assert_eq!(parameters.get("scope"), Some("openid email"));
        assert_eq!((kept.standing, kept.prolonged(at(10))), (Standing::Waiting, None));
    }
}
