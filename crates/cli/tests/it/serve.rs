//! `jeton serve`.

use std::os::unix::fs::PermissionsExt;

use crate::run::{Folder, eventually, run, run_with};

#[test]
fn the_first_start_makes_the_folder_and_the_keys_and_says_how_to_add_a_user() {
    let folder = Folder::new();
    let server = folder.serve(&[]);
    assert!(server.printed.contains("jeton user add NAME --admin --data "), "{}", server.printed);
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(folder.path()), 0o700);
    assert_eq!(mode(&folder.path().join("master.key")), 0o600);
    let (status, set) = server.get("/.well-known/jwks.json");
    assert_eq!((status, set["keys"][0]["alg"].as_str()), (200, Some("ES256")));
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_restart_keeps_users_sessions_and_keys() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    let issuer = [("JETON_ISSUER", "https://login.example")];
    let server = folder.serve(&issuer);
    let pair = server.sign_in("ada", "correct horse");
    let is_complete = |set: &(u16, serde_json::Value)| set.1["keys"].as_array().map(Vec::len) == Some(2);
    let mut set = server.get("/.well-known/jwks.json");
    eventually(|| {
        set = server.get("/.well-known/jwks.json");
        is_complete(&set)
    });
    assert_eq!(server.stop(), 0);

    let server = folder.serve(&issuer);
    assert!(!server.printed.contains("user add"), "{}", server.printed);
    assert_eq!(server.get("/.well-known/jwks.json"), set);
    assert_eq!(server.post("/api/token/verify/", &serde_json::json!({"token": pair["access"]})).0, 200);
    assert_eq!(server.refresh(&pair["refresh"]).0, 200);
}

#[test]
fn a_second_server_on_the_folder_is_refused() {
    let folder = Folder::new();
    let server = folder.serve(&[]);
    let refused = folder.run(&["serve", "--listen", "127.0.0.1:0"]).refused();
    assert!(refused.contains("another jeton serves this folder"), "{refused}");
    assert_eq!(server.get("/healthz").0, 200);
}

#[test]
fn a_wrong_master_key_is_refused_and_nothing_is_touched() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    assert_eq!(folder.serve(&[]).stop(), 0);
    let before = std::fs::read(folder.path().join("jeton.db")).expect("a database");

    let wrong = "A".repeat(43);
    let data = folder.path().to_str().expect("UTF-8");
    let ran =
        run_with(&["serve", "--listen", "127.0.0.1:0", "--data", data], &[("JETON_KEYS_MASTER_KEY", &wrong)]);
    assert!(ran.refused().contains("does not match the database"));
    let ran = run_with(&["key", "rotate", "--data", data], &[("JETON_KEYS_MASTER_KEY", &wrong)]);
    assert!(ran.refused().contains("does not match the database"));
    let ran = run_with(&["key", "rotate", "--data", data], &[("JETON_KEYS_MASTER_KEY", "short")]);
    assert!(ran.refused().contains("not a master key"));

    // A lost one is not replaced by a new one.
    let kept = std::fs::read(folder.path().join("master.key")).expect("a master key");
    std::fs::remove_file(folder.path().join("master.key")).expect("it is there");
    assert!(folder.run(&["serve", "--listen", "127.0.0.1:0"]).refused().contains("is missing"));
    assert!(!folder.path().join("master.key").exists());
    assert_eq!(std::fs::read(folder.path().join("jeton.db")).expect("a database"), before);

    std::fs::write(folder.path().join("master.key"), kept).expect("it can be put back");
    folder.serve(&[]).sign_in("ada", "correct horse");
}

#[test]
fn a_folder_of_a_newer_version_is_refused_and_not_touched() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    let path = folder.path().join("jeton.db");
    let mut database = std::fs::read(&path).expect("a database");
    // SQLite's file format, §1.3: `user_version`, which counts our migrations.
    database[60..64].copy_from_slice(&9999_u32.to_be_bytes());
    std::fs::write(&path, &database).expect("it can be written");
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["user", "list"]] {
        let refused = folder.run(arguments).refused();
        assert!(refused.contains("newer version"), "{refused}");
        assert_eq!(std::fs::read(&path).expect("a database"), database);
    }
}

#[test]
fn an_address_that_is_taken_is_one_clear_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let folder = Folder::new();
    let refused = folder.run(&["serve", "--listen", &address]).refused();
    assert!(refused.contains(&format!("cannot listen on {address}")), "{refused}");
}

#[test]
fn access_tokens_are_signed_as_the_configuration_says() {
    let secret = "a secret of the operator's that nobody else knows";
    for (alg, variables) in [
        ("Ed25519", vec![("JETON_ACCESS_ALGORITHM", "Ed25519")]),
        ("EdDSA", vec![("JETON_ACCESS_ALGORITHM", "EdDSA")]),
        ("HS256", vec![("JETON_ACCESS_ALGORITHM", "HS256"), ("JETON_ACCESS_SHARED_SECRET", secret)]),
    ] {
        let folder = Folder::new();
        folder.add_user("ada", "correct horse");
        let server = folder.serve(&variables);
        let pair = server.sign_in("ada", "correct horse");
        let decoded = run(&["jwt", "decode", "--json", pair["access"].as_str().expect("a token")]).json();
        assert_eq!(decoded["header"]["alg"], alg);
        assert_eq!(server.post("/api/token/verify/", &serde_json::json!({"token": pair["access"]})).0, 200);
    }
}

#[test]
fn a_server_that_is_killed_leaves_nothing_in_the_way_of_the_next() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    // Dropping kills it.
    drop(folder.serve(&[]));
    folder.serve(&[]).sign_in("ada", "correct horse");
}

#[test]
fn jwt_verify_takes_the_keys_of_a_running_authority() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    let server = folder.serve(&[]);
    let pair = server.sign_in("ada", "correct horse");
    let issuer = format!("http://{}", server.address);
    let token = pair["access"].as_str().expect("a token");
    let claims = run(&["jwt", "verify", "--issuer", &issuer, "--aud", &issuer, token]).done();
    assert!(claims.contains(r#""username":"ada""#), "{claims}");
    let jwks = format!("{issuer}/.well-known/jwks.json");
    run(&["jwt", "verify", "--jwks", &jwks, "--typ", "at+jwt", token]).done();
    assert!(
        run(&["jwt", "verify", "--jwks", &jwks, token])
            .refused()
            .contains(r#"typ is "at+jwt", expected "JWT" or none"#)
    );
    let refresh = pair["refresh"].as_str().expect("a token");
    run(&["jwt", "verify", "--issuer", &issuer, refresh]).refused();
    assert!(
        run(&["jwt", "verify", "--jwks", "http://10.0.0.1/jwks", token]).refused().contains("plain http")
    );
    assert!(run(&["jwt", "verify", "--issuer", "ftp://127.0.0.1", token]).status == 1);
}

#[test]
fn the_control_socket_is_gone_after_a_stop() {
    let folder = Folder::new();
    let server = folder.serve(&[]);
    eventually(|| folder.path().join("jeton.sock").exists());
    assert_eq!(server.stop(), 0);
    assert!(!folder.path().join("jeton.sock").exists());
    folder.run(&["key", "list"]).done();
}

#[test]
fn one_database_has_one_server_in_whatever_folders() {
    let folder = Folder::new();
    let _server = folder.serve(&[]);
    let database = format!("sqlite:{}", folder.path().join("jeton.db").display());
    let elsewhere = Folder::new();
    std::fs::create_dir(elsewhere.path()).expect("a folder");
    std::fs::copy(folder.path().join("master.key"), elsewhere.path().join("master.key")).expect("a key");
    let refused = elsewhere.run(&["serve", "--listen", "127.0.0.1:0", "--database", &database]).refused();
    assert!(refused.starts_with("error[database_served]: another jeton serves the database "), "{refused}");
    // The lock is not the file that says so.
    std::fs::remove_file(folder.path().join("jeton.lock")).expect("removing");
    assert!(folder.run(&["serve", "--listen", "127.0.0.1:0"]).refused().contains("another jeton serves"));
    folder.add_user("ada", "correct horse");
}

#[test]
fn a_folder_that_is_moved_away_makes_its_server_unready_until_it_is_back() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    let server = folder.serve(&[]);
    server.sign_in("ada", "correct horse");
    let away = folder.path().with_extension("away");
    std::fs::rename(folder.path(), &away).expect("moving");
    let body = serde_json::json!({"username": "ada", "password": "correct horse"});
    assert_eq!(server.post("/api/token/", &body).0, 503);
    std::fs::rename(&away, folder.path()).expect("moving back");
    server.sign_in("ada", "correct horse");
}

#[test]
fn a_folder_that_others_may_write_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    let open_up = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("changing");
    };
    assert_eq!(folder.run(&["user", "list"]).err, "");
    open_up(folder.path(), 0o777);
    assert!(folder.run(&["user", "list"]).err.contains("others on this machine may write "));
    open_up(folder.path(), 0o700);
    open_up(&folder.path().join("jeton.db"), 0o660);
    assert!(folder.run(&["user", "list"]).err.contains("jeton.db (mode 0660)"));
}
