//! Log lines about forwarding headers. Clients can cause all of them, so each is limited.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use jeton_jose::Timestamp;

use super::Oddity;

/// How many untrusted peers are named, each once.
const MAX_UNTRUSTED_NAMED: usize = 8;
/// The shortest interval between two lines about a proxy that sends no addresses, in seconds.
const NO_ADDRESS_EVERY: i64 = 60;

#[derive(Debug, Default)]
pub(crate) struct Notices {
    untrusted: Mutex<HashSet<IpAddr>>,
    wrong_header: AtomicBool,
    no_address: Mutex<Option<NoAddress>>,
}

/// When the last line was written, and how many requests there were since.
#[derive(Debug)]
struct NoAddress {
    said_at: i64,
    since: u64,
}

impl Notices {
    /// Logs what is wrong with the headers of a request from `peer`, unless it was logged recently.
    pub(crate) fn say(&self, peer: IpAddr, oddity: &Oddity, now: Timestamp) {
        match oddity {
            Oddity::Untrusted(header) => {
                if self.is_first_of(peer) {
                    tracing::warn!(
                        code = "proxy_not_trusted",
                        %peer,
                        header = %header.name(),
                        setting = "proxy.trusted",
                        "a request with a forwarding header came from {peer}, which is not a trusted proxy: the header is \
                         ignored, and all clients behind this peer count as one. If it is your proxy, set proxy.trusted \
                         to {peer}"
                    );
                }
            }
            Oddity::WrongHeader(header) => {
                if !self.wrong_header.swap(true, Ordering::Relaxed) {
                    let name = header.name();
                    tracing::warn!(
                        code = "proxy_header_differs",
                        %peer,
                        header = %name,
                        setting = "proxy.header",
                        "the trusted proxy {peer} sends {name}, which is not the header that is read: all its clients \
                         count as one. Set proxy.header to {name}"
                    );
                }
            }
            Oddity::NoAddress(entry) => {
                if let Some(requests) = self.requests_without_address(now.unix()) {
                    tracing::warn!(
                        code = "client_address_unknown",
                        %peer,
                        entry = &**entry,
                        requests,
                        "the trusted proxy {peer} wrote no address where the client's belongs: such clients count as \
                         those of one unknown network"
                    );
                }
            }
        }
    }

    fn is_first_of(&self, peer: IpAddr) -> bool {
        let mut named = self.untrusted.lock().unwrap_or_else(PoisonError::into_inner);
        named.len() < MAX_UNTRUSTED_NAMED && named.insert(peer.to_canonical())
    }

    /// How many requests there were since the last line, if it is time for another one.
    fn requests_without_address(&self, now: i64) -> Option<u64> {
        let mut last = self.no_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = &mut *last {
            last.since += 1;
            // A clock that was set back does not silence it.
            if (0..NO_ADDRESS_EVERY).contains(&now.saturating_sub(last.said_at)) {
                return None;
            }
        }
        let requests = last.as_ref().map_or(1, |last| last.since);
        *last = Some(NoAddress { said_at: now, since: 0 });
        Some(requests)
    }
}
