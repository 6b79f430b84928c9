//! What the authority asks of others, and tells them: clients' keys and descriptions, what belongs to a sector, sign-outs. All of it goes
//! through one [`Fetcher`](jeton_fetch::Fetcher), since clients name the addresses.

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
