//! Users in a table: comma-separated values with a header line, Django's own table as psql's `\copy` writes it among them.

use serde_json::Value;

use super::{Raw, Rows, django, text};
use crate::output::printable;

/// A column that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Username,
    PasswordHash,
    Email,
    Key,
    Active,
    Admin,
    FirstName,
    LastName,
    Staff,
    /// One that Django's table has and nothing here reads.
    Passed,
    Unknown,
}

impl Column {
    fn of(name: &str, username_field: &str) -> Self {
        match name {
            name if name == username_field => Self::Username,
            "password_hash" | "password" => Self::PasswordHash,
            "email" => Self::Email,
            "key" | "id" => Self::Key,
            "active" | "is_active" => Self::Active,
            "admin" | "is_superuser" => Self::Admin,
            "first_name" => Self::FirstName,
            "last_name" => Self::LastName,
            "is_staff" => Self::Staff,
            "last_login" | "date_joined" => Self::Passed,
            _ => Self::Unknown,
        }
    }
}

/// The users of a table.
pub(super) fn rows(text: &str, username_field: &str) -> Result<Rows, String> {
    if text.trim().is_empty() {
        return Err("the file is empty".to_owned());
    }
    if text.trim_start().starts_with(['[', '{', '<']) {
        let other = text::other_than_json(text);
        return Err(other
            .unwrap_or("this is JSON: `jeton user import json` or `django` reads it")
            .to_owned());
    }
    let mut reader = ::csv::ReaderBuilder::new()
        .trim(::csv::Trim::Headers)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| shown(&error))?.clone();
    let columns: Vec<_> = header.iter().map(|name| Column::of(name, username_field)).collect();
    let has = |column| columns.contains(&column);
    if !has(Column::Username) || !has(Column::PasswordHash) {
        return Err(wrong_header(&header, username_field));
    }
    let rows = reader.records().map(|record| match record {
        Ok(record) => {
            let line = record.position().map_or(0, ::csv::Position::line);
            (format!("line {line}"), raw(&columns, username_field, &record))
        }
        Err(error) => {
            let line = error.position().map_or(0, ::csv::Position::line);
            (format!("line {line}"), Err(shown(&error)))
        }
    });
    let rows = rows.collect();
    let unread: Vec<_> = header
        .iter()
        .zip(&columns)
        .filter(|(_, column)| **column == Column::Unknown)
        .map(|(name, _)| printable(name))
        .collect();
    let notes = (!unread.is_empty()).then(|| format!("ignored the columns {}", unread.join(", ")));
    Ok(Rows { rows, notes: notes.into_iter().collect() })
}

/// What stands between the columns: what the header line has most of.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default().as_bytes();
    let count = |delimiter: u8| header.iter().filter(|byte| **byte == delimiter).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

/// What to do about a first line that names no columns. It may be a row, and hold a hash, so it is repeated only where it does not.
fn wrong_header(header: &::csv::StringRecord, username_field: &str) -> String {
    let wanted = format!("`{}` and `password_hash` or `password`", printable(username_field));
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.len() <= 63
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if header.iter().all(is_name) {
        let hint = if header.iter().any(|name| name == "email") && username_field == "username" {
            "; --username-field email, if users sign in with it"
        } else {
            ""
        };
        let columns: Vec<_> = header.iter().collect();
        format!("the columns {wanted} are required, but the header line has {}{hint}", columns.join(", "))
    } else {
        format!(
            "the header line is missing: it must name the columns {wanted}; psql writes it with \\copy auth_user TO 'users.csv' CSV HEADER"
        )
    }
}

/// An error of the reader without anything of the text.
fn shown(error: &::csv::Error) -> String {
    match error.kind() {
        ::csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("it has {len} columns, but the header line has {expected_len}")
        }
        ::csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".to_owned(),
        _ => "it cannot be read".to_owned(),
    }
}

fn raw(columns: &[Column], username_field: &str, record: &::csv::StringRecord) -> Result<Raw, String> {
    let mut raw = Raw::default();
    let (mut first_name, mut last_name, mut is_staff) = (None, None, None);
    for (column, text) in columns.iter().zip(record) {
        let some = (!text.is_empty() && text != "\\N").then_some(text);
        match column {
            Column::Username => raw.username = text.to_owned(),
            Column::PasswordHash => raw.password_hash = some.unwrap_or_default().to_owned(),
            Column::Email => raw.email = some.map(str::to_owned),
            Column::Key => raw.key = some.map(Value::from),
            Column::Active => raw.active = some.map(|text| truth("active", text)).transpose()?,
            Column::Admin => raw.admin = some.map(|text| truth("admin", text)).transpose()?,
            Column::FirstName => first_name = Some(some.unwrap_or_default()),
            Column::LastName => last_name = Some(some.unwrap_or_default()),
            Column::Staff => is_staff = some.map(|text| truth("is_staff", text)).transpose()?,
            Column::Passed | Column::Unknown => {}
        }
    }
    if username_field == "email" {
        raw.email = Some(raw.username.clone());
    }
    let is_superuser = raw.admin.filter(|_| is_staff.is_some());
    raw.attributes = django::attributes(first_name, last_name, None, is_staff, is_superuser);
    Ok(raw)
}

fn truth(column: &str, text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "t" => Ok(true),
        "false" | "0" | "no" | "f" => Ok(false),
        _ => Err(format!("`{column}` is neither true nor false")),
    }
}
