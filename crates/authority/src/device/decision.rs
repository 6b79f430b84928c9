//! A user's decision about a device, and what happens on a second decision.

use jeton_jose::Timestamp;

use crate::UserId;

/// The user's decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceDecision {
    /// Denied.
    Denied,
    /// Allowed, with the data that the grant is created from.
    Approved {
        /// As JSON.
        content: Box<str>,
    },
}

impl DeviceDecision {
    /// Whether the device may have what it requested.
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Approved { .. })
    }
}

/// The decision about a device. It is kept for as long as the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecidedDevice {
    /// Whether the device may have what it requested.
    pub allowed: bool,
    /// The user who decided, and who may see the decision again.
    pub by: UserId,
}

/// The outcome of deciding about a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceDecided {
    /// The decision is stored.
    Done,
    /// Somebody decided before, and nothing was changed. This is that decision, if it is known.
    AlreadyDecided(Option<DecidedDevice>),
    /// There is no such code, or it has expired.
    Unknown,
}

/// A device that somebody decides about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecisionState {
    /// When its code expires.
    pub expires_at: Timestamp,
    /// Whether somebody decided before.
    pub is_decided: bool,
    /// That decision, if it is known.
    pub decided: Option<DecidedDevice>,
}

/// What deciding about a device now results in. Only [`DeviceDecided::Done`] writes anything: the first decision
/// counts, and a second one leads to the same page.
pub fn decide(device: Option<&DecisionState>, now: Timestamp) -> DeviceDecided {
    match device {
        None => DeviceDecided::Unknown,
        Some(device) if device.expires_at <= now => DeviceDecided::Unknown,
        Some(device) if device.is_decided => DeviceDecided::AlreadyDecided(device.decided),
        Some(_) => DeviceDecided::Done,
    }
}

/// Whether a user who types the code of a device is shown the device, decided or not. If it is decided, the user who
/// decided must be known.
pub fn is_shown(device: &DecisionState, now: Timestamp) -> bool {
    device.expires_at > now && (!device.is_decided || device.decided.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_decision_within_the_time_of_a_device_counts() {
        let at = Timestamp::from_unix;
        let decided = Some(DecidedDevice { allowed: true, by: UserId::from_bytes([7; 16]) });
        let waiting = DecisionState { expires_at: at(60), is_decided: false, decided: None };
        let allowed = DecisionState { is_decided: true, decided, ..waiting };
        // By a version that did not write down who it was.
        let by_somebody = DecisionState { is_decided: true, ..waiting };
        assert!(is_shown(&waiting, at(59)) && !is_shown(&waiting, at(60)));
        assert!(is_shown(&allowed, at(59)) && !is_shown(&by_somebody, at(59)));
        for (device, now, outcome) in [
            (None, 0, DeviceDecided::Unknown),
            (Some(waiting), 59, DeviceDecided::Done),
            (Some(waiting), 60, DeviceDecided::Unknown),
            (Some(allowed), 59, DeviceDecided::AlreadyDecided(decided)),
            (Some(allowed), 60, DeviceDecided::Unknown),
            (Some(by_somebody), 59, DeviceDecided::AlreadyDecided(None)),
        ] {
            assert_eq!(decide(device.as_ref(), at(now)), outcome, "{device:?} at {now}");
        }
    }
}
