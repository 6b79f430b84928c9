//! The entries of a forwarding header, from right to left.
//!
//! A client can write anything to the left of what the proxies append. So a line is never parsed from its beginning: a
//! quote opened by the client would swallow what the proxy wrote.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::ForwardingHeader;

/// How many bytes the log repeats of an entry that is not an address.
const MAX_SHOWN: usize = 64;
/// The largest number of digits in a port (RFC 7239 §6.2).
const PORT_DIGITS: usize = 5;

/// An entry of a forwarding header.
pub(super) enum Entry {
    Address(IpAddr),
    /// The entry is not an address.
    NoAddress(Box<str>),
}

/// The entries of one header line, from right to left. Each is parsed only when it is needed.
pub(super) fn from_the_right(line: &[u8], header: ForwardingHeader) -> impl Iterator<Item = Entry> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        let start = match header {
            // This header knows no quotes.
            ForwardingHeader::XForwardedFor => line.iter().rposition(|byte| *byte == b','),
            ForwardingHeader::Forwarded => last_unquoted_comma(line),
        };
        let entry = start.map_or(line, |comma| &line[comma + 1..]).trim_ascii();
        rest = start.map(|comma| &line[..comma]);
        let parsed = std::str::from_utf8(entry).ok().and_then(|text| match header {
            ForwardingHeader::XForwardedFor => parse_node(text),
            ForwardingHeader::Forwarded => parse_forwarded(text),
        });
        Some(parsed.map_or_else(|| Entry::NoAddress(shown(entry)), Entry::Address))
    })
}

/// The right-most comma outside double quotes. Quotes are paired from the right, where the proxies write.
fn last_unquoted_comma(line: &[u8]) -> Option<usize> {
    let mut quoted = false;
    for (position, byte) in line.iter().enumerate().rev() {
        match byte {
            // Within quotes, one behind an odd number of backslashes is a character like others (RFC 9110 §5.6.4).
            b'"' if !(quoted && is_escaped(&line[..position])) => quoted = !quoted,
            b',' if !quoted => return Some(position),
            _ => {}
        }
    }
    None
}

fn is_escaped(before: &[u8]) -> bool {
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// The address in the `for` parameter of one element of `Forwarded` (RFC 7239 §4).
fn parse_forwarded(element: &str) -> Option<IpAddr> {
    let mut found = None;
    for pair in split_unquoted(element)? {
        let (name, value) = pair.split_once('=')?;
        if name.trim().eq_ignore_ascii_case("for") {
            if found.is_some() {
                return None;
            }
            let value = value.trim();
            let value = value.strip_prefix('"').map_or(Some(value), |value| value.strip_suffix('"'))?;
            found = Some(parse_node(value)?);
        }
    }
    found
}

/// The pairs of an element; `None` if a quote is not closed.
fn split_unquoted(element: &str) -> Option<Vec<&str>> {
    let (mut quoted, mut escaped) = (false, false);
    let pairs = element
        .split(|letter: char| {
            let separates = letter == ';' && !quoted;
            match letter {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                _ => {}
            }
            separates
        })
        .collect();
    (!quoted).then_some(pairs)
}

/// An address as proxies write it: with or without a port, IPv6 with or without brackets if there is no port.
fn parse_node(node: &str) -> Option<IpAddr> {
    if let Ok(address) = node.parse() {
        return Some(address);
    }
    if let Some(bracketed) = node.strip_prefix('[') {
        let (address, rest) = bracketed.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        return (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port)).then_some(address.into());
    }
    let (address, port) = node.split_once(':')?;
    let address: Ipv4Addr = address.parse().ok()?;
    is_port(port).then_some(address.into())
}

/// A number, or a name that stands for one (RFC 7239 §6.3).
fn is_port(port: &str) -> bool {
    let is_number = (1..=PORT_DIGITS).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    is_number || port.strip_prefix('_').is_some_and(is_name)
}

/// An entry, shortened for the log.
fn shown(entry: &[u8]) -> Box<str> {
    String::from_utf8_lossy(&entry[..entry.len().min(MAX_SHOWN)]).escape_debug().collect::<String>().into()
}
