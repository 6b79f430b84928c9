//! The token authority over HTTP.
//!
//! [`Service`] answers requests: OAuth 2.1 and OpenID Connect with their pages, the token API for front ends written
//! for Django REST framework's simplejwt, the published keys, and the health checks. It translates between HTTP and
//! [`jeton_authority`] and makes no decisions. [`serve()`] listens on sockets, with TLS ([`tls`]) or without.
//! [`hashing::HashPool`] hashes passwords, [`Background`] runs background tasks, and [`control`] lets the command line
//! reach a running server.

mod app;
mod background;
mod connection;
pub mod control;
mod cookies;
mod cors;
mod endpoints;
mod error;
mod feed;
mod interaction;
pub mod logging;
mod machine;
pub mod mail;
mod outbound;
mod pages;
#[cfg(feature = "otlp")]
mod parts;
mod proxy;
mod request;
mod respond;
mod router;
mod service;
mod settings;
mod startup;
mod tally;
mod telemetry;
#[cfg(feature = "otlp")]
mod traces;
mod urls;

pub use background::Background;
pub use connection::{
    Answer, Listener, Listeners, OpenConnections, Peer, Shutdown, serve, serve_unless_hurried, tls,
};
pub use jeton_fetch::{Fetcher, Reach};
pub use machine::{Clock, ClockHand, HangUps, Signals, Stop, descriptors, hashing, memory};
pub use outbound::{SectorError, check_sector};
pub use proxy::{ForwardingHeader, TrustedProxies};
pub use request::id::X_REQUEST_ID;
pub use service::{Service, ServiceBuilder};
pub use settings::{
    Limits, OriginError, Origins, ShownSetting, TokenApi, TokenApiOptions, UsernameField, UsernameFieldError,
    limits,
};
pub use startup::{StartPhase, StartUp};
pub use telemetry::{Telemetry, TelemetryBuilder};
#[cfg(feature = "otlp")]
pub use traces::{LAST_TIME as LAST_TRACES_TIME, TraceExporter, Traces};
