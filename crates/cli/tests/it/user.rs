//! `jeton user`.

use crate::run::{Folder, run};

#[test]
fn a_user_is_added_listed_shown_disabled_and_enabled() {
    let folder = Folder::new();
    let added = folder
        .run_reading(
            &["user", "add", "ada", "--password-stdin", "--email", "ada@example.org", "--admin", "--json"],
            b"correct horse\n",
        )
        .json();
    assert_eq!(added["username"], "ada");
    assert_eq!(added["email"], "ada@example.org");
    assert_eq!((added["role"].as_str(), added["status"].as_str()), (Some("owner"), Some("active")));
    assert_eq!(added["subject"], added["id"]);

    assert_eq!(folder.run(&["user", "list", "--json"]).json()[0], added);
    assert_eq!(folder.run(&["user", "show", "ada", "--json"]).json(), added);
    assert!(folder.run(&["user", "list"]).done().contains("ada@example.org"));
    assert!(folder.run(&["user", "show", "ada"]).done().contains("owner"));

    folder.run(&["user", "disable", "ada"]).done();
    assert_eq!(folder.run(&["user", "show", "ada", "--json"]).json()["status"], "disabled");
    folder.run(&["user", "enable", "ada"]).done();
    assert_eq!(folder.run(&["user", "show", "ada", "--json"]).json()["status"], "active");
}

#[test]
fn a_role_is_given_and_taken_and_the_trail_tells_before_and_after() {
    let folder = Folder::new();
    let add = |name: &str, arguments: &[&str]| {
        folder
            .run_reading(
                &[&["user", "add", name, "--password-stdin", "--json"], arguments].concat(),
                b"a password\n",
            )
            .json()["role"]
            .clone()
    };
    assert_eq!(add("ada", &["--role", "owner"]), "owner");
    assert_eq!(add("bob", &["--role", "auditor"]), "auditor");
    assert_eq!(add("eve", &[]), "member");
    let role = |name: &str| folder.run(&["user", "show", name, "--json"]).json()["role"].clone();
    folder.run(&["user", "set", "bob", "--role", "operator", "--email", "bob@example.org"]).done();
    assert_eq!(role("bob"), "operator");
    // The command line may do what would lock others out, since it also opens the door again.
    folder.run(&["user", "set", "ada", "--role", "member"]).done();
    folder.run(&["user", "set", "ada", "--role", "owner"]).done();
    assert_eq!(role("ada"), "owner");
    let trail = folder.run(&["audit", "list", "--user", "bob", "--json"]).json();
    let changed = trail.as_array().expect("records").iter().find(|record| record["event"] == "role_changed");
    let wanted = serde_json::json!({"role": {"before": "auditor", "after": "operator"}});
    assert_eq!(changed.expect("a record")["changes"], wanted);
    assert!(
        folder
            .run(&["user", "set", "ada", "--role", "admin"])
            .misused()
            .contains("owner, operator, auditor or member")
    );
    assert!(folder.run(&["user", "add", "cy", "--role", "owner", "--admin"]).misused().contains("--role"));
}

#[test]
fn what_cannot_be_is_refused_in_one_line() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    let again = folder.run_reading(&["user", "add", "ada", "--password-stdin"], b"another\n");
    assert_eq!(again.refused(), "error[username_taken]: user ada already exists");
    for arguments in [["user", "show", "eve"], ["user", "disable", "eve"], ["user", "enable", "eve"]] {
        assert_eq!(folder.run(&arguments).refused(), "error[user_unknown]: there is no user eve");
    }
    folder.run_reading(&["user", "add", "e\u{1b}ve", "--password-stdin"], b"password\n").refused();
    assert!(folder.run(&["user", "add", "eve"]).misused().contains("--password-stdin"));
}

#[test]
fn a_password_keeps_its_spaces_and_loses_only_its_line_break() {
    let folder = Folder::new();
    folder.run_reading(&["user", "add", "ada", "--password-stdin"], b" outer \n").done();
    folder.run_reading(&["user", "add", "eve", "--password-stdin"], b"typed elsewhere\r\n").done();
    let server = folder.serve(&[]);
    server.sign_in("ada", " outer ");
    server.sign_in("eve", "typed elsewhere");
}

#[test]
fn a_password_that_nobody_could_sign_in_with_is_refused_by_each_command_alike() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    let long = "x".repeat(5_000);
    for (typed, refused) in [
        ("\n", "error[password_empty]: the password is empty"),
        ("  \n", "error[password_empty]: the password is empty"),
        (
            &long,
            "error[password_too_long]: the password is too long: it has 5000 bytes, at most 4096 are allowed",
        ),
        ("a\0b\n", "error[password_null]: the password contains a null character"),
        ("a\rb", "error[password_line_break]: the password contains a line break"),
        (
            "first\nsecond\n",
            "error[input_many_lines]: standard input has more than one line: give only the secret",
        ),
        ("first\n\n", "error[input_many_lines]: standard input has more than one line: give only the secret"),
    ] {
        for command in [["user", "add", "eve"], ["user", "passwd", "ada"]] {
            let arguments: Vec<_> = command.into_iter().chain(["--password-stdin"]).collect();
            assert_eq!(folder.run_reading(&arguments, typed.as_bytes()).refused(), refused, "{command:?}");
        }
    }
    let names: Vec<_> = folder
        .run(&["user", "list", "--json"])
        .json()
        .as_array()
        .expect("a list")
        .iter()
        .map(|user| user["username"].clone())
        .collect();
    assert_eq!(names, ["ada"]);
    folder.serve(&[]).sign_in("ada", "correct horse");
}

#[test]
fn changing_a_password_ends_the_sessions_of_a_running_server() {
    let folder = Folder::new();
    folder.add_user("ada", "first");
    let server = folder.serve(&[]);
    let pair = server.sign_in("ada", "first");
    let changed =
        folder.run_reading(&["user", "passwd", "ada", "--password-stdin", "--json"], b"second\n").json();
    assert_eq!(changed["sessions_ended"], 1);
    assert_eq!(server.refresh(&pair["refresh"]).0, 401);
    assert_eq!(
        server.post("/api/token/", &serde_json::json!({"username": "ada", "password": "first"})).0,
        401
    );
    server.sign_in("ada", "second");
}

#[test]
fn a_user_added_or_disabled_while_a_server_runs_is_so_at_once() {
    let folder = Folder::new();
    let server = folder.serve(&[]);
    folder.add_user("ada", "correct horse");
    let pair = server.sign_in("ada", "correct horse");
    folder.run(&["user", "disable", "ada"]).done();
    assert_eq!(server.refresh(&pair["refresh"]).0, 401);
    let (status, body) =
        server.post("/api/token/", &serde_json::json!({"username": "ada", "password": "correct horse"}));
    assert_eq!(
        (status, body["detail"].as_str()),
        (401, Some("No active account found with the given credentials"))
    );
}

#[test]
fn many_commands_at_once_lose_nothing() {
    let folder = Folder::new();
    let server = folder.serve(&[]);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let folder = &folder;
            scope.spawn(move || folder.add_user(&format!("user-{number}"), "correct horse"));
        }
    });
    assert_eq!(folder.run(&["user", "list", "--json"]).json().as_array().map(Vec::len), Some(8));
    server.sign_in("user-3", "correct horse");
}

#[test]
fn output_that_nobody_reads_is_no_error() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    let script = format!(
        "{} user list --data {} | true; echo ${{PIPESTATUS[0]}}",
        env!("CARGO_BIN_EXE_jeton"),
        folder.path().display()
    );
    let output = std::process::Command::new("bash").args(["-c", &script]).output().expect("bash runs");
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"0\n"[..], &b""[..]));
}

#[test]
fn a_folder_that_cannot_be_made_is_one_clear_line() {
    let folder = Folder::new();
    let file = folder.file("file", "");
    assert!(
        run(&["user", "list", "--data", &format!("{file}/data")])
            .refused()
            .starts_with("error[folder_unusable]: cannot use ")
    );
}

#[test]
fn attributes_are_set_shown_and_taken_away() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    let set =
        folder.run(&["user", "set", "ada", "name=Ada = Lovelace", r#"roles:=["editor"]"#, "--json"]).json();
    assert_eq!(set["attributes"], serde_json::json!({"name": "Ada = Lovelace", "roles": ["editor"]}));
    folder.run(&["user", "set", "ada", "roles:=null", "age:=36"]).done();
    let shown = folder.run(&["user", "show", "ada"]).done();
    assert!(shown.ends_with("age:=36\nname=Ada = Lovelace\n"), "{shown}");
    assert!(!shown.contains("roles"), "{shown}");
}

#[test]
fn an_attribute_takes_over_no_claim_that_tokens_rest_on() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    let refused = folder.run(&["user", "set", "ada", "sub=admin"]).refused();
    assert!(refused.contains("error[attribute_reserved]"), "{refused}");
    let large = format!("note={}", "x".repeat(9_000));
    assert!(folder.run(&["user", "set", "ada", &large]).refused().contains("error[attributes_too_large]"));
    folder.run(&["user", "set", "ada", "roles:=[editor]"]).misused();
    folder.run(&["user", "set", "ada", "roles"]).misused();
    folder.run(&["user", "set", "eve", "name=Eve"]).refused();
}

#[test]
fn a_user_may_be_called_in_tokens_as_another_system_calls_them() {
    let folder = Folder::new();
    let add = |name: &str, key: &str| {
        folder.run_reading(
            &["user", "add", name, "--password-stdin", "--key", key, "--json"],
            b"correct horse\n",
        )
    };
    let ada = add("ada", "7").json();
    assert_eq!((&ada["subject"], &ada["imported_key"]), (&"7".into(), &"7".into()));
    assert_eq!(add("eve", "7").refused(), "error[user_key_taken]: another user already has the key 7");
    folder.add_user("bob", "correct horse");
    let id = folder.run(&["user", "show", "bob", "--json"]).json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(
        add("eve", &id).refused(),
        format!("error[user_key_taken]: another user already has the key {id}")
    );
    for bad in ["", "a\nb", &"x".repeat(256)] {
        assert!(add("eve", bad).misused().contains("the key is neither"), "{bad:?}");
    }
    let server = folder.serve(&[]);
    let pair = server.sign_in("ada", "correct horse");
    let token = pair["access"].as_str().expect("a token");
    assert_eq!(run(&["jwt", "decode", "--json", token]).json()["claims"]["user_id"], "7");
}

#[test]
fn an_address_is_set_changed_and_taken_away() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    let set =
        |arguments: &[&str]| folder.run(&[&["user", "set", "ada", "--json"], arguments].concat()).json();
    assert_eq!(set(&["--email", "ada@example.org"])["email"], "ada@example.org");
    let both = set(&["--email", "countess@example.org", "name=Ada"]);
    assert_eq!(
        (&both["email"], &both["attributes"]["name"]),
        (&"countess@example.org".into(), &"Ada".into())
    );
    assert_eq!(set(&["locale=en"])["email"], "countess@example.org");
    assert_eq!(set(&["--email", ""])["email"], serde_json::Value::Null);
    folder.run(&["user", "set", "ada"]).misused();
    folder.run(&["user", "set", "eve", "--email", "eve@example.org"]).refused();
}

#[test]
fn a_removed_user_is_signed_out_at_once_and_leaves_the_name_and_the_key_to_others() {
    let folder = Folder::new();
    let add = ["user", "add", "ada", "--password-stdin", "--key", "7", "--email", "ada@example.org"];
    folder.run_reading(&add, b"correct horse\n").done();
    folder.add_user("bob", "correct horse");
    let server = folder.serve(&[]);
    let pair = server.sign_in("ada", "correct horse");
    let bobs = server.sign_in("bob", "correct horse");

    let removed = folder.run(&["user", "remove", "ada", "--json"]).json();
    assert_eq!(removed, serde_json::json!({"removed": "ada", "grants_ended": 1, "sessions_ended": 1}));
    let (status, body) = server.refresh(&pair["refresh"]);
    assert_eq!((status, &body["detail"]), (401, &"No active account found for the given token.".into()));
    assert_eq!(server.post("/api/token/verify/", &serde_json::json!({"token": pair["access"]})).0, 400);
    let credentials = serde_json::json!({"username": "ada", "password": "correct horse"});
    let (status, body) = server.post("/api/token/", &credentials);
    assert_eq!(
        (status, &body["detail"]),
        (401, &"No active account found with the given credentials".into())
    );
    assert_eq!(server.refresh(&bobs["refresh"]).0, 200);

    for command in ["show", "disable", "enable", "remove"] {
        assert_eq!(
            folder.run(&["user", command, "ada"]).refused(),
            "error[user_unknown]: there is no user ada"
        );
    }
    let names = folder.run(&["user", "list", "--json"]).json();
    assert_eq!(names.as_array().map(Vec::len), Some(1), "{names}");

    folder.run_reading(&add, b"another horse\n").done();
    server.sign_in("ada", "another horse");
    assert_eq!(server.refresh(&pair["refresh"]).0, 401, "the tokens of the first ada are nobody's");
}

#[test]
fn the_second_factors_of_a_user_are_shown_and_removed() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    let shown = folder.run(&["user", "factors", "ada", "--json"]).json();
    assert_eq!(
        shown,
        serde_json::json!({"username": "ada", "two_step": false, "factors": [], "recovery_codes_left": 0})
    );
    assert_eq!(folder.run(&["user", "factors", "ada"]).done().trim(), "ada has a password only");
    let removed = folder.run(&["user", "factors", "ada", "--remove", "--json"]).json();
    assert_eq!(removed["removed"], 0);
    assert_eq!(
        folder.run(&["user", "show", "ada", "--json"]).json()["second_factors"],
        serde_json::json!([])
    );
    assert_eq!(
        folder.run(&["user", "factors", "eve"]).refused(),
        "error[user_unknown]: there is no user eve"
    );
}
