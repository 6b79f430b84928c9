//! A request that is kept until its user comes by, pushed or signed: how long it lives, and that it gives one code.
//!
//! It lives for `authorization.request_lifetime`. Once its page was shown, it lives as long as the form of that page, so that
//! reload, Back and a slow user find it. Once it was answered it gives no second code; it is still remembered for as long as a form
//! of it may be posted, so that whoever comes again is sent back to the application.

use std::time::Duration;

use jeton_jose::Timestamp;
use jeton_oauth::Parameters;
use serde::{Deserialize, Serialize};

use super::code::CodeContent;
use crate::forms::FORM_LIFETIME;
use crate::one_time::{OneTime, OneTimeHash, Standing};
use crate::user::User;

/// For how long a request may live from when it was kept, however often its page is shown: its own lifetime and this. Each time
/// its page is shown costs whoever asks a request, so the rows that a stranger can keep alive are bounded.
const MOST_SHOWN: Duration = Duration::from_secs(2 * FORM_LIFETIME.as_secs());
/// A page that is shown again prolongs the request only where this much is gained: a view need not cost a write.
const PROLONGED_BY: Duration = Duration::from_secs(60);

/// A kept request, as its row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptRequest {
    /// What it is found by.
    pub(crate) handle: OneTimeHash,
    /// How it stands.
    pub standing: Standing,
    /// Until when it lives.
    expires_at: Timestamp,
    /// Until when it may live at most.
    latest: Timestamp,
}

/// What the store keeps of a request.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptContent {
    /// Its parameters, as a query.
    request: Box<str>,
    /// Until when it may live at most.
    latest: Timestamp,
}

impl KeptContent {
    /// A request that is kept now.
    pub(crate) fn new(parameters: &Parameters, lifetime: Duration, now: Timestamp) -> Self {
        let latest = now.saturating_add(lifetime).saturating_add(MOST_SHOWN);
        Self { request: parameters.to_query().into(), latest }
    }

    pub(crate) fn to_json(&self) -> Box<str> {
        serde_json::to_string(self).expect("a kept request is JSON").into()
    }
}

impl KeptRequest {
    /// A request that is just being kept.
    pub(crate) const fn fresh(handle: OneTimeHash, now: Timestamp) -> Self {
        Self { handle, standing: Standing::Waiting, expires_at: now, latest: now }
    }

    /// Reads a row; nothing where a newer version wrote it.
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

    /// Until when the request is to live now that its page is shown; nothing where that changes little.
    pub(crate) fn prolonged(&self, now: Timestamp) -> Option<Timestamp> {
        let until = now.saturating_add(FORM_LIFETIME).min(self.latest);
        (until > self.expires_at.saturating_add(PROLONGED_BY)).then_some(until)
    }
}

/// Whether somebody who comes again may be sent on with the code of the first time: it is theirs, and nobody has redeemed it. One
/// that was redeemed would only end what it gave (RFC 6749 §4.1.2).
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
