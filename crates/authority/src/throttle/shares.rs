//! Who may occupy how many places in the hash pool.
//!
//! Failures at made-up names slow only those names, so they could fill the queue for everybody. Each kind of caller
//! therefore has a share of it. Attempts beyond a share wait, up to the number of places, and occupy none meanwhile.
//! Attempts beyond that are turned away before anything is hashed.

use super::Standing;
use super::place::Area;

/// Strangers in one network occupy at most one place in this many.
pub const NETWORK_SHARE: u32 = 4;
/// Strangers in one IPv6 site (a /48) occupy at most one place in this many. So do all callers in one network, known
/// callers included.
pub const SITE_SHARE: u32 = 2;
/// The known browsers of one account occupy at most one place in this many.
pub const ACCOUNT_SHARE: u32 = 4;
/// One place in this many is kept free of strangers, wherever they are.
pub const KEPT_FROM_STRANGERS: u32 = 4;

/// The shares, in places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shares {
    places: u32,
}

impl Shares {
    /// The shares of this many places; `None` without a limit.
    pub(super) fn of(places: Option<usize>) -> Self {
        Self { places: places.map_or(u32::MAX, |places| u32::try_from(places).unwrap_or(u32::MAX)) }
    }

    /// How many places may be occupied in an area before a caller of this standing gets none there.
    pub(super) fn in_area(self, area: Area, standing: Standing) -> u32 {
        let divisor = match (area, standing) {
            (Area::Network(_), Standing::Stranger) => NETWORK_SHARE,
            (Area::Network(_), _) | (Area::Site(_), Standing::Stranger) => SITE_SHARE,
            // A site has many networks, and those that are known there did not come by themselves.
            (Area::Site(_), _) => 1,
        };
        (self.places / divisor).max(1)
    }

    /// How many places the known browsers of one account may occupy.
    pub(super) fn of_browsers(self) -> u32 {
        (self.places / ACCOUNT_SHARE).max(1)
    }

    /// How many places all strangers together may occupy.
    pub(super) fn of_strangers(self) -> u32 {
        (self.places - self.places / KEPT_FROM_STRANGERS).max(1)
    }

    /// How many attempts may wait for their share to have room.
    pub(super) fn most_waiting(self, most: u32) -> u32 {
        self.places.min(most)
    }
}
