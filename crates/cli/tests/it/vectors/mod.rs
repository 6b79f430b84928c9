//! The published vectors, every one of them through the real command: exit status, output and one-line reason.

mod cookbook;
mod others;
mod rfc;
mod wycheproof;

#[expect(
    clippy::print_stderr,
    clippy::unwrap_used,
    dead_code,
    reason = "shared with the tests of jeton-jose, which have other needs"
)]
#[path = "../../../../jose/tests/it/vectors.rs"]
mod published;

use std::io::Write;
use std::process::Stdio;

use jeton_jose::base64url;
use serde_json::Value;
use tempfile::TempDir;

pub(super) use published::{list, read, text};

use crate::run::jeton;

/// Key files and payloads for the commands.
pub(super) struct Files {
    folder: TempDir,
}

impl Files {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a scratch folder") }
    }

    /// A file of this name; an object is written as JSON.
    pub(super) fn json(&self, name: &str, value: &Value) -> String {
        self.bytes(name, value.to_string().as_bytes())
    }

    pub(super) fn bytes(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).expect("a scratch file");
        path.to_str().expect("UTF-8").to_owned()
    }
}

/// How a command ended, with the exact bytes that it printed.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) status: Option<i32>,
    pub(super) out: Vec<u8>,
    pub(super) err: String,
}

/// Runs the command on a token, which it reads from standard input as it is.
pub(super) fn run(arguments: &[&str], token: &str) -> Outcome {
    let mut command = jeton(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    // A command that refuses the key reads nothing.
    let _ = child.stdin.take().expect("piped").write_all(token.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    let err = String::from_utf8(output.stderr).expect("UTF-8");
    Outcome { status: output.status.code(), out: output.stdout, err }
}

impl Outcome {
    /// The bytes that an accepted token gave.
    #[track_caller]
    pub(super) fn accepted(self, what: &str) -> Vec<u8> {
        assert_eq!(self.status, Some(0), "{what}: {}", self.err);
        self.out
    }

    /// The stable code of a refusal: status 1, nothing on standard output, one line on standard error.
    #[track_caller]
    pub(super) fn refused(self, what: &str) -> String {
        assert_eq!(self.status, Some(1), "{what}: {}", self.err);
        assert_eq!((self.out.len(), self.err.lines().count()), (0, 1), "{what}: {}", self.err);
        let code = self.err.strip_prefix("error[").and_then(|rest| rest.split_once("]: "));
        code.unwrap_or_else(|| panic!("{what}: no code in {}", self.err)).0.to_owned()
    }
}

/// A JWS or JWE: text as it is, a JSON form as JSON.
pub(super) fn token(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The payload of a compact JWS whose payload is encoded.
pub(super) fn payload_of(jws: &str) -> Vec<u8> {
    base64url::decode(jws.split('.').nth(1).expect("a payload")).expect("base64url")
}

/// Does `work` for each of the items, on as many threads as there are cores.
pub(super) fn for_each<T: Sync>(items: &[T], work: impl Fn(&T) + Sync) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work = &work;
    std::thread::scope(|scope| {
        for chunk in items.chunks(items.len().div_ceil(threads).max(1)) {
            scope.spawn(move || chunk.iter().for_each(work));
        }
    });
}
