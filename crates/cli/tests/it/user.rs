//! `jeton user`.

use crate::run::{Folder, run};

const HASH: &str = "pbkdf2_sha256$1000000$abcdefghijklmnop$K0uU5RVFjBCe301huu3Sx9XVg+WvO/rf952a61AyK14=";

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
    assert_eq!((added["role"].as_str(), added["status"].as_str()), (Some("admin"), Some("active")));
    assert_eq!(added["subject"], added["id"]);

    assert_eq!(folder.run(&["user", "list", "--json"]).json()[0], added);
    assert_eq!(folder.run(&["user", "show", "ada", "--json"]).json(), added);
    assert!(folder.run(&["user", "list"]).done().contains("ada@example.org"));
    assert!(folder.run(&["user", "show", "ada"]).done().contains("admin"));

    folder.run(&["user", "disable", "ada"]).done();
    assert_eq!(folder.run(&["user", "show", "ada", "--json"]).json()["status"], "disabled");
    folder.run(&["user", "enable", "ada"]).done();
    assert_eq!(folder.run(&["user", "show", "ada", "--json"]).json()["status"], "active");
}

#[test]
fn what_cannot_be_is_refused_in_one_line() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    let again = folder.run_reading(&["user", "add", "ada", "--password-stdin"], b"another\n");
    assert_eq!(again.refused(), "error: there is a user ada already");
    for arguments in [["user", "show", "eve"], ["user", "disable", "eve"], ["user", "enable", "eve"]] {
        assert_eq!(folder.run(&arguments).refused(), "error: there is no user eve");
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
        (&long, "error[password_too_long]: the password is too long: it has 5000 bytes, and may have 4096"),
        ("a\0b\n", "error[password_null]: the password contains a null character"),
        ("a\rb", "error[password_line_break]: the password contains a line break"),
        (
            "first\nsecond\n",
            "error[input_many_lines]: standard input has more than one line: give the secret alone",
        ),
        (
            "first\n\n",
            "error[input_many_lines]: standard input has more than one line: give the secret alone",
        ),
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
fn an_import_names_each_row_whose_hash_is_none() {
    let folder = Folder::new();
    let long = format!("!{}", "x".repeat(2_000));
    let rows = serde_json::json!([
        {"username": "ada", "password_hash": HASH},
        {"username": "bob", "password_hash": format!("{HASH}\n")},
        {"username": "eve", "password_hash": "!with\u{0}null"},
        {"username": "mal", "password_hash": long},
        {"username": "may", "password": "correct horse"},
    ]);
    let refused = folder.run_reading(&["user", "import", "json", "-"], rows.to_string().as_bytes());
    assert_eq!(refused.status, 1, "{refused:?}");
    let lines: Vec<_> = refused.err.lines().collect();
    assert_eq!(lines.len(), 5, "{lines:?}");
    for (line, row) in lines.iter().zip(["object 2: bob", "object 3: eve", "object 4: mal", "object 5: may"])
    {
        assert!(line.contains(row), "{row}: {line}");
    }
    assert_eq!(folder.run(&["user", "list", "--json"]).json(), serde_json::json!([]));
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
fn users_come_from_django_with_their_keys_and_hashes() {
    let folder = Folder::new();
    let dump = serde_json::json!([
        {"model": "auth.group", "pk": 1, "fields": {"name": "staff", "permissions": []}},
        {"model": "auth.user", "pk": 7, "fields": {
            "password": HASH, "last_login": null, "is_superuser": true, "username": "ada", "first_name": "", "last_name": "",
            "email": "ada@example.org", "is_staff": true, "is_active": true, "date_joined": "2024-01-01T00:00:00Z",
            "groups": [1], "user_permissions": []}},
        {"model": "auth.user", "pk": 8, "fields": {
            "password": "!unusable", "is_superuser": false, "username": "bob", "email": "", "is_active": false}},
    ]);
    let file = folder.file("users.json", dump.to_string());
    assert_eq!(
        folder.run(&["user", "import", "django", &file, "--json"]).json(),
        serde_json::json!({"imported": 2, "skipped": []})
    );
    let ada = folder.run(&["user", "show", "ada", "--json"]).json();
    assert_eq!((ada["subject"].as_str(), ada["role"].as_str()), (Some("7"), Some("admin")));
    assert_eq!(ada["email"], "ada@example.org");
    let bob = folder.run(&["user", "show", "bob", "--json"]).json();
    assert_eq!((bob["subject"].as_str(), bob["status"].as_str()), (Some("8"), Some("disabled")));

    // The same file again changes nothing.
    let again = folder.run(&["user", "import", "django", &file, "--json"]).json();
    assert_eq!(again, serde_json::json!({"imported": 0, "skipped": ["ada", "bob"]}));

    let server = folder.serve(&[]);
    server.sign_in("ada", "correct horse");
}

#[test]
fn users_come_from_csv_and_json() {
    let folder = Folder::new();
    let csv = format!(
        "username,password_hash,email,active,admin,key\nada,{HASH},ada@example.org,true,1,7\n\"b, o b\",!,,no,,\n"
    );
    let csv = folder.file("users.csv", csv);
    folder.run(&["user", "import", "csv", &csv]).done();
    assert_eq!(folder.run(&["user", "show", "ada", "--json"]).json()["subject"], "7");
    assert_eq!(folder.run(&["user", "show", "b, o b", "--json"]).json()["status"], "disabled");

    let json =
        serde_json::json!([{"username": "eve", "password_hash": HASH, "key": 9, "active": true}]).to_string();
    folder.run_reading(&["user", "import", "json", "-"], json.as_bytes()).done();
    assert_eq!(folder.run(&["user", "show", "eve", "--json"]).json()["imported_key"], "9");
}

#[test]
fn one_bad_row_refuses_the_file_and_every_bad_row_is_named() {
    let folder = Folder::new();
    let csv = format!("username,password_hash\nada,{HASH}\n,{HASH}\nbob,plain text\nada,{HASH}\n");
    let csv = folder.file("users.csv", csv);
    let ran = folder.run(&["user", "import", "csv", &csv]);
    assert_eq!(ran.status, 1);
    for line in [
        "line 3: a username may not be empty",
        "line 4: bob: the password hash has an unknown format",
        "line 5: the user of line 2 has the same name",
        "nothing was imported",
    ] {
        assert!(ran.err.contains(line), "{line}: {}", ran.err);
    }
    assert_eq!(folder.run(&["user", "list", "--json"]).json(), serde_json::json!([]));
}

#[test]
fn an_import_never_takes_over_a_user_who_is_there() {
    let folder = Folder::new();
    folder.add_user("ada", "hers");
    let json = serde_json::json!([{"username": "eve", "password_hash": HASH}, {"username": "ada", "password_hash": HASH, "key": 1}]);
    let json = folder.file("users.json", json.to_string());
    let ran = folder.run(&["user", "import", "json", &json]);
    assert_eq!(ran.status, 1);
    assert!(ran.err.contains("object 2: there is another user ada already"), "{}", ran.err);
    folder.run(&["user", "show", "eve"]).refused();
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
        run(&["user", "list", "--data", &format!("{file}/data")]).refused().starts_with("error: cannot use ")
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
