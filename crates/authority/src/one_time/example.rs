//! Rows that tests look at.

use jeton_jose::Timestamp;

use super::OneTime;

/// So many seconds after the tests begin.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(1_800_000_000 + seconds)
}

/// A row, with its times in seconds after the tests begin.
pub(crate) fn row(content: &str, expires_at: i64, redeemed_at: Option<i64>) -> OneTime {
    OneTime {
        content: content.into(),
        expires_at: at(expires_at),
        redeemed_at: redeemed_at.map(at),
        grant: None,
    }
}
