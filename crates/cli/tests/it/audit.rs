//! `jeton audit`.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::run::{Folder, jeton};

fn events(trail: &Value) -> Vec<&str> {
    trail
        .as_array()
        .expect("a list")
        .iter()
        .map(|record| record["event"].as_str().expect("an event"))
        .collect()
}

#[test]
fn the_trail_tells_what_happened_to_whom_and_from_where() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    folder.add_user("bob", "correct horse");
    let id = folder.run(&["user", "show", "bob", "--json"]).json()["id"].as_str().expect("an id").to_owned();
    let server = folder.serve(&[]);
    server.sign_in("ada", "correct horse");
    folder.run(&["user", "disable", "ada"]).done();
    folder.run(&["user", "set", "bob", "--email", "bob@example.org"]).done();
    folder.run(&["user", "remove", "bob"]).done();

    let all = folder.run(&["audit", "list", "--json"]).json();
    assert_eq!(events(&all)[..2], ["user_added", "user_added"]);
    let ada = folder.run(&["audit", "list", "--user", "ada", "--json"]).json();
    assert_eq!(events(&ada), ["user_added", "signed_in", "user_disabled"]);
    assert_eq!(
        (&ada[1]["user"], &ada[1]["about"], &ada[1]["network"]),
        (&"ada".into(), &"jeton".into(), &"127.0.0.0/24".into())
    );
    let (signed_in, disabled) = (&ada[1], &ada[2]);
    assert_eq!(signed_in["actor"], json!({"kind": "user", "user": "ada"}));
    let grant = &signed_in["session"];
    assert!(grant.is_string());
    assert_eq!(signed_in["subject"], json!({"user": "ada", "grant": grant, "client": "jeton"}));
    assert_eq!(disabled["actor"], json!({"kind": "operator"}));
    assert_eq!(disabled["subject"], json!({"user": "ada"}));
    let sessions = folder.run(&["audit", "list", "--user", "ada"]).done();
    assert!(
        sessions.starts_with("AT") && sessions.contains("signed_in") && sessions.contains("127.0.0.0/24"),
        "{sessions}"
    );
    assert!(sessions.contains("user ada") && sessions.contains("operator"), "{sessions}");
    // Who was removed is known by the identifier alone.
    let bob = folder.run(&["audit", "list", "--user", &id, "--json"]).json();
    assert_eq!(events(&bob), ["user_added", "user_changed", "user_removed"]);
    assert_eq!(bob[0]["user"], id);
    assert_eq!(
        folder.run(&["audit", "list", "--user", "bob"]).refused(),
        "error[user_unknown]: there is no user bob"
    );

    // The server may have gone on adding keys: making the one for RS256 takes a while.
    let last_hour = folder.run(&["audit", "list", "--since", "1h", "--json"]).json();
    assert!(
        last_hour.as_array().expect("a list").starts_with(all.as_array().expect("a list")),
        "{last_hour}"
    );
    for none in ["2999-01-01", "2999-01-01T00:00:00Z", "32472144000"] {
        assert_eq!(folder.run(&["audit", "list", "--since", none, "--json"]).json(), serde_json::json!([]));
    }
    assert!(folder.run(&["audit", "list", "--since", "yesterday"]).misused().contains("2026-11-30"));
}

#[test]
fn the_trail_can_be_followed_as_it_is_written() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    let mut command = jeton(&folder.with(&["audit", "list", "--follow", "--json"]));
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut next =
        || -> Value { serde_json::from_str(&lines.next().expect("a line").expect("text")).expect("JSON") };
    assert_eq!(next()["event"], "user_added");
    folder.run(&["user", "disable", "ada"]).done();
    let record = next();
    assert_eq!((&record["event"], &record["user"]), (&"user_disabled".into(), &"ada".into()));
    child.kill().expect("it ends");
    child.wait().expect("it ends");
}

/// Changes the database as somebody does who can write to it.
#[track_caller]
fn tamper(folder: &Folder, sql: &str) {
    let database = rusqlite::Connection::open(folder.path().join("jeton.db")).expect("the database opens");
    assert_ne!(database.execute(sql, []).expect("the statement is right"), 0, "{sql}");
}

fn folder_with_users() -> Folder {
    let folder = Folder::new();
    for name in ["ada", "bob", "eve"] {
        folder.add_user(name, "correct horse");
    }
    folder.run(&["user", "disable", "bob"]).done();
    folder
}

#[test]
fn a_trail_that_nobody_touched_is_intact() {
    let folder = folder_with_users();
    let summary = folder.run(&["audit", "verify"]).done();
    assert!(summary.starts_with("4 records in 4 segments: none was removed or changed."), "{summary}");
    let report = folder.run(&["audit", "verify", "--json"]).json();
    assert_eq!(
        (&report["intact"], &report["verified"], &report["without_hash"]),
        (&true.into(), &4.into(), &0.into())
    );
}

#[test]
fn a_removed_or_changed_record_is_named() {
    for (sql, finding) in [
        ("DELETE FROM audit WHERE event = 'user_disabled'", "record 0 of segment"),
        ("UPDATE audit SET event = 'user_enabled' WHERE event = 'user_disabled'", "record 0 of segment"),
        ("UPDATE audit SET at = at - 1 WHERE number = 2", "record 0 of segment"),
        (
            "DELETE FROM audit_segments WHERE opened_at = (SELECT min(opened_at) FROM audit_segments)",
            "was removed; records left of it: 1",
        ),
    ] {
        let folder = folder_with_users();
        tamper(&folder, sql);
        let ran = folder.run(&["audit", "verify"]);
        assert!(ran.out.contains(finding), "{sql}: {}", ran.out);
        assert_eq!(ran.status, 1);
        assert!(
            ran.err.starts_with("error[audit_trail_broken]: the audit trail is not intact"),
            "{sql}: {ran:?}"
        );
        let report = folder.run(&["audit", "verify", "--json"]);
        let report: Value = serde_json::from_str(&report.out).expect("JSON");
        assert_eq!(report["intact"], false, "{sql}");
    }
}

#[test]
fn a_trail_that_was_replaced_does_not_have_the_noted_hashes() {
    let folder = folder_with_users();
    let noted = folder.path().join("heads.json");
    std::fs::write(&noted, folder.run(&["audit", "verify", "--json"]).done()).expect("a file");
    let heads = noted.to_str().expect("a path");
    folder.run(&["user", "enable", "bob"]).done();
    folder.run(&["audit", "verify", "--heads", heads]).done();

    let other = folder_with_users();
    let refused = other.run(&["audit", "verify", "--heads", heads]);
    assert!(refused.out.contains("was removed with all its records"), "{}", refused.out);
    assert_eq!((refused.status, refused.err.contains("audit_trail_broken")), (1, true));
    std::fs::write(&noted, "{}").expect("a file");
    assert!(folder.run(&["audit", "verify", "--heads", heads]).refused().contains("heads_unreadable"));
}

#[test]
fn the_whole_trail_is_exported_one_document_a_line() {
    let folder = folder_with_users();
    let exported = folder.run(&["audit", "export"]).done();
    let records: Vec<Value> =
        exported.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let listed = folder.run(&["audit", "list", "--json"]).json();
    assert_eq!(Value::from(records), listed);
    assert_eq!(folder.run(&["audit", "export", "--since", "2999-01-01"]).done().trim(), "");
}
