//! Times and numbers in words.

use std::time::{Duration, UNIX_EPOCH};

use jeton_jose::Timestamp;

/// A duration in the form that the configuration takes: `30d`, `1h30m`, `3m12s`, `0s`.
pub(crate) fn span(duration: Duration) -> String {
    let mut rest = duration.as_secs();
    let mut text = String::new();
    for (unit, seconds) in UNITS {
        if rest >= seconds {
            text.push_str(&format!("{}{unit}", rest / seconds));
            rest %= seconds;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// A point in time as people and logs write it: `2026-11-22T20:17:27Z`.
pub(crate) fn date(at: Timestamp) -> String {
    let seconds = u64::try_from(at.unix()).unwrap_or(0);
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
}

/// How far `at` is from `now`, roughly: `in 4 minutes`, `3 days ago`, `now`.
pub(crate) fn relative(at: Timestamp, now: Timestamp) -> String {
    let seconds = at.unix().abs_diff(now.unix());
    if seconds == 0 {
        return "now".to_owned();
    }
    let (name, unit) = NAMES.iter().copied().find(|(_, unit)| seconds >= *unit).unwrap_or(("second", 1));
    let count = seconds / unit;
    let plural = if count == 1 { "" } else { "s" };
    if at > now { format!("in {count} {name}{plural}") } else { format!("{count} {name}{plural} ago") }
}

/// A point in time with how far it is: `2026-11-22T20:17:27Z, in 4 minutes`.
pub(crate) fn date_and_distance(at: Timestamp, now: Timestamp) -> String {
    format!("{}, {}", date(at), relative(at, now))
}

/// What was done, and how many grants ended with it: `removed ada; 2 grants ended`.
pub(crate) fn with_ended_grants(done: &str, grants: u64) -> String {
    if grants == 0 { done.to_owned() } else { format!("{done}; {} ended", counted(grants, "grant")) }
}

/// A number as people read it: `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with what it counts: `1 row`, `1,234 rows`.
pub(crate) fn counted(number: u64, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {one}{plural}", grouped(number))
}

const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
const NAMES: [(&str, u64); 5] =
    [("year", 31_557_600), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_the_configuration_takes_them() {
        for (seconds, text) in [(0, "0s"), (30, "30s"), (192, "3m12s"), (5_400, "1h30m"), (2_592_000, "30d")]
        {
            assert_eq!(span(Duration::from_secs(seconds)), text);
            assert_eq!(humantime::parse_duration(text).ok(), Some(Duration::from_secs(seconds)));
        }
    }

    #[test]
    fn distances_are_told_in_the_largest_unit_that_fits() {
        let now = Timestamp::from_unix(1_795_378_647);
        for (offset, text) in [
            (0, "now"),
            (1, "in 1 second"),
            (-59, "59 seconds ago"),
            (299, "in 4 minutes"),
            (-86_400 * 3, "3 days ago"),
            (86_400 * 800, "in 2 years"),
        ] {
            assert_eq!(relative(Timestamp::from_unix(now.unix() + offset), now), text);
        }
        assert_eq!(date(now), "2026-11-22T20:17:27Z");
    }
}
