//! Other processes: the test program starts itself again, as somebody who plays a part.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::scratch::{add, open};

const PART: &str = "JETON_STORE_TEST_PART";
const FOLDER: &str = "JETON_STORE_TEST_FOLDER";

/// A command that plays a part on a folder, with `program` as the test program.
pub(crate) fn command(mut program: Command, part: &str, folder: &Path) -> Command {
    program
        .args(["--exact", "child::plays_its_part", "--nocapture", "--test-threads=1"])
        .env(PART, part)
        .env(FOLDER, folder)
        .stdout(Stdio::piped());
    program
}

pub(crate) fn start(part: &str, folder: &Path) -> Child {
    let program = Command::new(std::env::current_exe().expect("the test program has a path"));
    command(program, part, folder).spawn().expect("the test program starts")
}

/// What a child said, each `said` of it. A line that the child's end cut short was not said.
pub(crate) fn sayings(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let mut output = BufReader::new(child.stdout.take().expect("the output is piped"));
    std::iter::from_fn(move || {
        loop {
            let mut line = String::new();
            output.read_line(&mut line).expect("the output is text");
            let line = line.strip_suffix('\n')?;
            // The harness says things too, not always on lines of their own.
            if let Some((_, said)) = line.split_once("said: ") {
                return Some(said.to_owned());
            }
        }
    })
}

#[expect(clippy::print_stdout, reason = "the parent reads it there")]
pub(crate) fn say(text: &str) {
    println!("said: {text}");
}

/// Does nothing unless this process was started by [`start`].
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plays_its_part() {
    let Ok(part) = std::env::var(PART) else { return };
    let folder = PathBuf::from(std::env::var_os(FOLDER).expect("a part comes with a folder"));
    match part.as_str() {
        "add users until killed" => {
            let store = open(&folder);
            for number in 0.. {
                let name = format!("user-{number}");
                add(&store, &name).await.expect("adding");
                say(&name);
            }
        }
        "add a hundred users" => {
            let store = open(&folder);
            for number in 0..100 {
                add(&store, &format!("other-{number}")).await.expect("adding");
            }
        }
        #[cfg(unix)]
        "meet a full disk" => crate::disk::full(&folder).await,
        #[cfg(unix)]
        "meet a read-only file" => crate::disk::read_only(&folder).await,
        unknown => panic!("nobody wrote the part {unknown}"),
    }
}
