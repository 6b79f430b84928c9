//! `jeton jwt decode` shows whatever can be shown, and says beside it what is wrong.

use jeton_jose::base64url;
use serde_json::Value;

use crate::run::{Folder, Ran, run, run_reading};

struct Keys {
    folder: Folder,
    key: String,
}

impl Keys {
    fn of(alg: &str) -> Self {
        let folder = Folder::new();
        let key = folder.file("key.jwk", run(&["jwk", "generate", alg]).done());
        Self { folder, key }
    }

    fn sign(&self, arguments: &[&str]) -> String {
        run(&[&["jwt", "sign", "--key", &self.key], arguments].concat()).done().trim_end().to_owned()
    }
}

fn decode(token: &str) -> Ran {
    run_reading(&["jwt", "decode"], token.as_bytes())
}

/// What is shown as JSON, with what is wrong in one text.
fn decoded(token: &str) -> (Value, String) {
    let json = run_reading(&["jwt", "decode", "--json"], token.as_bytes()).json();
    let problems = json["problems"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let problems = problems.collect::<Vec<_>>().join("; ");
    (json, problems)
}

#[test]
fn decode_shows_the_times_in_words_and_says_that_nothing_was_checked() {
    let keys = Keys::of("ES256");
    let token = keys.sign(&["--expires-in", "330s", r#"{"sub":"ada\u001b[31m"}"#]);
    let ran = run(&["jwt", "decode", &token]);
    assert!(ran.err.contains("NOTHING WAS CHECKED"), "{}", ran.err);
    let out = ran.done();
    assert!(out.contains("UNVERIFIED"), "{out}");
    assert!(out.contains("exp: 2") && out.contains("Z, in 5 minutes"), "{out}");
    assert!(!out.contains('\u{1b}'), "{out}");
    run(&["jwt", "decode", "nonsense"]).refused();
}

#[test]
fn a_token_is_shown_however_it_was_copied() {
    let keys = Keys::of("ES256");
    let token = keys.sign(&["--expires-in", "5m", r#"{"sub":"ada"}"#]);
    assert_eq!(decoded(&token).1, "", "nothing is wrong with it");
    let (head, rest) = token.split_at(20);
    let padded: Vec<_> =
        token.split('.').map(|part| format!("{part}{}", "=".repeat((4 - part.len() % 4) % 4))).collect();
    for (copied, wrong) in [
        (format!("Bearer {token}"), "`bearer` precedes the token"),
        (format!("Authorization: Bearer {token}\r\n"), "`authorization:` precedes the token"),
        (format!("\"{token}\""), "in quotes"),
        (format!("  {token}  "), "white space around"),
        (format!("{head}\n   {rest}"), "white space in it"),
        (padded.join("."), "padding"),
    ] {
        let (json, problems) = decoded(&copied);
        assert_eq!(
            (&json["claims"]["sub"], &json["header"]["alg"]),
            (&"ada".into(), &"ES256".into()),
            "{copied}"
        );
        assert!(problems.contains(wrong), "{copied}: {problems}");
        let shown = decode(&copied);
        assert!(shown.err.contains(wrong) && shown.err.contains("NOTHING WAS CHECKED"), "{shown:?}");
        shown.done();
    }
}

#[test]
fn odd_headers_and_claims_are_shown_with_what_is_odd_about_them() {
    let shown = |header: &str, claims: &str| {
        decoded(&format!("{}.{}.AAAA", base64url::encode(header), base64url::encode(claims)))
    };
    for (header, claims, wrong) in [
        (r#"{"typ":"JWT"}"#, r#"{"sub":"ada"}"#, "does not say `alg`"),
        (r#"{"alg":5}"#, r#"{"sub":"ada"}"#, "`alg` in the header is not a string"),
        (r#"{"alg":"none"}"#, r#"{"sub":"ada"}"#, "`alg` is none, which is refused"),
        (r#"{"alg":"ES256","kid":7}"#, r#"{"sub":"ada"}"#, "`kid` in the header is not a string"),
        (r#"{"alg":"ES256","alg":"HS256"}"#, r#"{"sub":"ada"}"#, "duplicate member"),
        (r#"{"alg":"ES256"}"#, r#"{"sub":"ada","sub":"eve"}"#, "duplicate member"),
        (r#"{"alg":"ES256"}"#, r#"{"sub":"ada","exp":1800000000000}"#, "milliseconds"),
        (r#"{"alg":"ES256"}"#, r#"{"sub":"ada","iss":["i"]}"#, "claim `iss` is malformed"),
    ] {
        let (json, problems) = shown(header, claims);
        assert_eq!(json["verified"], false);
        assert!(json["header"].is_object() && json["claims"]["sub"].is_string(), "{json}");
        assert!(problems.contains(wrong), "{header} {claims}: {problems}");
    }
    for (claims, payload) in [("plain text", "plain text"), ("[1]", "[1]")] {
        let (json, problems) = shown(r#"{"alg":"ES256"}"#, claims);
        assert!(json["payload"] == payload && !problems.is_empty(), "{json}");
    }
    let long = format!(r#"{{"sub":"ada","x":"{}"}}"#, "y".repeat(20_000));
    let (json, problems) = shown(r#"{"alg":"ES256"}"#, &long);
    assert!(json["claims"]["sub"] == "ada" && problems.contains("limit of 16384"), "{problems}");
    // A part of a token is better than nothing.
    for token in ["eyJhbGciOiJFUzI1NiJ9", "eyJhbGciOiJFUzI1NiJ9.e30", "eyJhbGciOiJFUzI1NiJ9.e30.x.y"] {
        let (json, problems) = decoded(token);
        assert!(json["header"]["alg"] == "ES256" && problems.contains("a signed one has 3"), "{problems}");
    }
    for nothing in ["", "nonsense", "...", "{}", "{"] {
        decode(nothing).refused();
    }
}

#[test]
fn of_encrypted_tokens_and_json_forms_everything_readable_is_shown() {
    let keys = Keys::of("ES256");
    let recipient = keys.folder.file("enc.jwk", run(&["jwk", "generate", "ECDH-ES+A256KW"]).done());
    let token = keys.sign(&["--expires-in", "5m", "--encrypt-to", &recipient, r#"{"sub":"ada"}"#]);
    let (json, problems) = decoded(&token);
    assert_eq!((&json["encrypted"], &json["header"]["cty"]), (&true.into(), &"JWT".into()));
    assert!(problems.contains("--decrypt-key"), "{problems}");

    let claims = keys.folder.file("claims", r#"{"sub":"ada"}"#);
    for format in ["flattened", "general"] {
        let jws = run(&["jws", "sign", "--key", &keys.key, "--format", format, &claims]).done();
        let (json, problems) = decoded(&jws);
        assert_eq!(
            (&json["header"]["alg"], &json["claims"]["sub"]),
            (&"ES256".into(), &"ada".into()),
            "{json}"
        );
        assert!(problems.contains("jeton jws verify"), "{problems}");
        let jwe = run(&["jwe", "encrypt", "--key", &recipient, "--format", format, &claims]).done();
        let (json, problems) = decoded(&jwe);
        assert!(json["encrypted"] == true && json.to_string().contains("A256GCM"), "{json}");
        assert!(problems.contains("jeton jwe decrypt"), "{problems}");
    }
}
