//! Distinguished names, as certificates hold them and as clients register them (RFC 4514).

use jeton_jose::x509::NameAttribute;

/// A name as its parts, the most special one first; each part is its attributes, sorted.
pub(crate) type DistinguishedName = Vec<Vec<NameAttribute>>;

/// The short names of RFC 4514 §3, and two that OpenSSL writes.
const SHORT: [(&str, &str); 11] = [
    ("CN", "2.5.4.3"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("C", "2.5.4.6"),
    ("STREET", "2.5.4.9"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("emailAddress", "1.2.840.113549.1.9.1"),
    ("serialNumber", "2.5.4.5"),
];

/// The name in a certificate, which begins with the country, where the text ends with it.
pub(crate) fn of_certificate(subject: Vec<Vec<NameAttribute>>) -> DistinguishedName {
    let sorted = |mut part: Vec<_>| {
        part.sort();
        part
    };
    subject.into_iter().rev().map(sorted).collect()
}

/// Parses a name such as `CN=web,O=Example\, Inc.,C=FR`.
pub(crate) fn parse(text: &str) -> Option<DistinguishedName> {
    let mut parts = vec![vec![]];
    let mut rest = text;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = value(after)?;
        parts.last_mut()?.push(NameAttribute { oid: oid(name.trim())?, value });
        let mut letters = after.chars();
        match letters.next() {
            None => break,
            Some('+') => {}
            Some(_) => parts.push(vec![]),
        }
        rest = letters.as_str();
    }
    for part in &mut parts {
        part.sort();
    }
    Some(parts)
}

/// Whether a text is a name that can be compared with those of certificates.
pub(crate) fn is_distinguished_name(text: &str) -> bool {
    parse(text).is_some()
}

fn oid(name: &str) -> Option<String> {
    let short = SHORT.iter().find(|(short, _)| short.eq_ignore_ascii_case(name));
    let is_oid =
        |name: &str| name.contains('.') && name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    match short {
        Some((_, oid)) => Some((*oid).to_owned()),
        None => is_oid(name).then(|| name.to_owned()),
    }
}

/// A value without its escapes, and what follows it. A value in hex (`#…`) is not understood.
fn value(text: &str) -> Option<(String, &str)> {
    let mut bytes = Vec::new();
    // How much of it stays when the spaces at its end are taken away, which escaped ones are not.
    let mut kept = 0;
    let text = text.trim_start_matches(' ');
    if text.starts_with('#') {
        return None;
    }
    let mut letters = text.chars();
    let mut rest = letters.as_str();
    while let Some(letter) = letters.next() {
        match letter {
            ',' | ';' | '+' => break,
            '\\' => {
                let escaped = letters.as_str();
                let hex = escaped.get(..2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
                if let Some(byte) = hex {
                    bytes.push(byte);
                    letters = escaped.get(2..)?.chars();
                } else {
                    bytes.extend(letters.next()?.to_string().into_bytes());
                }
                kept = bytes.len();
            }
            letter => {
                bytes.extend(letter.to_string().into_bytes());
                if letter != ' ' {
                    kept = bytes.len();
                }
            }
        }
        rest = letters.as_str();
    }
    bytes.truncate(kept);
    Some((String::from_utf8(bytes).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(oid: &str, value: &str) -> NameAttribute {
        NameAttribute { oid: oid.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn names_are_read_as_rfc_4514_writes_them() {
        let (cn, o, c) = ("2.5.4.3", "2.5.4.10", "2.5.4.6");
        for (text, expected) in [
            (
                "CN=web,O=Example,C=FR",
                vec![vec![part(cn, "web")], vec![part(o, "Example")], vec![part(c, "FR")]],
            ),
            ("cn = web , o=Example", vec![vec![part(cn, "web")], vec![part(o, "Example")]]),
            (r"CN=Example\, Inc.", vec![vec![part(cn, "Example, Inc.")]]),
            (r"CN=Lu\C4\8Di\C4\87", vec![vec![part(cn, "Lučić")]]),
            (r"CN=\ a\ ", vec![vec![part(cn, " a ")]]),
            ("O=b+CN=a", vec![vec![part(o, "b"), part(cn, "a")]]),
            ("2.5.4.3=x", vec![vec![part(cn, "x")]]),
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        for wrong in ["", "web", "=x", "unknown=x", "CN=#0c03", "CN=a,", "CN=a\\"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
