//! The revocation feed over HTTP: the readers of this node, and what each of them is sent.
//!
//! The store is polled, and events are signed, once for all readers. The readers share one ring buffer of the last frames. A reader that is too
//! slow for it is disconnected and resumes with its cursor, so that slow readers cost no memory and miss no event.

mod frame;
mod hub;
mod reading;
mod stream;

pub(crate) use hub::{Hub, NoStream};
pub(crate) use reading::read;
