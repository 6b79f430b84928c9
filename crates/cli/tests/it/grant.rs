//! `jeton grant`.

use crate::run::Folder;

#[test]
fn grants_are_listed_and_ended_one_by_one_or_all_of_a_user() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    folder.add_user("bob", "correct horse");
    let server = folder.serve(&[]);
    let pairs = ["ada", "ada", "ada", "bob"].map(|name| server.sign_in(name, "correct horse"));

    let all = folder.run(&["grant", "list", "--json"]).json();
    assert_eq!(all.as_array().map(Vec::len), Some(4));
    let bobs = folder.run(&["grant", "list", "--user", "bob", "--json"]).json();
    assert_eq!(bobs.as_array().map(Vec::len), Some(1));
    assert_eq!((&bobs[0]["user"], &bobs[0]["client"]), (&"bob".into(), &"jeton".into()));
    assert_eq!(bobs[0]["refreshed"], 0);
    let table = folder.run(&["grant", "list"]).done();
    assert!(table.starts_with("ID") && table.contains("CLIENT") && table.contains("bob"), "{table}");

    let id = bobs[0]["id"].as_str().expect("an identifier");
    assert_eq!(folder.run(&["grant", "end", id]).done(), format!("ended grant {id}\n"));
    assert_eq!(server.refresh(&pairs[3]["refresh"]).0, 401);
    assert_eq!(
        folder.run(&["grant", "end", id]).refused(),
        format!("error[grant_ended]: grant {id} has already ended")
    );

    assert_eq!(server.refresh(&pairs[0]["refresh"]).0, 200);
    let ended = folder.run(&["grant", "end", "--user", "ada", "--json"]).json();
    assert_eq!(ended, serde_json::json!({"grants_ended": 3}));
    for pair in &pairs[..3] {
        assert_eq!(server.refresh(&pair["refresh"]).0, 401);
    }
    assert_eq!(folder.run(&["grant", "list", "--json"]).json(), serde_json::json!([]));
}

#[test]
fn a_grant_or_user_that_is_not_there_is_refused() {
    let folder = Folder::new();
    let id = "00000000000000000000000000000000";
    assert_eq!(
        folder.run(&["grant", "end", id]).refused(),
        format!("error[grant_unknown]: there is no grant {id}")
    );
    assert_eq!(
        folder.run(&["grant", "list", "--user", "eve"]).refused(),
        "error[user_unknown]: there is no user eve"
    );
    folder.run(&["grant", "end", "not-an-id"]).misused();
}
