//! TLS of the authority's own, on real connections.

mod bounds;
pub(crate) mod certificates;
mod client_certificates;
mod files;
mod https;
mod own_certificate;
pub(crate) mod site;
