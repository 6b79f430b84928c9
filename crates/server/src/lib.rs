//! The token authority over HTTP.
//!
//! [`Service`] answers requests: single sign-on by OAuth 2.1 and OpenID Connect with its pages, the token API that front ends
//! of Django REST framework's simplejwt already speak, the published keys, and the health checks. It translates between HTTP and [`jeton_authority`] and decides nothing.
//! [`serve()`] puts it on sockets, with TLS ([`tls`]) or without. [`hashing::HashPool`] is where passwords are hashed, [`Background`] what goes on beside
//! the requests, and [`control`] how the command line reaches a running server.

mod app;
mod background;
mod connection;
pub mod control;
mod cookies;
mod cors;
mod endpoints;
mod error;
mod interaction;
pub mod logging;
mod machine;
mod outbound;
mod pages;
mod proxy;
mod request;
mod respond;
mod router;
mod service;
mod settings;
mod urls;

pub use background::Background;
pub use connection::{Answer, Listener, Listeners, Peer, Shutdown, serve, tls};
pub use jeton_fetch::{Fetcher, Reach};
pub use machine::{Clock, ClockHand, HangUps, Signals, descriptors, hashing, memory};
pub use outbound::{SectorError, check_sector};
pub use proxy::{ForwardingHeader, TrustedProxies};
pub use request::id::X_REQUEST_ID;
pub use service::{Service, ServiceBuilder};
pub use settings::{
    Limits, OriginError, Origins, TokenApi, TokenApiOptions, UsernameField, UsernameFieldError, limits,
};
