//! `jeton key`.

use serde_json::Value;

use crate::run::{Folder, Server, eventually, run, run_with};

/// The keys of a server that has been up for a moment.
fn published(server: &Server) -> Vec<(String, String)> {
    let mut published = Vec::new();
    eventually(|| {
        let (_, set) = server.get("/.well-known/jwks.json");
        let text = |key: &Value, name: &str| key[name].as_str().expect("a text").to_owned();
        let keys = set["keys"].as_array().expect("keys").iter();
        published = keys.map(|key| (text(key, "kid"), text(key, "alg"))).collect();
        published.iter().any(|(_, alg)| alg == "RS256")
    });
    published
}

/// Those that access tokens are signed with.
fn published_for_access(server: &Server) -> Vec<String> {
    published(server).into_iter().filter(|(_, alg)| alg != "RS256").map(|(kid, _)| kid).collect()
}

#[test]
fn a_rotated_key_is_published_at_once_signs_later_and_a_retired_one_is_gone() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    let server = folder.serve(&[]);
    let first = published_for_access(&server);
    assert_eq!(first.len(), 1);
    let pair = server.sign_in("ada", "correct horse");

    let rotated = folder.run(&["key", "rotate", "--alg", "Ed25519", "--json"]).json();
    assert_eq!(rotated["alg"], "Ed25519");
    let kid = rotated["kid"].as_str().expect("a kid").to_owned();
    // The running server was told, so nothing has to be waited for.
    assert_eq!(published_for_access(&server), [first[0].clone(), kid.clone()]);

    let keys = folder.run(&["key", "list", "--json"]).json();
    let states: Vec<_> =
        keys.as_array().expect("keys").iter().map(|key| key["state"].as_str().expect("a state")).collect();
    assert_eq!(states, ["signing", "next", "signing"]);
    assert!(folder.run(&["key", "list"]).done().contains("signs from"));

    folder.run(&["key", "retire", &first[0]]).done();
    assert_eq!(published_for_access(&server), [kid]);
    let (status, _) = server.post("/api/token/verify/", &serde_json::json!({"token": pair["access"]}));
    assert_eq!(status, 401);
    server.sign_in("ada", "correct horse");
}

#[test]
fn the_first_start_makes_a_key_for_id_tokens_which_is_rotated_with_the_other_and_made_anew_when_it_is_retired()
 {
    let folder = Folder::new();
    let server = folder.serve(&[]);
    let first: Vec<_> = published(&server).into_iter().map(|(_, alg)| alg).collect();
    assert_eq!(first, ["ES256", "RS256"]);
    let rotated = folder.run(&["key", "rotate", "--json"]).json();
    assert_eq!((&rotated["alg"], &rotated["id_tokens"][0]["alg"]), (&"ES256".into(), &"RS256".into()));
    assert_eq!(published(&server).len(), 4);
    let keys = folder.run(&["key", "list", "--json"]).json();
    let of = |name: &str| -> Vec<_> {
        keys.as_array()
            .expect("keys")
            .iter()
            .map(|key| key[name].as_str().expect("a text").to_owned())
            .collect()
    };
    assert_eq!(of("purpose"), ["access", "access", "id_token", "id_token"]);
    assert_eq!(of("state"), ["signing", "next", "signing", "next"]);
    for kid in of("kid").split_off(2) {
        folder.run(&["key", "retire", &kid]).done();
    }
    let again: Vec<_> = published(&server).into_iter().filter(|(_, alg)| alg == "RS256").collect();
    assert_eq!(again.len(), 1, "a running server makes another one");
}

#[test]
fn without_a_wait_the_new_key_signs_at_once() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    let server = folder.serve(&[]);
    let data = folder.path().to_str().expect("UTF-8");
    let kid_of_new_token = || {
        let pair = server.sign_in("ada", "correct horse");
        run(&["jwt", "decode", "--json", pair["access"].as_str().expect("a token")]).json()["header"]["kid"]
            .clone()
    };
    let rotated =
        run_with(&["key", "rotate", "--json", "--data", data], &[("JETON_KEYS_PUBLISH_WAIT", "0s")]).json();
    // The server was told; on a busy machine, it may still be reading.
    eventually(|| kid_of_new_token() == rotated["kid"]);
    let rotated = folder.run(&["key", "rotate", "--now", "--json"]);
    assert!(rotated.err.contains("APIs that keep the key set refuse tokens"), "{}", rotated.err);
    let rotated = rotated.json();
    eventually(|| kid_of_new_token() == rotated["kid"]);
}

#[test]
fn a_planned_rotation_waits_for_a_day_and_a_withdrawal_says_what_it_costs() {
    let folder = Folder::new();
    drop(folder.serve(&[]));
    let rotated = folder.run(&["key", "rotate", "--json"]);
    assert_eq!(rotated.err, "");
    let rotated = rotated.json();
    let seconds = |name: &str| {
        let date = rotated[name].as_str().expect("a date");
        let hour_and_day = (date[8..10].parse::<u32>(), date[11..].to_owned());
        (hour_and_day.0.expect("a day"), hour_and_day.1)
    };
    let ((made_on, made_at), (signs_on, signs_at)) = (seconds("created_at"), seconds("signs_from"));
    assert!(signs_at == made_at && (signs_on == made_on + 1 || signs_on == 1), "{rotated}");
    let first = folder.run(&["key", "list", "--json"]).json()[0]["kid"].as_str().expect("a kid").to_owned();
    let retired = folder.run(&["key", "retire", &first]);
    assert!(retired.err.contains("once it has fetched the key set again"), "{}", retired.err);
    retired.done();
}

#[test]
fn the_only_key_and_an_unknown_one_cannot_be_retired() {
    let folder = Folder::new();
    drop(folder.serve(&[]));
    let keys = folder.run(&["key", "list", "--json"]).json();
    let kid = keys[0]["kid"].as_str().expect("a kid");
    assert!(folder.run(&["key", "retire", kid]).refused().contains("is the only signing key"));
    assert_eq!(
        folder.run(&["key", "retire", "nobody"]).refused(),
        "error[key_unknown]: there is no key nobody"
    );
    assert_eq!(
        folder.run(&["key", "retire", "-5ody"]).refused(),
        "error[key_unknown]: there is no key -5ody"
    );
    assert!(folder.run(&["key", "rotate", "--alg", "HS256"]).refused().contains("shared secret"));
}

#[test]
fn a_key_from_elsewhere_is_imported_under_its_thumbprint() {
    let folder = Folder::new();
    let key = run(&["jwk", "generate", "ES256"]).done();
    let file = folder.file("key.jwk", &key);
    let imported = folder.run(&["key", "import", &file, "--json"]).json();
    let thumbprint = run(&["jwk", "thumbprint", &file]).done();
    assert_eq!(imported["kid"].as_str(), Some(thumbprint.trim_end()));
    let public = folder.file("public.jwk", run(&["jwk", "public", &file]).done());
    folder.run(&["key", "import", &public]).refused();
    let kids: Vec<Value> = folder.run(&["key", "list", "--json"]).json().as_array().expect("keys").clone();
    assert_eq!(kids.len(), 1);
}

/// Everything in a folder, by name.
fn content(folder: &Folder) -> Vec<(String, Vec<u8>)> {
    let entries =
        std::fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|kind| kind == "db" || kind == "key"))
        .map(|path| (path.display().to_string(), std::fs::read(&path).expect("a file")))
        .collect();
    files.sort();
    files
}

#[test]
fn a_master_key_that_is_not_the_databases_is_refused_by_every_command_before_anything_is_written() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    folder.run(&["client", "add", "--id", "web", "--redirect-uri", "https://app.example/"]).done();
    let key = folder.path().join("master.key");
    let own = std::fs::read(&key).expect("a key");
    std::fs::write(&key, format!("{}\n", "A".repeat(43))).expect("another key");
    let before = content(&folder);
    for command in [
        vec!["client", "add", "--id", "app", "--redirect-uri", "https://app.example/"],
        vec!["client", "list"],
        vec!["client", "remove", "web"],
        vec!["key", "rotate"],
        vec!["key", "list"],
        vec!["user", "disable", "ada"],
        vec!["user", "list"],
        vec!["session", "list"],
        vec!["grant", "list"],
        vec!["serve", "--listen", "127.0.0.1:0"],
    ] {
        let refused = folder.run(&command).refused();
        assert!(
            refused.starts_with("error[master_key_mismatch]: the master key in "),
            "{command:?}: {refused}"
        );
        assert!(
            refused.contains("master.key does not match the database ") && refused.contains("jeton.db"),
            "{refused}"
        );
    }
    assert_eq!(content(&folder), before, "nothing was written");

    std::fs::remove_file(&key).expect("removing");
    let missing =
        folder.run(&["client", "add", "--id", "app", "--redirect-uri", "https://app.example/"]).refused();
    assert!(missing.contains("is missing"), "no new key is made beside what another sealed: {missing}");
    assert!(folder.run(&["serve", "--listen", "127.0.0.1:0"]).refused().contains("is missing"));
    assert!(!key.exists());
    folder.run(&["user", "list"]).done();

    std::fs::write(&key, own).expect("the first key");
    folder.run(&["client", "list"]).done();
    folder.serve(&[]).sign_in("ada", "correct horse");
}

#[test]
fn rotating_says_what_the_new_key_does() {
    let folder = Folder::new();
    let first = folder.run(&["key", "rotate"]).done();
    assert!(first.contains("is published and signs at once"), "{first}");
    let next = folder.run(&["key", "rotate"]).done();
    assert!(next.contains("is published and signs from 2"), "{next}");

    let secret = "k7".repeat(16);
    let variables = [("JETON_ACCESS_ALGORITHM", "HS256"), ("JETON_ACCESS_SHARED_SECRET", &*secret)];
    let data = folder.path().to_str().expect("UTF-8");
    let with_secret = run_with(&["key", "rotate", "--data", data], &variables).done();
    assert!(
        with_secret.contains("but no access tokens") && with_secret.contains("signed with the shared secret"),
        "{with_secret}"
    );
    let document = run_with(&["key", "rotate", "--data", data, "--json"], &variables).json();
    assert_eq!(document["signs_access_tokens"], false);
    let other = run_with(
        &["key", "rotate", "--alg", "Ed25519", "--data", data],
        &[("JETON_ACCESS_ALGORITHM", "ES256")],
    );
    let other = other.done();
    assert!(other.contains("access.algorithm is ES256"), "{other}");
}

#[test]
fn a_key_waits_as_long_as_the_running_server_was_told_unless_the_command_is_told_otherwise() {
    let folder = Folder::new();
    let server = folder.serve(&[("JETON_KEYS_PUBLISH_WAIT", "0s")]);
    let rotated = folder.run(&["key", "rotate", "--json"]).json();
    assert_eq!(rotated["signs_from"], rotated["created_at"]);
    let data = folder.path().to_str().expect("UTF-8");
    let told =
        run_with(&["key", "rotate", "--json", "--data", data], &[("JETON_KEYS_PUBLISH_WAIT", "1h")]).json();
    assert_ne!(told["signs_from"], told["created_at"]);
    drop(server);
}
