//! The token authority over HTTP.
//!
//! [`Service`] answers requests: single sign-on by OAuth 2.1 and OpenID Connect with its pages, the token API that front ends
//! of Django REST framework's simplejwt already speak, the published keys, and the health checks. It translates between HTTP and [`jeton_authority`] and decides nothing.
//! [`serve()`] puts it on sockets, with TLS ([`tls`]) or without. [`hashing::HashPool`] is where passwords are hashed, [`Background`] what goes on beside
//! the requests, and [`control`] how the command line reaches a running server.

mod app;
mod background;
mod client_address;
mod client_certificate;
mod clock;
mod clock_step;
mod connection;
mod connections;
pub mod control;
mod cookies;
mod cors;
mod deadline;
pub mod descriptors;
mod document;
mod dpop;
mod endpoints;
mod error;
mod error_page;
pub mod hashing;
mod host;
mod interaction;
pub mod limits;
mod line_ends;
mod listener;
pub mod logging;
pub mod memory;
mod oauth_error;
mod outbound;
mod pages;
mod peer;
mod progress;
mod request;
mod request_id;
mod respond;
mod router;
mod serve;
mod service;
mod signals;
pub mod tls;
mod token_api;
mod trouble;
mod urls;

pub use background::Background;
pub use client_address::{ForwardingHeader, TrustedProxies};
pub use clock::{Clock, ClockHand};
pub use jeton_fetch::{Fetcher, Reach};
pub use limits::Limits;
pub use listener::{Listener, Listeners};
pub use outbound::{SectorError, check_sector};
pub use peer::Peer;
pub use request_id::X_REQUEST_ID;
pub use router::TokenApi;
pub use serve::{Shutdown, serve};
pub use service::{Service, ServiceBuilder};
pub use signals::{HangUps, Signals};
pub use token_api::{OriginError, Origins, TokenApiOptions, UsernameField, UsernameFieldError};
