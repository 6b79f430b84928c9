//! The control socket.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use jeton_server::control::{self, ControlSocket, Reloaded, SOCKET_NAME};
use tempfile::TempDir;

use crate::app::TestApp;

async fn reload(folder: &Path) -> Reloaded {
    let folder = folder.to_owned();
    tokio::task::spawn_blocking(move || control::reload(&folder)).await.expect("no panic").expect("an answer")
}

#[tokio::test]
async fn a_running_server_reloads_when_it_is_told() {
    let app = TestApp::new().await;
    let folder = TempDir::new().expect("a folder");
    let socket = ControlSocket::open(folder.path()).expect("a socket");
    let path = folder.path().join(SOCKET_NAME);
    assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
    let task = tokio::spawn(socket.serve(app.service.clone()));
    assert_eq!(reload(folder.path()).await, Reloaded::ByRunningServer);
    assert_eq!(reload(folder.path()).await, Reloaded::ByRunningServer);
    task.abort();
    let _ = task.await;
    assert!(!path.exists(), "the file goes with the server");
    assert_eq!(reload(folder.path()).await, Reloaded::NoServer);
}

#[tokio::test]
async fn a_running_server_says_what_it_goes_by() {
    let app = TestApp::new().await;
    let folder = TempDir::new().expect("a folder");
    let ask = || {
        let folder = folder.path().to_owned();
        async move {
            let asked = tokio::task::spawn_blocking(move || control::settings(&folder)).await;
            asked.expect("no panic").expect("an answer")
        }
    };
    assert_eq!(ask().await, None, "none runs");
    let socket = ControlSocket::open(folder.path()).expect("a socket");
    let task = tokio::spawn(socket.serve(app.service.clone()));
    let settings = ask().await.expect("one runs");
    assert_eq!(settings.issuer, "https://auth.example");
    assert_eq!((settings.access_lifetime, settings.publish_wait), (300, 24 * 3600));
    task.abort();
}

#[tokio::test]
async fn a_file_left_behind_is_replaced() {
    let app = TestApp::new().await;
    let folder = TempDir::new().expect("a folder");
    drop(UnixListener::bind(folder.path().join(SOCKET_NAME)).expect("a socket"));
    assert_eq!(reload(folder.path()).await, Reloaded::NoServer);
    let socket = ControlSocket::open(folder.path()).expect("a socket");
    let task = tokio::spawn(socket.serve(app.service.clone()));
    assert_eq!(reload(folder.path()).await, Reloaded::ByRunningServer);
    task.abort();
}

#[tokio::test]
async fn a_folder_with_a_long_path_works() {
    let app = TestApp::new().await;
    let top = TempDir::new().expect("a folder");
    let folder = top.path().join("x".repeat(120));
    fs::create_dir(&folder).expect("a folder");
    let socket = ControlSocket::open(&folder).expect("a socket");
    let task = tokio::spawn(socket.serve(app.service.clone()));
    assert_eq!(reload(&folder).await, Reloaded::ByRunningServer);
    task.abort();
}

#[tokio::test]
async fn nonsense_is_answered_and_does_no_harm() {
    let app = TestApp::new().await;
    let folder = TempDir::new().expect("a folder");
    let socket = ControlSocket::open(folder.path()).expect("a socket");
    let task = tokio::spawn(socket.serve(app.service.clone()));
    let path = folder.path().join(SOCKET_NAME);
    let answer = tokio::task::spawn_blocking(move || {
        // One that says nothing and leaves, one that talks nonsense.
        drop(UnixStream::connect(&path).expect("a connection"));
        let mut stream = UnixStream::connect(&path).expect("a connection");
        stream.write_all(b"explode\n").expect("sent");
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).expect("an answer");
        line
    });
    assert_eq!(answer.await.expect("no panic"), "failed unknown request\n");
    assert_eq!(reload(folder.path()).await, Reloaded::ByRunningServer);
    task.abort();
}
