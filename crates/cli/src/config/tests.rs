use std::ffi::OsString;
use std::time::Duration;

use super::{Config, FlagValue, Flags, KEYS, Loaded, Problems, Source, load_from};

fn load(file: &str, variables: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Result<Loaded, Problems> {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("jeton.toml");
    std::fs::write(&path, file).expect("a scratch file");
    let values =
        flags.iter().map(|(key, text)| FlagValue { key, flag: "--flag", text: (*text).to_owned() }).collect();
    let variables =
        variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect();
    load_from(&Flags { file: Some(path), values, command_defaults: Vec::new() }, variables)
}

fn problems(file: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let found = load(file, variables, &[]).expect_err("there is a problem");
    found
        .iter()
        .map(|(place, text)| format!("{}: {text}", place.rsplit('/').next().unwrap_or(&place)))
        .collect()
}

fn source_of(loaded: &Loaded, key: &str) -> String {
    let position = KEYS.iter().position(|known| known.name == key).expect("a key");
    loaded.values[position].source.to_string()
}

#[test]
fn the_defaults_are_a_valid_configuration() {
    let loaded = load("", &[], &[]).expect("valid");
    assert_eq!(loaded.config.authority.access.lifetime, Duration::from_secs(300));
    assert_eq!(loaded.config.authority.refresh.idle_lifetime, Duration::from_secs(86_400));
    assert_eq!(loaded.config.authority.refresh.absolute_lifetime, Duration::from_secs(30 * 86_400));
    assert!(loaded.values.iter().all(|value| value.source == Source::Default));
}

#[test]
fn the_texts_of_the_defaults_are_read_as_the_defaults() {
    let loaded = load("", &[], &[]).expect("valid");
    assert_eq!(format!("{:?}", loaded.config), format!("{:?}", Config::default()));
}

#[test]
fn a_variable_beats_the_file_and_a_flag_beats_both() {
    let file = "listen = \"127.0.0.1:1\"\nissuer = \"https://file.example\"\n[refresh]\ngrace = \"1s\"";
    let loaded = load(
        file,
        &[("JETON_LISTEN", "127.0.0.1:2"), ("JETON_ISSUER", "https://variable.example")],
        &[("listen", "127.0.0.1:3")],
    )
    .expect("valid");
    assert_eq!(loaded.config.listen.0.port(), 3);
    assert_eq!(
        loaded.config.issuer.as_ref().map(|issuer| issuer.0.as_str()),
        Some("https://variable.example")
    );
    assert_eq!(loaded.config.authority.refresh.policy.grace, Duration::from_secs(1));
    assert_eq!(source_of(&loaded, "listen"), "--flag");
    assert_eq!(source_of(&loaded, "issuer"), "JETON_ISSUER");
    assert!(source_of(&loaded, "refresh.grace").ends_with("jeton.toml:4"));
    assert_eq!(source_of(&loaded, "log.level"), "default");
}

#[test]
fn all_problems_are_reported_at_once_with_their_places() {
    let file = "lisen = \"127.0.0.1:1\"\n\n[refresh]\ngrase = \"1s\"\nexcuses = 1.5\nidle_lifetime = 5\n[acess]\nlifetime = \"1s\"";
    assert_eq!(
        problems(file, &[("JETON_REFRESH_GRACES", "1s"), ("JETON_ACCESS_LIFETIME", "soon")]),
        [
            "jeton.toml:1: unknown key `lisen`: did you mean `listen`?",
            "jeton.toml:4: unknown key `refresh.grase`: did you mean `refresh.grace`?",
            "jeton.toml:5: refresh.excuses: expected a whole number up to 255, found a number with a fraction",
            "jeton.toml:7: unknown key `acess`: did you mean `access`?",
            "JETON_REFRESH_GRACES: no such variable: did you mean JETON_REFRESH_GRACE?",
            "JETON_ACCESS_LIFETIME: expected a duration such as 30s, 5m, 24h or 30d, found \"soon\"",
            "jeton.toml:6: refresh.idle_lifetime: expected a duration such as 30s, 5m, 24h or 30d, found \"5\"",
        ]
    );
}

#[test]
fn a_file_that_is_not_toml_is_a_problem_with_its_line() {
    let found = problems("listen = \"127.0.0.1:1\"\nissuer = \n", &[]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("jeton.toml:2: "), "{found:?}");
}

#[test]
fn the_grace_must_be_shorter_than_the_access_lifetime() {
    assert_eq!(
        problems("access.lifetime = \"30s\"", &[]),
        ["jeton.toml:1: refresh.grace (30s) must be shorter than access.lifetime (30s)"]
    );
}

#[test]
fn the_idle_lifetime_may_not_exceed_the_absolute_one() {
    assert_eq!(
        problems("", &[("JETON_REFRESH_IDLE_LIFETIME", "31d")]),
        [
            "JETON_REFRESH_IDLE_LIFETIME: refresh.idle_lifetime (31d) must not be longer than refresh.absolute_lifetime (30d)"
        ]
    );
}

#[test]
fn hmac_needs_a_shared_secret_as_long_as_its_hash_and_nobody_else_takes_one() {
    assert_eq!(
        problems("", &[("JETON_ACCESS_ALGORITHM", "HS256")]),
        [
            "JETON_ACCESS_ALGORITHM: HS256 needs a secret shared with the APIs: set access.shared_secret_file or access.shared_secret"
        ]
    );
    for (algorithm, needed) in [("HS256", 32), ("HS384", 48), ("HS512", 64)] {
        let (short, long) = ("k7".repeat(needed / 2 - 1) + "x", "k7".repeat(needed / 2));
        let with = |secret| [("JETON_ACCESS_ALGORITHM", algorithm), ("JETON_ACCESS_SHARED_SECRET", secret)];
        let found = needed - 1;
        assert_eq!(
            problems("", &with(&short)),
            [format!(
                "JETON_ACCESS_SHARED_SECRET: access.shared_secret: the secret has {found} bytes, {algorithm} needs at least {needed}"
            )]
        );
        let loaded = load("", &with(&long), &[]).expect("valid");
        let secret = loaded.config.shared_secret().expect("a secret").expect("a secret");
        assert_eq!(secret.algorithm().as_str(), algorithm);
    }
    assert_eq!(
        problems("", &[("JETON_ACCESS_SHARED_SECRET", "0123456789abcdef0123456789abcdef")]),
        [
            "JETON_ACCESS_SHARED_SECRET: a shared secret is used only where access.algorithm is HS256, HS384 or HS512"
        ]
    );
}

#[test]
fn the_url_of_a_database_is_refused_and_shown_without_its_password() {
    for wrong in ["mysql://ada:hunter2@db/jeton", "postgres://ada:hunter2?@db/jeton"] {
        let found = problems("", &[("JETON_DATABASE", wrong)]);
        assert!(!found[0].contains("hunter2"), "{found:?}");
    }
    let loaded = load("", &[("JETON_DATABASE", "postgres://ada:hunter2@db/jeton")], &[]).expect("valid");
    let shown = loaded.config.without_password("database");
    assert_eq!(shown.as_deref(), Some("postgres://ada@db:5432/jeton"));
    assert!(!format!("{loaded:?}").contains("hunter2"));
}

#[test]
fn variables_of_a_service_called_jeton_are_not_ours() {
    load(
        "",
        &[("JETON_PORT", "tcp://10.0.0.1:8000"), ("JETON_SERVICE_HOST", "10.0.0.1"), ("JETON_TEST_X", "1")],
        &[],
    )
    .expect("valid");
}

#[test]
fn a_debug_print_of_the_configuration_shows_no_secret() {
    let secret = "0123456789abcdef0123456789abcdef";
    let loaded =
        load("", &[("JETON_ACCESS_ALGORITHM", "HS256"), ("JETON_ACCESS_SHARED_SECRET", secret)], &[]);
    assert!(!format!("{loaded:?}").contains(secret));
}

#[test]
fn a_resource_that_is_no_uri_is_refused() {
    const VARIABLE: &str = "JETON_CLIENT_REGISTRATION_RESOURCES";
    assert!(load("", &[(VARIABLE, "https://mcp.example/mcp, urn:example:api")], &[]).is_ok());
    for wrong in [r#"["https://mcp.example/mcp"]"#, "mcp.example", "https://mcp.example/#x"] {
        let problems = problems("", &[(VARIABLE, wrong)]);
        assert!(
            problems.len() == 1 && problems[0].contains("is not an absolute URI without a fragment"),
            "{problems:?}"
        );
    }
}
