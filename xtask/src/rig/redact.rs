//! What may be shown of an exchange: everything but what opens something.

/// From how many letters on a word is taken for a code, a token or a secret. The shortest of them have 43.
const SECRET: usize = 32;

/// How much of such a word is shown, so that one can tell two of them apart.
const SHOWN: usize = 4;

/// The text with every long word of base64url cut.
pub(crate) fn redact(text: &str) -> String {
    let of_a_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(of_a_word) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|letter| !of_a_word(letter)).unwrap_or(from.len()));
        out.push_str(before);
        if word.len() >= SECRET {
            out.push_str(&word[..SHOWN]);
            out.push('…');
        } else {
            out.push_str(word);
        }
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn codes_and_tokens_are_cut_and_words_stay() {
        let code = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(
            redact(&format!("GET /callback?code={code}&state=ok: 200")),
            "GET /callback?code=dBjf…&state=ok: 200"
        );
        assert_eq!(redact(&format!("{code}.{code}.")), "dBjf….dBjf….");
        assert_eq!(redact("/.well-known/openid-configuration é"), "/.well-known/openid-configuration é");
    }
}
