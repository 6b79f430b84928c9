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
            // Programs and files of the reader's own, and what needs a server and somebody at a browser, or the world outside.
            ("java" | "js" | "nginx" | "rust" | "toml" | "json" | "console", _) => {}
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
    assert_eq!(paste("single-sign-on.md"), 3);
}

#[test]
fn the_clients_that_get_tokens_without_a_browser_are_added_as_the_page_says() {
    assert_eq!(paste("grants.md"), 7);
}

#[test]
fn the_clients_of_the_conformance_suite_are_made_as_the_page_says() {
    assert_eq!(paste("conformance.md"), 4);
}

#[test]
fn every_test_that_the_security_page_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/security.md")).expect("the page is there");
    let mut sources = String::new();
    read_tests(&root.join("crates"), &mut sources);
    // Names of tests are sentences: longer than any other name on the page.
    let is_name = |text: &&str| {
        // What begins so is a member of a client's description.
        text.len() > 17
            && !text.starts_with("require_")
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let names: Vec<_> = page.split('`').skip(1).step_by(2).filter(is_name).collect();
    assert!(names.len() > 40, "{names:?}");
    let missing: Vec<_> =
        names.into_iter().filter(|name| !sources.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Every line of Rust below a folder that could begin a test.
fn read_tests(folder: &Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read_tests(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("UTF-8");
            text.lines().filter(|line| line.contains("fn ")).for_each(|line| {
                into.push_str(line);
                into.push('\n');
            });
        }
    }
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
