//! Writing down the statements that reach the server, with the types of their parameters, for [`super::side_by_side`] of the next release:
//! the proxy reads them from the wire, so the program knows nothing of it.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

/// The variable that names the file; `cargo xtask baseline` sets it.
const VARIABLE: &str = "JETON_RECORD_STATEMENTS";

/// The message that prepares a statement, with a name or without one.
const PARSE: u8 = b'P';

/// The file to write into, if there is to be one.
pub(crate) fn file() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).map(PathBuf::from)
}

/// What a client has sent over one connection.
#[derive(Debug)]
pub(crate) struct Recorder {
    file: PathBuf,
    /// The beginning of a message whose end has not come yet.
    pending: Vec<u8>,
    /// Whether the first message is over, which has no kind.
    greeted: bool,
}

impl Recorder {
    pub(crate) fn new(file: PathBuf) -> Self {
        Self { file, pending: Vec::new(), greeted: false }
    }

    /// Takes what comes next.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        loop {
            let kind = usize::from(self.greeted);
            let Some(length) = self.pending.get(kind..kind + 4) else { return };
            let length = u32::from_be_bytes(length.try_into().expect("four bytes"));
            let end = kind + usize::try_from(length).expect("a length");
            if self.pending.len() < end {
                return;
            }
            let message: Vec<u8> = self.pending.drain(..end).collect();
            if self.greeted && message[0] == PARSE {
                self.write(&message[5..]);
            }
            self.greeted = true;
        }
    }

    /// Appends a statement: its name, its text, and the identifiers of its parameters' types.
    fn write(&self, message: &[u8]) {
        let mut parts = message.splitn(3, |byte| *byte == 0);
        let (Some(_), Some(sql), Some(types)) = (parts.next(), parts.next(), parts.next()) else {
            panic!("a statement begins with two texts")
        };
        let sql = std::str::from_utf8(sql).expect("text");
        let sql = sql.split_whitespace().collect::<Vec<_>>().join(" ");
        let takes: Vec<u32> = types[2..]
            .chunks_exact(4)
            .map(|oid| u32::from_be_bytes(oid.try_into().expect("four bytes")))
            .collect();
        let line = serde_json::json!({ "sql": sql, "takes": takes });
        let file = OpenOptions::new().create(true).append(true).open(&self.file);
        file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes())).expect("writing it down");
    }
}
