//! Bounded decompression (RFC 1950, RFC 1951).

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
#[cfg(feature = "status-list")]
use miniz_oxide::inflate::core::inflate_flags::{TINFL_FLAG_COMPUTE_ADLER32, TINFL_FLAG_PARSE_ZLIB_HEADER};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use zeroize::Zeroizing;

/// What stands around the compressed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrapping {
    /// Nothing: raw DEFLATE, as in a JWE (RFC 7516 §4.1.3).
    #[cfg(feature = "jwe")]
    None,
    /// A header and a checksum, as in a status list.
    #[cfg(feature = "status-list")]
    Zlib,
}

/// Why nothing came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InflateError {
    /// There is more than the limit.
    TooLarge,
    /// It is malformed, broken off, or followed by anything.
    Malformed,
}

/// Inflates one stream to at most `limit` bytes, giving up as soon as there are more.
pub(crate) fn inflate(
    compressed: &[u8],
    wrapping: Wrapping,
    limit: usize,
) -> Result<Zeroizing<Vec<u8>>, InflateError> {
    let wrapped = match wrapping {
        #[cfg(feature = "jwe")]
        Wrapping::None => 0,
        #[cfg(feature = "status-list")]
        Wrapping::Zlib => TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_COMPUTE_ADLER32,
    };
    let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | wrapped;
    let mut room = (compressed.len().saturating_mul(4)).clamp(1024, limit.max(1024));
    loop {
        let mut out = Zeroizing::new(vec![0; room.min(limit)]);
        let mut inflater = Box::new(DecompressorOxide::new());
        let (status, read, written) = decompress(&mut inflater, compressed, &mut out, 0, flags);
        match status {
            TINFLStatus::Done if read == compressed.len() => {
                out.truncate(written);
                return Ok(out);
            }
            TINFLStatus::HasMoreOutput if room < limit => room = room.saturating_mul(4),
            TINFLStatus::HasMoreOutput => return Err(InflateError::TooLarge),
            _ => return Err(InflateError::Malformed),
        }
    }
}
