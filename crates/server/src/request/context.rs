//! What is known of a request before any endpoint sees it.

use std::net::{IpAddr, Ipv4Addr};

use http::Extensions;
use jeton_authority::Network;

use crate::request_id::RequestId;

/// What is known of a request before any endpoint sees it. The service puts it into the request's extensions.
#[derive(Debug, Clone)]
pub(crate) struct RequestContext {
    /// What the log and the answer call the request. `None` only if the router is driven without its service.
    pub(crate) id: Option<RequestId>,
    /// The client's address, as far as it can be trusted.
    pub(crate) client: IpAddr,
}

impl RequestContext {
    /// Takes the context out of a request.
    pub(crate) fn take(extensions: &mut Extensions) -> Self {
        extensions.remove().unwrap_or(Self { id: None, client: IpAddr::V4(Ipv4Addr::UNSPECIFIED) })
    }

    /// The client's network.
    pub(crate) fn network(&self) -> Network {
        Network::of(self.client)
    }

    /// The request's identifier for the log.
    pub(crate) fn id(&self) -> &str {
        self.id.as_ref().and_then(|id| id.as_header().to_str().ok()).unwrap_or("-")
    }
}
