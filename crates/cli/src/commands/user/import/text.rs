//! The text of a file, in whichever encoding it was written.

use std::borrow::Cow;

/// The text: UTF-8 with or without a mark, or UTF-16, which `>` writes in Windows PowerShell.
pub(super) fn decoded(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        // Without a mark: what these files begin with is ASCII.
        [first, 0, _, 0, ..] if *first != 0 => utf16(bytes, u16::from_le_bytes),
        [0, first, 0, _, ..] if *first != 0 => utf16(bytes, u16::from_be_bytes),
        _ => {
            let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
            std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| {
                let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
                format!("line {line} is not UTF-8, and the file is not UTF-16: save it as UTF-8")
            })
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'static, str>, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: Option<String> = char::decode_utf16(units).map(Result::ok).collect();
    match text {
        Some(text) if rest.is_empty() => Ok(Cow::Owned(text)),
        _ => Err("the file begins as UTF-16 but is not valid UTF-16: write it as UTF-8".to_owned()),
    }
}

/// What a text is that should have been JSON, where its beginning tells.
pub(super) fn other_than_json(text: &str) -> Option<&'static str> {
    let start = text.trim_start();
    let first = start.lines().next().unwrap_or_default();
    if start.is_empty() {
        Some("the file is empty")
    } else if start.starts_with('<') {
        Some("this is XML: write it with dumpdata --format json")
    } else if start.starts_with("- ") {
        Some("this is YAML: write it with dumpdata --format json")
    } else if start.starts_with("--") || start.starts_with("SET ") || start.starts_with("COPY ") {
        Some("this is SQL: write JSON with manage.py dumpdata, or CSV with \\copy … TO … CSV HEADER")
    } else if !start.starts_with(['[', '{']) && first.contains([',', '\t', ';']) {
        Some("this looks like CSV: `jeton user import csv` reads it")
    } else if !start.starts_with(['[', '{']) {
        Some(
            "this is not JSON; dumpdata writes to standard output, and so may whatever else the project prints: use --output FILE",
        )
    } else {
        None
    }
}

/// The objects of a text: those of an array, or one after the other, as `dumpdata --format jsonl` writes them; with what place
/// each is at.
pub(super) fn objects(text: &str) -> Result<Vec<(String, serde_json::Value)>, String> {
    if let Some(other) = other_than_json(text) {
        return Err(other.to_owned());
    }
    if text.trim_start().starts_with('[') {
        let objects: Vec<serde_json::Value> = serde_json::from_str(text)
            .map_err(|error| format!("not a JSON array of objects: {}", shown(&error)))?;
        return Ok(objects
            .into_iter()
            .enumerate()
            .map(|(index, object)| (format!("object {}", index + 1), object))
            .collect());
    }
    let mut objects = Vec::new();
    for object in serde_json::Deserializer::from_str(text).into_iter() {
        let place = format!("object {}", objects.len() + 1);
        let object = object.map_err(|error| format!("{place} is not JSON: {}", shown(&error)))?;
        objects.push((place, object));
    }
    Ok(objects)
}

/// An error of the reader without anything of the text, which may be a part of a hash.
pub(super) fn shown(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Syntax => "invalid JSON",
        _ => "unexpected value",
    };
    format!("{kind} at line {}, column {}", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_in_each_encoding_that_tools_write() {
        let text = "[{\"name\": \"Ünal 🙂\"}]";
        let units: Vec<u16> = text.encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            [b"\xff\xfe", &*little].concat(),
            [b"\xfe\xff", &*big].concat(),
            little.clone(),
            big,
        ] {
            assert_eq!(decoded(&bytes).as_deref(), Ok(text));
        }
        for bytes in [&b"[\n\xff]"[..], &[b"\xff\xfe", &little[1..]].concat()] {
            decoded(bytes).expect_err("neither");
        }
    }
}
