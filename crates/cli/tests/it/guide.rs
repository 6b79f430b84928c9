//! The guides: every example pasted into a shell, in order and in one folder.

use std::path::Path;
use std::process::Command;

/// What a shell is given, and what it prints where the guide shows that.
struct Example {
    commands: String,
    printed: Option<String>,
}

/// The blocks of the guide; one of text belongs to the commands before it.
fn examples(guide: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = vec![];
    for block in guide.split("\n```").skip(1).step_by(2) {
        match block.split_once('\n').expect("a block has lines") {
            ("sh", commands) => examples.push(Example { commands: commands.to_owned(), printed: None }),
            ("text", printed) => {
                examples.last_mut().expect("commands come first").printed = Some(format!("{printed}\n"));
            }
            // Programs of the reader's own.
            ("js" | "rust", _) => {}
            (other, _) => panic!("a block of {other}"),
        }
    }
    examples
}

#[test]
fn every_example_of_the_guide_runs_and_prints_what_it_says() {
    assert!(paste("command-line.md") > 12);
}

#[test]
fn the_commands_on_the_way_to_single_sign_on_run_as_they_stand() {
    assert_eq!(paste("single-sign-on.md"), 2);
}

/// Pastes the examples of a guide, and counts them.
fn paste(guide: &str) -> usize {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide").join(guide);
    let examples = examples(&std::fs::read_to_string(guide).expect("the guide is there"));
    let count = examples.len();
    let folder = tempfile::tempdir().expect("a scratch folder");
    let binary = Path::new(env!("CARGO_BIN_EXE_jeton")).parent().expect("a folder");
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").expect("a path"));
    for Example { commands, printed } in examples {
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &commands])
            .current_dir(folder.path())
            .env("PATH", &path)
            .output()
            .expect("bash runs");
        assert!(output.status.success(), "{commands}\n{}", String::from_utf8_lossy(&output.stderr));
        if let Some(printed) = printed {
            assert_eq!(String::from_utf8_lossy(&output.stdout), printed, "{commands}");
        }
    }
    count
}
