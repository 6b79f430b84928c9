//! Connections: accepting them, TLS, which of them are served and for how long, and HTTP/1.1 on each.

mod accept;
mod conversation;
pub(crate) mod deadline;
mod line_ends;
mod listener;
mod peer;
mod places;
mod progress;
pub mod tls;

pub use accept::{Shutdown, serve};
pub use listener::{Listener, Listeners};
pub use peer::Peer;
pub(crate) use peer::{Shown, Transport};
