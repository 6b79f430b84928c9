//! Reads a `text/event-stream` (HTML Living Standard §9.2.6) as its bytes come, however they are cut, within bounds.

/// The longest line (bytes). A list of 1,024 events takes less than half of this.
const MAX_LINE: usize = 256 * 1024;
/// The longest time to wait before connecting again that a server may ask for, in milliseconds.
const MAX_RETRY: u64 = 60_000;

/// An event of a stream. What is no UTF-8 in it makes it none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StreamEvent {
    /// What it is called; nothing where it has no name.
    pub(super) name: String,
    /// What it says.
    pub(super) data: String,
    /// The identifier that the stream has with it.
    pub(super) id: Option<String>,
}

/// The server sends what no reader can keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is longer than {MAX_LINE} bytes")]
pub(super) struct TooLong;

/// What has been read so far of a stream.
#[derive(Debug, Default)]
pub(super) struct EventReader {
    line: Vec<u8>,
    /// A carriage return was read last: a line feed right after it belongs to it.
    after_return: bool,
    event: StreamEvent,
    has_data: bool,
    /// How many milliseconds the server asks to wait before connecting again.
    retry: Option<u64>,
}

impl EventReader {
    /// Takes what came, and hands on each event that is complete with it.
    pub(super) fn read(
        &mut self,
        mut bytes: &[u8],
        mut event: impl FnMut(StreamEvent),
    ) -> Result<(), TooLong> {
        if std::mem::take(&mut self.after_return) {
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, rest) = bytes.split_at(end);
            self.keep(line)?;
            bytes = match rest {
                [b'\r', b'\n', rest @ ..] => rest,
                [b'\r'] => {
                    self.after_return = true;
                    &[]
                }
                [_, rest @ ..] => rest,
                [] => &[],
            };
            let line = std::mem::take(&mut self.line);
            if line.is_empty() {
                if let Some(complete) = self.dispatch() {
                    event(complete);
                }
            } else {
                self.field(&line)?;
            }
        }
        self.keep(bytes)
    }

    /// How many milliseconds the server asks to wait before connecting again.
    pub(super) fn retry(&self) -> Option<u64> {
        self.retry
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if self.line.len() + bytes.len() > MAX_LINE {
            return Err(TooLong);
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn dispatch(&mut self) -> Option<StreamEvent> {
        let event = std::mem::take(&mut self.event);
        std::mem::take(&mut self.has_data).then_some(event)
    }

    fn field(&mut self, line: &[u8]) -> Result<(), TooLong> {
        // A line that is no text says nothing that is known here, and neither does a comment.
        let Ok(line) = std::str::from_utf8(line) else { return Ok(()) };
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => value.clone_into(&mut self.event.name),
            "id" if !value.contains('\0') => self.event.id = Some(value.to_owned()),
            "retry" => {
                if let Ok(milliseconds) = value.parse::<u64>() {
                    self.retry = Some(milliseconds.min(MAX_RETRY));
                }
            }
            "data" => {
                if self.event.data.len() + value.len() >= MAX_LINE {
                    return Err(TooLong);
                }
                if std::mem::replace(&mut self.has_data, true) {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(chunks: &[&[u8]]) -> Result<Vec<StreamEvent>, TooLong> {
        let (mut reader, mut events) = (EventReader::default(), Vec::new());
        for chunk in chunks {
            reader.read(chunk, |event| events.push(event))?;
        }
        Ok(events)
    }

    fn event(name: &str, data: &str, id: Option<&str>) -> StreamEvent {
        StreamEvent { name: name.into(), data: data.into(), id: id.map(Into::into) }
    }

    const STREAM: &[u8] = b": hello\nretry: 1500\n\nevent: list\nid: h.1.0\ndata: a.b.c\n\n: beat\n\nevent:event\ndata:\xC3\xA4\r\ndata: x\r\r\ndata\n\n";

    #[test]
    fn events_are_read_however_their_bytes_are_cut() {
        let expected =
            vec![event("list", "a.b.c", Some("h.1.0")), event("event", "ä\nx", None), event("", "", None)];
        assert_eq!(read(&[STREAM]), Ok(expected.clone()));
        for cut in 1..STREAM.len() {
            let (first, second) = STREAM.split_at(cut);
            assert_eq!(read(&[first, second]), Ok(expected.clone()), "cut at {cut}");
        }
        let bytes: Vec<_> = STREAM.chunks(1).collect();
        assert_eq!(read(&bytes), Ok(expected));
    }

    #[test]
    fn the_time_to_wait_is_taken_within_reason() {
        let mut reader = EventReader::default();
        for (line, retry) in [
            (&b"retry: 1500\n"[..], Some(1_500)),
            (b"retry: soon\n", Some(1_500)),
            (b"retry: 99999999\n", Some(MAX_RETRY)),
            (b"retry: -1\n", Some(MAX_RETRY)),
        ] {
            reader.read(line, |_| ()).expect("short");
            assert_eq!(reader.retry(), retry);
        }
    }

    #[test]
    fn what_is_unknown_or_no_text_is_passed_over() {
        assert_eq!(
            read(&[b"event: x\n\nunknown: y\n\xff\xfe\nid: a\0b\ndata: z\n\n"]),
            Ok(vec![event("", "z", None)])
        );
    }

    #[test]
    fn a_line_without_end_and_an_event_without_end_are_refused() {
        let piece = vec![b'a'; 1024];
        let (mut reader, mut taken) = (EventReader::default(), 0);
        while reader.read(&piece, |_| ()).is_ok() {
            taken += piece.len();
            assert!(taken <= MAX_LINE);
        }
        let line = [b"data: ", &piece[..], b"\n"].concat();
        let (mut reader, mut taken) = (EventReader::default(), 0);
        while reader.read(&line, |_| ()).is_ok() {
            taken += line.len();
            assert!(taken <= 2 * MAX_LINE);
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic() {
        // A small generator, so that the bytes are the same each time.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        };
        const ALPHABET: &[u8; 16] = b"data:event id\r\n\xff";
        for _ in 0..2_000 {
            let mut reader = EventReader::default();
            for _ in 0..20 {
                let chunk = next().map(|byte| ALPHABET[usize::from(byte & 15)]);
                reader.read(&chunk, |event| assert!(event.data.len() < MAX_LINE)).expect("short");
            }
        }
    }
}
