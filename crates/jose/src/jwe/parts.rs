//! A finished JWE, before it is written in one of its forms.

use std::borrow::Cow;

use crate::base64url;
use crate::crypto::{ContentTag, MAX_IV};

/// The parts of a JWE; only the header is encoded yet.
pub(super) struct Parts<'e> {
    pub(super) protected: Cow<'e, str>,
    pub(super) encrypted_key: Vec<u8>,
    pub(super) iv: Iv,
    pub(super) ciphertext: Vec<u8>,
    /// Absent for integrated encryption.
    pub(super) tag: Option<ContentTag>,
}

/// An initialisation vector; empty for integrated encryption.
#[derive(Clone, Copy, Default)]
pub(super) struct Iv {
    bytes: [u8; MAX_IV],
    len: usize,
}

impl Iv {
    /// One of `len` bytes, at most [`MAX_IV`], all zero.
    pub(super) fn zeroed(len: usize) -> Self {
        Self { bytes: [0; MAX_IV], len: len.min(MAX_IV) }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.len).unwrap_or_default()
    }
}

impl Parts<'_> {
    pub(super) fn tag(&self) -> &[u8] {
        self.tag.as_ref().map_or(&[], ContentTag::as_slice)
    }

    /// The compact form (RFC 7516 §7.1).
    pub(super) fn to_compact(&self) -> String {
        let segments = [self.encrypted_key.as_slice(), self.iv.as_slice(), &self.ciphertext, self.tag()];
        let len: usize = segments.iter().map(|segment| base64url::encoded_len(segment.len()) + 1).sum();
        let mut out = Vec::with_capacity(self.protected.len() + len);
        out.extend_from_slice(self.protected.as_bytes());
        for segment in segments {
            out.push(b'.');
            base64url::encode_into(segment, &mut out);
        }
        String::from_utf8(out).expect("base64url is ASCII")
    }
}
