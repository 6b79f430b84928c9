//! Times in words.

use std::time::{Duration, UNIX_EPOCH};

use jeton_jose::Timestamp;

/// A point in time as people write it: `2026-11-22T20:17:27Z`.
pub(crate) fn date(at: Timestamp) -> String {
    let seconds = u64::try_from(at.unix()).unwrap_or(0);
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
}

/// How far `at` is from `now`: `in 4m`, `12s ago`, `now`.
pub(crate) fn relative(at: Timestamp, now: Timestamp) -> String {
    let seconds = at.unix().abs_diff(now.unix());
    let unit = [86_400, 3_600, 60].into_iter().find(|unit| seconds >= *unit).unwrap_or(1);
    let text = humantime::format_duration(Duration::from_secs(seconds / unit * unit));
    match at.cmp(&now) {
        std::cmp::Ordering::Less => format!("{text} ago"),
        std::cmp::Ordering::Equal => "now".to_owned(),
        std::cmp::Ordering::Greater => format!("in {text}"),
    }
}
