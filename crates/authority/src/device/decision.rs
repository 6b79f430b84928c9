//! What the user of a device decides, and what a second decision comes to.

use jeton_jose::Timestamp;

use crate::UserId;

/// What its user decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceDecision {
    /// No.
    Denied,
    /// Yes; this is what the grant is to be made of.
    Approved {
        /// As JSON.
        content: Box<str>,
    },
}

impl DeviceDecision {
    /// Whether the device may have what it asked for.
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Approved { .. })
    }
}

/// What was decided about a device. It stays known for as long as the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecidedDevice {
    /// Whether the device may have what it asked for.
    pub allowed: bool,
    /// Who decided, and may be told again.
    pub by: UserId,
}

/// The outcome of deciding about a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceDecided {
    /// The decision is written.
    Done,
    /// Somebody decided before; nothing was changed. This is what they decided, where that is known.
    AlreadyDecided(Option<DecidedDevice>),
    /// There is no such code, or its time is over.
    Unknown,
}

/// A device that somebody decides about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecisionState {
    /// When its time is over.
    pub expires_at: Timestamp,
    /// Whether somebody decided before.
    pub is_decided: bool,
    /// What they decided, where that is known.
    pub decided: Option<DecidedDevice>,
}

/// What comes of deciding about a device now. Only [`DeviceDecided::Done`] writes anything: the first decision counts, and leads the
/// second one to the same page.
pub fn decide(device: Option<&DecisionState>, now: Timestamp) -> DeviceDecided {
    match device {
        None => DeviceDecided::Unknown,
        Some(device) if device.expires_at <= now => DeviceDecided::Unknown,
        Some(device) if device.is_decided => DeviceDecided::AlreadyDecided(device.decided),
        Some(_) => DeviceDecided::Done,
    }
}

/// Whether somebody who types the code of a device is shown it, decided about or not. Who decided has to be known then.
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
