//! Protected headers that a decrypter has read before, recognised by their bytes.

use std::sync::{Arc, OnceLock};

use super::DecryptError;
use super::header::{ContentHeader, KeyHeader};
use crate::base64url;
use crate::json::{Document, Limits};
use crate::jws::header::MAX_HEADER;

/// The header of a compact text, read strictly.
#[derive(Debug)]
pub(super) struct CompactHeader {
    encoded: Box<str>,
    pub(super) content: Arc<ContentHeader>,
    pub(super) key: KeyHeader,
}

impl CompactHeader {
    pub(super) fn read(encoded: &str) -> Result<Self, DecryptError> {
        let json = decode(encoded)?;
        let document = Document::parse(&json, Limits::HEADER).map_err(DecryptError::HeaderJson)?;
        let content = ContentHeader::read(document.root(), &json)?;
        let key = KeyHeader::read(&[document.root()])?;
        Ok(Self { encoded: encoded.into(), content: Arc::new(content), key })
    }
}

/// The JSON of an encoded header, which must not be too long.
pub(super) fn decode(encoded: &str) -> Result<Vec<u8>, DecryptError> {
    if encoded.len() > base64url::encoded_len(MAX_HEADER) {
        return Err(DecryptError::TooLarge { limit: MAX_HEADER });
    }
    base64url::decode(encoded).map_err(|_| DecryptError::Malformed)
}

/// The first headers that came with a text that could be decrypted, and may come again: those without an ephemeral key or
/// the like. None is ever replaced, so a decrypter stays immutable in effect.
#[derive(Debug, Default)]
pub(super) struct KnownHeaders {
    slots: [OnceLock<CompactHeader>; 4],
}

impl KnownHeaders {
    pub(super) fn find(&self, encoded: &str) -> Option<&CompactHeader> {
        self.slots.iter().map_while(OnceLock::get).find(|known| *known.encoded == *encoded)
    }

    pub(super) fn learn(&self, header: CompactHeader) {
        if !header.key.may_come_again() {
            return;
        }
        let mut header = header;
        for slot in &self.slots {
            match slot.set(header) {
                Ok(()) => return,
                Err(refused) => header = refused,
            }
        }
    }
}
