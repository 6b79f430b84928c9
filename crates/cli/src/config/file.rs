//! The TOML file: tables become dotted names, each value keeps its line.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::problem::Problem;
use super::{KEYS, Source, Value, nearest, position};

/// Puts what `text` says over `values`.
pub(super) fn apply(text: &str, path: &Path, values: &mut [Value], problems: &mut Vec<Problem>) {
    let at = |offset: usize| Source::File { path: path.into(), line: Some(line_of(text, offset)) };
    match DeTable::parse(text) {
        Ok(table) => {
            let mut found = Vec::new();
            walk("", table.get_ref(), &at, values, &mut found);
            found.sort_by_key(Problem::line);
            problems.append(&mut found);
        }
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            problems.push(Problem::new(at(offset), error.message().replace('\n', ", ")));
        }
    }
}

fn walk(
    prefix: &str,
    table: &DeTable<'_>,
    at: &dyn Fn(usize) -> Source,
    values: &mut [Value],
    problems: &mut Vec<Problem>,
) {
    for (key, value) in table {
        let name =
            if prefix.is_empty() { key.get_ref().to_string() } else { format!("{prefix}.{}", key.get_ref()) };
        let source = at(key.span().start);
        match (position(&name), value.get_ref()) {
            (Some(position), value) => match text_of(value) {
                Some(text) => values[position] = Value::new(text, source),
                None => problems.push(Problem::new(
                    source,
                    format!("{name}: expected {}, found {}", KEYS[position].form, kind_of(value)),
                )),
            },
            (None, DeValue::Table(inner)) if is_table(&name) => walk(&name, inner, at, values, problems),
            (None, _) => problems.push(Problem::new(source, unknown(&name))),
        }
    }
}

/// What is said of a name that is no key.
fn unknown(name: &str) -> String {
    // A table that exists under another name holds keys of its own, so both are offered.
    let tables = KEYS.iter().filter_map(|key| key.name.rsplit_once('.').map(|(table, _)| table));
    match nearest(name, KEYS.iter().map(|key| key.name).chain(tables)) {
        Some(likely) => format!("unknown key `{name}`: did you mean `{likely}`?"),
        None => format!("unknown key `{name}`: `jeton config reference` lists them all"),
    }
}

fn is_table(name: &str) -> bool {
    KEYS.iter().any(|key| key.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

/// The value as text, or nothing where no key has such a value.
fn text_of(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Array(items) => {
            let texts: Option<Vec<_>> = items.iter().map(|item| item.get_ref().as_str()).collect();
            texts.map(|texts| texts.join(","))
        }
        _ => None,
    }
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number in another base",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "such a list",
        DeValue::Table(_) => "a table",
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}
