//! What must not stand in the source, whatever the behaviour is.

use std::path::{Path, PathBuf};

/// Every file of the crate with its lines.
fn source() -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, files: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, files);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                files.push((path, text));
            }
        }
    }
    let mut files = vec![];
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    assert!(files.len() > 50);
    files
}

/// The words around an operator, such as `tag` in `tag.as_ref() != x`.
fn operands(line: &str) -> Vec<&str> {
    let word = |letter: char| letter.is_alphanumeric() || letter == '_';
    [" == ", " != "]
        .into_iter()
        .filter_map(|operator| line.split_once(operator))
        .flat_map(|(left, right)| {
            let left = left.rsplit(' ').next().unwrap_or_default();
            let right = right.split([' ', ',', ')', ';']).next().unwrap_or_default();
            [left, right]
        })
        // A length may be compared, and a DER tag is no MAC.
        .filter(|operand| !operand.contains("len"))
        .flat_map(|operand| operand.split(move |letter| !word(letter)))
        .collect()
}

#[test]
fn no_tag_signature_or_secret_is_compared_byte_by_byte() {
    const SECRET: &[&str] = &["tag", "mac", "signature", "expected", "computed_tag", "hmac"];
    // Comparisons of what is public: a DER tag.
    const PUBLIC: &[&str] = &["der/mod.rs"];
    for (path, text) in source() {
        if path.ends_with("crypto/wycheproof.rs") || PUBLIC.iter().any(|public| path.ends_with(public)) {
            continue;
        }
        for (number, line) in
            text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            let found = operands(line).into_iter().find(|operand| SECRET.contains(operand));
            assert!(found.is_none(), "{}:{}: `{found:?}` compared with ==", path.display(), number + 1);
        }
    }
    assert_eq!(operands("if tag != wanted {"), ["tag", "wanted"]);
    assert_eq!(operands("a.tag() == b"), ["a", "tag", "", "", "b"]);
}

#[test]
fn only_the_crypto_module_knows_the_cryptographic_libraries() {
    for (path, text) in source() {
        if path.components().any(|part| part.as_os_str() == "crypto") {
            continue;
        }
        for library in ["aws_lc_rs::", "hmac::Hmac", "sha2::Sha"] {
            assert!(!text.contains(library), "{} uses {library}", path.display());
        }
    }
}
