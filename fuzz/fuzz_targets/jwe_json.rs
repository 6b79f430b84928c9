//! Encrypted bytes in the JSON forms. The input is such a form in which `"@"` stands in the place of ciphertext and tag, which
//! are made of a fixed text. What decrypts does so after another writer has written it again; nothing is in two headers,
//! and nothing that decides about the content stands outside the protected one.
#![no_main]

use std::sync::LazyLock;

use jeton_fuzz::{keys, second_opinion, token};
use jeton_jose::jwe::Decrypter;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

const TEXT: &[u8] = b"a text";

static DECRYPTER: LazyLock<Decrypter> = LazyLock::new(|| Decrypter::new([keys::content()]).max_len(1 << 20));

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let text = with_ciphertext(text);
    let Ok(decrypted) = DECRYPTER.decrypt_json(&text) else { return };
    assert_eq!(decrypted.plaintext(), TEXT);
    let Some(form) = second_opinion::agreed(text.as_bytes()) else { return };
    check(&form, decrypted.protected_json());
    let again = DECRYPTER.decrypt_json(&form.to_string()).expect("written again it is the same");
    assert_eq!((again.plaintext(), again.kid(), again.cty()), (TEXT, decrypted.kid(), decrypted.cty()));
});

/// The text with true ciphertext and tag in the place of `"@"`, in the order in which they stand there.
fn with_ciphertext(text: &str) -> String {
    let mut out = text.to_owned();
    let Ok(form) = serde_json::from_str::<Map<String, Value>>(text) else { return out };
    let Some(mut aad) = form.get("protected").and_then(Value::as_str).map(str::to_owned) else { return out };
    if let Some(more) = form.get("aad").and_then(Value::as_str) {
        aad = format!("{aad}.{more}");
    }
    let (ciphertext, tag) = token::sealed(aad.as_bytes(), TEXT);
    let mut places = [("\"ciphertext\"", ciphertext), ("\"tag\"", tag), ("\"iv\"", token::IV.to_vec())];
    places.sort_by_key(|(name, _)| text.find(name).unwrap_or(usize::MAX));
    for (name, bytes) in places {
        if form.get(name.trim_matches('"')).is_some_and(|value| value == "@") {
            out = out.replacen("\"@\"", &format!("\"{}\"", token::encode(bytes)), 1);
        }
    }
    out
}

fn check(form: &Value, protected_json: &str) {
    let empty = Map::new();
    let object = |value: Option<&Value>| {
        value.map_or_else(|| empty.clone(), |value| value.as_object().expect("headers are objects").clone())
    };
    let Some(protected) = second_opinion::agreed(protected_json.as_bytes()) else { return };
    let protected = object(Some(&protected));
    assert_eq!(protected["enc"], "A256GCM");
    let shared = object(form.get("unprotected"));
    let recipients = match form.get("recipients") {
        Some(list) => {
            assert!(form.get("header").is_none() && form.get("encrypted_key").is_none());
            list.as_array().expect("recipients are a list").as_slice()
        }
        None => std::slice::from_ref(form),
    };
    // `dir` fixes the content encryption key, so there is nobody else (RFC 7516 §7.2).
    assert_eq!(recipients.len(), 1);
    let own = object(recipients[0].get("header"));
    for name in own.keys().chain(shared.keys()) {
        let times = [&protected, &shared, &own].iter().filter(|header| header.contains_key(name)).count();
        assert_eq!(times, 1, "{name} is in two headers");
        assert!(!matches!(name.as_str(), "enc" | "zip" | "crit" | "b64"), "{name} is not protected");
    }
    let alg = [&protected, &shared, &own].iter().find_map(|header| header.get("alg")).cloned();
    assert_eq!(alg, Some(Value::from("dir")));
    assert!(!protected.contains_key("crit") && !protected.contains_key("zip"));
}
