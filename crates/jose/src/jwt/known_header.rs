//! Headers that a verifier has already judged, recognised by their bytes.

use std::sync::{Arc, OnceLock};

use crate::base64url;
use crate::jws::{Header, HeaderTemplate, PayloadEncoding};
use crate::key::{KeySet, VerifyingKey};

/// For each key, the encoded headers that are known to be good with it: the one that our own signer writes, and the
/// first other one that came with a valid signature. Neither is ever replaced, so a verifier stays immutable in effect.
#[derive(Debug, Default)]
pub(super) struct KnownHeaders {
    slots: Box<[Slot]>,
}

#[derive(Debug, Default)]
struct Slot {
    own: Option<KnownHeader>,
    learned: OnceLock<KnownHeader>,
}

#[derive(Debug)]
struct KnownHeader {
    encoded: Box<[u8]>,
    header: Arc<Header>,
}

/// Larger sets are searched by `kid` instead.
const MAX_SLOTS: usize = 8;

impl KnownHeaders {
    /// Prepares what [`Signer`](super::Signer) writes under each key with this `typ`.
    pub(super) fn new(keys: &KeySet, typ: Option<&str>) -> Self {
        let slots = keys.iter().take(MAX_SLOTS).map(|key| {
            // Without a `kid`, or with one that others have, another key may be meant as well.
            let own = keys.is_unmistakable(key).then(|| {
                let mut template = HeaderTemplate::new(key.algorithm(), key.kid());
                template.typ = typ.map(Into::into);
                let json = template.to_json();
                let encoded = base64url::encode(&json).into_bytes().into_boxed_slice();
                let header = Header {
                    algorithm: key.algorithm(),
                    kid: key.kid().map(Into::into),
                    typ: template.typ,
                    cty: None,
                    payload: PayloadEncoding::Base64url,
                    json: json.into(),
                };
                KnownHeader { encoded, header: Arc::new(header) }
            });
            Slot { own, learned: OnceLock::new() }
        });
        Self { slots: slots.collect() }
    }

    /// The index of the key that belongs to a header known to be good.
    pub(super) fn find(&self, encoded: &[u8]) -> Option<(usize, &Arc<Header>)> {
        self.slots.iter().enumerate().find_map(|(index, slot)| {
            let mut known = slot.own.iter().chain(slot.learned.get());
            known.find(|known| *known.encoded == *encoded).map(|known| (index, &known.header))
        })
    }

    /// Remembers a header after a signature by this key, the only one that could be meant, has been verified.
    pub(super) fn learn(&self, keys: &KeySet, key: &VerifyingKey, encoded: &[u8], header: &Arc<Header>) {
        let index = keys.iter().position(|candidate| std::ptr::eq(candidate, key));
        if let Some(slot) = index.and_then(|index| self.slots.get(index)) {
            slot.learned.get_or_init(|| KnownHeader { encoded: encoded.into(), header: Arc::clone(header) });
        }
    }
}
