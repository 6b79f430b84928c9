//! What ends a server, and what does not.

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::run::{Folder, Server, jeton};

/// Those that end a process which does not handle them.
const HARMLESS: [&str; 4] = ["-HUP", "-USR1", "-USR2", "-XFSZ"];

fn send(signal: &str, id: u32) {
    assert!(Command::new("kill").args([signal, &id.to_string()]).status().expect("kill runs").success());
}

#[test]
fn only_term_and_int_end_a_server_without_tls() {
    for end in ["-TERM", "-INT"] {
        let server = Folder::new().serve(&[]);
        for signal in HARMLESS {
            send(signal, server.id());
            send(signal, server.id());
            assert_eq!(server.get("/healthz").0, 200, "{signal}");
        }
        assert_eq!(server.end_by(end), 0);
    }
}

#[test]
fn signals_are_handled_before_the_configuration_is_read() {
    let folder = Folder::new();
    let config = format!("{}.toml", folder.path().display());
    assert!(Command::new("mkfifo").arg(&config).status().expect("mkfifo runs").success());
    let mut command = jeton(&folder.with(&["serve", "--listen", "127.0.0.1:0", "--config", &config]));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let starting = std::thread::spawn(move || Server::spawn(command));
    // Opens as soon as the server reads the other end, and keeps it waiting until something is written.
    let mut file = File::options().write(true).open(&config).expect("a fifo");
    let reading = || {
        let processes = std::fs::read_dir("/proc").expect("Linux has it").flatten();
        processes.filter_map(|process| process.file_name().to_str()?.parse().ok()).find(|id: &u32| {
            std::fs::read(format!("/proc/{id}/cmdline"))
                .is_ok_and(|line| String::from_utf8_lossy(&line).contains(&config))
        })
    };
    let id = reading().expect("the server reads its configuration");
    for signal in HARMLESS {
        send(signal, id);
    }
    file.write_all(b"[log]\nlevel = \"warn\"\n").expect("it reads");
    drop(file);
    let server = starting.join().expect("the server starts");
    assert_eq!(server.id(), id);
    assert_eq!(server.get("/healthz").0, 200);
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_file_that_may_not_grow_is_a_full_disk() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    // In blocks of 512 bytes: as much as the database has by now, and a little.
    let size = std::fs::metadata(folder.path().join("jeton.db")).expect("a database").len();
    let blocks = size / 512 + 64;
    let mut command = Command::new("sh");
    command.args(["-c", &format!(r#"ulimit -f {blocks}; exec "$0" "$@""#), env!("CARGO_BIN_EXE_jeton")]);
    command.args(folder.with(&["serve", "--listen", "127.0.0.1:0"]));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let server = Server::spawn(command);
    let body = json!({"username": "ada", "password": "correct horse"});
    let answers: Vec<u16> =
        (0..400).map(|_| server.post("/api/token/", &body).0).take_while(|it| *it == 200).collect();
    assert!(answers.len() < 400, "the file never grew too large");
    assert_eq!(server.post("/api/token/", &body).0, 503);
    assert_eq!(server.get("/healthz").0, 200);
    assert_eq!(server.stop(), 0);
}
