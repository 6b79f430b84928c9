//! `jeton client`.

use serde_json::{Value, json};

use crate::run::{Folder, Server};

const CALLBACK: &str = "https://shop.example/callback";

/// A request to the authorization endpoint, and whether the client is known there: the page to sign in is shown.
fn is_known(server: &Server, client: &str) -> bool {
    let (status, page) = server.get(&format!(
        "/authorize?client_id={client}&redirect_uri=https%3A%2F%2Fshop.example%2Fcallback&response_type=code&scope=openid\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    ));
    status == 200 && page.as_str().is_some_and(|page| page.contains("Password"))
}

#[test]
fn a_client_gets_a_secret_that_is_shown_once() {
    let folder = Folder::new();
    let added =
        folder.run(&["client", "add", "--id", "web", "--name", "Shop", "--redirect-uri", CALLBACK, "--json"]);
    let added = added.json();
    assert_eq!((&added["client_id"], &added["client_name"]), (&json!("web"), &json!("Shop")));
    assert_eq!(added["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(added["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(added["client_secret"].as_str().map(str::len), Some(43));

    let shown = folder.run(&["client", "show", "web", "--json"]).json();
    assert_eq!(shown.get("client_secret"), None);
    assert_eq!(shown["redirect_uris"], json!([CALLBACK]));
    let text = folder.run(&["client", "add", "--id", "two", "--redirect-uri", CALLBACK]).done();
    assert!(text.starts_with("added two\nclient secret, shown only once: "), "{text}");
    let list = folder.run(&["client", "list", "--json"]).json();
    assert_eq!(list.as_array().map(Vec::len), Some(2));
    let again = folder.run(&["client", "add", "--id", "web", "--redirect-uri", CALLBACK]);
    assert_eq!(again.refused(), "error[client_exists]: client web already exists");
}

#[test]
fn a_new_client_meets_what_libraries_expect_unless_a_profile_or_a_flag_says_otherwise() {
    let folder = Folder::new();
    let key = folder.file("key.json", crate::run::run(&["jwk", "generate", "ES256"]).done());
    let key = folder.file("public.json", crate::run::run(&["jwk", "public", &key]).done());
    let profile = folder.file("policy.json", r#"{"profile": "fapi2"}"#);
    let pushed = folder.file("pushed.json", r#"{"require_pushed_authorization_requests": true}"#);
    let by_file = ["--policy", &profile, "--metadata", &pushed, "--auth-method", "private_key_jwt"];
    for (id, flags, expected) in [
        ("web", vec![], ("RS256", "auto", "scopes")),
        ("app", vec!["--public"], ("RS256", "auto", "scopes")),
        (
            "small",
            vec!["--id-token-alg", "ES256", "--id-token-claims", "requested"],
            ("ES256", "auto", "requested"),
        ),
        ("strict", vec!["--pkce", "required"], ("RS256", "required", "scopes")),
        ("bank", vec!["--profile", "fapi2", "--jwks", &key], ("ES256", "required", "requested")),
        (
            "file",
            [&by_file[..], &["--bind-tokens", "dpop", "--jwks", &key]].concat(),
            ("ES256", "required", "requested"),
        ),
    ] {
        let add = ["client", "add", "--id", id, "--redirect-uri", CALLBACK, "--json"];
        let added = folder.run(&[&add[..], &flags].concat()).json();
        let (alg, policy) = (&added["id_token_signed_response_alg"], &added["policy"]);
        let found = (alg.clone(), policy["pkce"].clone(), policy["id_token_claims"].clone());
        let claims = if expected.2 == "requested" { Value::Null } else { json!(expected.2) };
        assert_eq!(found, (json!(expected.0), json!(expected.1), claims), "{id}");
    }
    let set = [
        "client",
        "set",
        "web",
        "--profile",
        "fapi2",
        "--auth-method",
        "private_key_jwt",
        "--jwks",
        &key,
        "--json",
    ];
    let set = folder.run(&set).json();
    assert_eq!(
        (&set["id_token_signed_response_alg"], &set["policy"]["pkce"]),
        (&json!("ES256"), &json!("required"))
    );
    let text = folder.run(&["client", "show", "app"]).done();
    assert!(text.contains("RS256") && text.contains("those of the granted scopes"), "{text}");
}

#[test]
fn a_running_server_knows_a_client_and_its_changes_at_once() {
    let folder = Folder::new();
    let server = folder.serve(&[]);
    assert!(!is_known(&server, "web"));
    folder.run(&["client", "add", "--id", "web", "--public", "--redirect-uri", CALLBACK]).done();
    assert!(is_known(&server, "web"));
    folder.run(&["client", "disable", "web"]).done();
    assert!(!is_known(&server, "web"));
    folder.run(&["client", "enable", "web"]).done();
    assert!(is_known(&server, "web"));
    folder.run(&["client", "set", "web", "--redirect-uri", "https://other.example/"]).done();
    assert!(!is_known(&server, "web"));
    folder.run(&["client", "remove", "web"]).done();
    assert_eq!(
        folder.run(&["client", "show", "web"]).refused(),
        "error[client_unknown]: there is no client web"
    );
}

#[test]
fn a_client_without_a_place_to_send_people_asks_for_itself() {
    let folder = Folder::new();
    let server = folder.serve(&[]);
    let added = folder.run_reading(
        &["client", "add", "--id", "nightly", "--secret-stdin", "--scope", "orders:read", "--json"],
        b"a secret with a space \n",
    );
    let added = added.json();
    assert_eq!(added["grant_types"], json!(["client_credentials"]));
    assert_eq!(added.get("client_secret"), None, "whoever chose it knows it");
    let ask = |secret: &str| {
        let form = format!("grant_type=client_credentials&client_id=nightly&client_secret={secret}");
        server.post_form("/token", &form)
    };
    let (status, tokens) = ask("a+secret+with+a+space+");
    assert_eq!((status, &tokens["scope"]), (200, &json!("orders:read")), "{tokens}");
    assert_eq!(ask("a+secret+with+a+space").0, 400, "only the newline is not part of it");
    folder.run_reading(&["client", "set", "nightly", "--secret-stdin"], b"another good secret\n").done();
    assert_eq!((ask("a+secret+with+a+space+").0, ask("another+good+secret").0), (400, 200));
}

#[test]
fn a_public_client_has_no_secret_and_refreshes() {
    let folder = Folder::new();
    let add = ["client", "add", "--id", "app", "--public", "--redirect-uri", "com.example.app:/cb"];
    let added = folder.run(&[&add[..], &["--json"]].concat()).json();
    assert_eq!(added["token_endpoint_auth_method"], "none");
    assert_eq!(added["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(added.get("client_secret"), None);
    folder.run(&[&add[..], &["--secret-stdin"]].concat()).misused();
    folder.run(&[&add[..], &["--auth-method", "client_secret_basic"]].concat()).misused();
    let bare = folder.run(&["client", "add", "--id", "bare", "--public"]).refused();
    assert!(bare.contains("error[client_redirect_uri_missing]"), "{bare}");
}

#[test]
fn every_flag_ends_up_in_the_description() {
    let folder = Folder::new();
    let more =
        folder.file("more.json", r#"{"client_uri": "https://shop.example", "client_name": "from the file"}"#);
    let decided = folder
        .file("policy.json", r#"{"exchange": {"targets": ["https://api.example"]}, "pkce": "required"}"#);
    let key = folder.file("key.json", crate::run::run(&["jwk", "generate", "ES256"]).done());
    let private = ["client", "add", "--id", "x", "--redirect-uri", CALLBACK, "--jwks", &key];
    assert!(folder.run(&private).refused().contains("contains private keys"));
    let key = folder.file("public.json", crate::run::run(&["jwk", "public", &key]).done());
    #[rustfmt::skip]
    let added = folder.run(&[
        "client", "add", "--id", "web", "--metadata", &more, "--policy", &decided, "--name", "Shop",
        "--redirect-uri", CALLBACK, "--redirect-uri", "https://shop.example/two",
        "--post-logout-redirect-uri", "https://shop.example/bye",
        "--backchannel-logout-uri", "https://shop.example/logout",
        "--grant-type", "authorization_code", "--grant-type", "device_code", "--grant-type", "token-exchange",
        "--scope", "openid roles", "--scope", "orders:read", "--resource", "https://api.example",
        "--claim", "department=unit", "--consent", "asked", "--pkce", "lenient",
        "--auth-method", "private_key_jwt", "--jwks", &key, "--id-token-alg", "RS256", "--pairwise",
        "--id-token-claims", "scopes", "--json",
    ])
    .json();
    for (pointer, expected) in [
        ("/client_name", json!("Shop")),
        ("/client_uri", json!("https://shop.example")),
        ("/redirect_uris", json!([CALLBACK, "https://shop.example/two"])),
        ("/post_logout_redirect_uris", json!(["https://shop.example/bye"])),
        ("/backchannel_logout_uri", json!("https://shop.example/logout")),
        ("/grant_types/1", json!("urn:ietf:params:oauth:grant-type:device_code")),
        ("/grant_types/2", json!("urn:ietf:params:oauth:grant-type:token-exchange")),
        ("/scope", json!("openid roles orders:read")),
        ("/token_endpoint_auth_method", json!("private_key_jwt")),
        ("/jwks/keys/0/kty", json!("EC")),
        ("/id_token_signed_response_alg", json!("RS256")),
        ("/subject_type", json!("pairwise")),
        ("/policy/consent", json!("asked")),
        ("/policy/pkce", json!("lenient")),
        ("/policy/id_token_claims", json!("scopes")),
        ("/policy/resources", json!(["https://api.example"])),
        ("/policy/claims", json!({"department": "unit"})),
        ("/policy/exchange/targets", json!(["https://api.example"])),
        ("/status", json!("active")),
    ] {
        assert_eq!(added.pointer(pointer), Some(&expected), "{pointer}: {added}");
    }
    assert_eq!(added.get("client_secret"), None, "its key is its own");
    let text = folder.run(&["client", "show", "web"]).done();
    assert!(text.contains("department=unit") && text.contains("private_key_jwt"), "{text}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let folder = Folder::new();
    for wrong in [
        &["--redirect-uri", "http://shop.example/"][..],
        &["--redirect-uri", "https://shop.example/#here"],
        &["--grant-type", "implicit"],
        &["--grant-type", "password"],
        &["--auth-method", "secret"],
        &["--id-token-alg", "none"],
        &["--id-token-alg", "HS256"],
        &["--backchannel-logout-uri", "com.example.app:/logout"],
        &["--claim", "department"],
        &["--scope", "a\\backslash"],
        &["--scope", "two,commas"],
        &["--scope", "\"quotes\""],
    ] {
        folder.run(&[&["client", "add", "--id", "x"], wrong].concat()).misused();
    }
    let reserved = ["client", "add", "--id", "x", "--redirect-uri", CALLBACK, "--claim", "sub=email"];
    assert!(folder.run(&reserved).refused().contains("error[client_metadata_member]"));
    let empty = folder.run_reading(&["client", "add", "--id", "x", "--secret-stdin"], b"\n");
    assert_eq!(empty.refused(), "error[client_secret_too_short]: the secret is empty");
    for short in ["x\n", "fifteen letters\n"] {
        let refused = folder.run_reading(&["client", "add", "--id", "x", "--secret-stdin"], short.as_bytes());
        assert!(
            refused
                .refused()
                .contains("error[client_secret_too_short]: a client secret must have at least 16 bytes")
        );
    }
}

#[test]
fn another_secret_takes_the_place_of_the_first_and_the_rest_stays() {
    let folder = Folder::new();
    let first = folder.run(&["client", "add", "--id", "web", "--redirect-uri", CALLBACK, "--json"]).json();
    let second = folder.run(&["client", "set", "web", "--new-secret", "--json"]).json();
    assert!(second["client_secret"].is_string());
    assert_ne!(first["client_secret"], second["client_secret"]);
    let without = |mut shown: Value| {
        shown.as_object_mut().and_then(|members| members.remove("client_secret"));
        shown
    };
    assert_eq!(without(first), without(second));
    let public = folder.run(&["client", "set", "web", "--auth-method", "none", "--json"]).json();
    assert_eq!(public["token_endpoint_auth_method"], "none");
    folder.run(&["client", "set", "web", "--new-secret"]).misused();
}

#[test]
fn a_preview_tells_what_the_tokens_would_say_and_issues_none() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    let set = [
        "user",
        "set",
        "ada",
        "name=Ada Lovelace",
        "unit=mills",
        r#"roles:=["editor"]"#,
        "email=ada@a.example",
    ];
    folder.run(&set).done();
    let add = ["client", "add", "--id", "web", "--redirect-uri", CALLBACK, "--claim", "department=unit"];
    folder.run(&[&add[..], &["--scope", "openid profile roles"]].concat()).done();
    let preview = folder.run(&["client", "preview", "web", "--user", "ada", "--json"]).json();
    assert_eq!(preview["userinfo"]["name"], "Ada Lovelace");
    assert_eq!(preview["userinfo"].get("email"), None, "the scope does not allow it");
    assert_eq!(
        (&preview["id_token"]["aud"], &preview["id_token"]["department"]),
        (&json!("web"), &json!("mills"))
    );
    assert_eq!(preview["id_token"]["sub"], preview["userinfo"]["sub"]);
    assert_eq!(preview["access_token"]["roles"], json!(["editor"]));
    assert_eq!(preview["access_token"]["scope"], "openid profile roles");

    let less =
        folder.run(&["client", "preview", "web", "--user", "ada", "--scope", "roles", "--json"]).json();
    assert_eq!((less.get("id_token"), less.get("userinfo")), (None, None));
    let more = folder.run(&["client", "preview", "web", "--user", "ada", "--scope", "openid email"]);
    assert_eq!(more.status, 1, "{more:?}");
    let refusal = "error[scope_not_permitted]: web may request only openid profile roles\n";
    assert!(more.err.ends_with(refusal), "{more:?}");
    assert_eq!(folder.run(&["session", "list", "--json"]).json(), json!([]));
    let nobody = folder.run(&["client", "preview", "web", "--user", "eve"]);
    assert!(nobody.status == 1 && nobody.err.contains("error[user_unknown]"), "{nobody:?}");
}

#[test]
fn a_member_that_nothing_reads_is_refused_with_the_one_that_was_meant() {
    let folder = Folder::new();
    folder.run(&["client", "add", "--id", "web", "--redirect-uri", CALLBACK]).done();
    for (flag, file, says) in [
        ("--policy", r#"{"consnt": "asked"}"#, "unknown member `consnt`: did you mean `consent`?"),
        ("--policy", r#"{"exchnge": {}}"#, "unknown member `exchnge`: did you mean `exchange`?"),
        (
            "--policy",
            r#"{"exchange": {"target": ["https://api.example"]}}"#,
            "unknown member `exchange.target`: did you mean `exchange.targets`?",
        ),
        (
            "--policy",
            r#"{"trusted_issuers": [{"issuer": "https://a.example", "jwks": {}, "claims": "email"}]}"#,
            "unknown member `trusted_issuers.claims`: did you mean `trusted_issuers.claim`?",
        ),
        (
            "--metadata",
            r#"{"redirect_uri": ["https://a.example"]}"#,
            "unknown member `redirect_uri`: did you mean `redirect_uris`?",
        ),
        ("--metadata", r#"{"client_nam#de": "Laden"}"#, "unknown member `client_nam#de`"),
    ] {
        let path = folder.file("members.json", file);
        let refused = folder.run(&["client", "set", "web", flag, &path]).refused();
        assert!(refused.contains(says), "{refused}");
    }
    let german = folder.file("german.json", r#"{"client_name#de": "Laden"}"#);
    let shown = folder.run(&["client", "set", "web", "--metadata", &german, "--json"]).json();
    assert_eq!(shown["client_name#de"], "Laden");
    assert_eq!(shown["policy"]["consent"], "implied");
}

#[test]
fn habits_from_elsewhere_get_a_hint() {
    let folder = Folder::new();
    for (wrong, hint) in [
        (["--redirect-uri", "https://*.example.com/cb"], "wildcards are not supported"),
        (["--redirect-uri", "https://app.example.com/*"], "wildcards are not supported"),
        (["--scope", "openid,profile"], "openid profile"),
        (["--id-token-alg", "ES25"], "did you mean ES256?"),
        (["--grant-type", "devicecode"], "device_code, token-exchange"),
    ] {
        let refused = folder.run(&[&["client", "add", "--id", "x"], &wrong[..]].concat()).misused();
        assert!(refused.contains(hint), "{refused}");
    }
}

#[test]
fn a_client_that_may_exchange_nothing_is_told_apart_from_one_that_may() {
    let folder = Folder::new();
    let added = folder.run(&["client", "add", "--id", "office", "--grant-type", "token-exchange"]);
    assert!(added.err.contains("note: it may exchange nothing yet"), "{added:?}");
    let policy = folder.file(
        "policy.json",
        r#"{"exchange": {"targets": ["https://orders.example"], "accepts": ["https://office.example"]},
            "trusted_issuers": [{"issuer": "https://hr.example", "jwks": {"keys": []}, "claim": "email"}]}"#,
    );
    let set = folder.run(&["client", "set", "office", "--policy", &policy]);
    assert!(!set.err.contains("note"), "{set:?}");
    let shown = folder.run(&["client", "show", "office"]).done();
    for line in [
        "exchanges for      https://orders.example",
        "accepts audience   https://office.example",
        "acting             the client",
        "trusted issuers    https://hr.example (email)",
    ] {
        assert!(shown.contains(line), "{shown}");
    }
}

#[test]
fn a_change_of_nothing_is_refused_and_missing_keys_name_their_flag() {
    let folder = Folder::new();
    folder.run(&["client", "add", "--id", "web", "--redirect-uri", CALLBACK]).done();
    assert!(folder.run(&["client", "set", "web"]).misused().contains("nothing to change"));
    let refused = folder
        .run(&["client", "add", "--id", "bank", "--profile", "fapi2", "--redirect-uri", CALLBACK])
        .refused();
    assert!(refused.contains("give them by --jwks FILE"), "{refused}");
}

#[test]
fn a_name_with_something_invisible_is_refused_and_others_of_every_script_are_not() {
    let folder = Folder::new();
    let add = |id: &str, name: &str| {
        folder.run(&["client", "add", "--id", id, "--name", name, "--redirect-uri", CALLBACK])
    };
    for (name, character) in
        [("a\u{202e}b", "202E"), ("a\u{2067}b", "2067"), ("a\u{200b}b", "200B"), ("a\u{e0041}b", "E0041")]
    {
        let refused = add("web", name).refused();
        assert_eq!(
            refused,
            format!(
                "error[client_metadata_member]: a name must not contain the invisible character U+{character}"
            )
        );
    }
    for (number, name) in ["متجر الكتب", "חנות", "می\u{200c}خواهم", "👩\u{200d}💻"].into_iter().enumerate()
    {
        add(&format!("web{number}"), name).done();
    }
    let refused = folder.run(&["client", "set", "web0", "--name", "a\u{200e}b"]).refused();
    assert_eq!(
        refused,
        "error[client_metadata_member]: a name must not contain the invisible character U+200E"
    );
    let file = folder.file("client.json", "{\"client_name#de\": \"a\u{202e}b\"}");
    let refused = folder.run(&["client", "set", "web0", "--metadata", &file]).refused();
    assert_eq!(
        refused,
        "error[client_metadata_member]: a name must not contain the invisible character U+202E"
    );
}

#[test]
fn a_preview_shows_the_issuer_of_the_running_server_and_says_so() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    folder.run(&["client", "add", "--id", "web", "--redirect-uri", CALLBACK]).done();
    let preview = |expected: &str, source: &str| {
        let ran = folder.run(&["client", "preview", "web", "--user", "ada", "--json"]);
        assert!(ran.err.contains(&format!("note: the issuer is {expected}, {source}")), "{}", ran.err);
        let preview = ran.json();
        assert_eq!(
            (&preview["id_token"]["iss"], &preview["access_token"]["iss"]),
            (&json!(expected), &json!(expected))
        );
        preview
    };
    preview("http://127.0.0.1:8000", "by default, for no server runs on this folder");
    let variables = [
        ("JETON_ISSUER", "https://login.example"),
        ("JETON_ACCESS_AUDIENCE", "https://api.example"),
        ("JETON_ACCESS_LIFETIME", "1m"),
    ];
    let server = folder.serve(&variables);
    let shown = preview("https://login.example", "of the running server");
    assert_eq!(shown["access_token"]["aud"], "https://api.example");
    let (iat, exp) = (shown["access_token"]["iat"].as_i64(), shown["access_token"]["exp"].as_i64());
    assert_eq!(exp.zip(iat).map(|(exp, iat)| exp - iat), Some(60));
    server.stop();

    let file = folder.file("jeton.toml", "issuer = \"https://other.example\"\n");
    let data = folder.path().to_str().expect("UTF-8");
    let ran =
        crate::run::run(&["client", "preview", "web", "--user", "ada", "--config", &file, "--data", data]);
    assert!(ran.err.contains("https://other.example, of the configuration"), "{}", ran.err);
}

#[test]
fn a_preview_makes_no_key_that_the_server_does_not_have() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    folder.run(&["client", "add", "--id", "web", "--redirect-uri", CALLBACK]).done();
    let kinds = || {
        let keys = folder.run(&["key", "list", "--json"]).json();
        let keys = keys.as_array().expect("keys").iter();
        keys.map(|key| (key["purpose"].clone(), key["alg"].clone())).collect::<Vec<_>>()
    };
    let before = kinds();
    folder.run(&["client", "preview", "web", "--user", "ada"]).done();
    assert_eq!(kinds(), before);
}

#[test]
fn a_client_is_told_to_require_a_second_factor_and_not_to() {
    let folder = Folder::new();
    let add = ["client", "add", "--id", "web", "--redirect-uri", "https://app.example/", "--json"];
    let added = folder.run(&[&add[..], &["--second-factor", "required"]].concat()).json();
    assert_eq!(added["policy"]["second_factor"], "required");
    assert!(folder.run(&["client", "show", "web"]).done().contains("second factor      required"));
    let changed = folder.run(&["client", "set", "web", "--second-factor", "if-set-up", "--json"]).json();
    assert!(changed["policy"]["second_factor"].is_null(), "{changed}");
    assert!(folder.run(&["client", "set", "web", "--second-factor", "never"]).misused().contains("required"));
}
