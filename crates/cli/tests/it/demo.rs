//! `jeton demo`: what it prints works when it is pasted.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::run::Server;

fn demo(variables: &[(&str, &str)]) -> Server {
    Server::start(&["demo", "--listen", "127.0.0.1:0"], variables)
}

fn curls(server: &Server) -> Vec<String> {
    server.printed.lines().filter(|line| line.starts_with("curl ")).map(str::to_owned).collect()
}

fn paste(shell: &str, line: &str) -> Value {
    let output =
        Command::new(shell).args(["-c", line]).stdin(Stdio::null()).output().expect("the shell runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {line}: {text}"))
}

#[test]
fn the_four_lines_work_when_pasted_in_any_shell() {
    for shell in ["bash", "sh"] {
        for variables in [
            &[][..],
            &[("JETON_ACCESS_ALGORITHM", "Ed25519")],
            &[
                ("JETON_ACCESS_ALGORITHM", "HS256"),
                ("JETON_ACCESS_SHARED_SECRET", "a secret that is long enough for HS256!"),
            ],
        ] {
            let server = demo(variables);
            let curls = curls(&server);
            assert_eq!(curls.len(), 4, "{}", server.printed);
            let pair = paste(shell, &curls[0]);
            assert!(pair["access"].is_string() && pair["refresh"].is_string(), "{pair}");
            let hello = paste(shell, &curls[1]);
            assert_eq!(
                (hello["message"].as_str(), hello["username"].as_str()),
                (Some("Hello, World!"), Some("demo"))
            );
            let next = paste(shell, &curls[2]);
            assert_ne!(next["refresh"], pair["refresh"]);
            assert_eq!(paste(shell, &curls[1])["message"], "Hello, World!");
            assert_eq!(paste(shell, &curls[3]), serde_json::json!({}));
            assert_eq!(paste(shell, &curls[2])["detail"], "Token is blacklisted");
            // The API hears of it within a second, though the token has not expired.
            let signed_out = Instant::now();
            while paste(shell, &curls[1])["code"] != "token_not_valid" {
                assert!(signed_out.elapsed() < Duration::from_secs(1), "the API accepts the token still");
            }
        }
    }
}

#[test]
fn the_lines_work_in_one_shell_as_well() {
    let server = demo(&[]);
    let script = curls(&server).join("\n");
    let output = Command::new("bash").args(["-c", &script]).output().expect("bash runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(text.contains("Hello, World!"), "{text}");
}

#[test]
fn the_spent_token_stands_still_and_after_two_more_refreshes_ends_the_session() {
    // One second in place of five.
    let server = demo(&[("JETON_REFRESH_GRACE", "1s")]);
    let password =
        server.printed.lines().find_map(|line| line.trim().strip_prefix("Password")).expect("a password");
    let first = server.sign_in("demo", password.trim());
    let wait = || std::thread::sleep(std::time::Duration::from_millis(2_100));

    let (_, second) = server.refresh(&first["refresh"]);
    let (status, again) = server.refresh(&first["refresh"]);
    assert_eq!((status, &again["refresh"]), (200, &second["refresh"]));
    wait();
    let (_, third) = server.refresh(&second["refresh"]);
    assert_ne!(third["refresh"], second["refresh"]);
    let (status, body) = server.refresh(&first["refresh"]);
    assert_eq!((status, body["detail"].as_str()), (401, Some("Token is blacklisted")));
    assert_eq!(server.refresh(&third["refresh"]).0, 401);
}

#[test]
fn the_page_and_its_files_are_served_under_a_strict_policy() {
    let server = demo(&[]);
    for (path, expected) in [
        ("/", "Four steps"),
        ("/demo/page.css", ":root"),
        ("/demo/page.js", "use strict"),
        ("/demo/icon.svg", "<svg"),
    ] {
        let (status, body) = server.get(path);
        assert_eq!(status, 200, "{path}");
        assert!(body.as_str().expect("text").contains(expected), "{path}");
    }
    let (_, settings) = server.get("/demo/settings.json");
    assert_eq!((settings["username"].as_str(), settings["grace"].as_i64()), (Some("demo"), Some(5)));
    server.sign_in("demo", settings["password"].as_str().expect("a password"));
}

#[test]
fn everything_that_the_page_shows_lies_in_a_landmark() {
    let (_, page) = demo(&[]).get("/");
    let page = page.as_str().expect("text");
    let body = page.split_once("<body>").expect("a body").1.split("</body>").next().expect("a body");
    let mut outside = body.to_owned();
    for landmark in ["header", "main", "footer"] {
        let (before, rest) = outside.split_once(&format!("<{landmark}>")).expect(landmark);
        let (_, after) = rest.split_once(&format!("</{landmark}>")).expect(landmark);
        outside = format!("{before}{after}");
    }
    assert_eq!(outside.trim(), "");
}

#[test]
fn a_demo_leaves_nothing_behind() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let server = demo(&[("TMPDIR", scratch.path().to_str().expect("UTF-8"))]);
    assert_eq!(std::fs::read_dir(scratch.path()).expect("a folder").count(), 1);
    assert_eq!(server.stop(), 0);
    assert_eq!(std::fs::read_dir(scratch.path()).expect("a folder").count(), 0);
}

#[test]
fn a_refused_request_to_the_api_says_why() {
    let server = demo(&[]);
    let (status, body) = server.get("/hello/");
    assert_eq!(
        (status, body["detail"].as_str()),
        (401, Some("Authentication credentials were not provided."))
    );
}

#[test]
fn a_demo_leaves_nothing_behind_when_its_terminal_is_closed() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let server = demo(&[("TMPDIR", scratch.path().to_str().expect("UTF-8"))]);
    assert_eq!(server.end_by("-HUP"), 0);
    assert_eq!(std::fs::read_dir(scratch.path()).expect("a folder").count(), 0);
}

#[test]
fn a_port_that_is_taken_is_told_with_a_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let refused = crate::run::run(&["demo", "--listen", &address]).refused();
    assert!(refused.ends_with("; --listen 127.0.0.1:0 takes any free port"), "{refused}");
}
