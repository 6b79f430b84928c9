//! Refusals that say a way out, and flags that take more.

use serde_json::json;

use crate::run::{Folder, run, run_reading};

#[test]
fn names_of_an_issuer_and_of_the_audience_may_be_several() {
    let folder = Folder::new();
    let key = folder.file("key", run(&["jwk", "generate", "ES256"]).done());
    let claims = r#"{"iss":"accounts.example","aud":["x","y"]}"#;
    let token = run(&["jwt", "sign", "--key", &key, "--expires-in", "5m", claims]).done();
    let verify =
        |more: &[&str]| run(&[&["jwt", "verify", "--key", &key], more, &[token.trim_end()]].concat());
    verify(&["--iss", "https://accounts.example", "--iss", "accounts.example", "--aud", "z", "--aud", "y"])
        .done();
    let refused = verify(&["--iss", "a", "--iss", "b"]).refused();
    assert!(refused.ends_with(r#"iss is "accounts.example", expected "a" or "b""#), "{refused}");
    let refused = verify(&["--aud", "a", "--aud", "b"]).refused();
    assert!(refused.ends_with(r#"aud is ["x","y"], expected "a" or "b""#), "{refused}");
}

#[test]
fn an_extension_is_signed_with_crit_and_understood_where_that_is_said() {
    let folder = Folder::new();
    let key = folder.file("key", run(&["jwk", "generate", "ES256"]).done());
    let header = r#"{"crit":["tenant"],"tenant":"north"}"#;
    for command in ["jwt", "jws"] {
        let claims = folder.file("claims", r#"{"exp":4102444800}"#);
        let input = if command == "jwt" { r#"{"exp":4102444800}"# } else { &claims };
        let token = run(&[command, "sign", "--key", &key, "--header", header, input]).done();
        let verify =
            |more: &[&str]| run(&[&[command, "verify", "--key", &key], more, &[token.trim_end()]].concat());
        let refused = verify(&[]).refused();
        assert!(refused.starts_with("error[critical_header_unknown]"), "{refused}");
        assert!(refused.contains("tenant") && refused.contains("--understands"), "{refused}");
        verify(&["--understands", "tenant"]).done();
        for wrong in [
            r#"{"crit":[],"x":1}"#,
            r#"{"crit":["y"],"x":1}"#,
            r#"{"crit":["typ"],"typ":"x"}"#,
            r#"{"crit":"x","x":1}"#,
        ] {
            run(&[command, "sign", "--key", &key, "--header", wrong, input]).misused();
        }
    }
}

#[test]
fn typ_none_is_jwt_or_none() {
    let folder = Folder::new();
    let key = folder.file("key", run(&["jwk", "generate", "ES256"]).done());
    let sign = |header: &str| {
        run(&["jwt", "sign", "--key", &key, "--header", header, "--expires-in", "5m", "{}"]).done()
    };
    let (plain, access) = (sign("{}"), sign(r#"{"typ":"at+jwt"}"#));
    for command in ["jwt", "jws"] {
        let verify =
            |token: &str| run(&[command, "verify", "--key", &key, "--typ", "none", token.trim_end()]);
        verify(&plain).done();
        assert!(verify(&access).refused().contains(r#"expected "JWT" or none"#));
    }
}

#[test]
fn claims_that_no_verifier_takes_are_not_signed_and_the_way_out_is_named() {
    let folder = Folder::new();
    let key = folder.file("key", run(&["jwk", "generate", "ES256"]).done());
    for (claims, found) in [
        (r#"{"sub":42}"#, r#"found the number 42 at "/sub""#),
        (r#"{"exp":"1800000300"}"#, r#"found the string "1800000300" at "/exp""#),
        (r#"{"exp":1800000000000}"#, "(milliseconds, it seems)"),
        (r#"{"aud":[]}"#, r#"found an empty array at "/aud""#),
    ] {
        let refused = run(&["jwt", "sign", "--key", &key, claims]).refused();
        assert!(refused.starts_with("error[claim_malformed]: ") && refused.contains(found), "{refused}");
        assert!(refused.contains("jeton jws sign"), "{refused}");
        let sign = ["jws", "sign", "--key", &key, "--header", r#"{"typ":"JWT"}"#, "-"];
        let token = run_reading(&sign, claims.as_bytes()).done();
        let refused = run(&["jwt", "verify", "--key", &key, token.trim_end()]).refused();
        assert!(refused.starts_with("error[claim_malformed]: ") && refused.contains(found), "{refused}");
    }
}

#[test]
fn what_is_not_nested_is_told_apart() {
    let folder = Folder::new();
    let signing = folder.file("signing", run(&["jwk", "generate", "ES256"]).done());
    let key = folder.file("key", run(&["jwk", "generate", "ECDH-ES+A256KW"]).done());
    let token = folder.file(
        "token",
        run(&["jwt", "sign", "--key", &signing, "--expires-in", "5m", "{}"]).done().trim_end(),
    );
    let plain = folder.file("plain", r#"{"sub":"ada"}"#);
    let verify = |file: &str, header: &str| {
        let jwe = run(&["jwe", "encrypt", "--key", &key, "--header", header, file]).done();
        run(&["jwt", "verify", "--key", &signing, "--decrypt-key", &key, jwe.trim_end()])
    };
    verify(&token, r#"{"cty":"JWT"}"#).done();
    for (file, header, wanted) in [
        (&token, "{}", "looks like a signed token, but the header lacks `cty: JWT`"),
        (&plain, "{}", "the encrypted content is not a signed token"),
        (&plain, r#"{"cty":"JWT"}"#, "says `cty: JWT`, but the encrypted content is not a signed token"),
    ] {
        let refused = verify(file, header).refused();
        assert!(refused.contains(wanted) && refused.contains("jeton jwe decrypt"), "{refused}");
    }
}

#[test]
fn the_hint_about_a_password_fits_what_is_wrong_with_its_iterations() {
    let folder = Folder::new();
    let generate = ["jwk", "generate", "PBES2-HS256+A128KW", "--password-stdin"];
    let key = folder.file("key", run_reading(&generate, b"correct horse battery staple").done());
    let jwe = run_reading(&["jwe", "encrypt", "--key", &key, "--iterations", "1000"], b"text").done();
    let with = |count: u64| {
        let (header, rest) = jwe.trim_end().split_once('.').expect("parts");
        let header = jeton_jose::base64url::decode(header).expect("base64url");
        let mut header: serde_json::Value = serde_json::from_slice(&header).expect("JSON");
        header["p2c"] = json!(count);
        let jwe = format!("{}.{rest}", jeton_jose::base64url::encode(header.to_string()));
        run(&["jwe", "decrypt", "--key", &key, &jwe]).refused()
    };
    let few = with(999);
    assert!(few.contains("fewer than 1000") && !few.contains("--max-iterations"), "{few}");
    assert!(with(2_000_000).contains("--max-iterations takes more"));
}

#[test]
fn what_hints_name_is_there_where_they_name_it() {
    let help = run(&["jwt", "verify", "--help"]).done();
    for flag in ["--allow-zip", "--max-iterations", "--max-size", "--understands", "--secret-file"] {
        assert!(help.contains(flag), "{flag}");
    }
}
