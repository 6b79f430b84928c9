//! `jeton jwe`.

use serde_json::{Value, json};

use crate::run::{Folder, Ran, run, run_reading};
use crate::vectors;

const AWKWARD: &[u8] = b"\r\n\0a\xff. b\n\r\n";

/// A key made by `jwk generate`, in a folder of its own.
struct Key {
    folder: Folder,
    private: String,
    /// The public part, or the shared key itself.
    public: String,
}

impl Key {
    fn of(arguments: &[&str]) -> Self {
        let folder = Folder::new();
        let key = run(&[&["jwk", "generate"], arguments].concat()).done();
        let public = run_reading(&["jwk", "public", "-"], key.as_bytes());
        let public = if public.status == 0 { public.out } else { key.clone() };
        let [private, public] =
            [("private", key), ("public", public)].map(|(name, key)| folder.file(name, key));
        Self { folder, private, public }
    }

    fn encrypt(&self, more: &[&str], plaintext: &[u8]) -> Ran {
        run_reading(&[&["jwe", "encrypt", "--key", &self.public], more].concat(), plaintext)
    }

    fn decrypt(&self, more: &[&str], jwe: &str) -> vectors::Outcome {
        vectors::run(&[&["jwe", "decrypt", "--key", &self.private], more].concat(), jwe)
    }
}

fn header(jwe: &str) -> Value {
    let segment = jwe.split('.').next().expect("a header");
    serde_json::from_slice(&jeton_jose::base64url::decode(segment).expect("base64url")).expect("JSON")
}

#[test]
fn every_byte_comes_back_by_every_way_of_encrypting() {
    for arguments in [
        &["RSA-OAEP"][..],
        &["RSA-OAEP-256"],
        &["RSA-OAEP-512", "--bits", "3072"],
        &["ECDH-ES"],
        &["ECDH-ES", "--crv", "X25519"],
        &["ECDH-ES+A128KW", "--crv", "P-384"],
        &["ECDH-ES+A256KW", "--crv", "P-521"],
        &["A128KW"],
        &["A192KW"],
        &["A256KW"],
        &["A128GCMKW"],
        &["A256GCMKW"],
        &["A128GCM"],
        &["A192GCM"],
        &["A256GCM"],
        &["A128CBC-HS256"],
        &["A192CBC-HS384"],
        &["A256CBC-HS512"],
    ] {
        let key = Key::of(arguments);
        for (format, plaintext) in [("compact", AWKWARD), ("flattened", b""), ("general", AWKWARD)] {
            let jwe = key.encrypt(&["--format", format], plaintext).done();
            assert_eq!(key.decrypt(&[], &jwe).accepted(arguments[0]), plaintext, "{arguments:?} {format}");
        }
    }
}

#[test]
fn every_content_encryption_is_chosen_by_name_and_others_are_refused_on_request() {
    let key = Key::of(&["ECDH-ES+A256KW"]);
    for enc in ["A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"] {
        let jwe = key.encrypt(&["--enc", enc], b"x").done();
        assert_eq!(header(&jwe)["enc"], enc);
        assert_eq!(key.decrypt(&["--enc", enc, "--enc", "A128GCM"], &jwe).accepted(enc), b"x");
        if enc != "A128GCM" {
            assert_eq!(key.decrypt(&["--enc", "A128GCM"], &jwe).refused(enc), "algorithm_not_allowed");
        }
    }
    assert_eq!(header(&key.encrypt(&[], b"x").done())["enc"], "A256GCM");
    key.encrypt(&["--enc", "A256"], b"x").misused();
}

#[test]
fn a_key_for_dir_names_its_content_encryption_or_has_the_length_of_one() {
    let folder = Folder::new();
    for (bytes, enc) in
        [(16, "A128GCM"), (24, "A192GCM"), (32, "A256GCM"), (48, "A192CBC-HS384"), (64, "A256CBC-HS512")]
    {
        let k = jeton_jose::base64url::encode(vec![7; bytes]);
        let key = folder.file("key", json!({"kty": "oct", "k": k}).to_string());
        assert!(run_reading(&["jwe", "encrypt", "--key", &key], b"x").misused().contains("--alg"));
        let jwe = run_reading(&["jwe", "encrypt", "--key", &key, "--alg", "dir"], b"x").done();
        assert_eq!(header(&jwe), json!({"alg": "dir", "enc": enc}));
        assert_eq!(
            run_reading(&["jwe", "decrypt", "--key", &key, "--alg", "dir"], jwe.as_bytes()).done(),
            "x"
        );
        let named = folder.file("named", json!({"kty": "oct", "k": k, "alg": enc}).to_string());
        assert_eq!(run_reading(&["jwe", "decrypt", "--key", &named], jwe.as_bytes()).done(), "x");
    }
    let bound = Key::of(&["A256GCM"]);
    let other = bound.encrypt(&["--enc", "A128CBC-HS256"], b"x").refused();
    assert!(other.starts_with("error[encryption_key_mismatch]"), "{other}");
    assert!(run(&["jwk", "generate", "dir"]).misused().contains("A256GCM"));
}

#[test]
fn naming_a_password_algorithm_is_the_opt_in_to_its_work() {
    let folder = Folder::new();
    let made =
        run_reading(&["jwk", "generate", "PBES2-HS512+A256KW", "--password-stdin"], b"correct horse\n");
    let key: Value = serde_json::from_str(&made.done()).expect("JSON");
    assert_eq!(key["k"], jeton_jose::base64url::encode("correct horse"));
    assert!(key["kid"].is_null(), "a thumbprint would let the password be guessed");
    let named = folder.file("named", key.to_string());
    let bare = folder.file("bare", json!({"kty": "oct", "k": key["k"]}).to_string());
    let jwe = run_reading(&["jwe", "encrypt", "--key", &named, "--iterations", "2000"], b"x").done();
    assert_eq!(header(&jwe)["p2c"], 2000);
    assert_eq!(run_reading(&["jwe", "decrypt", "--key", &named], jwe.as_bytes()).done(), "x");
    run_reading(&["jwe", "decrypt", "--key", &bare], jwe.as_bytes()).misused();
    let opted = ["jwe", "decrypt", "--key", &bare, "--alg", "PBES2-HS512+A256KW"];
    assert_eq!(run_reading(&opted, jwe.as_bytes()).done(), "x");
    let bounded =
        run_reading(&[&opted[..], &["--max-iterations", "1999"]].concat(), jwe.as_bytes()).refused();
    assert!(bounded.contains("--max-iterations"), "{bounded}");
    run_reading(&["jwe", "encrypt", "--key", &named, "--iterations", "999"], b"x").misused();
    assert!(run(&["jwk", "generate", "A256KW", "--password-stdin"]).misused().contains("PBES2"));
}

#[test]
fn several_recipients_each_decrypt_alone() {
    let keys = [Key::of(&["RSA-OAEP-256"]), Key::of(&["ECDH-ES+A128KW"]), Key::of(&["A256GCMKW"])];
    let arguments: Vec<&str> = keys.iter().flat_map(|key| ["--key", key.public.as_str()]).collect();
    let encrypt = [&["jwe", "encrypt", "--format", "general"], &arguments[..]].concat();
    let jwe = run_reading(&encrypt, b"text").done();
    for key in &keys {
        assert_eq!(key.decrypt(&[], &jwe).accepted("a recipient"), b"text");
    }
    Key::of(&["A256GCMKW"]).decrypt(&[], &jwe).refused("a stranger");
    let direct = Key::of(&["A256GCM"]);
    let refused = run_reading(&[&encrypt[..], &["--key", &direct.public]].concat(), b"x").refused();
    assert!(refused.starts_with("error[encryption_form]: several recipients"), "{refused}");
    run_reading(&[&["jwe", "encrypt"], &arguments[..]].concat(), b"x").misused();
}

#[test]
fn additional_data_is_authenticated_in_the_json_forms() {
    let key = Key::of(&["A256KW"]);
    let aad = key.folder.file("aad", "beside");
    let jwe = key.encrypt(&["--format", "flattened", "--aad", &aad], b"x").done();
    assert_eq!(key.decrypt(&[], &jwe).accepted("with its data"), b"x");
    let mut changed: Value = serde_json::from_str(&jwe).expect("JSON");
    changed["aad"] = jeton_jose::base64url::encode("other").into();
    assert_eq!(key.decrypt(&[], &changed.to_string()).refused("other data"), "decrypt_failed");
    key.encrypt(&["--aad", &aad], b"x").misused();
}

#[test]
fn a_set_is_searched_by_name_and_keys_for_signatures_are_passed_over() {
    let keys = [Key::of(&["ECDH-ES+A256KW"]), Key::of(&["A256KW"]), Key::of(&["ES256"])];
    let members = keys.each_ref().map(|key| std::fs::read_to_string(&key.private).expect("a key"));
    let set = keys[0].folder.file("set", format!("{{\"keys\":[{}]}}", members.join(",")));
    for key in &keys[..2] {
        let jwe = key.encrypt(&[], b"x").done();
        assert_eq!(run_reading(&["jwe", "decrypt", "--key", &set], jwe.as_bytes()).done(), "x");
    }
    let stranger = Key::of(&["A256KW"]).encrypt(&[], b"x").done();
    let refused = run_reading(&["jwe", "decrypt", "--key", &set], stranger.as_bytes()).refused();
    assert!(refused.starts_with("error[key_not_found]"), "{refused}");
}

#[test]
fn keys_that_must_not_be_used_so_are_refused() {
    let signs = Key::of(&["ES256"]);
    assert!(signs.encrypt(&[], b"x").refused().starts_with("error[key_use]"));
    assert!(signs.encrypt(&["--alg", "ECDH-ES"], b"x").refused().starts_with("error[key_use]"));
    let key = Key::of(&["ECDH-ES"]);
    let jwe = key.encrypt(&[], b"x").done();
    let public = vectors::run(&["jwe", "decrypt", "--key", &key.public], &jwe);
    assert_eq!(public.refused("a public key"), "key_kind");
    assert_eq!(key.decrypt(&["--alg", "ECDH-ES+A256KW"], &jwe).refused("another"), "key_algorithm_mismatch");
    let mut old: Value = serde_json::from_str(&run(&["jwk", "generate", "RSA-OAEP"]).done()).expect("JSON");
    old["alg"] = "RSA1_5".into();
    let old = key.folder.file("old", old.to_string());
    for command in [["jwe", "encrypt"], ["jwe", "decrypt"]] {
        let refused = run_reading(&[&command[..], &["--key", &old]].concat(), b"x").refused();
        assert!(refused.contains("RFC 8725"), "{refused}");
    }
    let refused = key.encrypt(&["--alg", "RSA1_5"], b"x").refused();
    assert!(refused.starts_with("error[algorithm_not_allowed]") && refused.contains("RSA-OAEP"), "{refused}");
}

#[test]
fn what_was_changed_or_is_no_encrypted_text_is_refused() {
    let key = Key::of(&["A128KW"]);
    let jwe = key.encrypt(&[], b"text").done();
    let mut parts: Vec<String> = jwe.trim_end().split('.').map(str::to_owned).collect();
    parts[3] = jeton_jose::base64url::encode("other");
    assert_eq!(key.decrypt(&[], &parts.join(".")).refused("changed"), "decrypt_failed");
    for bad in ["", "....", "a.b.c", "{}", "\u{feff}", &format!(" {jwe}")] {
        key.decrypt(&[], bad).refused(bad);
    }
    let long = key.encrypt(&[], &[7; 40_000]);
    assert!(long.err.contains("--max-size"), "{}", long.err);
    let long = long.done();
    assert_eq!(key.decrypt(&[], &long).refused("a long one"), "token_too_large");
    assert_eq!(key.decrypt(&["--max-size", "100000"], &long).accepted("when told"), [7; 40_000]);
}

#[test]
fn a_text_without_a_protected_header_is_told_where_enc_belongs() {
    let key = Key::of(&["A128KW"]);
    let jwe = key.encrypt(&["--format", "flattened"], b"x").done();
    let mut bare: Value = serde_json::from_str(&jwe).expect("JSON");
    let protected = bare.as_object_mut().expect("an object").remove("protected").expect("a header");
    let protected = jeton_jose::base64url::decode(protected.as_str().expect("text")).expect("base64url");
    bare["unprotected"] = serde_json::from_slice(&protected).expect("JSON");
    let refused = key.decrypt(&[], &bare.to_string());
    assert!(
        refused.err.ends_with("it has no protected header, which must contain `enc`\n"),
        "{}",
        refused.err
    );
    assert_eq!(refused.refused("unprotected"), "token_malformed");
    assert_eq!(key.decrypt(&[], "{}").err, "error[token_malformed]: JWE is malformed\n");
}
