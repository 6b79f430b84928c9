//! The token debugger: one file that works by itself, also when it is saved, and so is put together from its parts.

use std::sync::LazyLock;

use base64_turbo::STANDARD;
use bytes::Bytes;
use http::HeaderValue;
use sha2::{Digest, Sha256};

const PAGE: &str = include_str!("../../assets/debugger/debugger.html");
const STYLE: &str = include_str!("../../assets/debugger/debugger.css");

macro_rules! modules {
    ($($name:literal)*) => { &[$(include_str!(concat!("../../assets/debugger/", $name, ".js"))),*] };
}

/// The modules of the script, each behind those that it imports.
const MODULES: &[&str] = modules![
    "encoding" "json" "times" "meanings" "pasted" "read" "der" "keys" "signatures" "decrypt" "checks" "disclosures"
    "proof" "inspect" "making" "elements" "timeline" "report" "page"
];

/// The debugger as it is sent: the same bytes to everyone.
pub(crate) struct Debugger {
    pub(crate) html: Bytes,
    /// The same in the `deflate` coding (RFC 9110 §8.4.1.2), a third of it.
    pub(crate) deflated: Bytes,
    /// What the browser may do with it: run its own script, and ask this issuer alone.
    pub(crate) policy: HeaderValue,
}

impl Debugger {
    /// The debugger, put together when it is first asked for.
    pub(crate) fn file() -> &'static Self {
        static FILE: LazyLock<Debugger> = LazyLock::new(Debugger::assemble);
        &FILE
    }

    fn assemble() -> Self {
        const BEST: u8 = 9;
        let (style, script) = (style(), script());
        let policy = format!(
            "default-src 'none'; script-src '{}'; style-src '{}'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'",
            hash(&script),
            hash(&style),
        );
        // A saved copy has no headers, so the page contains its policy too. Only a header can forbid frames.
        let html = PAGE.replace("{policy}", &policy).replace("{style}", &style).replace("{script}", &script);
        let policy = format!("{policy}; frame-ancestors 'none'");
        Self {
            deflated: miniz_oxide::deflate::compress_to_vec_zlib(html.as_bytes(), BEST).into(),
            html: html.into(),
            policy: HeaderValue::try_from(policy).expect("base64 is a header's value"),
        }
    }
}

/// The colours of all pages, and the debugger's own style.
fn style() -> String {
    let colours = include_str!("../../assets/page.css").split("\n* {").next().unwrap_or_default();
    colours.lines().chain(STYLE.lines()).filter_map(flush).collect()
}

/// All modules as one: their imports are satisfied by what comes before them.
fn script() -> String {
    let lines = MODULES.iter().flat_map(|module| module.lines());
    let lines = lines.filter(|line| !line.starts_with("import "));
    let lines = lines.map(|line| line.strip_prefix("export ").unwrap_or(line));
    lines.filter(|line| !is_comment(line.trim())).filter_map(flush).collect()
}

/// Whether a line of a script is a comment, or part of one.
fn is_comment(line: &str) -> bool {
    ["//", "/*", "* ", "*/"].iter().any(|start| line.starts_with(start))
}

/// A line without its indentation; nothing of an empty one.
fn flush(line: &str) -> Option<String> {
    let line = line.trim();
    (!line.is_empty()).then(|| format!("{line}\n"))
}

fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_is_in_the_script_behind_what_it_imports() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/debugger");
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let modules: Vec<_> = files.filter(|file| file.extension().is_some_and(|end| end == "js")).collect();
        assert_eq!(modules.len(), MODULES.len());
        for file in modules {
            let text = std::fs::read_to_string(&file).unwrap();
            let place = MODULES.iter().position(|module| *module == text).expect("it is listed");
            for line in text.lines().filter(|line| line.starts_with("import ")) {
                let name = line.split('"').nth(1).and_then(|name| name.strip_prefix("./")).unwrap();
                let imported = std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
                let before = MODULES.iter().position(|module| *module == imported).unwrap();
                assert!(before < place, "{} imports {name}", file.display());
            }
        }
    }

    #[test]
    fn taking_indentation_away_changes_no_text() {
        for line in MODULES.iter().flat_map(|module| module.lines()) {
            assert_eq!(line.matches('`').count() % 2, 0, "a text over several lines: {line}");
        }
    }

    #[test]
    fn the_debugger_has_the_colours_of_the_other_pages() {
        let page = include_str!("../../assets/page.css");
        let colours = page.lines().map(str::trim).filter(|line| line.starts_with("--"));
        let mut count = 0;
        for colour in colours {
            assert!(style().contains(colour), "{colour}");
            count += 1;
        }
        assert!(count >= 18, "light and dark");
        let own = STYLE.lines().map(str::trim);
        assert!(own.into_iter().all(|line| style().contains(line)), "nothing of the style is left out");
    }
}
