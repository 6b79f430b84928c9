//! `cargo xtask errors`: the page of the error codes, written from docs/errors.toml.

use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::api::Difference;
use crate::cargo;

/// The whole catalogue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    text: String,
    part: Vec<Part>,
}

/// What one crate or tool refuses.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    title: String,
    text: Option<String>,
    #[serde(default)]
    error: Vec<Entry>,
    #[serde(default)]
    section: Vec<Part>,
}

/// A code, or several that have the same cause.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    code: Codes,
    cause: String,
    remedy: String,
    /// What the client is told, where that is something else.
    wire: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Codes {
    One(String),
    Several(Vec<String>),
}

impl Codes {
    fn all(&self) -> &[String] {
        match self {
            Self::One(code) => std::slice::from_ref(code),
            Self::Several(codes) => codes,
        }
    }
}

/// Compares docs/errors.md with what docs/errors.toml makes of it, or writes it.
///
/// # Errors
/// When they differ, or the catalogue cannot be read.
pub(crate) fn run(difference: Difference) -> Result<()> {
    let file = cargo::root().join("docs/errors.md");
    let page = Catalogue::read()?.page();
    if difference == Difference::Blessed {
        return fs::write(&file, page).with_context(|| format!("cannot write {}", file.display()));
    }
    if fs::read_to_string(&file).unwrap_or_default() != page {
        bail!("docs/errors.md differs from docs/errors.toml: `cargo xtask errors --bless`");
    }
    Ok(())
}

impl Catalogue {
    fn read() -> Result<Self> {
        let file = cargo::root().join("docs/errors.toml");
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is no catalogue", file.display()))
    }

    fn page(&self) -> String {
        let mut page = format!("# Error codes\n\n{}", self.text);
        self.part.iter().for_each(|part| part.write(2, &mut page));
        page
    }
}

impl Part {
    fn write(&self, level: usize, page: &mut String) {
        let mut line = |text: &str| writeln!(page, "{text}").expect("writing to a String cannot fail");
        line(&format!("\n{} {}", "#".repeat(level), self.title));
        if let Some(text) = &self.text {
            line(&format!("\n{}", text.trim_end()));
        }
        let on_wire = self.error.iter().any(|entry| entry.wire.is_some());
        if !self.error.is_empty() {
            line(if on_wire {
                "\n| code | cause | remedy | on the wire |\n|---|---|---|---|"
            } else {
                "\n| code | cause | remedy |\n|---|---|---|"
            });
        }
        for Entry { code, cause, remedy, wire } in &self.error {
            let codes: Vec<String> = code.all().iter().map(|code| format!("`{code}`")).collect();
            let wire =
                if on_wire { format!(" {} |", wire.as_deref().unwrap_or("–")) } else { String::new() };
            line(&format!("| {} | {cause} | {remedy} |{wire}", codes.join(", ")));
        }
        self.section.iter().for_each(|section| section.write(level + 1, page));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use proc_macro2::{TokenStream, TokenTree};
    use syn::visit::{self, Visit};
    use syn::{ImplItemFn, Lit};

    use super::*;

    /// The texts of the sources: those that functions named `code`, calls of `coded` and log lines give as codes, and all others.
    #[derive(Default)]
    struct Texts {
        codes: BTreeSet<String>,
        all: BTreeSet<String>,
        in_code: bool,
    }

    impl Texts {
        fn of_workspace() -> Self {
            let mut texts = Self::default();
            let crates = fs::read_dir(cargo::root().join("crates")).expect("the crates");
            crates.for_each(|package| texts.read(&package.expect("a crate").path().join("src")));
            texts
        }

        fn read(&mut self, path: &Path) {
            if path.is_dir() {
                fs::read_dir(path)
                    .expect("a folder")
                    .for_each(|inner| self.read(&inner.expect("a file").path()));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(path).expect("a source");
                self.visit_file(&syn::parse_file(&text).expect("Rust"));
            }
        }

        /// Macros: `code = "…"` in those of the log, and any other text.
        fn tokens(&mut self, tokens: TokenStream) {
            let trees: Vec<TokenTree> = tokens.into_iter().collect();
            for (index, tree) in trees.iter().enumerate() {
                match tree {
                    TokenTree::Group(group) => self.tokens(group.stream()),
                    TokenTree::Literal(literal) => {
                        let Ok(Lit::Str(text)) = syn::parse_str(&literal.to_string()) else { continue };
                        let before = &trees[index.saturating_sub(2)..index];
                        if before.iter().map(ToString::to_string).eq(["code", "="]) {
                            self.codes.insert(text.value());
                        }
                        self.all.insert(text.value());
                    }
                    _ => {}
                }
            }
        }
    }

    impl<'ast> Visit<'ast> for Texts {
        fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
            let before = std::mem::replace(&mut self.in_code, item.sig.ident == "code");
            visit::visit_impl_item_fn(self, item);
            self.in_code = before;
        }

        fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
            if let syn::Expr::Path(path) = &*call.func
                && path.path.segments.last().is_some_and(|last| last.ident == "coded")
                && let Some(syn::Expr::Lit(syn::ExprLit { lit: Lit::Str(code), .. })) = call.args.first()
            {
                self.codes.insert(code.value());
            }
            visit::visit_expr_call(self, call);
        }

        fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
            if self.in_code {
                self.codes.insert(text.value());
            }
            self.all.insert(text.value());
        }

        fn visit_macro(&mut self, call: &'ast syn::Macro) {
            self.tokens(call.tokens.clone());
        }

        fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
    }

    fn codes(part: &Part) -> BTreeSet<&str> {
        let own = part.error.iter().flat_map(|entry| entry.code.all()).map(String::as_str);
        own.chain(part.section.iter().flat_map(codes)).collect()
    }

    #[test]
    fn the_catalogue_has_every_code_and_no_other() {
        /// The codes of the RFCs, which the page explains in a text.
        const STANDARD: [&str; 1] = ["invalid_client"];
        let catalogue = Catalogue::read().expect("the catalogue");
        let documented: BTreeSet<&str> = catalogue.part.iter().flat_map(codes).collect();
        let texts = Texts::of_workspace();
        let missing: Vec<_> = texts.codes.iter().filter(|code| !documented.contains(code.as_str())).collect();
        let missing: Vec<_> = missing.into_iter().filter(|code| !STANDARD.contains(&code.as_str())).collect();
        assert!(missing.is_empty(), "not in docs/errors.toml: {missing:?}");
        let given_up: Vec<_> = documented.iter().filter(|code| !texts.all.contains(**code)).collect();
        assert!(given_up.is_empty(), "no source gives these codes of docs/errors.toml: {given_up:?}");
        assert!(texts.codes.len() > 250, "{}", texts.codes.len());
    }

    #[test]
    fn the_page_is_the_one_of_the_catalogue() {
        run(Difference::Refused).expect("`cargo xtask errors --bless`");
    }
}
