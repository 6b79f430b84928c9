//! `jeton session`.

use crate::run::Folder;

#[test]
fn sessions_are_listed_and_ended_one_by_one_or_all_at_once() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    folder.add_user("bob", "correct horse");
    let server = folder.serve(&[]);
    let pairs = [
        server.sign_in("ada", "correct horse"),
        server.sign_in("ada", "correct horse"),
        server.sign_in("bob", "correct horse"),
    ];

    let all = folder.run(&["session", "list", "--json"]).json();
    assert_eq!(all.as_array().map(Vec::len), Some(3));
    let bobs = folder.run(&["session", "list", "--user", "bob", "--json"]).json();
    assert_eq!(bobs.as_array().map(Vec::len), Some(1));
    assert_eq!(bobs[0]["user"], "bob");

    let id = bobs[0]["id"].as_str().expect("an identifier");
    folder.run(&["session", "revoke", id]).done();
    assert_eq!(server.refresh(&pairs[2]["refresh"]).0, 401);
    assert_eq!(server.refresh(&pairs[0]["refresh"]).0, 200);
    assert_eq!(
        folder.run(&["session", "revoke", id]).refused(),
        format!("error: session {id} has ended before")
    );

    let ended = folder.run(&["session", "revoke", "--user", "ada", "--json"]).json();
    assert_eq!(ended, serde_json::json!({"sessions_ended": 2}));
    assert_eq!(server.refresh(&pairs[1]["refresh"]).0, 401);
    assert_eq!(folder.run(&["session", "list", "--json"]).json(), serde_json::json!([]));
}

#[test]
fn a_session_or_user_that_is_not_there_is_refused() {
    let folder = Folder::new();
    let id = "00000000000000000000000000000000";
    assert_eq!(folder.run(&["session", "revoke", id]).refused(), format!("error: there is no session {id}"));
    assert_eq!(folder.run(&["session", "list", "--user", "eve"]).refused(), "error: there is no user eve");
    folder.run(&["session", "revoke", "not-an-id"]).misused();
}
