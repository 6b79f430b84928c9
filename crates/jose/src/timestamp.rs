//! Points in time as JOSE writes them: whole seconds since 1970 (`NumericDate`, RFC 7519 §2).

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A point in time: whole seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// It lies between the years 1970 and 9999, so that arithmetic with a leeway can never wrap around.
/// It is written as a JSON integer, the `NumericDate` of RFC 7519 §2.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const MIN: Self = Self(0);
    /// 9999-12-31T23:59:59Z.
    pub const MAX: Self = Self(253_402_300_799);

    /// The point in time `seconds` after 1970. Outside the years 1970 to 9999, it is the nearest one that this type
    /// can represent, because a clock that was never set must not stop a program.
    ///
    /// To refuse such values, use [`Timestamp::try_from_unix`].
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Self {
        if seconds < Self::MIN.0 {
            Self::MIN
        } else if seconds > Self::MAX.0 {
            Self::MAX
        } else {
            Self(seconds)
        }
    }

    /// The point in time that lies `seconds` after 1970; nothing outside the years 1970 to 9999.
    #[must_use]
    pub const fn try_from_unix(seconds: i64) -> Option<Self> {
        if seconds < Self::MIN.0 || seconds > Self::MAX.0 { None } else { Some(Self(seconds)) }
    }

    /// Seconds since 1970.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// `self + duration` in whole seconds; nothing past the year 9999.
    #[must_use]
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        i64::try_from(duration.as_secs())
            .ok()
            .and_then(|s| self.0.checked_add(s))
            .and_then(Self::try_from_unix)
    }

    /// `self - duration` in whole seconds; nothing before 1970.
    #[must_use]
    pub fn checked_sub(self, duration: Duration) -> Option<Self> {
        i64::try_from(duration.as_secs())
            .ok()
            .and_then(|s| self.0.checked_sub(s))
            .and_then(Self::try_from_unix)
    }

    /// `self + duration` in whole seconds, at most [`Timestamp::MAX`].
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        self.checked_add(duration).unwrap_or(Self::MAX)
    }

    /// `self - duration` in whole seconds, at least [`Timestamp::MIN`].
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        self.checked_sub(duration).unwrap_or(Self::MIN)
    }

    /// How long ago `earlier` was; zero if it is in the future.
    #[must_use]
    pub fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({})", self.0)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    /// Reads what a verifier reads in `exp`: a number of seconds, also with a fraction, which is dropped, or an exponent.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_i64(NumericDate)
    }
}

struct NumericDate;

impl NumericDate {
    fn outside<E: de::Error>() -> E {
        E::custom("outside the years 1970 to 9999")
    }
}

impl de::Visitor<'_> for NumericDate {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of seconds since 1970")
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Timestamp, E> {
        Timestamp::try_from_unix(seconds).ok_or_else(Self::outside)
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Timestamp, E> {
        i64::try_from(seconds).ok().and_then(Timestamp::try_from_unix).ok_or_else(Self::outside)
    }

    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Timestamp, E> {
        let whole = seconds.floor();
        if !(-1.0..1.0e12).contains(&whole) {
            return Err(Self::outside());
        }
        #[expect(clippy::cast_possible_truncation, reason = "whole, and far from the ends of an i64")]
        self.visit_i64(whole as i64)
    }
}

/// The whole second that it lies in; of a time outside the years 1970 to 9999 the nearest one within.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::MIN.saturating_add(since)
    }
}
