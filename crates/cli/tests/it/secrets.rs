//! Shared secrets as files and standard input.

use crate::run::{Folder, run, run_reading};

const SECRET: &str = "correct horse battery staple and some more words to make it long enough";

#[test]
fn a_secret_is_read_from_a_file_or_standard_input_and_one_line_break_does_not_count() {
    let folder = Folder::new();
    let plain = folder.file("plain", SECRET);
    let jwk = folder.file("jwk", run(&["jwk", "generate", "HS256", "--from-file", &plain]).done());
    let verify = |file: &str, token: &str| run(&["jwt", "verify", "--secret-file", file, token.trim_end()]);
    for (name, end) in [("lf", "\n"), ("crlf", "\r\n"), ("none", "")] {
        let text = format!("{SECRET}{end}");
        let file = folder.file(name, &text);
        let by_file = run(&["jwt", "sign", "--secret-file", &file, "--expires-in", "5m", "{}"]).done();
        let by_stdin =
            run_reading(&["jwt", "sign", "--secret-stdin", "--expires-in", "5m", "{}"], text.as_bytes())
                .done();
        for token in [by_file, by_stdin] {
            verify(&plain, &token).done();
            verify(&file, &token).done();
            run(&["jwt", "verify", "--key", &jwk, token.trim_end()]).done();
        }
        let signed = run(&["jws", "sign", "--secret-file", &file, &plain]).done();
        let payload = run(&["jws", "verify", "--secret-file", &plain, signed.trim_end()]).done();
        assert_eq!(payload, SECRET);
        run_reading(&["jws", "sign", "--secret-stdin", &plain], text.as_bytes()).done();
        let key = run(&["jwk", "generate", "HS256", "--from-file", &file]).done();
        assert_eq!(key, std::fs::read_to_string(&jwk).expect("a key"));
    }
    let two = folder.file("two", format!("{SECRET}\n\n"));
    let token = run(&["jwt", "sign", "--secret-file", &two, "--expires-in", "5m", "{}"]).done();
    assert!(verify(&plain, &token).refused().contains("signature_invalid"));
    // Bytes that are no text are taken as they are.
    let bytes = [&[0xff; 31][..], b"\n"].concat();
    let binary = folder.file("binary", &bytes);
    let key = run(&["jwk", "generate", "HS256", "--from-file", &binary]).done();
    assert!(key.contains(&jeton_jose::base64url::encode(&bytes)), "{key}");
}

#[test]
fn a_secret_is_for_hs256_unless_another_algorithm_is_named() {
    let folder = Folder::new();
    let secret = folder.file("secret", SECRET);
    let token =
        run(&["jwt", "sign", "--secret-file", &secret, "--alg", "HS512", "--expires-in", "5m", "{}"]).done();
    let verify = |more: &[&str]| {
        run(&[&["jwt", "verify", "--secret-file", &secret], more, &[token.trim_end()]].concat())
    };
    assert!(verify(&[]).refused().contains("allowed: HS256"));
    verify(&["--alg", "HS512"]).done();
    verify(&["--alg", "HS256", "--alg", "HS512"]).done();
    assert!(verify(&["--alg", "ES256"]).refused().contains("does not use a secret"));
    let short = folder.file("short", "x".repeat(40));
    let sign = |alg| run(&["jwt", "sign", "--secret-file", &short, "--alg", alg, "{}"]);
    sign("HS256").done();
    assert!(sign("HS512").refused().contains("at least 64"));
    assert!(run(&["jwk", "generate", "HS512", "--from-file", &short]).refused().contains("at least 64"));
    for alg in ["ES256", "A256KW"] {
        run(&["jwk", "generate", alg, "--from-file", &secret]).misused();
    }
    let key = run(&["jwk", "generate", "HS256", "--from-file", &secret, "--kid", "mine"]).done();
    assert!(key.contains(r#""kid":"mine""#));
    assert!(!run(&["jwk", "generate", "HS256", "--from-file", &secret]).done().contains("kid"));
}

#[test]
fn the_file_of_a_key_is_not_taken_for_a_secret_and_two_sources_are_wrong_usage() {
    let folder = Folder::new();
    let secret = folder.file("secret", SECRET);
    let jwk = folder.file("key", run(&["jwk", "generate", "HS256"]).done());
    let pem = run_reading(
        &["jwk", "convert", "-", "--to", "pem"],
        run(&["jwk", "generate", "ES256"]).done().as_bytes(),
    );
    let pem = folder.file("pem", pem.done());
    for file in [&jwk, &pem] {
        let refused = run(&["jwt", "sign", "--secret-file", file, "{}"]).refused();
        assert!(refused.starts_with("error[secret_is_key_file]") && refused.contains("--key"), "{refused}");
    }
    for command in ["jwt", "jws"] {
        run(&[command, "sign", "--key", &jwk, "--secret-file", &secret, &secret]).misused();
        run(&[command, "sign", "--secret-stdin", "--secret-file", &secret, &secret]).misused();
        run(&[command, "sign", &secret]).misused();
        run(&[command, "verify", "--key", &jwk, "--secret-file", &secret, "a.b.c"]).misused();
        let both = run_reading(&[command, "sign", "--secret-stdin", "-"], SECRET.as_bytes());
        assert!(both.misused().contains("standard input"), "{command}");
    }
}
