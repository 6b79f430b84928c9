//! Strings and their escapes.

use crate::json::string::plain;

/// Appends a string in quotes.
#[inline]
pub(super) fn write(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    if plain(bytes, 0) == bytes.len() {
        out.extend_from_slice(bytes)
    } else {
        write_escaped(bytes, out)
    }
    out.push(b'"');
}

#[cold]
fn write_escaped(mut bytes: &[u8], out: &mut Vec<u8>) {
    loop {
        let (run, rest) = bytes.split_at(plain(bytes, 0));
        out.extend_from_slice(run);
        let Some((&special, rest)) = rest.split_first() else { return };
        write_escape(special, out);
        bytes = rest;
    }
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    let letter = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
            return;
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}
