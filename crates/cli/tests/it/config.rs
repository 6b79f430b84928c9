//! `jeton config`.

use crate::run::{Folder, run, run_with};

#[test]
fn the_documented_configuration_is_the_real_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let documented = std::fs::read_to_string(path).unwrap_or_default();
    let real = run(&["config", "reference"]).done();
    assert_eq!(documented, real, "write it anew: cargo run -- config reference > docs/configuration.md");
}

#[test]
fn show_tells_each_value_and_where_it_came_from() {
    let folder = Folder::new();
    let file = folder.file("jeton.toml", "issuer = \"https://login.example\"\n\n[refresh]\ngrace = \"7s\"\n");
    let shown = run_with(
        &["config", "show", "--json", "--config", &file],
        &[("JETON_REFRESH_EXCUSES", "1"), ("JETON_ACCESS_LIFETIME", "10m")],
    )
    .json();
    assert_eq!(
        shown["issuer"],
        serde_json::json!({"value": "https://login.example", "source": format!("{file}:1")})
    );
    assert_eq!(shown["refresh.grace"], serde_json::json!({"value": "7s", "source": format!("{file}:4")}));
    assert_eq!(
        shown["refresh.excuses"],
        serde_json::json!({"value": "1", "source": "JETON_REFRESH_EXCUSES"})
    );
    assert_eq!(shown["access.audience"]["value"], "https://login.example");
    assert_eq!(shown["listen"], serde_json::json!({"value": "127.0.0.1:8000", "source": "default"}));
}

#[test]
fn the_file_can_be_named_by_a_variable() {
    let folder = Folder::new();
    let file = folder.file("jeton.toml", "listen = \"127.0.0.1:9000\"");
    let shown = run_with(&["config", "show"], &[("JETON_CONFIG", &file)]).done();
    let line = shown.lines().find(|line| line.starts_with("listen ")).expect("a line");
    assert!(line.contains("127.0.0.1:9000") && line.ends_with("jeton.toml:1"), "{line}");
}

#[test]
fn show_hides_secrets() {
    let secret = "0123456789abcdef0123456789abcdef";
    let variables = [("JETON_ACCESS_ALGORITHM", "HS256"), ("JETON_ACCESS_SHARED_SECRET", secret)];
    for arguments in [&["config", "show"][..], &["config", "show", "--json"]] {
        let shown = run_with(arguments, &variables).done();
        assert!(!shown.contains(secret) && shown.contains("(hidden)"), "{shown}");
    }
}

#[test]
fn check_reports_every_mistake_with_the_nearest_right_name() {
    let folder = Folder::new();
    let file = folder.file("jeton.toml", "[refresh]\ngrase = \"7s\"\nidle_lifetime = \"soon\"\n");
    let ran = run_with(&["config", "check", "--config", &file], &[("JETON_LISTN", "127.0.0.1:1")]);
    assert_eq!(ran.status, 1);
    let lines: Vec<_> = ran.err.lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[0].contains("jeton.toml:2: unknown key `refresh.grase`: did you mean `refresh.grace`?"),
        "{lines:?}"
    );
    assert!(lines[1].contains("JETON_LISTN: no such variable: did you mean JETON_LISTEN?"), "{lines:?}");
    assert!(lines[2].contains("jeton.toml:3: refresh.idle_lifetime: expected a duration"), "{lines:?}");

    let ran = run_with(&["config", "check", "--json", "--config", &file], &[]);
    assert_eq!(ran.status, 1);
    let document: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(document["valid"], false);
    assert_eq!(document["problems"].as_array().map(Vec::len), Some(2));
}

#[test]
fn check_accepts_what_holds() {
    assert_eq!(run(&["config", "check", "--json"]).json()["valid"], true);
}

#[test]
fn a_wrong_configuration_keeps_a_server_from_starting() {
    let folder = Folder::new();
    let data = folder.path().to_str().expect("UTF-8");
    let ran = run_with(&["serve", "--data", data], &[("JETON_REFRESH_GRACE", "5m")]);
    assert!(ran.refused().contains("refresh.grace (5m) must be shorter than access.lifetime (5m)"));
    let ran = run(&["serve", "--data", data, "--database", "mysql://db/jeton"]);
    assert!(ran.misused().contains("not by mysql:"));
    assert!(!folder.path().exists());
}

#[test]
fn an_issuer_may_have_a_path_that_stays_as_it_is_on_its_way() {
    for issuer in ["https://host.example/auth", "https://host.example:8443/a/b-c_d.e~f/%C3%A9"] {
        let ran = run_with(&["config", "check"], &[("JETON_ISSUER", issuer)]);
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{issuer}");
    }
    for issuer in [
        "https://host.example/auth/",
        "https://host.example//auth",
        "https://host.example/a/../b",
        "https://host.example/./auth",
        "https://host.example/a;b",
        "https://host.example/{id}",
        "https://host.example/auth?x",
    ] {
        let ran = run_with(&["config", "check"], &[("JETON_ISSUER", issuer)]);
        assert!(ran.status == 1 && ran.err.to_lowercase().contains("issuer"), "{issuer}: {}", ran.err);
    }
    let ran = run_with(&["config", "check"], &[("JETON_ISSUER", "https://host.example/api")]);
    assert!(ran.status == 0 && ran.err.contains("a proxy has to pass that path on"), "{}", ran.err);
}

#[test]
fn an_authority_whose_issuer_has_a_path_answers_below_it() {
    let folder = Folder::new();
    let server = folder.serve(&[("JETON_ISSUER", "http://127.0.0.1:8000/auth")]);
    for path in [
        "/auth/.well-known/openid-configuration",
        "/auth/healthz",
        "/auth/.well-known/jwks.json",
        "/auth/device",
    ] {
        assert_eq!(server.get(path).0, 200, "{path}");
    }
}

#[test]
fn the_token_api_can_be_turned_off() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    let file = folder.file("jeton.toml", "[token_api]\nenabled = false\n");
    let server = folder.serve(&[("JETON_CONFIG", &file)]);
    let credentials = serde_json::json!({"username": "ada", "password": "correct horse"});
    assert_eq!(server.post("/api/token/", &credentials).0, 404);
    assert_eq!(server.post("/api/token/refresh/", &credentials).0, 404);
    assert_eq!(server.get("/.well-known/openid-configuration").0, 200);
}

#[test]
fn lifetimes_that_contradict_each_other_are_found() {
    for (name, value, problem) in [
        ("JETON_SESSION_IDLE_LIFETIME", "60d", "must not be longer than session.absolute_lifetime"),
        ("JETON_AUTHORIZATION_CODE_LIFETIME", "11m", "between 1s and 10 minutes"),
        ("JETON_DEVICE_LIFETIME", "0s", "device.lifetime must be between"),
        ("JETON_CLIENT_REGISTRATION", "ajar", "expected closed, token or open"),
        ("JETON_TOKEN_API_ENABLED", "perhaps", "expected true or false"),
    ] {
        let found = run_with(&["config", "check"], &[(name, value)]);
        assert!(found.status == 1 && found.err.contains(problem), "{name}: {found:?}");
    }
}

#[test]
fn an_issuer_over_plain_http_is_warned_of_unless_it_is_this_machine() {
    for (issuer, warned) in [
        ("http://login.example", true),
        ("http://10.1.2.3:8000", true),
        ("https://login.example", false),
        ("http://localhost:8000", false),
        ("http://127.0.0.1:8000", false),
    ] {
        let ran = run_with(&["config", "check"], &[("JETON_ISSUER", issuer)]);
        assert_eq!(ran.status, 0, "{ran:?}");
        assert_eq!(
            ran.err.contains("is plain http: passwords and tokens cross the network unencrypted"),
            warned,
            "{ran:?}"
        );
    }
}

#[test]
fn check_finds_what_a_server_would_refuse() {
    let folder = Folder::new();
    let data = folder.path().to_str().expect("UTF-8");
    let secret = folder.file("secret", "too short\n");
    let garbage = folder.file("master", "no key\n");
    let missing = format!("{data}-missing");
    let hs512 = ("JETON_ACCESS_ALGORITHM", "HS512");
    let long = "k7".repeat(31);
    for (variables, problem) in [
        (
            &[hs512, ("JETON_ACCESS_SHARED_SECRET_FILE", &*secret)][..],
            "the secret has 9 bytes, HS512 needs at least 64",
        ),
        (&[hs512, ("JETON_ACCESS_SHARED_SECRET_FILE", &*missing)], "cannot read"),
        (
            &[hs512, ("JETON_ACCESS_SHARED_SECRET", &*long)],
            "the secret has 62 bytes, HS512 needs at least 64",
        ),
        (&[("JETON_KEYS_MASTER_KEY", "no key")], "is not a master key"),
        (&[("JETON_KEYS_MASTER_KEY_FILE", &*garbage)], "is not a master key"),
        (&[("JETON_FETCH_ROOTS", &*missing)], "cannot be read"),
        (&[("JETON_TLS_CERTIFICATE", &*missing), ("JETON_TLS_KEY", &*missing)], "tls.key"),
    ] {
        let found = run_with(&["config", "check", "--data", data], variables);
        assert!(found.status == 1 && found.err.contains(problem), "{variables:?}: {found:?}");
        assert!(!found.err.contains("k7k7"), "{found:?}");
        let served = run_with(&["serve", "--data", data, "--listen", "127.0.0.1:0"], variables);
        assert_eq!(served.status, 1, "{variables:?}: {served:?}");
    }
}

#[test]
fn check_finds_a_master_key_that_is_not_the_databases_and_writes_nothing() {
    let folder = Folder::new();
    let check = || folder.run(&["config", "check"]);
    check().done();
    assert!(!folder.path().exists(), "a folder that is not there is not made");
    folder.run(&["client", "add", "--id", "web", "--redirect-uri", "https://app.example/"]).done();
    check().done();
    let key = folder.path().join("master.key");
    std::fs::write(&key, format!("{}\n", "A".repeat(43))).expect("another key");
    assert!(check().refused().contains("does not match the database"));
    std::fs::remove_file(&key).expect("removing");
    assert!(check().refused().contains("is missing"));
    assert!(!key.exists());
    std::fs::write(
        folder.path().join("jeton.db"),
        "something else, and long enough to be no header".repeat(9),
    )
    .expect("a file");
    assert!(check().refused().contains("is not a Jeton database"));
}

#[test]
fn show_and_check_take_the_flags_of_serve() {
    let folder = Folder::new();
    let data = folder.path().to_str().expect("UTF-8");
    let flags = [
        "--data",
        data,
        "--listen",
        "127.0.0.1:9000",
        "--issuer",
        "https://login.example",
        "--database",
        "sqlite:x.db",
    ];
    let shown = run(&[&["config", "show", "--json"], &flags[..]].concat()).json();
    for (key, value) in [
        ("data", data),
        ("listen", "127.0.0.1:9000"),
        ("issuer", "https://login.example"),
        ("database", "sqlite:x.db"),
    ] {
        assert_eq!(
            (&shown[key]["value"], &shown[key]["source"]),
            (&value.into(), &format!("--{key}").into())
        );
    }
    run(&[&["config", "check"], &flags[..]].concat()).done();
    assert!(run(&["config", "check", "--issuer", "login.example"]).misused().contains("--issuer"));
}
