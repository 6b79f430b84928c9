//! The sources of a crate, read for one question: which room names which. A room is a module at the top of a crate.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree, Visibility};

/// What the root of a crate is called where a tie begins or ends in it.
pub(super) const ROOT: &str = "(root)";

/// A place at which one room names something of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tie {
    pub(super) from: String,
    pub(super) to: String,
    /// File and line.
    pub(super) place: String,
    /// What is named, as a path from the root of the crate.
    pub(super) name: String,
}

/// The ties between the rooms of the crate whose `lib.rs` or `main.rs` this is. What is compiled for tests alone does not
/// count, and neither does what the root only passes on.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn ties(root: &Path) -> Result<Vec<Tie>> {
    let file = parse(root)?;
    let mut reader = Reader {
        top: Top::of(&file),
        at: Vec::new(),
        file: root.to_owned(),
        ties: Vec::new(),
        failure: None,
    };
    reader.visit_file(&file);
    match reader.failure {
        Some(failure) => Err(failure),
        None => Ok(reader.ties),
    }
}

fn parse(file: &Path) -> Result<syn::File> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    syn::parse_file(&text).with_context(|| format!("{} is no Rust", file.display()))
}

/// What the names at the top of a crate belong to.
#[derive(Debug)]
struct Top {
    rooms: BTreeSet<String>,
    /// Names that the root imports or passes on, with their room; none where they come from another crate.
    imported: BTreeMap<String, Option<String>>,
}

impl Top {
    fn of(root: &syn::File) -> Self {
        let kept = || root.items.iter().filter(|item| !is_for_tests(attributes(item)));
        let rooms: BTreeSet<String> = kept()
            .filter_map(
                |item| if let Item::Mod(module) = item { Some(module.ident.to_string()) } else { None },
            )
            .collect();
        let mut imported = BTreeMap::new();
        for item in kept() {
            let Item::Use(import) = item else { continue };
            each_import(&import.tree, &mut Vec::new(), &mut |path, name, _| {
                let first = path.iter().find(|segment| !matches!(segment.as_str(), "crate" | "self"));
                imported.insert(name.to_owned(), first.filter(|first| rooms.contains(*first)).cloned());
            });
        }
        Self { rooms, imported }
    }

    /// The room that a path from the root leads to.
    fn room(&self, path: &[String]) -> Option<String> {
        let first = path.first()?;
        if self.rooms.contains(first) {
            return Some(first.clone());
        }
        match self.imported.get(first) {
            Some(room) => room.clone(),
            None => Some(ROOT.to_owned()),
        }
    }
}

struct Reader {
    top: Top,
    /// The module that is being read, as a path from the root.
    at: Vec<String>,
    file: PathBuf,
    ties: Vec<Tie>,
    failure: Option<anyhow::Error>,
}

impl Reader {
    /// Takes note of a path, as it stands in the source.
    fn name(&mut self, path: &[String], span: Span) {
        let Some(path) = self.absolute(path) else { return };
        let from = self.at.first().map_or(ROOT, String::as_str);
        if let Some(to) = self.top.room(&path).filter(|to| to != from) {
            let place = format!("{}:{}", self.file.display(), span.start().line);
            self.ties.push(Tie { from: from.to_owned(), to, place, name: path.join("::") });
        }
    }

    /// The path from the root, of a path that leads out of a module. Others lead to other crates or stay in their room.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        let ups = path.iter().take_while(|segment| matches!(segment.as_str(), "self" | "super")).count();
        let supers = path[..ups].iter().filter(|segment| *segment == "super").count();
        let base = match path.first()?.as_str() {
            "crate" => return Some(path[1..].to_vec()),
            "self" | "super" => self.at.get(..self.at.len().checked_sub(supers)?)?,
            first if self.at.is_empty() => {
                let known = self.top.rooms.contains(first) || self.top.imported.contains_key(first);
                return known.then(|| path.to_vec());
            }
            _ => return None,
        };
        Some([base, &path[ups..]].concat())
    }

    /// Paths among the tokens of a macro, which nothing else has read.
    fn tokens(&mut self, tokens: TokenStream) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut index = 0;
        while let Some(tree) = trees.get(index) {
            index += 1;
            match tree {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(first) => {
                    let mut path = vec![first.to_string()];
                    while let [TokenTree::Punct(one), TokenTree::Punct(two), TokenTree::Ident(next), ..] =
                        &trees[index..]
                        && one.as_char() == ':'
                        && two.as_char() == ':'
                    {
                        path.push(next.to_string());
                        index += 3;
                    }
                    if path.len() > 1 {
                        self.name(&path, first.span());
                    }
                }
                TokenTree::Literal(literal) => self.literal(&literal.to_string(), literal.span()),
                TokenTree::Punct(_) => {}
            }
        }
    }

    /// A path in quotes: `#[serde(with = "crate::…")]`.
    fn literal(&mut self, text: &str, span: Span) {
        let inside = text.trim_matches('"');
        if let Ok(path) = syn::parse_str::<syn::Path>(inside)
            && path.segments.len() > 1
        {
            self.name(&segments(&path), span);
        }
    }

    /// The items of a module that has a file.
    fn module(&mut self, module: &ItemMod) -> Result<()> {
        let folder = self.file.parent().context("a file without a folder")?;
        let stem = self.file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let folder =
            if matches!(stem, "lib" | "main" | "mod") { folder.to_owned() } else { folder.join(stem) };
        let name = module.ident.to_string();
        let single = folder.join(&name).with_extension("rs");
        let file = if single.is_file() { single } else { folder.join(&name).join("mod.rs") };
        let parsed = parse(&file)?;
        let before = std::mem::replace(&mut self.file, file);
        self.at.push(name);
        self.visit_file(&parsed);
        self.at.pop();
        self.file = before;
        Ok(())
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if module.content.is_some() {
            self.at.push(module.ident.to_string());
            visit::visit_item_mod(self, module);
            self.at.pop();
        } else if let Err(failure) = self.module(module) {
            self.failure.get_or_insert(failure);
        }
    }

    fn visit_item_use(&mut self, import: &'ast ItemUse) {
        // What the root passes on is no need of its own.
        if self.at.is_empty() && !matches!(import.vis, Visibility::Inherited) {
            return;
        }
        each_import(&import.tree, &mut Vec::new(), &mut |path, _, span| self.name(path, span));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let Some(first) = path.segments.first() {
            self.name(&segments(path), first.ident.span());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.tokens(call.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if !attribute.path().is_ident("doc")
            && let syn::Meta::List(list) = &attribute.meta
        {
            self.tokens(list.tokens.clone());
        }
    }

    /// `pub(in path)` gives; it takes nothing.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}

fn segments(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

/// Each name that a `use` brings in: its path, what it is called here, and where.
fn each_import(tree: &UseTree, path: &mut Vec<String>, found: &mut impl FnMut(&[String], &str, Span)) {
    let (name, called) = match tree {
        UseTree::Path(step) => {
            path.push(step.ident.to_string());
            each_import(&step.tree, path, found);
            path.pop();
            return;
        }
        UseTree::Group(group) => {
            group.items.iter().for_each(|tree| each_import(tree, path, found));
            return;
        }
        UseTree::Name(leaf) => (&leaf.ident, &leaf.ident),
        UseTree::Rename(leaf) => (&leaf.ident, &leaf.rename),
        _ => return found(path, "*", Span::call_site()),
    };
    if name == "self" && !path.is_empty() {
        let called = if called == "self" { path[path.len() - 1].clone() } else { called.to_string() };
        return found(path, &called, name.span());
    }
    path.push(name.to_string());
    found(path, &called.to_string(), name.span());
    path.pop();
}

/// Whether an item is compiled for tests alone.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && matches!(&attribute.meta, syn::Meta::List(list) if {
                    let condition = list.tokens.to_string();
                    ["test", "doctest"].contains(&condition.as_str()) || condition.starts_with("all (test")
                        || condition.starts_with("all(test")
                })
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
