//! Base64url without padding (RFC 4648 §5, RFC 7515 §2), one text for one value: foreign letters, padding, white
//! space and unused bits that are set are refused.

use base64_turbo::URL_SAFE_NO_PAD;

/// The text is not canonical unpadded base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not canonical base64url")]
pub struct NotBase64url;

/// How many letters `bytes` bytes take.
pub(crate) const fn encoded_len(bytes: usize) -> usize {
    bytes / 3 * 4 + (bytes % 3 * 8).div_ceil(6)
}

/// `bytes` as base64url.
#[must_use]
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends `bytes` as base64url.
pub(crate) fn encode_into(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + encoded_len(bytes.len()), 0);
    if let Some(room) = out.get_mut(start..) {
        URL_SAFE_NO_PAD.encode_slice(bytes, room).expect("the room is as long as the encoding");
    }
}

/// Decodes `text`.
///
/// # Errors
/// [`NotBase64url`] for any text that [`encode`] does not produce.
pub fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, NotBase64url> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotBase64url)
}

/// Decodes `text` and appends the bytes.
#[cfg(feature = "jwe")]
pub(crate) fn decode_into(text: &[u8], out: &mut Vec<u8>) -> Result<(), NotBase64url> {
    let start = out.len();
    out.resize(start + room_for(text.len()), 0);
    let room = out.get_mut(start..).unwrap_or_default();
    let len = URL_SAFE_NO_PAD.decode_slice(text, room).map_err(|_| NotBase64url)?;
    out.truncate(start + len);
    Ok(())
}

/// Decodes into the front of `out` and returns it; `None` if the text is malformed, or if `out` is shorter than
/// [`room_for`] its characters.
pub(crate) fn decode_slice<'o>(text: &[u8], out: &'o mut [u8]) -> Option<&'o [u8]> {
    let len = URL_SAFE_NO_PAD.decode_slice(text, out).ok()?;
    out.get(..len)
}

/// How much room [`decode_slice`] needs for `letters` characters: up to two bytes more than they decode to.
pub(crate) const fn room_for(letters: usize) -> usize {
    letters.div_ceil(4) * 3
}
