//! Line ends in the heads of requests: only CRLF.
//!
//! The parser accepts a bare line feed as the end of a line, as it may (RFC 9112 §2.2). A proxy that does not would
//! read a different request than this server, so a request could be smuggled past it. Data are therefore checked on
//! their way to the parser, and a bare line feed becomes a NUL, which the parser answers with 400 in any position.
//! Bodies are not changed. To tell them from heads, this code follows the framing of each request. If it disagrees
//! with the parser about that, the parser refuses the request anyway.

/// How many bytes of a line are kept to read its framing. A longer line contains none.
const LINE_BYTES: usize = 128;

/// The replacement of a bare line feed.
const REFUSED: u8 = 0;

/// Follows the bytes of one connection.
#[derive(Debug)]
pub(crate) struct LineEnds {
    place: Place,
    line: Line,
    body: Framing,
}

/// The position of the next byte in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the lines before a request line, or in the request line.
    Start,
    /// In the header lines.
    Headers,
    /// This many bytes before the end of a body.
    Body(u64),
    /// In the line with the size of a chunk.
    ChunkSize,
    /// This many bytes before the end of a chunk.
    Chunk(u64),
    /// In the lines after the last chunk.
    Trailers,
    /// In data that the parser refuses.
    Refused,
}

/// How a request states the end of its body (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, Default)]
struct Framing {
    length: u64,
    chunked: bool,
}

/// The beginning of an incomplete line.
#[derive(Debug)]
struct Line {
    bytes: [u8; LINE_BYTES],
    /// How many bytes have arrived; for a long line, more than are kept.
    length: usize,
    last: u8,
}

/// A complete line.
struct Ended<'a> {
    /// The kept part, without the line end.
    text: &'a [u8],
    /// Whether the line is empty.
    is_empty: bool,
    is_crlf: bool,
}

impl LineEnds {
    pub(crate) fn new() -> Self {
        Self { place: Place::Start, line: Line::new(), body: Framing::default() }
    }

    /// Checks the bytes that arrived, and makes those unreadable that are not allowed in their position.
    pub(crate) fn check(&mut self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            let passed = match self.place {
                Place::Refused => return,
                Place::Body(left) | Place::Chunk(left) => self.pass(left, bytes.len()),
                _ => match memchr::memchr(b'\n', bytes) {
                    None => {
                        self.line.push(bytes);
                        return;
                    }
                    Some(at) => {
                        if !self.end_line(&bytes[..at]) {
                            bytes[at] = REFUSED;
                            self.place = Place::Refused;
                            return;
                        }
                        at + 1
                    }
                },
            };
            bytes = &mut bytes[passed..];
        }
    }

    /// Skips a body or a chunk with `left` bytes remaining, of which `here` bytes have arrived. Returns how many bytes
    /// it skipped.
    fn pass(&mut self, left: u64, here: usize) -> usize {
        let passed = usize::try_from(left).unwrap_or(usize::MAX).min(here);
        let left = left - passed as u64;
        self.place = match self.place {
            Place::Body(_) if left == 0 => Place::Start,
            Place::Body(_) => Place::Body(left),
            _ if left == 0 => Place::ChunkSize,
            _ => Place::Chunk(left),
        };
        passed
    }

    /// Ends the current line with the part of `arrived` before its line feed. Returns whether it ended with CRLF.
    fn end_line(&mut self, arrived: &[u8]) -> bool {
        // Nearly all arrive whole, and are read where they are.
        let line = if self.line.length == 0 {
            Ended::of(arrived, arrived.len(), arrived.last())
        } else {
            self.line.push(arrived);
            Ended::of(&self.line.bytes, self.line.length, Some(&self.line.last))
        };
        if !line.is_crlf {
            return false;
        }
        self.place = match (self.place, line.is_empty) {
            (Place::Start, true) => Place::Start,
            (Place::Start, false) => {
                self.body = Framing::default();
                Place::Headers
            }
            (Place::Headers, false) => {
                self.body.read(&line);
                Place::Headers
            }
            (Place::Headers, true) if self.body.chunked => Place::ChunkSize,
            (Place::Headers, true) if self.body.length > 0 => Place::Body(self.body.length),
            (Place::Trailers, false) => Place::Trailers,
            (Place::ChunkSize, _) => match line.chunk_size() {
                None => Place::Refused,
                Some(0) => Place::Trailers,
                // Its own line end comes after it.
                Some(size) => Place::Chunk(size.saturating_add(2)),
            },
            _ => Place::Start,
        };
        self.line.length = 0;
        true
    }
}

impl Framing {
    fn read(&mut self, line: &Ended<'_>) {
        // What begins with another letter is neither of the two, and is most of a head.
        if !matches!(line.text.first(), Some(b'c' | b'C' | b't' | b'T')) {
            return;
        }
        let Some((name, value)) = line.header() else { return };
        if name.eq_ignore_ascii_case(b"content-length") {
            self.length = number(value, 10).unwrap_or(0);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let last = value.rsplit(|byte| *byte == b',').next().unwrap_or_default();
            self.chunked = last.trim_ascii().eq_ignore_ascii_case(b"chunked");
        }
    }
}

impl Line {
    const fn new() -> Self {
        Self { bytes: [0; LINE_BYTES], length: 0, last: 0 }
    }

    fn push(&mut self, bytes: &[u8]) {
        let Some(last) = bytes.last() else { return };
        self.last = *last;
        if let Some(room) = self.bytes.get_mut(self.length..) {
            let kept = room.len().min(bytes.len());
            room[..kept].copy_from_slice(&bytes[..kept]);
        }
        self.length = self.length.saturating_add(bytes.len());
    }
}

impl<'a> Ended<'a> {
    /// A line of this many bytes, which begins with these.
    fn of(bytes: &'a [u8], length: usize, last: Option<&u8>) -> Self {
        let kept = &bytes[..length.min(LINE_BYTES)];
        Self {
            text: kept.strip_suffix(b"\r").unwrap_or(kept),
            is_empty: length <= 1,
            is_crlf: last == Some(&b'\r'),
        }
    }

    fn header(&self) -> Option<(&'a [u8], &'a [u8])> {
        let colon = memchr::memchr(b':', self.text)?;
        Some((&self.text[..colon], self.text[colon + 1..].trim_ascii()))
    }

    fn chunk_size(&self) -> Option<u64> {
        let digits = self.text.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(self.text.len());
        number(&self.text[..digits], 16)
    }
}

fn number(digits: &[u8], radix: u32) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn checked(bytes: &[u8], pieces: usize) -> Vec<u8> {
        let (mut bytes, mut line_ends) = (bytes.to_vec(), LineEnds::new());
        bytes.chunks_mut(pieces).for_each(|piece| line_ends.check(piece));
        bytes
    }

    const GOOD: [&str; 6] = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: 4\r\n\r\n\n\n\n\nGET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\nContent-Length: 1\r\n\r\n4;x=y\r\n\n\n\n\n\r\n0\r\na: b\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length:   2  \r\nContent-Length: 2\r\n\r\n\n\nGET /",
        "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    ];

    #[test]
    fn what_ends_its_lines_as_it_should_is_left_alone() {
        for text in GOOD {
            for pieces in [1, 2, 3, 7, 1000] {
                assert_eq!(
                    checked(text.as_bytes(), pieces),
                    text.as_bytes(),
                    "{text:?} in pieces of {pieces}"
                );
            }
        }
    }

    #[test]
    fn a_lone_line_feed_in_a_head_becomes_unreadable_and_none_in_a_body_does() {
        for text in GOOD {
            for (at, end) in text.match_indices("\r\n") {
                let lone = format!("{}\n{}", &text[..at], &text[at + end.len()..]);
                let found = checked(lone.as_bytes(), 5);
                let changed: Vec<_> =
                    (0..lone.len()).filter(|at| found[*at] != lone.as_bytes()[*at]).collect();
                // The end of a chunk's data is the one that the parser itself insists on.
                let in_chunk = text[..at].ends_with("\n\n\n\n") && text.contains("Chunked");
                assert_eq!(changed, if in_chunk { vec![] } else { vec![at] }, "{lone:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn it_does_not_matter_in_what_pieces_bytes_arrive(
            text in "(GET / HTTP/1.1|POST / HTTP/1.1|content-length: [0-9]|transfer-encoding: chunked|[0-9a-f];|\r|\n|\r\n|a){0,24}",
            pieces in 1_usize..9,
        ) {
            prop_assert_eq!(checked(text.as_bytes(), pieces), checked(text.as_bytes(), 1000));
        }
    }
}
