//! PEM armour (RFC 7468).

use base64_turbo::STANDARD;
use zeroize::Zeroizing;

use crate::material::KeyError;

/// One armoured block: its label and the bytes within.
pub(crate) struct Block<'a> {
    pub(crate) label: &'a str,
    pub(crate) der: Zeroizing<Vec<u8>>,
}

/// Reads the first block of `text`; what stands before it is explanation (RFC 7468 §2) and skipped. Gives the block
/// and what follows it.
pub(crate) fn read(text: &str) -> Result<(Block<'_>, &str), KeyError> {
    let (_, rest) = text.split_once("-----BEGIN ").ok_or(KeyError::Pem)?;
    let (label, rest) = rest.split_once("-----").ok_or(KeyError::Pem)?;
    let end = format!("-----END {label}-----");
    let (body, rest) = rest.split_once(end.as_str()).ok_or(KeyError::Pem)?;
    if body.contains(':') {
        // RFC 1421 headers, which only encrypted keys have.
        return Err(KeyError::Encrypted);
    }
    let mut letters = Zeroizing::new(Vec::with_capacity(body.len()));
    letters.extend(body.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let der = STANDARD.decode(letters.as_slice()).map_err(|_| KeyError::Pem)?;
    Ok((Block { label, der: Zeroizing::new(der) }, rest))
}

/// Armours `der` in lines of 64 letters.
pub(crate) fn write(label: &str, der: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(der));
    let mut out = Zeroizing::new(String::with_capacity(body.len() + body.len() / 64 + 2 * label.len() + 40));
    out.push_str("-----BEGIN ");
    out.push_str(label);
    out.push_str("-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str("-----END ");
    out.push_str(label);
    out.push_str("-----\n");
    out
}
