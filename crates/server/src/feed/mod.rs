//! The revocation feed as it leaves a node: who listens, and what each of them is sent.
//!
//! The store is read, and events are signed, once for all who listen. Each of them has a place in one ring of what was sent last; whoever
//! falls out of it is disconnected and comes back with a cursor, so that nobody costs memory and nothing is left out.

mod frame;
mod hub;
mod reading;
mod stream;

pub(crate) use hub::{Hub, NoStream};
pub(crate) use reading::read;
