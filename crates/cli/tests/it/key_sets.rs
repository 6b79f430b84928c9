//! Key sets on the command line: published ones, of which bad keys are left out, and files of one's own, of which none is.

use serde_json::{Value, json};

use crate::run::{Folder, run, run_reading};

struct World {
    folder: Folder,
    key: String,
    public: Value,
    token: String,
}

impl World {
    fn new() -> Self {
        let folder = Folder::new();
        let key = folder.file("key.jwk", run(&["jwk", "generate", "RS256", "--kid", "good"]).done());
        let public = serde_json::from_str(&run(&["jwk", "public", &key]).done()).expect("JSON");
        let sign = ["jwt", "sign", "--key", &key, "--expires-in", "5m", "{}"];
        let token = run(&sign).done().trim_end().to_owned();
        Self { folder, key, public, token }
    }

    fn set(&self, keys: &[Value]) -> String {
        self.folder.file("set.json", json!({ "keys": keys }).to_string())
    }

    /// As Auth0 and others publish them: a thumbprint in hexadecimal digits, a small key for encryption, a key without a type.
    fn published(&self) -> String {
        let mut good = self.public.clone();
        good["x5t"] = json!("RkI5OEZBN0U5QkM5NzA1NkFGODBCMEVDQTdCOTBGQ0VBRTM3RTkwMQ");
        good["x5c"] = json!(["MIIC"]);
        let small = "A".repeat(170) + "8";
        self.set(&[
            json!({"kty": "RSA", "use": "enc", "kid": "small", "n": small.replacen('A', "_", 2), "e": "AQAB"}),
            good,
            json!({"kid": "untyped", "n": "AQAB", "e": "AQAB"}),
        ])
    }
}

#[test]
fn a_published_set_is_used_without_the_keys_that_cannot_be_and_they_are_noted() {
    let world = World::new();
    let set = world.published();
    let ran = run(&["jwt", "verify", "--jwks", &set, &world.token]);
    let notes: Vec<_> = ran.err.lines().collect();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(notes[0].starts_with("note: ") && notes[0].contains(r#"keys[0] (kid "small"): "#), "{notes:?}");
    assert!(notes[1].contains(r#"keys[2] (kid "untyped"): member `kty` of the key is missing"#), "{notes:?}");
    ran.done();
}

#[test]
fn a_token_whose_key_was_left_out_is_refused_with_the_reason() {
    let world = World::new();
    let set = world.published();
    for kid in ["small", "untyped"] {
        let header = json!({ "kid": kid }).to_string();
        let sign = ["jwt", "sign", "--key", &world.key, "--header", &header, "--expires-in", "5m", "{}"];
        let token = run(&sign).done();
        let refused = run(&["jwt", "verify", "--jwks", &set, token.trim_end()]).refused();
        assert!(refused.starts_with("error[key_not_found]: "), "{refused}");
        assert!(refused.contains(&format!("(kid {kid:?}): ")), "{refused}");
    }
    // A set of which no key can be used.
    let only = world.set(&[json!({"kty": "RSA", "kid": "good", "n": "AQAB", "e": "AQAB"})]);
    let refused = run(&["jwt", "verify", "--jwks", &only, &world.token]).refused();
    assert!(refused.contains(r#"keys[0] (kid "good"): the RSA key has 17 bits"#), "{refused}");
}

#[test]
fn a_private_key_of_whatever_kind_refuses_a_published_set() {
    let world = World::new();
    for key in [
        json!({"kty": "OKP", "crv": "Ed448", "x": "AA", "d": "AA"}),
        json!({"kty": "NEW", "d": "AA"}),
        json!({"kty": "oct", "k": "AA"}),
    ] {
        let set = world.set(&[world.public.clone(), key]);
        let refused = run(&["jwt", "verify", "--jwks", &set, &world.token]).refused();
        assert!(refused.starts_with("error[key_secret_in_set]: "), "{refused}");
    }
}

#[test]
fn a_broken_key_in_a_file_of_ones_own_is_refused_by_index_and_kid() {
    let world = World::new();
    let broken = json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "b"});
    let set = world.set(&[world.public.clone(), broken]);
    for command in [
        &["jwt", "verify", "--key", &set, &world.token][..],
        &["jwt", "sign", "--key", &set, "{}"],
        &["jwk", "public", &set],
        &["jwk", "thumbprint", &set],
        &["jwk", "convert", &set, "--to", "jwk"],
    ] {
        let refused = run(command).refused();
        assert!(refused.starts_with("error[key_member_malformed]: "), "{refused}");
        assert!(refused.ends_with(r#"keys[1] (kid "b"): member `x` of the key is malformed"#), "{refused}");
    }
    // A bad certificate is no bad key.
    let mut certified = world.public.clone();
    (certified["x5c"], certified["x5t"]) = (json!(["MIIC"]), json!(7));
    let ran = run(&["jwk", "public", &world.folder.file("certified", certified.to_string())]);
    assert!(ran.err.starts_with("note: ") && ran.err.contains("certificate"), "{}", ran.err);
    assert!(!ran.done().contains("x5c"));
}

#[test]
fn no_key_of_a_set_is_lost_unsaid_when_it_is_converted() {
    let world = World::new();
    let foreign = json!({"kty": "OKP", "crv": "Ed448", "x": "AA", "kid": "f"});
    let set = world.set(&[world.public.clone(), foreign]);
    for command in [
        &["jwk", "public", &set][..],
        &["jwk", "thumbprint", &set],
        &["jwk", "convert", &set, "--to", "jwk"],
        &["jwk", "convert", &set, "--to", "pem"],
    ] {
        let refused = run(command).refused();
        assert!(
            refused.starts_with("error[key_unsupported]: ") && refused.contains(r#"keys[1] (kid "f")"#),
            "{refused}"
        );
    }
    let ran = run(&["jwt", "verify", "--key", &set, &world.token]);
    assert!(ran.err.contains(r#"skipped keys[1] (kid "f")"#), "{}", ran.err);
    ran.done();

    let secret: Value =
        serde_json::from_str(&run(&["jwk", "generate", "HS256", "--kid", "s"]).done()).expect("JSON");
    let set = json!({"keys": [world.public, secret]}).to_string();
    let ran = run_reading(&["jwk", "public", "-"], set.as_bytes());
    assert!(ran.err.contains(r#"keys[1] (kid "s") is symmetric"#), "{}", ran.err);
    assert!(ran.done().contains("good"));
}

#[test]
fn a_client_keeps_the_keys_that_can_be_used() {
    let world = World::new();
    let set = world.published();
    let data = world.folder.path().join("data").to_str().expect("UTF-8").to_owned();
    let add = |id: &str, set: &str| {
        let method =
            ["--auth-method", "private_key_jwt", "--grant-type", "client_credentials", "--data", &data];
        run(&[&["client", "add", "--id", id, "--jwks", set], &method[..]].concat())
    };
    let ran = add("web", &set);
    assert!(ran.err.contains(r#"skipped keys[2] (kid "untyped")"#), "{}", ran.err);
    ran.done();
    let useless = world.set(&[json!({"kid": "untyped"})]);
    assert!(add("api", &useless).refused().contains(r#"keys[0] (kid "untyped"): member `kty`"#));
}
