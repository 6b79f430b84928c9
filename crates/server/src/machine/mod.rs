//! Resources of the machine: time, memory, descriptors, signals, and password-hashing threads.

mod agreement;
mod clock;
mod clock_step;
pub mod descriptors;
pub mod hashing;
pub mod memory;
mod signals;

pub(crate) use agreement::ClockAgreement;
pub(crate) use clock::date;
#[cfg(feature = "otlp")]
pub(crate) use clock::unix_nanos;
pub use clock::{Clock, ClockHand};
pub(crate) use clock_step::ClockWatch;
pub use signals::{HangUps, Signals, Stop};
