//! How a token was written down: what stands around it, and letters that do not belong in it.

/// A text without what people copy along with a token, each of which is told.
pub(super) fn bare(text: &str, problems: &mut Vec<String>) -> String {
    let mut rest = text.trim_start_matches('\u{feff}').trim();
    if rest.len() != text.trim_end_matches(['\r', '\n']).len() {
        problems.push("there is white space around the token, which verifiers refuse".to_owned());
    }
    for prefix in ["authorization:", "bearer ", "dpop "] {
        if rest.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)) {
            rest = rest[prefix.len()..].trim_start();
            problems.push(format!("`{}` precedes the token and is not part of it", prefix.trim_end()));
        }
    }
    for quote in ['"', '\'', '`'] {
        if let Some(inner) = rest.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            rest = inner;
            problems.push("the token stands in quotes, which are no part of it".to_owned());
        }
    }
    if rest.starts_with('{') || !rest.contains(char::is_whitespace) {
        return rest.to_owned();
    }
    problems.push("the token has white space in it, which verifiers refuse".to_owned());
    rest.split_whitespace().collect()
}

/// The bytes of one part, also where it is not the base64url that verifiers take, which is told.
pub(super) fn decode(part: &str, what: &str, problems: &mut Vec<String>) -> Option<Vec<u8>> {
    if let Ok(bytes) = jeton_jose::base64url::decode(part) {
        return Some(bytes);
    }
    let mut wrong = Vec::new();
    let trimmed = part.trim_end_matches('=');
    if trimmed.len() != part.len() {
        wrong.push("it has padding (`=`)");
    }
    if trimmed.contains(['+', '/']) {
        wrong.push("it is in base64, with `+` and `/`");
    }
    let url: String = trimmed
        .chars()
        .map(|letter| {
            if letter == '+' {
                '-'
            } else if letter == '/' {
                '_'
            } else {
                letter
            }
        })
        .collect();
    let decoded = jeton_jose::base64url::decode(&url).ok().or_else(|| {
        wrong.push("unused bits at its end are set");
        without_unused_bits(&url)
    });
    match decoded {
        Some(bytes) => {
            problems.push(format!("the {what} is in a form that verifiers refuse: {}", wrong.join("; ")));
            Some(bytes)
        }
        None => {
            problems.push(format!("the {what} is not base64url"));
            None
        }
    }
}

/// Decodes a text whose last letter has bits set that stand for nothing.
fn without_unused_bits(text: &str) -> Option<Vec<u8>> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let unused = match text.len() % 4 {
        2 => 4,
        3 => 2,
        _ => return None,
    };
    let (last, before) = text.as_bytes().split_last()?;
    let value = LETTERS.iter().position(|letter| letter == last)?;
    let cleared = *LETTERS.get(value >> unused << unused)?;
    let text = [before, &[cleared]].concat();
    jeton_jose::base64url::decode(text).ok()
}
