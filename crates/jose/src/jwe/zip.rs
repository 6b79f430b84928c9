//! Bounded decompression (RFC 7516 §4.1.3, RFC 1951).

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use zeroize::Zeroizing;

/// Inflates one raw DEFLATE stream to at most `limit` bytes; nothing where it is longer, malformed, or followed by anything.
pub(super) fn inflate(compressed: &[u8], limit: usize) -> Option<Zeroizing<Vec<u8>>> {
    let mut room = (compressed.len().saturating_mul(4)).clamp(1024, limit.max(1));
    loop {
        let mut out = Zeroizing::new(vec![0; room.min(limit)]);
        let mut inflater = Box::new(DecompressorOxide::new());
        let (status, read, written) =
            decompress(&mut inflater, compressed, &mut out, 0, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF);
        match status {
            TINFLStatus::Done if read == compressed.len() => {
                out.truncate(written);
                return Some(out);
            }
            TINFLStatus::HasMoreOutput if room < limit => room = room.saturating_mul(4),
            _ => return None,
        }
    }
}
