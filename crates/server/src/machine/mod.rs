//! What the machine gives: the time, memory, descriptors, signals, and threads to hash passwords on.

mod clock;
mod clock_step;
pub mod descriptors;
pub mod hashing;
pub mod memory;
mod signals;

pub use clock::{Clock, ClockHand};
pub(crate) use clock_step::ClockWatch;
pub use signals::{HangUps, Signals};
