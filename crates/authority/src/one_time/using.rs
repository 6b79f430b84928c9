//! How something that may be used once is remembered, kept longer and used: pure functions.

use jeton_jose::Timestamp;

use super::OneTime;

/// The outcome of remembering something that may be used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// It is remembered.
    Placed,
    /// It was there already, and has not expired: a replay.
    Taken,
}

/// The outcome of using something that may be used once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redemption {
    /// It is used with this call; this is what it stood for.
    Redeemed {
        /// What was remembered with it.
        content: Box<str>,
    },
    /// It had been used before.
    Replayed,
    /// Its time is over.
    Expired,
    /// There is no such thing.
    Unknown,
}

/// Whether something can be remembered where what has its name already, if anything does, is held until `held_until`. What has
/// expired but was not swept yet makes room.
pub fn place(held_until: Option<Timestamp>, now: Timestamp) -> Placement {
    if held_until.is_some_and(|until| until > now) { Placement::Taken } else { Placement::Placed }
}

/// Uses something. With [`Redemption::Redeemed`] it is to be written as used now.
pub fn redeem(found: Option<OneTime>, now: Timestamp) -> Redemption {
    match found {
        None => Redemption::Unknown,
        Some(found) if found.redeemed_at.is_some() => Redemption::Replayed,
        Some(found) if found.expires_at <= now => Redemption::Expired,
        Some(found) => Redemption::Redeemed { content: found.content },
    }
}

/// Until when something lives that was not used yet and is to live until `until`; nothing where that changes nothing.
pub fn prolong(found: &OneTime, until: Timestamp) -> Option<Timestamp> {
    (found.redeemed_at.is_none() && found.expires_at < until).then_some(until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::one_time::example::{at, row};

    fn found(redeemed_at: Option<i64>) -> OneTime {
        row("x", 60, redeemed_at)
    }

    #[test]
    fn a_name_is_taken_until_the_time_of_what_has_it_is_over() {
        assert_eq!(place(None, at(0)), Placement::Placed);
        assert_eq!(place(Some(at(60)), at(59)), Placement::Taken);
        assert_eq!(place(Some(at(60)), at(60)), Placement::Placed);
    }

    #[test]
    fn something_is_used_once_and_in_time() {
        let redeemed = Redemption::Redeemed { content: "x".into() };
        assert_eq!(redeem(None, at(0)), Redemption::Unknown);
        assert_eq!(redeem(Some(found(None)), at(59)), redeemed);
        assert_eq!(redeem(Some(found(None)), at(60)), Redemption::Expired);
        for now in [1, 60] {
            assert_eq!(redeem(Some(found(Some(1))), at(now)), Redemption::Replayed, "used before, at {now}");
        }
    }

    #[test]
    fn only_what_was_not_used_lives_longer_and_nothing_lives_shorter() {
        assert_eq!(prolong(&found(None), at(61)), Some(at(61)));
        assert_eq!(prolong(&found(None), at(60)), None);
        assert_eq!(prolong(&found(Some(1)), at(61)), None);
    }
}
