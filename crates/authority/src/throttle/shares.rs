//! Who may hold how many of the places where passwords are hashed.
//!
//! Failures at made-up names slow nobody but those names, so they could fill the queue for everybody. Each kind of caller
//! has a share of it instead. What is beyond a share waits, for as many as there are places, and holds none meanwhile;
//! what is beyond that is turned away before anything is hashed.

use super::Standing;
use super::place::Area;

/// Strangers in one network hold at most one place in so many.
pub const NETWORK_SHARE: u32 = 4;
/// Strangers in one IPv6 site (a /48) hold at most one place in so many; with those who are known from its networks, so do
/// all in one network.
pub const SITE_SHARE: u32 = 2;
/// The known browsers of one account hold at most one place in so many.
pub const ACCOUNT_SHARE: u32 = 4;
/// Of so many places one is kept free of strangers, wherever they are.
pub const KEPT_FROM_STRANGERS: u32 = 4;

/// The shares, in places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shares {
    places: u32,
}

impl Shares {
    /// Of so many places; `None` where there is no bound.
    pub(super) fn of(places: Option<usize>) -> Self {
        Self { places: places.map_or(u32::MAX, |places| u32::try_from(places).unwrap_or(u32::MAX)) }
    }

    /// How many places may be held in an area before one of this standing gets none there.
    pub(super) fn in_area(self, area: Area, standing: Standing) -> u32 {
        let divisor = match (area, standing) {
            (Area::Network(_), Standing::Stranger) => NETWORK_SHARE,
            (Area::Network(_), _) | (Area::Site(_), Standing::Stranger) => SITE_SHARE,
            // A site has many networks, and those that are known there did not come by themselves.
            (Area::Site(_), _) => 1,
        };
        (self.places / divisor).max(1)
    }

    /// How many places the known browsers of one account may hold.
    pub(super) fn of_browsers(self) -> u32 {
        (self.places / ACCOUNT_SHARE).max(1)
    }

    /// How many places strangers may hold in all.
    pub(super) fn of_strangers(self) -> u32 {
        (self.places - self.places / KEPT_FROM_STRANGERS).max(1)
    }

    /// How many may wait for a share to have room.
    pub(super) fn most_waiting(self, most: u32) -> u32 {
        self.places.min(most)
    }
}
