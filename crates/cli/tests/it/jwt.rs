//! `jeton jwt`.

use serde_json::Value;

use crate::run::{Folder, run, run_reading};

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

    fn verify(&self, arguments: &[&str]) -> crate::run::Ran {
        run(&[&["jwt", "verify", "--key", &self.key], arguments].concat())
    }
}

#[test]
fn what_is_signed_verifies_and_its_claims_are_printed_as_they_were() {
    for alg in ["ES256", "Ed25519", "HS256", "PS256"] {
        let keys = Keys::of(alg);
        let token = keys.sign(&[r#"{"sub":"ada","exp":4102444800, "z":1.50,"a":{"b":[1,2]}}"#]);
        assert_eq!(
            keys.verify(&[&token]).done(),
            "{\"sub\":\"ada\",\"exp\":4102444800,\"z\":1.50,\"a\":{\"b\":[1,2]}}\n"
        );
        for end in ["", "\n", "\r\n"] {
            let read =
                run_reading(&["jwt", "verify", "--key", &keys.key], format!("{token}{end}").as_bytes());
            read.done();
        }
        let read = run_reading(&["jwt", "verify", "--key", &keys.key, "-"], format!(" {token}\n").as_bytes());
        assert!(read.refused().contains("white space"));
    }
}

#[test]
fn expires_in_adds_the_times() {
    let keys = Keys::of("ES256");
    let token = keys.sign(&["--expires-in", "5m", r#"{"sub":"ada"}"#]);
    let claims: Value = serde_json::from_str(&keys.verify(&[&token]).done()).expect("JSON");
    assert_eq!(claims["exp"].as_i64(), claims["iat"].as_i64().map(|iat| iat + 300));
    let ran = run(&["jwt", "sign", "--key", &keys.key, "--expires-in", "5m", r#"{"exp":1}"#]);
    assert!(ran.misused().contains("omit --expires-in"));
    assert!(keys.sign(&["--expires-in", "5m", "--json"]).contains("\"token\""));
}

#[test]
fn an_expired_token_is_refused_with_by_how_much_and_by_which_clock() {
    let keys = Keys::of("ES256");
    let token = keys.sign(&[r#"{"exp":1795378647}"#]);
    assert_eq!(
        keys.verify(&["--at", "1795378839", &token]).refused(),
        "error[token_expired]: expired 3m12s ago: exp 2026-11-22T20:17:27Z, now 2026-11-22T20:20:39Z by --at, with 30s of leeway"
    );
    keys.verify(&["--at", "1795378650", &token]).done();
    keys.verify(&["--at", "1795378650", "--leeway", "0s", &token]).refused();
    let old = keys.sign(&[r#"{"exp":1000000000}"#]);
    let refused = keys.verify(&[&old]).refused();
    assert!(refused.contains("by this machine's clock"), "{refused}");
}

#[test]
fn each_check_says_what_was_found_and_what_was_wanted() {
    let keys = Keys::of("ES256");
    let token =
        keys.sign(&[r#"{"iss":"https://a.example","aud":["x","y"],"exp":4102444800,"nbf":4102444000}"#]);
    let late = ["--at", "4102444100"];
    let refused = |more: &[&str]| keys.verify(&[&late, more, &[&token]].concat()).refused();
    assert!(
        refused(&["--iss", "https://b.example"])
            .contains(r#"iss is "https://a.example", expected "https://b.example""#)
    );
    assert!(refused(&["--aud", "z"]).contains(r#"aud is ["x","y"], expected "z""#));
    assert!(refused(&["--typ", "at+jwt"]).contains(r#"typ is "JWT", expected "at+jwt""#));
    keys.verify(&[&late[..], &["--iss", "https://a.example", "--aud", "y", &token]].concat()).done();
    assert!(
        keys.verify(&["--at", "4102443000", &token])
            .refused()
            .contains("not valid for another 16m40s: nbf 2099-12-31T23:46:40Z")
    );

    let forever = keys.sign(&["{}"]);
    assert!(keys.verify(&[&forever]).refused().contains("--allow-no-exp"));
    keys.verify(&["--allow-no-exp", &forever]).done();

    let other = Keys::of("ES256");
    assert!(other.verify(&[&token]).refused().contains("no matching key: kid is "));
    let hmac = Keys::of("HS256");
    assert!(hmac.verify(&[&token]).refused().contains(r#"alg is "ES256", allowed: HS256"#));
    assert!(keys.verify(&["nonsense"]).refused().contains("token is malformed"));
    let (body, _) = token.rsplit_once('.').expect("a signature");
    let forged = format!("{body}.{}", "A".repeat(86));
    assert!(keys.verify(&[&late[..], &[&forged]].concat()).refused().contains("signature is invalid"));
}

#[test]
fn an_access_token_is_not_taken_for_a_plain_one() {
    let keys = Keys::of("ES256");
    let token =
        keys.sign(&["--header", r#"{"typ":"at+jwt","kid":"other","tenant":{"id":7}}"#, "--expires-in", "5m"]);
    let decoded = run(&["jwt", "decode", "--json", &token]).json();
    assert_eq!(decoded["header"]["typ"], "at+jwt");
    assert_eq!(decoded["header"]["kid"], "other");
    assert_eq!(decoded["header"]["tenant"]["id"], 7);
    assert_eq!(decoded["verified"], false);
    assert!(
        run(&["jwt", "sign", "--key", &keys.key, "--header", r#"{"alg":"none"}"#])
            .misused()
            .contains("`alg` cannot be none")
    );
}

#[test]
fn a_key_that_names_no_algorithm_needs_one() {
    let folder = Folder::new();
    let jwk = run(&["jwk", "generate", "RS256"]).done();
    let pem =
        folder.file("key.pem", run_reading(&["jwk", "convert", "-", "--to", "pem"], jwk.as_bytes()).done());
    assert!(run(&["jwt", "sign", "--key", &pem, "{}"]).misused().contains("--alg"));
    let token = run(&["jwt", "sign", "--key", &pem, "--alg", "PS256", "--expires-in", "1m"]).done();
    let token = token.trim_end();
    assert!(run(&["jwt", "verify", "--key", &pem, token]).misused().contains("--alg"));
    run(&["jwt", "verify", "--key", &pem, "--alg", "RS256", token]).refused();
    run(&["jwt", "verify", "--key", &pem, "--alg", "RS256", "--alg", "PS256", token]).done();
    run(&["jwt", "verify", "--key", &pem, "--alg", "HS256", token]).refused();
}

#[test]
fn a_public_key_verifies_and_does_not_sign() {
    let keys = Keys::of("ES256");
    let public = keys.folder.file("public.jwk", run(&["jwk", "public", &keys.key]).done());
    let token = keys.sign(&["--expires-in", "1m"]);
    run(&["jwt", "verify", "--key", &public, &token]).done();
    run(&["jwt", "sign", "--key", &public, "{}"]).refused();
}

#[test]
fn a_set_of_public_keys_is_searched_by_kid_and_one_with_secrets_refused() {
    let keys = [Keys::of("ES256"), Keys::of("Ed25519")];
    let public = keys.each_ref().map(|keys| run(&["jwk", "public", &keys.key]).done().trim_end().to_owned());
    let set = keys[0].folder.file("set.json", format!("{{\"keys\":[{}]}}", public.join(",")));
    for keys in &keys {
        let token = keys.sign(&["--expires-in", "1m"]);
        run(&["jwt", "verify", "--jwks", &set, &token]).done();
        run(&["jwt", "verify", "--key", &set, &token]).done();
    }
    let token = keys[1].sign(&["--expires-in", "1m"]);
    run(&["jwt", "verify", "--jwks", &set, "--alg", "ES256", &token]).refused();

    let private = std::fs::read_to_string(&keys[1].key).expect("a key");
    let set =
        keys[0].folder.file("mixed.json", format!("{{\"keys\":[{},{}]}}", public[0], private.trim_end()));
    assert!(run(&["jwt", "verify", "--jwks", &set, &token]).refused().contains("private or symmetric"));
    run(&["jwt", "verify", "--key", &set, &token]).done();
}

#[test]
fn claims_with_a_member_twice_are_not_signed() {
    let keys = Keys::of("ES256");
    let ran = run(&["jwt", "sign", "--key", &keys.key, r#"{"role":"user","role":"admin"}"#]);
    assert!(ran.refused().contains("without duplicate members"));
    run(&["jwt", "sign", "--key", &keys.key, "[]"]).refused();
}

#[test]
fn a_weak_secret_is_refused() {
    let folder = Folder::new();
    let short = folder.file("short.jwk", r#"{"kty":"oct","alg":"HS256","k":"c2VjcmV0"}"#);
    assert!(run(&["jwt", "sign", "--key", &short, "{}"]).refused().contains("at least 32"));
}

#[test]
fn a_token_is_signed_then_encrypted_and_back_in_one_call_each_way() {
    let signing = Keys::of("ES256");
    let public = signing.folder.file("public.jwk", run(&["jwk", "public", &signing.key]).done());
    let recipient = Keys::of("ECDH-ES+A256KW");
    let to = recipient.folder.file("public.jwk", run(&["jwk", "public", &recipient.key]).done());
    let token = signing.sign(&["--expires-in", "5m", "--encrypt-to", &to, r#"{"sub":"ada"}"#]);
    assert_eq!(token.split('.').count(), 5);
    let verify = |more: &[&str]| run(&[&["jwt", "verify", "--key", &public], more, &[&token]].concat());
    assert!(verify(&["--decrypt-key", &recipient.key]).done().contains(r#""sub":"ada""#));
    assert!(verify(&[]).refused().contains("--decrypt-key"));
    let stranger = Keys::of("ECDH-ES+A256KW");
    let refused = verify(&["--decrypt-key", &stranger.key]).refused();
    assert!(refused.starts_with("error[key_not_found]"), "{refused}");

    let plain = signing.folder.file("claims", r#"{"sub":"ada"}"#);
    let unsigned = run(&["jwe", "encrypt", "--key", &to, &plain]).done();
    let verify = ["jwt", "verify", "--key", &public, "--decrypt-key", &recipient.key, unsigned.trim_end()];
    assert!(run(&verify).refused().starts_with("error[token_not_nested]"));
    let lying = run(&["jwe", "encrypt", "--key", &to, "--header", r#"{"cty":"JWT"}"#, &plain]).done();
    let verify = ["jwt", "verify", "--key", &public, "--decrypt-key", &recipient.key, lying.trim_end()];
    assert!(run(&verify).refused().starts_with("error[token_malformed]"));
}

#[test]
fn a_holder_shows_what_they_choose_and_proves_that_it_is_theirs() {
    let (issuer, holder) = (Keys::of("ES256"), Keys::of("Ed25519"));
    let claims =
        r#"{"iss":"https://i.example","sub":"ada","email":"a@b","tags":["x","y"],"n":12345678901234567890}"#;
    let issue = ["jwt", "sd", "issue", "--key", &issuer.key, "--hide", "/email", "--hide", "/tags/1"];
    let bound = ["--holder", &holder.key, "--expires-in", "1d", "--decoys", "2", claims];
    let credential = run(&[&issue[..], &bound].concat()).done();
    let credential = credential.trim_end();
    assert_eq!(run(&["jwt", "sd", "present", "--list", credential]).done().lines().count(), 2);

    let proof = ["--key", &holder.key, "--aud", "https://v.example", "--nonce", "n1"];
    let present = |more: &[&str]| {
        run(&[&["jwt", "sd", "present", credential], more].concat()).done().trim_end().to_owned()
    };
    let verify = |shown: &str, more: &[&str]| {
        run(&[&["jwt", "sd", "verify", "--key", &issuer.key, "--iss", "https://i.example", shown], more]
            .concat())
    };
    let shown = present(&[&proof[..], &["--show", "email"]].concat());
    let wanted = ["--aud", "https://v.example", "--nonce", "n1"];
    let claims: Value = serde_json::from_str(&verify(&shown, &wanted).done()).expect("JSON");
    assert_eq!((&claims["email"], &claims["tags"]), (&"a@b".into(), &serde_json::json!(["x"])));
    assert!(
        verify(&shown, &["--aud", "https://v.example", "--nonce", "n2"]).refused().contains("key_binding")
    );
    assert!(verify(&shown, &[]).refused().contains("--nonce"));
    verify(&shown, &["--aud", "https://v.example"]).misused();

    let claims = verify(&present(&[]), &[]).done();
    assert!(!claims.contains("email"), "nothing hidden is shown unasked: {claims}");
    assert!(verify(&present(&["--show-all"]), &[]).done().contains(r#"["x","y"]"#));
    assert!(verify(&present(&[]), &wanted).refused().contains("key_binding_missing"));
    run(&[&issue[..], &["--hide", "/iss", "{}"]].concat()).refused();
}

#[test]
fn a_proof_of_possession_is_for_one_request_and_one_key() {
    let keys = Keys::of("ES256");
    let request =
        ["--method", "GET", "--uri", "https://api.example/me?x=1", "--access-token", "t", "--nonce", "n"];
    let proof = run(&[&["jwt", "dpop", "prove", "--key", &keys.key], &request[..]].concat()).done();
    let thumbprint = run(&["jwk", "thumbprint", &keys.key]).done();
    let verify = |request: &[&str], more: &[&str]| {
        run_reading(&[&["jwt", "dpop", "verify"], request, more].concat(), proof.as_bytes())
    };
    assert_eq!(verify(&request, &["--jkt", thumbprint.trim_end()]).done(), thumbprint);
    let document = verify(&request, &["--json"]).json();
    assert_eq!(document["jkt"], thumbprint.trim_end());
    assert_eq!(document["remember_until"].as_i64(), document["iat"].as_i64().map(|iat| iat + 90));
    assert!(verify(&request, &["--jkt", "other"]).refused().starts_with("error[dpop_key_mismatch]"));
    let other = ["--method", "GET", "--uri", "https://api.example/you"];
    assert!(verify(&other, &[]).refused().starts_with("error[dpop_uri_mismatch]"));
    let secret = Keys::of("HS256");
    let refused = run(&[&["jwt", "dpop", "prove", "--key", &secret.key], &request[..]].concat()).refused();
    assert!(refused.starts_with("error[key_kind]"), "{refused}");
}

#[test]
fn what_is_written_in_base64url_may_begin_with_a_hyphen() {
    let key = run(&["jwk", "generate", "ES256", "--kid", "-5ody"]).done();
    assert!(key.contains(r#""kid":"-5ody""#), "{key}");
    let keys = Keys::of("ES256");
    let request =
        ["--method", "GET", "--uri", "https://api.example/me", "--access-token", "-t", "--nonce", "-n"];
    let proof = run(&[&["jwt", "dpop", "prove", "--key", &keys.key], &request[..]].concat()).done();
    let wanted = [&["jwt", "dpop", "verify"], &request[..], &["--jkt", "-other"]].concat();
    assert!(run_reading(&wanted, proof.as_bytes()).refused().starts_with("error[dpop_key_mismatch]"));
}

#[test]
fn claims_are_read_from_standard_input_and_an_empty_text_is_no_claims_set() {
    let keys = Keys::of("ES256");
    let sign = |claims: &[u8]| run_reading(&["jwt", "sign", "--key", &keys.key, "-"], claims);
    for claims in ["{\"sub\":\"ada\"}", "{\"sub\":\"ada\"}\n", "{\r\n\"sub\": \"ada\"\r\n}\r\n"] {
        let token = sign(claims.as_bytes()).done();
        assert_eq!(keys.verify(&["--allow-no-exp", token.trim_end()]).done().matches("ada").count(), 1);
    }
    for broken in [&b""[..], b"\n", b"[]", b"{", b"\xff", b"{} {}", b"\xef\xbb\xbf{}"] {
        sign(broken).refused();
    }
    for broken in ["", "..", "a.b", "a.b.c.d.e", "\u{feff}"] {
        keys.verify(&[broken]).refused();
    }
    assert!(run_reading(&["jwt", "verify", "--key", &keys.key], b"").refused().contains("token_malformed"));
    assert!(run_reading(&["jwt", "sign", "--key", "-", "-"], b"").misused().contains("standard input"));
}

#[test]
fn flags_outside_their_bounds_are_wrong_usage() {
    let keys = Keys::of("ES256");
    let token = keys.sign(&["--expires-in", "5m"]);
    for flags in [
        ["--leeway", "11m"],
        ["--leeway", "1"],
        ["--at", "-1"],
        ["--at", "253402300800"],
        ["--at", "soon"],
        ["--max-size", "-1"],
        ["--alg", "XX256"],
    ] {
        keys.verify(&[&flags[..], &[&token]].concat()).misused();
    }
    let refused = keys.verify(&["--alg", "none", &token]).refused();
    assert!(refused.starts_with("error[algorithm_not_allowed]"), "{refused}");
    run(&["jwt", "verify", "--key", &keys.key, "--issuer", "https://a.example", &token]).misused();
    run(&["jwt", "sign", "--key", &keys.key, "--expires-in", "-5m"]).misused();
}

#[test]
fn a_published_key_without_an_algorithm_is_taken_for_the_one_that_is_allowed() {
    let keys = Keys::of("RS256");
    let pem = keys.folder.file("key.pem", run(&["jwk", "convert", &keys.key, "--to", "pem"]).done());
    let bare = run_reading(&["jwk", "public", "-"], std::fs::read(&pem).expect("a key").as_slice()).done();
    let set = keys.folder.file("set", format!("{{\"keys\":[{}]}}", bare.trim_end()));
    let token = keys.sign(&["--expires-in", "1m"]);
    run(&["jwt", "verify", "--jwks", &set, "--alg", "RS256", &token]).done();
    assert!(run(&["jwt", "verify", "--jwks", &set, &token]).misused().contains("--alg"));
    run(&["jwt", "verify", "--jwks", &set, "--alg", "PS256", &token]).refused();
}

#[test]
fn max_size_is_for_the_encryption_around_a_token_too() {
    let keys = Keys::of("ES256");
    let recipient = keys.folder.file("enc.jwk", run(&["jwk", "generate", "ECDH-ES"]).done());
    let claims = format!(r#"{{"exp":4102444800,"x":"{}"}}"#, "y".repeat(20_000));
    let sign = ["jwt", "sign", "--key", &keys.key, "--encrypt-to", &recipient, "-"];
    let signed = run_reading(&sign, claims.as_bytes());
    assert!(signed.err.contains("--max-size"), "{}", signed.err);
    let token = signed.done();
    let verify = |more: &[&str]| {
        let verify = ["jwt", "verify", "--key", &keys.key, "--decrypt-key", &recipient];
        run_reading(&[&verify, more].concat(), token.as_bytes())
    };
    let refused = verify(&[]).refused();
    assert!(
        refused.ends_with("JWE is longer than 16384 bytes; raise the limit with --max-size"),
        "{refused}"
    );
    assert_eq!(verify(&["--max-size", "100000"]).done().trim_end(), claims);
}

#[test]
fn a_header_beyond_its_limit_is_not_said_to_fit_with_max_size() {
    let keys = Keys::of("ES256");
    let header = format!(r#"{{"x":"{}"}}"#, "y".repeat(9_000));
    let token = keys.sign(&["--header", &header, "--expires-in", "5m", "{}"]);
    let refused = keys.verify(&[&token]).refused();
    assert_eq!(refused, "error[token_too_large]: token has a header of more than 8192 bytes");
}

#[test]
fn a_text_in_another_form_is_sent_to_the_command_that_takes_it() {
    let keys = Keys::of("ES256");
    let hidden = run(&["jwt", "sd", "issue", "--key", &keys.key, "--hide", "/a", r#"{"a":1}"#]).done();
    let sign = ["jws", "sign", "--key", &keys.key, "--format", "general", "-"];
    let general = run_reading(&sign, b"{}").done();
    for (text, wanted) in
        [(hidden, "jeton jwt sd verify"), (general, "jeton jws verify"), (String::new(), "is empty")]
    {
        let refused = run_reading(&["jwt", "verify", "--key", &keys.key], text.as_bytes()).refused();
        assert!(refused.contains(wanted), "{refused}");
        let decoded = run_reading(&["jwt", "decode"], text.as_bytes());
        assert!(decoded.err.contains(wanted), "{decoded:?}");
    }
}

#[test]
fn a_name_to_show_that_the_token_does_not_hide_is_told() {
    let keys = Keys::of("ES256");
    let hidden =
        run(&["jwt", "sd", "issue", "--key", &keys.key, "--hide", "/email", r#"{"email":"a","sub":"b"}"#])
            .done();
    let present = |name: &str| run_reading(&["jwt", "sd", "present", "--show", name], hidden.as_bytes());
    assert_eq!(present("email").err, "");
    let other = present("emial");
    assert_eq!(other.err, "note: the token has no hidden claim emial\n");
    assert_eq!(other.done().matches('~').count(), 1, "the token alone");
}

#[test]
fn a_token_of_another_kid_is_refused_with_both_names() {
    let keys = Keys::of("ES256");
    let named = keys.folder.file("named", run(&["jwk", "generate", "ES256", "--kid", "2026-11"]).done());
    let token = keys.sign(&["--header", r#"{"kid":"2026-10"}"#, "--expires-in", "5m", "{}"]);
    let wanted = r#"error[key_not_found]: no matching key: kid is "2026-10", expected 2026-11"#;
    for command in ["jwt", "jws"] {
        assert_eq!(run(&[command, "verify", "--key", &named, &token]).refused(), wanted);
    }
}
