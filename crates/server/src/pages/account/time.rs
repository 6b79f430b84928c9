//! Times, as the pages write them: how long ago something was, which is the same in every time zone, with the exact time beside it.

use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use jeton_jose::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A moment in the past.
pub(crate) struct When {
    /// How long ago it was; the day, if that is long.
    pub(crate) ago: String,
    /// The exact time (RFC 3339).
    pub(crate) exact: String,
}

impl When {
    pub(crate) fn of(at: Timestamp, now: Timestamp) -> Self {
        let count = |number: i64, unit: &str| match number {
            1 => format!("1 {unit} ago"),
            _ => format!("{number} {unit}s ago"),
        };
        let ago = match now.unix().saturating_sub(at.unix()) {
            ..MINUTE => "just now".to_owned(),
            seconds @ MINUTE..HOUR => count(seconds / MINUTE, "minute"),
            seconds @ HOUR..DAY => count(seconds / HOUR, "hour"),
            seconds if seconds < 14 * DAY => count(seconds / DAY, "day"),
            _ => day(at),
        };
        Self { ago, exact: exact(at) }
    }
}

/// A length of time.
pub(crate) fn in_words(length: Duration) -> String {
    let days = length.as_secs().cast_signed() / DAY;
    match length.as_secs().cast_signed() % DAY {
        0 if days == 1 => "a day".to_owned(),
        0 if days > 0 => format!("{days} days"),
        _ => humantime::format_duration(length).to_string(),
    }
}

/// A day.
pub(crate) fn day(at: Timestamp) -> String {
    exact(at).chars().take("2026-11-22".len()).collect()
}

fn exact(at: Timestamp) -> String {
    let since = Duration::from_secs(at.unix().unsigned_abs());
    let mut text = String::new();
    let written = write!(text, "{}", humantime::format_rfc3339_seconds(UNIX_EPOCH + since));
    // Years with more than four digits have no RFC 3339 form.
    if written.is_ok() { text } else { at.unix().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_date() {
        assert_eq!(day(Timestamp::from_unix(1_795_377_600)), "2026-11-22");
    }

    #[test]
    fn a_length_of_time_is_in_days_where_it_can_be() {
        for (seconds, words) in [(30 * 86_400, "30 days"), (86_400, "a day"), (5_400, "1h 30m")] {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
    }

    #[test]
    fn what_was_lately_says_how_long_ago_and_what_was_long_ago_says_when() {
        let now = 1_795_377_600;
        for (seconds, ago) in [
            (-5, "just now"),
            (0, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3_599, "59 minutes ago"),
            (3_600, "1 hour ago"),
            (86_399, "23 hours ago"),
            (86_400, "1 day ago"),
            (13 * 86_400, "13 days ago"),
            (14 * 86_400, "2026-11-08"),
        ] {
            let when = When::of(Timestamp::from_unix(now - seconds), Timestamp::from_unix(now));
            assert_eq!(when.ago, ago);
        }
        let when = When::of(Timestamp::from_unix(now), Timestamp::from_unix(now));
        assert_eq!(when.exact, "2026-11-22T20:00:00Z");
    }
}
