//! The configuration: defaults, then a TOML file, then `JETON_*` variables, then flags.
//!
//! Every key stands once, in the table of [`keys`]; parsing, `config show`, `config reference` and the suggestions for
//! a mistyped name all read that table. Whatever is wrong is reported at once, each with the place that said it.

mod file;
mod files;
mod keys;
mod problem;
mod reference;
mod rules;
mod secrets;
mod setting;
mod source;
mod token_api;
mod variables;
mod warnings;

use std::path::{Path, PathBuf};

pub(crate) use keys::{Config, KEYS, Key};
pub(crate) use problem::Problems;
pub(crate) use reference::reference;
#[cfg(feature = "otlp")]
pub(crate) use setting::Collector;
pub(crate) use setting::{Issuer, Setting};
pub(crate) use source::{Source, Value};
pub(crate) use token_api::AccessAudience;

use problem::Problem;

/// What the command line says about the configuration: the file to read, and values that beat every other source.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags {
    /// `--config FILE`.
    pub(crate) file: Option<PathBuf>,
    /// Values by the name of their key, with the flag that gave them.
    pub(crate) values: Vec<FlagValue>,
    /// Defaults of the command itself, below every other source (`jeton demo` has a shorter grace).
    pub(crate) command_defaults: Vec<(&'static str, &'static str)>,
}

/// A value that a flag gave.
#[derive(Debug, Clone)]
pub(crate) struct FlagValue {
    /// The key that it sets.
    pub(crate) key: &'static str,
    /// The flag, with its hyphens.
    pub(crate) flag: &'static str,
    /// What was given.
    pub(crate) text: String,
}

/// The configuration in force, and where each value came from.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The values.
    pub(crate) config: Config,
    /// The same as texts with their sources, in the order of [`KEYS`].
    pub(crate) values: Vec<Value>,
}

/// A value in force, as it is shown: secrets are hidden.
pub(crate) struct ShownValue {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) source: String,
}

impl Loaded {
    /// All values in force, as they are shown.
    pub(crate) fn shown(&self) -> impl Iterator<Item = ShownValue> {
        KEYS.iter().zip(&self.values).map(|(key, value)| {
            let text = match (value.text.is_empty(), key.secret) {
                (true, _) => self.config.derived(key.name).unwrap_or_default(),
                (false, true) => "(hidden)".to_owned(),
                (false, false) => {
                    self.config.without_password(key.name).unwrap_or_else(|| value.text.clone())
                }
            };
            ShownValue { name: key.name, value: text, source: value.source.to_string() }
        })
    }

    /// Whether somebody set this key, in the file, by a variable or by a flag.
    pub(crate) fn is_set(&self, key: &str) -> bool {
        position(key).is_some_and(|position| self.values[position].source != Source::Default)
    }
}

/// Reads every source and checks the whole.
///
/// # Errors
/// All problems that were found, not only the first.
pub(crate) fn load(flags: &Flags) -> Result<Loaded, Problems> {
    load_from(flags, std::env::vars_os().collect())
}

fn load_from(
    flags: &Flags,
    environment: Vec<(std::ffi::OsString, std::ffi::OsString)>,
) -> Result<Loaded, Problems> {
    let mut problems = Vec::new();
    let mut values: Vec<Value> = KEYS.iter().map(|key| Value::default_of(&key.default)).collect();
    for (name, text) in &flags.command_defaults {
        let position = position(name).expect("a command names its defaults by keys of the table");
        values[position] = Value::default_of(text);
    }
    if let Some(path) = flags.file.as_deref() {
        match read(path) {
            Ok(text) => file::apply(&text, path, &mut values, &mut problems),
            Err(problem) => problems.push(problem),
        }
    }
    variables::apply(environment, &mut values, &mut problems);
    for FlagValue { key, flag, text } in &flags.values {
        let position = position(key).expect("a flag sets a key of the table");
        values[position] = Value::new(text.clone(), Source::Flag(flag));
    }
    let config = Config::parse(&values, &mut problems);
    if let Some(config) = config.as_ref() {
        rules::check(config, &values, &mut problems);
    }
    match config {
        Some(config) if problems.is_empty() => Ok(Loaded { config, values }),
        _ => Err(Problems::new(problems)),
    }
}

/// Where in [`KEYS`] the key of this name stands.
fn position(name: &str) -> Option<usize> {
    KEYS.iter().position(|key| key.name == name)
}

fn read(path: &Path) -> Result<String, Problem> {
    std::fs::read_to_string(path).map_err(|error| {
        Problem::new(
            Source::File { path: path.into(), line: None },
            format!("cannot be read: {}", jeton_store::cause(path, &error)),
        )
    })
}

/// The name of `candidates` that `name` was most likely meant to be, if one is near enough.
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| {
            (strsim::jaro_winkler(&name.to_ascii_lowercase(), &candidate.to_ascii_lowercase()), candidate)
        })
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests;
