//! The one place that asks the system for the time of day.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970, as `iat` and `exp` count them (RFC 7519 §2).
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock stands after 1970").as_secs()
}
