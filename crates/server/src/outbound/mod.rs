//! All outgoing requests of the authority: clients' keys and metadata, sectors, and logout tokens. All use one
//! [`Fetcher`](jeton_fetch::Fetcher), because clients supply the URLs.

mod client_documents;
mod client_keys;
mod known;
mod logouts;
mod places;
mod sector;

pub(crate) use client_documents::RemoteClientDocuments;
pub(crate) use client_keys::RemoteClientKeys;
pub(crate) use logouts::deliver_logouts;
pub(crate) use places::FetchPlaces;
pub(crate) use sector::RemoteSectors;
pub use sector::{SectorError, check_sector};
