//! `jeton jws`.

use serde_json::Value;

use crate::run::{Folder, Ran, run, run_reading};
use crate::vectors;

/// A folder with a private key of each of these algorithms, and its public part.
struct Keys {
    folder: Folder,
    private: Vec<String>,
    public: Vec<String>,
}

impl Keys {
    fn of(algorithms: &[&str]) -> Self {
        let folder = Folder::new();
        let mut keys = Self { folder, private: vec![], public: vec![] };
        for alg in algorithms {
            let key = run(&["jwk", "generate", alg]).done();
            let public = run_reading(&["jwk", "public", "-"], key.as_bytes());
            keys.public.push(keys.folder.file(&format!("{alg}.public"), public.out));
            keys.private.push(keys.folder.file(&format!("{alg}.private"), key));
        }
        keys
    }

    /// The only key.
    fn one(&self) -> (&str, &str) {
        (&self.private[0], &self.public[0])
    }
}

fn sign(key: &str, more: &[&str], payload: &[u8]) -> Ran {
    run_reading(&[&["jws", "sign", "--key", key], more].concat(), payload)
}

/// Bytes that any careless step would change: line breaks at the end, a NUL, no UTF-8.
const AWKWARD: &[u8] = b"\r\n\0a\xff. b\n\r\n";

#[test]
fn every_byte_comes_back_in_every_form_and_by_every_kind_of_key() {
    for alg in ["ES256", "Ed25519", "RS256", "PS384", "ES256K", "ML-DSA-44"] {
        let keys = Keys::of(&[alg]);
        let (private, public) = keys.one();
        for payload in [AWKWARD, b"", b"text\n"] {
            for format in ["compact", "flattened", "general"] {
                let jws = sign(private, &["--format", format], payload).done();
                for key in [private, public] {
                    let verified = vectors::run(&["jws", "verify", "--key", key], &jws);
                    assert_eq!(verified.accepted(alg), payload, "{alg} {format}");
                }
            }
        }
    }
    let keys = Keys::of(&["HS512"]);
    let jws = sign(keys.one().0, &[], AWKWARD).done();
    assert_eq!(vectors::run(&["jws", "verify", "--key", keys.one().0], &jws).accepted("HS512"), AWKWARD);
}

#[test]
fn a_detached_payload_is_given_beside_the_signature() {
    let keys = Keys::of(&["ES256"]);
    let (private, public) = keys.one();
    let [payload, other] =
        [AWKWARD, b"other"].map(|bytes| keys.folder.file(&format!("{}", bytes.len()), bytes));
    for format in ["compact", "flattened", "general"] {
        for encoding in [&[][..], &["--unencoded"]] {
            let arguments = ["jws", "sign", "--key", private, "--detached", "--format", format, &payload];
            let jws = run(&[&arguments[..], encoding].concat()).done();
            let verify =
                |payload| vectors::run(&["jws", "verify", "--key", public, "--payload", payload], &jws);
            assert_eq!(verify(&payload).accepted(format), AWKWARD);
            assert_eq!(verify(&other).refused(format), "signature_invalid");
            vectors::run(&["jws", "verify", "--key", public], &jws).refused(format);
        }
    }
    let attached = sign(private, &[], b"x").done();
    let both = vectors::run(&["jws", "verify", "--key", public, "--payload", &payload], &attached);
    assert_eq!(both.refused("a payload twice"), "token_malformed");
}

#[test]
fn an_unencoded_payload_travels_as_it_is_where_the_form_can_carry_it() {
    let keys = Keys::of(&["Ed25519"]);
    let (private, public) = keys.one();
    let compact = sign(private, &["--unencoded"], b"plain text").done();
    assert!(compact.contains(".plain text."), "{compact}");
    assert_eq!(
        vectors::run(&["jws", "verify", "--key", public], &compact).accepted("compact"),
        b"plain text"
    );
    let dotted = sign(private, &["--unencoded"], b"a.b").refused();
    assert!(dotted.starts_with("error[payload_needs_encoding]") && dotted.contains("--detached"), "{dotted}");
    let flattened = sign(private, &["--unencoded", "--format", "flattened"], b"a.b\n").done();
    let json: Value = serde_json::from_str(&flattened).expect("JSON");
    assert_eq!(json["payload"], "a.b\n");
    assert_eq!(vectors::run(&["jws", "verify", "--key", public], &flattened).accepted("flattened"), b"a.b\n");
}

#[test]
fn several_keys_sign_one_text_and_each_of_them_verifies_it() {
    let keys = Keys::of(&["ES256", "Ed25519", "RS256"]);
    let arguments: Vec<&str> = keys.private.iter().flat_map(|key| ["--key", key]).collect();
    let jws =
        run_reading(&[&["jws", "sign", "--format", "general"], &arguments[..]].concat(), b"text").done();
    for key in &keys.public {
        assert_eq!(run_reading(&["jws", "verify", "--key", key], jws.as_bytes()).done(), "text");
    }
    let stranger = Keys::of(&["ES256"]);
    run_reading(&["jws", "verify", "--key", stranger.one().1], jws.as_bytes()).refused();
    assert!(run(&[&["jws", "sign"], &arguments[..]].concat()).misused().contains("--format general"));
}

#[test]
fn keys_from_pem_need_an_algorithm_each_or_one_for_all() {
    let keys = Keys::of(&["RS256", "PS256"]);
    let pem = |key: &str, name| keys.folder.file(name, run(&["jwk", "convert", key, "--to", "pem"]).done());
    let [one, two] = [pem(&keys.private[0], "1.pem"), pem(&keys.private[1], "2.pem")];
    let both = ["jws", "sign", "--format", "general", "--key", &one, "--key", &two];
    assert!(run_reading(&both, b"x").misused().contains("--alg"));
    for algorithms in [&["--alg", "PS512"][..], &["--alg", "RS256", "--alg", "PS256"]] {
        let jws = run_reading(&[&both[..], algorithms].concat(), b"x").done();
        let verify = ["jws", "verify", "--key", &two, "--alg", "PS512", "--alg", "PS256"];
        assert_eq!(run_reading(&verify, jws.as_bytes()).done(), "x");
        assert!(run_reading(&["jws", "verify", "--key", &two], jws.as_bytes()).misused().contains("--alg"));
    }
    let three = [&both[..], &["--alg", "PS256", "--alg", "PS256", "--alg", "PS256"]].concat();
    run_reading(&three, b"x").misused();
}

#[test]
fn a_key_that_must_not_be_used_so_is_refused() {
    let keys = Keys::of(&["ES256"]);
    let (private, public) = keys.one();
    let changed = |name: &str, member: &str, value: Value| {
        let mut key: Value = serde_json::from_slice(&std::fs::read(private).expect("a key")).expect("JSON");
        key[member] = value;
        keys.folder.file(name, key.to_string())
    };
    let jws = sign(private, &[], b"x").done();
    let verify = |key: &str, more: &[&str]| {
        vectors::run(&[&["jws", "verify", "--key", key], more].concat(), &jws).refused("a key of other use")
    };
    assert!(sign(public, &[], b"x").refused().starts_with("error[key_kind]"));
    let encrypts = changed("enc", "use", "enc".into());
    assert!(sign(&encrypts, &[], b"x").refused().starts_with("error[key_use]"));
    assert_eq!(verify(&encrypts, &[]), "key_use");
    let derives = changed("ops", "key_ops", serde_json::json!(["deriveKey"]));
    assert_eq!(verify(&derives, &[]), "key_use");
    assert_eq!(verify(public, &["--alg", "ES384"]), "key_algorithm_mismatch");
    let agrees = changed("agrees", "alg", "ECDH-ES".into());
    assert_eq!(verify(&agrees, &[]), "key_algorithm_unknown");
    let other = Keys::of(&["ES256"]);
    let mixed: Value = serde_json::from_slice(&std::fs::read(other.one().0).expect("a key")).expect("JSON");
    assert_eq!(verify(&changed("pair", "d", mixed["d"].clone()), &[]), "key_inconsistent");
}

#[test]
fn what_is_no_signed_text_is_refused_without_a_panic() {
    let keys = Keys::of(&["ES256"]);
    let (private, public) = keys.one();
    let good = sign(private, &[], b"x").done();
    let good = good.trim_end();
    let long = format!("{good}{}", "A".repeat(20_000));
    for bad in
        ["", ".", "..", "{}", "[]", "{", "null", "\u{feff}", &format!(" {good}"), &format!("{good} x"), &long]
    {
        vectors::run(&["jws", "verify", "--key", public], bad).refused(bad);
    }
    let binary = run_reading(&["jws", "verify", "--key", public], &[0xff, 0xfe, 0]);
    assert!(binary.refused().starts_with("error[token_malformed]"));
    run(&["jws", "verify", "--key", public, ""]).refused();
    run(&["jws", "verify", "--key", public, good]).done();
    for end in ["\n", "\r\n"] {
        run_reading(&["jws", "verify", "--key", public, "-"], format!("{good}{end}").as_bytes()).done();
    }
}

#[test]
fn long_texts_are_signed_with_a_word_and_verified_when_told() {
    let keys = Keys::of(&["ES256"]);
    let (private, public) = keys.one();
    let payload = vec![b'x'; 200_000];
    let signed = sign(private, &[], &payload);
    assert!(signed.err.contains("--max-size"), "{}", signed.err);
    let jws = signed.done();
    let refused = run_reading(&["jws", "verify", "--key", public], jws.as_bytes()).refused();
    assert!(refused.starts_with("error[token_too_large]") && refused.contains("--max-size"), "{refused}");
    let told = run_reading(&["jws", "verify", "--key", public, "--max-size", "300000"], jws.as_bytes());
    assert_eq!(told.done().len(), payload.len());
}

#[test]
fn files_that_cannot_be_read_are_refused_and_standard_input_is_read_once() {
    let keys = Keys::of(&["ES256"]);
    let (private, _) = keys.one();
    let folder = keys.folder.path().parent().expect("a folder").to_str().expect("UTF-8");
    assert!(run(&["jws", "sign", "--key", private, "/nowhere/file"]).refused().contains("cannot read"));
    assert!(run(&["jws", "sign", "--key", private, folder]).refused().contains("cannot read"));
    run(&["jws", "sign", "--key", folder, private]).refused();
    assert!(run(&["jws", "sign", "--key", "-"]).misused().contains("standard input"));
    run(&["jws", "verify", "--key", "-"]).misused();
    let key = std::fs::read(private).expect("a key");
    run_reading(&["jws", "sign", "--key", "-", private], &key).done();
}

#[test]
fn a_set_is_searched_by_the_name_that_the_text_gives() {
    let keys = Keys::of(&["ES256", "ES384", "Ed25519"]);
    let members: Vec<_> =
        keys.public.iter().map(|key| std::fs::read_to_string(key).expect("a key")).collect();
    let set = keys.folder.file("set", format!("{{\"keys\":[{}]}}", members.join(",")));
    for key in &keys.private {
        let named = sign(key, &[], b"x").done();
        assert_eq!(run_reading(&["jws", "verify", "--key", &set], named.as_bytes()).done(), "x");
        let renamed = sign(key, &["--header", r#"{"kid":"another"}"#], b"x").done();
        let refused = run_reading(&["jws", "verify", "--key", &set], renamed.as_bytes()).refused();
        assert!(refused.starts_with("error[key_not_found]") && refused.contains("another"), "{refused}");
    }
    assert!(sign(&set, &[], b"x").refused().contains("no key in the set can sign"));
}

#[test]
fn members_of_the_header_are_added_and_the_algorithm_is_the_keys() {
    let keys = Keys::of(&["Ed25519"]);
    let (private, public) = keys.one();
    let header = |jws: &str| -> Value {
        let segment = jws.split('.').next().expect("a header");
        serde_json::from_slice(&jeton_jose::base64url::decode(segment).expect("base64url")).expect("JSON")
    };
    let more = r#"{"typ":"receipt","cty":"text/plain","kid":"k","x":[1]}"#;
    let jws = sign(private, &["--header", more], b"x").done();
    assert_eq!(header(&jws)["alg"], "Ed25519");
    assert_eq!(header(&jws)["x"][0], 1);
    let typed = |typ| vectors::run(&["jws", "verify", "--key", private, "--typ", typ], &jws);
    assert_eq!(typed("other").refused("another type"), "type_mismatch");
    for older in [&["--alg", "EdDSA"][..], &["--header", r#"{"alg":"EdDSA"}"#]] {
        let jws = sign(private, older, b"x").done();
        assert_eq!(header(&jws)["alg"], "EdDSA");
        run_reading(&["jws", "verify", "--key", public], jws.as_bytes()).done();
    }
    for bad in [r#"{"alg":"ES256"}"#, r#"{"crit":["x"]}"#, r#"{"b64":false}"#, "[]", r#"{"x":1,"x":2}"#] {
        sign(private, &["--header", bad], b"x").misused();
    }
}

#[test]
fn algorithms_that_are_refused_by_design_say_why() {
    let keys = Keys::of(&["ES256"]);
    let (private, _) = keys.one();
    for (alg, status) in [("none", 1), ("Ed448", 1), ("ES521", 2), ("A256KW", 2)] {
        let ran = sign(private, &["--alg", alg], b"x");
        assert_eq!(ran.status, status, "{alg}: {}", ran.err);
    }
}

#[test]
fn a_file_in_the_place_of_a_text_gets_a_hint() {
    let keys = Keys::of(&["Ed25519"]);
    let (private, public) = keys.one();
    let exchange = crate::run::run(&["jwk", "generate", "ECDH-ES"]).done();
    let exchange = keys.folder.file("exchange", exchange);
    for command in [
        &["jws", "verify", "--key", public][..],
        &["jwt", "verify", "--key", public],
        &["jwt", "decode"],
        &["jwt", "sd", "verify", "--key", public],
        &["jwt", "sd", "present"],
        &["jwt", "dpop", "verify", "--method", "GET", "--uri", "https://a.example"],
        &["jwe", "decrypt", "--alg", "ECDH-ES", "--key", &exchange],
    ] {
        let refused = crate::run::run(&[command, &[private]].concat()).refused();
        assert!(refused.ends_with(&format!("pass its content with < {private}")), "{refused}");
    }
    let refused = crate::run::run(&["jwt", "decode", "abc"]).refused();
    assert!(refused.contains("it has 1 parts separated by dots, and a signed one has 3"), "{refused}");
}

#[test]
fn a_payload_that_is_missing_and_an_algorithm_that_is_not_protected_are_named() {
    let keys = Keys::of(&["ES256"]);
    let (private, public) = keys.one();
    let payload = keys.folder.file("payload", "x");
    for format in ["compact", "flattened", "general"] {
        let jws = sign(private, &["--detached", "--format", format], b"x").done();
        let refused = run_reading(&["jws", "verify", "--key", public], jws.as_bytes()).refused();
        assert!(refused.ends_with("give a detached payload with --payload"), "{format}: {refused}");
        let other = keys.folder.file("other", "y");
        let wrong = ["jws", "verify", "--key", public, "--payload", &other];
        let refused = run_reading(&wrong, jws.as_bytes()).refused();
        assert_eq!(refused, "error[signature_invalid]: signature is invalid");
        run_reading(&["jws", "verify", "--key", public, "--payload", &payload], jws.as_bytes()).done();
    }
    let bare = r#"{"payload":"eA","header":{"alg":"ES256"},"signature":"AA"}"#;
    let refused = run_reading(&["jws", "verify", "--key", public], bare.as_bytes()).refused();
    assert!(refused.contains("only the protected header may name it"), "{refused}");
    let broken = format!("{bare}{bare}");
    let refused = run_reading(&["jws", "verify", "--key", public], broken.as_bytes()).refused();
    assert_eq!(refused, "error[token_malformed]: token is malformed");
}
