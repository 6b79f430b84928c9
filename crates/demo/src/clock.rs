//! The clock: the one place that asks the system for the time.

use std::time::{SystemTime, UNIX_EPOCH};

use jeton_jose::Timestamp;

/// The time by this machine's clock.
pub(crate) fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "this is the module that may ask")]
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix(i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX))
}
