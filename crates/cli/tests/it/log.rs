//! A log that cannot be written or read, and an output that nobody reads.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::run::{Folder, Server, jeton, run};

/// More lines than any pipe holds, at a level at which every request is logged.
const REQUESTS: usize = 3000;
/// How soon a server that was asked to stop has to have ended.
const SOON: Duration = Duration::from_secs(5);

/// `serve` on the folder, logging every request, with this standard error.
fn serve(folder: &Folder, error: impl Into<Stdio>) -> Command {
    let mut command = jeton(&folder.with(&["serve", "--listen", "127.0.0.1:0"]));
    command.env("JETON_LOG_LEVEL", "debug").stdout(Stdio::piped()).stderr(error);
    command
}

/// Sends requests that are refused, from a few clients at once.
fn flood(server: &Server) {
    std::thread::scope(|clients| {
        for _ in 0..4 {
            clients.spawn(|| {
                let mut stream = BufReader::new(TcpStream::connect(&server.address).expect("it listens"));
                stream.get_ref().set_read_timeout(Some(SOON)).expect("a time-out");
                for _ in 0..REQUESTS / 4 {
                    let request = "GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n";
                    stream.get_mut().write_all(request.as_bytes()).expect("it reads");
                    let mut line = String::new();
                    while line != "\r\n" {
                        line.clear();
                        stream.read_line(&mut line).expect("it answers");
                    }
                    let mut body = [0; r#"{"detail":"Not found."}"#.len()];
                    stream.read_exact(&mut body).expect("it answers");
                }
            });
        }
    });
}

/// Floods a server, and has it end as if nothing were wrong with its log.
fn expect_it_serves_and_ends(server: Server) {
    flood(&server);
    assert_eq!(server.get("/healthz").0, 200);
    let asked = Instant::now();
    assert_eq!(server.stop(), 0);
    assert!(asked.elapsed() < SOON, "it took {:?}", asked.elapsed());
}

#[test]
fn a_log_on_a_full_disk_costs_lines_and_nothing_else() {
    let full = File::options().write(true).open("/dev/full").expect("Linux has it");
    expect_it_serves_and_ends(Server::spawn(serve(&Folder::new(), full)));
}

#[test]
fn a_log_whose_reader_went_away_costs_lines_and_nothing_else() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let server = Server::spawn(serve(&Folder::new(), writer));
    drop(reader);
    expect_it_serves_and_ends(server);
}

#[test]
fn a_log_whose_reader_stands_still_holds_nothing_up() {
    let (_reader, writer) = std::io::pipe().expect("a pipe");
    expect_it_serves_and_ends(Server::spawn(serve(&Folder::new(), writer)));
}

#[test]
fn a_log_that_takes_no_more_without_blocking_holds_nothing_up() {
    let (reader, writer) = UnixStream::pair().expect("a pair");
    writer.set_nonblocking(true).expect("it can be set");
    let server = Server::spawn(serve(&Folder::new(), OwnedFd::from(writer)));
    expect_it_serves_and_ends(server);
    drop(reader);
}

#[test]
fn lines_that_were_lost_are_counted_once_the_log_is_read_again() {
    let folder = Folder::new();
    let (reader, writer) = UnixStream::pair().expect("a pair");
    writer.set_nonblocking(true).expect("it can be set");
    let server = Server::spawn(serve(&folder, OwnedFd::from(writer)));
    for _ in 0..5 {
        flood(&server);
    }
    let (reported, report) = std::sync::mpsc::channel();
    let reading = std::thread::spawn(move || {
        let mut lines = Vec::new();
        for line in BufReader::new(reader).lines() {
            let line = line.expect("UTF-8");
            let event: Value =
                serde_json::from_str(&line).unwrap_or_else(|_| panic!("no whole line: {line}"));
            if event["code"] == "log_lines_lost" {
                let _ = reported.send(());
            }
            lines.push(event);
        }
        lines
    });
    report.recv_timeout(Duration::from_secs(60)).expect("the loss is reported while the server runs");
    assert_eq!(server.stop(), 0);
    let events = reading.join().expect("every line is whole");
    let of_code = |code: &str| events.iter().filter(|event| event["code"] == code).count() as u64;
    let lost: u64 = events
        .iter()
        .filter(|event| event["code"] == "log_lines_lost")
        .filter_map(|event| event["lost"].as_u64())
        .sum();
    assert!(lost > 0, "{} lines were read", events.len());
    assert_eq!(of_code("not_found") + lost, 5 * REQUESTS as u64);
}

#[test]
fn what_strangers_cause_is_counted_rather_than_written_each_time() {
    let folder = Folder::new();
    let path = folder.file("log", "");
    let error = File::options().append(true).open(&path).expect("it was made");
    let mut command = serve(&folder, error);
    command.env("JETON_LOG_LEVEL", "info");
    let server = Server::spawn(command);
    for number in 0..300 {
        server.get(&format!("/authorize?client_id=zz{number}"));
    }
    assert_eq!(server.stop(), 0);
    let log = std::fs::read_to_string(&path).expect("a log");
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(events.len() < 20, "{} lines: {log}", events.len());
    let summed: Vec<_> = events.iter().filter(|event| event["more"].is_number()).collect();
    assert_eq!(summed.len(), 1, "{log}");
    assert_eq!(summed[0]["network"], "127.0.0.0/24");
    let written = events.iter().filter(|event| event["code"] == summed[0]["code"]).count() as u64 - 1;
    assert_eq!(summed[0]["more"].as_u64(), Some(300 - written));
}

/// An address that nothing listens on.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

#[test]
fn an_output_that_nobody_reads_does_not_end_a_server() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let (folder, address) = (Folder::new(), free_address());
    let mut command = jeton(&folder.with(&["serve", "--listen", &address]));
    command.stdout(writer).stderr(Stdio::null());
    let server = Server::spawn_at(&address, command);
    assert_eq!(server.get("/healthz").0, 200);
    assert_eq!(server.stop(), 0);
}

#[test]
fn descriptors_that_are_closed_at_the_start_are_taken_by_nothing() {
    let (folder, address) = (Folder::new(), free_address());
    let mut command = Command::new("sh");
    command.args(["-c", r#"exec "$0" "$@" <&- >&- 2>&-"#, env!("CARGO_BIN_EXE_jeton")]);
    command.args(folder.with(&["serve", "--listen", &address]));
    let server = Server::spawn_at(&address, command);
    for descriptor in 0..3 {
        let leads_to =
            std::fs::read_link(format!("/proc/{}/fd/{descriptor}", server.id())).expect("it is open");
        assert_eq!(leads_to.to_str(), Some("/dev/null"), "descriptor {descriptor}");
    }
    assert_eq!(server.get("/healthz").0, 200);
    assert_eq!(server.post("/api/token/", &json!({"username": "ada", "password": "x"})).0, 401);
    assert_eq!(server.stop(), 0);
}

/// Commands that print on both ways that there are.
const PRINTING: [&[&str]; 4] =
    [&["config", "reference"], &["jwk", "generate", "ES256"], &["completions", "bash"], &["--help"]];

#[test]
fn a_command_whose_output_nobody_reads_ends_quietly() {
    for arguments in PRINTING {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = jeton(arguments).stdout(writer).stderr(Stdio::piped()).output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

#[test]
fn a_command_waits_for_an_output_that_does_not_block() {
    let (mut reader, writer) = UnixStream::pair().expect("a pair");
    writer.set_nonblocking(true).expect("it can be set");
    // Fill it, but for less than what is to come.
    let filler = vec![b' '; 1 << 20];
    let mut filled = 0;
    while let Ok(written) = (&writer).write(&filler) {
        filled += written;
    }
    let mut child = jeton(&["config", "reference"]).stdout(OwnedFd::from(writer)).spawn().expect("it starts");
    let mut text = Vec::new();
    reader.read_to_end(&mut text).expect("it ends");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&text[filled..]), run(&["config", "reference"]).done());
}
