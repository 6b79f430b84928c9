//! A server on a machine that has little of something.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::run::{Folder, Server};

/// `serve` on the folder, after a shell has set a limit, with the log in a file.
fn serve_under(limit: &str, folder: &Folder, variables: &[(&str, &str)]) -> (Server, String) {
    let log = folder.file("log", "");
    let mut command = Command::new("sh");
    command.args(["-c", &format!(r#"{limit}; exec "$0" "$@""#), env!("CARGO_BIN_EXE_jeton")]);
    command.args(folder.with(&["serve", "--listen", "127.0.0.1:0"]));
    command.envs(variables.iter().copied()).stdout(Stdio::piped());
    command.stderr(File::options().append(true).open(&log).expect("it was made"));
    (Server::spawn(command), log)
}

#[test]
fn a_low_soft_limit_of_open_files_is_raised() {
    let folder = Folder::new();
    let (server, _) = serve_under("ulimit -Sn 100", &folder, &[]);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.id())).expect("Linux has it");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("a limit");
    let soft: u64 = line.split_whitespace().nth(3).and_then(|soft| soft.parse().ok()).expect("a number");
    assert!(soft >= 4096, "{line}");
}

#[test]
fn no_more_connections_are_served_than_there_are_descriptors_for() {
    let folder = Folder::new();
    let (server, log) = serve_under("ulimit -n 100", &folder, &[]);
    assert!(std::fs::read_to_string(&log).expect("a log").contains(r#""connections":50,"wanted":4096"#));
    // Many more than that, all kept open.
    let mut idle = Vec::new();
    for _ in 0..300 {
        let mut stream = TcpStream::connect(&server.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(120))).expect("a time-out");
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").expect("it reads");
        let mut answer = [0; 15];
        stream.read_exact(&mut answer).expect("it answers");
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
        idle.push(stream);
    }
    assert_eq!(server.post("/api/token/", &json!({"username": "ada", "password": "x"})).0, 401);
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_hundred_sign_ins_at_once_fit_into_little_memory() {
    let folder = Folder::new();
    // More threads than half of the memory is for.
    let variables = [("JETON_PASSWORD_THREADS", "4"), ("JETON_PASSWORD_QUEUE", "100")];
    let (server, _) = serve_under("ulimit -v 262144", &folder, &variables);
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..100)
            .map(|number| {
                let body = json!({"username": format!("nobody{number}"), "password": "x"});
                let server = &server;
                scope.spawn(move || server.post("/api/token/", &body).0)
            })
            .collect();
        clients.into_iter().map(|client| client.join().expect("it is answered")).collect()
    });
    assert!(answers.iter().all(|status| [401, 429, 503].contains(status)), "{answers:?}");
    assert!(answers.contains(&401), "{answers:?}");
    assert_eq!(server.get("/healthz").0, 200);
    assert_eq!(server.stop(), 0);
}
