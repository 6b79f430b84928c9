//! `jeton backup`, `restore`, `check` and `migrate`.

use std::fs;

use serde_json::Value;

use crate::run::{Folder, run};

/// The issuer does not follow from the port, which is another one each time.
const ISSUER: (&str, &str) = ("JETON_ISSUER", "https://login.example");

/// A folder with a user, keys and a client, and a server on it.
fn served() -> (Folder, crate::run::Server) {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    let server = folder.serve(&[ISSUER]);
    folder.run(&["client", "add", "--id", "web", "--redirect-uri", "https://app.example/"]).done();
    (folder, server)
}

/// Another folder with a copy of the master key.
fn with_key_of(folder: &Folder) -> Folder {
    let other = Folder::new();
    fs::create_dir(other.path()).expect("a folder");
    fs::copy(folder.path().join("master.key"), other.path().join("master.key")).expect("a copy");
    other
}

#[test]
fn a_restored_backup_signs_nobody_out() {
    let (folder, server) = served();
    let environment = [("JETON_REFRESH_GRACE", "0s"), ISSUER];
    let pair = server.sign_in("ada", "correct horse");
    let file = folder.file("unused", "");
    let file = file.replace("unused", "backup");
    let made = folder.run(&["backup", &file, "--json"]).json();
    assert_eq!(made["rows"]["users"], 1, "{made}");
    assert_eq!(made["rows"]["grants"], 1, "{made}");

    let mut token = pair["refresh"].clone();
    server.stop();
    let server = folder.serve(&environment);
    for _ in 0..4 {
        let (status, refreshed) = server.refresh(&token);
        assert_eq!(status, 200, "{refreshed}");
        token = refreshed["refresh"].clone();
    }
    server.stop();

    let other = with_key_of(&folder);
    let restored = other.run(&["restore", &file, "--json"]).json();
    assert_eq!(restored["rows"], made["rows"]);
    assert_eq!(restored["master_key"], made["master_key"]);
    assert_eq!(restored["may_have_risen"]["grants"], 1, "{restored}");
    let restored = other.serve(&environment);
    for _ in 0..2 {
        let (status, refreshed) = restored.refresh(&token);
        assert_eq!(status, 200, "{refreshed}");
        token = refreshed["refresh"].clone();
    }
    let ended = other.run(&["session", "end", "--all", "--json"]).json();
    assert_eq!(ended["sessions_ended"], 1, "{ended}");
    assert_eq!(restored.refresh(&token).0, 401);
}

#[test]
fn a_backup_is_made_while_a_server_runs_and_nothing_is_restored_under_one() {
    let (folder, server) = served();
    let file = folder.file("backup", "something else");
    assert!(folder.run(&["backup", &file]).refused().starts_with("error[backup_exists]: "));
    let said = folder.run(&["backup", &file, "--replace"]).done();
    assert!(said.contains("only with the master key"), "{said}");
    let refused = folder.run(&["restore", &file]).refused();
    assert!(refused.starts_with("error[folder_served]: "), "{refused}");
    assert_eq!(server.stop(), 0);
    let refused = folder.run(&["restore", &file]).refused();
    assert!(refused.starts_with("error[database_not_empty]: "), "{refused}");

    let empty = Folder::new();
    let refused = empty.run(&["restore", &file]).refused();
    assert!(refused.starts_with("error[master_key_missing]: "), "{refused}");
    assert!(!empty.path().join("jeton.db").exists());
    let refused = empty.run(&["backup", &file, "--replace"]).refused();
    assert!(refused.starts_with("error[database_missing]: "), "{refused}");
}

#[test]
fn a_check_names_the_master_key_and_what_is_wrong() {
    let (folder, server) = served();
    let id = |checked: &Value| checked["master_key"]["id"].as_str().expect("an identifier").to_owned();
    let sound = folder.run(&["check", "--json"]).json();
    assert_eq!((&sound["sound"], &sound["master_key"]["at_hand"]), (&true.into(), &"fits".into()), "{sound}");
    assert!(folder.run(&["check"]).done().contains(&id(&sound)));
    server.stop();

    let key = folder.path().join("master.key");
    fs::rename(&key, folder.path().join("elsewhere")).expect("moving");
    let missing = folder.run(&["check", "--json"]);
    assert_eq!(missing.status, 1);
    assert!(missing.err.contains("master_key_missing") && missing.err.contains(&id(&sound)), "{missing:?}");
    let other = Folder::new();
    other.add_user("eve", "correct horse");
    other.serve(&[]).stop();
    fs::copy(other.path().join("master.key"), &key).expect("another key");
    let mismatch = folder.run(&["check"]);
    assert_eq!(mismatch.status, 1);
}

#[test]
fn everything_moves_to_another_folder_with_its_master_key() {
    let (folder, server) = served();
    let pair = server.sign_in("ada", "correct horse");
    let (from, other) = (folder.path().to_str().expect("UTF-8"), Folder::new());
    let to = other.path().to_str().expect("UTF-8");
    let refused = run(&["migrate", "--from", from, "--to", to]).refused();
    assert!(refused.starts_with("error[folder_served]: "), "{refused}");
    assert_eq!(server.stop(), 0);

    let moved = run(&["migrate", "--from", from, "--to", to, "--json"]).json();
    assert_eq!((&moved["rows"]["grants"], &moved["resumed_after"]), (&1.into(), &0.into()), "{moved}");
    let server = other.serve(&[ISSUER]);
    assert_eq!(server.refresh(&pair["refresh"]).0, 200);
    server.stop();
    let refused = run(&["migrate", "--from", from, "--to", to]).refused();
    assert!(refused.starts_with("error[database_not_empty]: "), "{refused}");
    run(&["migrate", "--from", from, "--to", from]).misused();
}
