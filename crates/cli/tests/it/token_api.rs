//! The token API's settings, and its own client.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::run::{Folder, jeton, run, run_with};

#[test]
fn no_client_has_the_name_of_the_token_apis_own() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    let add =
        |id: &str| ["client", "add", "--id", id, "--redirect-uri", "https://app.example/"].map(str::to_owned);
    let run = |id: &str, variables: &[(&str, &str)]| {
        let arguments = add(id);
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        run_with(&folder.with(&arguments), variables)
    };
    let refused = run("jeton", &[]).refused();
    assert!(
        refused.starts_with("error[client_id_reserved]: jeton is the client identifier of the token API"),
        "{refused}"
    );
    let renamed = [("JETON_CLIENT_ID", "shop")];
    assert!(run("shop", &renamed).refused().contains("shop is the client identifier of the token API"));
    // The setting may change when a client of that name is there already.
    run("shop", &[]).done();
    let quick = folder.serve(&renamed);
    let pair = quick.sign_in("ada", "correct horse");
    let removed = folder.run(&["client", "remove", "shop", "--json"]).json();
    assert_eq!(removed["sessions_ended"], 0);
    assert_eq!(quick.refresh(&pair["refresh"]).0, 200);
}

#[test]
fn a_server_says_that_a_client_has_the_name_of_the_token_apis_own() {
    let folder = Folder::new();
    folder.run(&["client", "add", "--id", "shop", "--redirect-uri", "https://app.example/"]).done();
    let mut command = jeton(&folder.with(&["serve", "--listen", "127.0.0.1:0"]));
    command.env("JETON_CLIENT_ID", "shop").stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut lines =
        BufReader::new(child.stderr.take().expect("piped")).lines().map(|line| line.expect("text"));
    let warning = lines.find(|line| line.contains("client shop already exists")).expect("a warning");
    assert!(warning.contains("client_id"), "{warning}");
    child.kill().expect("it ends");
    child.wait().expect("it ends");
}

#[test]
fn the_settings_of_the_token_api_are_checked_one_by_one() {
    for (name, value, problem) in [
        ("JETON_TOKEN_API_ORIGINS", "https://app.example/", "more than an origin"),
        ("JETON_TOKEN_API_ORIGINS", "*,https://app.example", "remove the others"),
        ("JETON_TOKEN_API_USERNAME_FIELD", "password", "is the password field"),
        ("JETON_TOKEN_API_CLAIMS", "user_id=key", "user_id is a reserved claim"),
        ("JETON_TOKEN_API_CLAIMS", "aud=groups", "aud is a reserved claim"),
        ("JETON_TOKEN_API_CLAIMS", "is_staff", "is not CLAIM=ATTRIBUTE"),
        ("JETON_ACCESS_ALGORITHM", "HS384", "HS384 needs a secret shared with the APIs"),
    ] {
        let found = run_with(&["config", "check"], &[(name, value)]);
        assert!(found.status == 1 && found.err.contains(problem), "{name}: {found:?}");
    }
    let folder = Folder::new();
    let file = folder.file(
        "jeton.toml",
        "[token_api]\norigins = [\"https://app.example\", \"http://localhost:5173\"]\nusername_field = \"email\"\n\
         claims = [\"is_staff=is_staff\", \"groups=groups\"]\n[access]\naudience = \"none\"\n",
    );
    run(&["config", "check", "--config", &file]).done();
    let add = ["user", "add", "ada@example.org", "--password-stdin"];
    folder.run_reading(&add, b"correct horse\n").done();
    folder.run(&["user", "set", "ada@example.org", "is_staff:=true"]).done();
    let server = folder.serve(&[("JETON_CONFIG", &file)]);
    let credentials = serde_json::json!({"email": "ada@example.org", "password": "correct horse"});
    let (status, pair) = server.post("/api/token/", &credentials);
    assert_eq!(status, 200, "{pair}");
    let token = pair["access"].as_str().expect("a token");
    let claims = run(&["jwt", "decode", "--json", token]).json()["claims"].clone();
    assert_eq!((&claims["is_staff"], claims.get("groups"), claims.get("aud")), (&true.into(), None, None));
}
