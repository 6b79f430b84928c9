//! `jeton user import`: users from elsewhere, with their password hashes.
//!
//! A file is read and judged whole before anything is written: one bad row refuses it, and every bad row is named.

use std::collections::HashMap;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use jeton_authority::password::PasswordHash;
use jeton_authority::store::{NewUser, Store, UserAddition};
use jeton_authority::user::{Role, UserStatus, Username};
use serde::Deserialize;
use serde_json::Value;

use super::{each, failed, new_user};
use crate::failure::Failure;
use crate::input;
use crate::key_file::name_of;
use crate::output::{Style, printable};

/// Import users with their password hashes, from Django, CSV or JSON
#[derive(Debug, Args)]
#[command(after_help = "\
Hashes are taken as they are: Django's pbkdf2, argon2, bcrypt, scrypt and md5
formats, or argon2 in PHC form. They are replaced when their user signs in.
`!` at the beginning marks an account without a password; anything else is
refused. A user who was imported before, with the same key, is left alone, so
a file can be imported again.

CSV has a header line, JSON is an array of objects; both know `username` and
`password_hash`, and, where wanted, `email`, `active`, `admin` (true or false)
and `key`, which is what tokens call the user.

Examples:
  python manage.py dumpdata auth.user > users.json && jeton user import django users.json
  jeton user import csv users.csv
  jeton user import json - < users.json")]
pub(super) struct Import {
    #[command(subcommand)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Format {
    /// What `manage.py dumpdata auth.user` writes; the primary key becomes the user's key in tokens
    Django {
        /// The file, or `-` for standard input
        file: PathBuf,
    },
    /// Comma-separated values with a header line
    Csv {
        /// The file, or `-` for standard input
        file: PathBuf,
    },
    /// A JSON array of objects
    Json {
        /// The file, or `-` for standard input
        file: PathBuf,
    },
}

/// The longest password hash that is imported, in bytes: several times what any format needs.
const MAX_HASH_BYTES: usize = 1_024;

/// A user of the file, and where it stands there.
pub(super) struct Row {
    place: String,
    user: NewUser,
}

/// What a row says, before it has been judged.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Raw {
    username: String,
    #[serde(alias = "password")]
    password_hash: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    active: Option<bool>,
    #[serde(default)]
    admin: Option<bool>,
    #[serde(default, alias = "id")]
    key: Option<Value>,
}

/// One object of Django's serialisation format.
#[derive(Deserialize)]
struct DjangoObject {
    pk: Value,
    fields: DjangoFields,
}

#[derive(Deserialize)]
struct DjangoFields {
    username: String,
    password: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    is_active: Option<bool>,
    #[serde(default)]
    is_superuser: Option<bool>,
}

impl Import {
    /// Reads and judges the file.
    pub(super) fn read(&self) -> Result<Vec<Row>, Failure> {
        let (file, parse): (_, Parse) = match &self.format {
            Format::Django { file } => (file, django),
            Format::Csv { file } => (file, csv),
            Format::Json { file } => (file, json),
        };
        let bytes = input::file_or_stdin(file)?;
        let rows = parse(bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes))
            .map_err(|error| Failure::refused(format!("{}: {error}", name_of(file))))?;
        judge(rows).map_err(|problems| refused(&name_of(file), &problems))
    }
}

/// Rows with their places, each read or not.
type Rows = Vec<(String, Result<Raw, String>)>;

/// Reads a file of one format.
type Parse = fn(&[u8]) -> Result<Rows, String>;

fn django(bytes: &[u8]) -> Result<Rows, String> {
    let objects: Vec<Value> =
        serde_json::from_slice(bytes).map_err(|error| format!("not what dumpdata writes: {error}"))?;
    let users = objects.into_iter().enumerate().filter(|(_, object)| is_user(object));
    Ok(users
        .map(|(index, object)| {
            let raw = serde_json::from_value::<DjangoObject>(object).map_err(|error| error.to_string());
            let raw = raw.map(|DjangoObject { pk, fields }| Raw {
                username: fields.username,
                password_hash: fields.password,
                email: fields.email,
                active: fields.is_active,
                admin: fields.is_superuser,
                key: Some(pk),
            });
            (format!("object {}", index + 1), raw)
        })
        .collect())
}

/// Whether an object is of the user model, `auth.user` or the project's own; a dump may hold groups and more beside it.
fn is_user(object: &Value) -> bool {
    let fields = &object["fields"];
    object["model"] == "auth.user" || fields.get("username").is_some() && fields.get("password").is_some()
}

fn json(bytes: &[u8]) -> Result<Rows, String> {
    let objects: Vec<Value> =
        serde_json::from_slice(bytes).map_err(|error| format!("not an array of objects: {error}"))?;
    let rows = objects.into_iter().enumerate();
    Ok(rows
        .map(|(index, object)| {
            (
                format!("object {}", index + 1),
                serde_json::from_value(object).map_err(|error| error.to_string()),
            )
        })
        .collect())
}

fn csv(bytes: &[u8]) -> Result<Rows, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(bytes);
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    Ok(reader
        .records()
        .map(|record| match record {
            Ok(record) => {
                let place = record.position().map_or(0, csv::Position::line);
                (format!("line {place}"), raw_of_record(&header, &record))
            }
            Err(error) => {
                let place = error.position().map_or(0, csv::Position::line);
                (format!("line {place}"), Err(error.to_string()))
            }
        })
        .collect())
}

fn raw_of_record(header: &csv::StringRecord, record: &csv::StringRecord) -> Result<Raw, String> {
    let mut raw = Raw::default();
    for (column, text) in header.iter().zip(record) {
        let some = (!text.is_empty()).then(|| text.to_owned());
        match column {
            "username" => raw.username = text.to_owned(),
            "password_hash" | "password" => raw.password_hash = text.to_owned(),
            "email" => raw.email = some,
            "key" | "id" => raw.key = some.map(Value::String),
            "active" => raw.active = some.map(|text| truth(&text)).transpose()?,
            "admin" => raw.admin = some.map(|text| truth(&text)).transpose()?,
            other => return Err(format!("unknown column `{}`", printable(other))),
        }
    }
    Ok(raw)
}

fn truth(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "t" => Ok(true),
        "false" | "0" | "no" | "f" => Ok(false),
        _ => Err(format!("{text:?} is neither true nor false")),
    }
}

/// The users of all rows, or what is wrong with each bad one.
fn judge(rows: Rows) -> Result<Vec<Row>, Vec<String>> {
    let mut problems = Vec::new();
    let mut users = Vec::new();
    let mut names: HashMap<String, String> = HashMap::new();
    let mut keys: HashMap<String, String> = HashMap::new();
    for (place, raw) in rows {
        match raw.and_then(|raw| user_of(&raw)) {
            Ok(user) => {
                if let Some(first) = names.insert(user.username.to_string(), place.clone()) {
                    problems.push(format!("{place}: the user of {first} has the same name"));
                }
                if let Some(key) = user.imported_key.as_deref()
                    && let Some(first) = keys.insert(key.to_owned(), place.clone())
                {
                    problems.push(format!("{place}: the user of {first} has the same key"));
                }
                users.push(Row { place, user });
            }
            Err(problem) => problems.push(format!("{place}: {problem}")),
        }
    }
    if problems.is_empty() { Ok(users) } else { Err(problems) }
}

fn user_of(raw: &Raw) -> Result<NewUser, String> {
    let username = Username::parse(&raw.username).map_err(|error| error.to_string())?;
    if raw.password_hash.len() > MAX_HASH_BYTES || raw.password_hash.contains(char::is_control) {
        let name = printable(&raw.username);
        return Err(format!("{name}: a password hash is one line of up to {MAX_HASH_BYTES} bytes"));
    }
    let password = PasswordHash::from_stored(raw.password_hash.as_str());
    if !password.is_supported() && !password.is_unusable() {
        return Err(format!("{}: the password hash has an unknown format", printable(&raw.username)));
    }
    let role = if raw.admin == Some(true) { Role::Admin } else { Role::Member };
    let email = raw.email.clone().filter(|email| !email.is_empty());
    let mut user = new_user(username, password, email, role);
    user.imported_key = key_of(raw.key.as_ref())?.map(Into::into);
    if raw.active == Some(false) {
        user.status = UserStatus::Disabled;
    }
    Ok(user)
}

/// A primary key as text: Django has numbers and UUIDs.
fn key_of(key: Option<&Value>) -> Result<Option<String>, String> {
    match key {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(Value::String(text))
            if !text.is_empty() && text.len() <= 255 && !text.contains(char::is_control) =>
        {
            Ok(Some(text.clone()))
        }
        Some(_) => Err("the key is neither a number nor a text of up to 255 bytes".to_owned()),
    }
}

fn refused(place: &str, problems: &[String]) -> Failure {
    let lines: Vec<_> = problems.iter().map(|problem| format!("{place}, {problem}")).collect();
    Failure::refused(format!("{}\nnothing was imported", lines.join("\n")))
}

/// Adds the users that are not there yet.
pub(super) async fn run(store: &dyn Store, rows: Vec<Row>, style: Style) -> Result<(), Failure> {
    let mut by_name: HashMap<String, Option<String>> = HashMap::new();
    let mut by_key: HashMap<String, String> = HashMap::new();
    each(store, |user| {
        let key = user.imported_key.as_deref().map(str::to_owned);
        if let Some(key) = &key {
            by_key.insert(key.clone(), user.username.to_string());
        }
        by_name.insert(user.username.to_string(), key);
    })
    .await?;

    let mut problems = Vec::new();
    let (mut fresh, mut skipped) = (Vec::new(), Vec::new());
    for Row { place, user } in rows {
        let key = user.imported_key.as_deref().map(str::to_owned);
        let name = user.username.to_string();
        match (by_name.get(&name), key.as_ref().and_then(|key| by_key.get(key))) {
            (Some(existing), _) if *existing == key => skipped.push(name),
            (Some(_), _) => {
                problems.push(format!("{place}: there is another user {} already", printable(&name)));
            }
            (None, Some(owner)) => {
                problems.push(format!("{place}: the user {} has this key already", printable(owner)));
            }
            (None, None) => fresh.push(user),
        }
    }
    if !problems.is_empty() {
        return Err(Failure::refused(format!("{}\nnothing was imported", problems.join("\n"))));
    }

    let mut imported = Vec::new();
    for user in fresh {
        let name = user.username.to_string();
        match store.add_user(user).await.map_err(failed)? {
            UserAddition::Added => imported.push(name),
            // Somebody else added this very user in the meantime.
            UserAddition::NameTaken | UserAddition::ImportedKeyTaken => skipped.push(name),
        }
    }
    style.print(&serde_json::json!({"imported": imported.len(), "skipped": skipped}), || {
        let users = if imported.len() == 1 { "user" } else { "users" };
        let mut text = format!("imported {} {users}", imported.len());
        if !skipped.is_empty() {
            text.push_str(&format!("; {} were there already", skipped.len()));
        }
        text
    })
}
