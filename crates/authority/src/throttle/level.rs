//! Levels that rise with each failure and fall with time.

use super::failures::Wait;

/// The highest level, and how fast it falls.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    /// At this level, nothing more is allowed.
    pub(super) most: u32,
    /// The level falls by this much …
    pub(super) falls: u32,
    /// … every this many seconds.
    pub(super) every: u32,
}

impl Allowance {
    /// What one of this many nodes allows, so that all together allow it once, or twice at most. Each allows something.
    pub(super) const fn shared_by(self, nodes: u32) -> Self {
        Self { most: self.most.div_ceil(nodes), falls: self.falls, every: self.every.saturating_mul(nodes) }
    }
}

/// A level at a certain time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Level {
    height: u32,
    /// When it last fell, in seconds since 1970.
    fell_at: i64,
}

impl Level {
    /// The level at `now`.
    pub(super) fn at(&self, now: i64, allowance: &Allowance) -> u32 {
        self.fallen(now, allowance).height
    }

    /// Raises the level by one, but never above `ceiling`.
    pub(super) fn raise(&mut self, now: i64, allowance: &Allowance, ceiling: u32) {
        *self = self.fallen(now, allowance);
        self.height = self.height.saturating_add(1).min(ceiling);
    }

    /// Undoes one rise.
    ///
    /// Time may have undone it already. Then one more failure is allowed than should be: at most one for each rise
    /// that is undone so late.
    pub(super) fn lower(&mut self) {
        self.height = self.height.saturating_sub(1);
    }

    /// Whether one more failure is allowed, while this many of those counted are in progress.
    pub(super) fn wait(&self, now: i64, allowance: &Allowance, under_way: u32) -> Wait {
        if self.at(now, allowance) < allowance.most {
            return Wait::None;
        }
        match self.seconds_to_room(now, allowance, under_way) {
            0 => Wait::ForOthers,
            seconds => Wait::Seconds(seconds),
        }
    }

    /// Seconds until one more is allowed, without counting `under_way` rises that may still be undone; 0 if it is
    /// allowed already.
    pub(super) fn seconds_to_room(&self, now: i64, allowance: &Allowance, under_way: u32) -> u32 {
        let level = self.fallen(now, allowance);
        let above = level.height.saturating_sub(under_way).saturating_add(1).saturating_sub(allowance.most);
        let steps = above.div_ceil(allowance.falls);
        let since = u32::try_from(now - level.fell_at).unwrap_or(0);
        steps.saturating_mul(allowance.every).saturating_sub(since)
    }

    fn fallen(&self, now: i64, allowance: &Allowance) -> Self {
        // Before the last fall: the clock went back, and time counts from there.
        let Ok(elapsed) = u64::try_from(now.saturating_sub(self.fell_at)) else {
            return Self { fell_at: now, ..*self };
        };
        let steps = elapsed / u64::from(allowance.every);
        let fall = steps.saturating_mul(u64::from(allowance.falls));
        let height = self.height.saturating_sub(u32::try_from(fall).unwrap_or(u32::MAX));
        let rest = i64::try_from(elapsed % u64::from(allowance.every)).unwrap_or(0);
        // What is empty does not fall, and begins anew when it rises.
        Self { height, fell_at: if height == 0 { now } else { now - rest } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE_A_MINUTE: Allowance = Allowance { most: 3, falls: 1, every: 60 };
    const TEN_A_SECOND: Allowance = Allowance { most: 50, falls: 10, every: 1 };

    fn raised(times: u32, at: i64, allowance: &Allowance) -> Level {
        let mut level = Level::default();
        (0..times).for_each(|_| level.raise(at, allowance, u32::MAX));
        level
    }

    #[test]
    fn it_falls_step_by_step_and_keeps_what_is_left_of_a_step() {
        let mut level = raised(3, 1_000, &ONE_A_MINUTE);
        assert_eq!((level.at(1_059, &ONE_A_MINUTE), level.at(1_060, &ONE_A_MINUTE)), (3, 2));
        level.raise(1_090, &ONE_A_MINUTE, u32::MAX);
        assert_eq!((level.at(1_119, &ONE_A_MINUTE), level.at(1_120, &ONE_A_MINUTE)), (3, 2));
        assert_eq!(level.at(1_000_000, &ONE_A_MINUTE), 0);
    }

    #[test]
    fn the_wait_for_room_is_exact() {
        let level = raised(5, 1_000, &ONE_A_MINUTE);
        assert_eq!(level.seconds_to_room(1_000, &ONE_A_MINUTE, 0), 180);
        assert_eq!(level.seconds_to_room(1_059, &ONE_A_MINUTE, 0), 121);
        assert_eq!(level.seconds_to_room(1_179, &ONE_A_MINUTE, 0), 1);
        assert_eq!(level.seconds_to_room(1_180, &ONE_A_MINUTE, 0), 0);
        assert_eq!(level.seconds_to_room(1_000, &ONE_A_MINUTE, 2), 60);
        assert_eq!(raised(70, 0, &TEN_A_SECOND).seconds_to_room(0, &TEN_A_SECOND, 0), 3);
    }

    #[test]
    fn nodes_share_what_is_allowed() {
        for nodes in 1..20 {
            let share = TEN_A_SECOND.shared_by(nodes);
            let (most, fall) = (share.most * nodes, share.falls * nodes / share.every);
            assert!(
                (50..100).contains(&most) && fall == 10,
                "{nodes} nodes allow {most}, and {fall} a second"
            );
        }
    }

    #[test]
    fn a_clock_that_goes_back_does_not_hold_it_up() {
        let level = raised(3, 1_000_000, &ONE_A_MINUTE);
        assert_eq!(level.seconds_to_room(0, &ONE_A_MINUTE, 0), 60);
    }
}
