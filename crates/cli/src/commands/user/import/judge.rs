//! Judging rows by themselves: whether each can be a user, and whether its password comes along.

use std::collections::HashMap;

use jeton_authority::password::{HashProblem, PasswordHash};
use jeton_authority::user::ImportedUser;
use jeton_authority::user::{Attributes, Role, UserStatus, Username};
use serde_json::Value;

use super::{Bad, Raw, Rows};
use crate::output::printable;

/// The longest key, in bytes.
const MAX_KEY_BYTES: usize = 255;

/// What is said of a text that cannot be a key.
pub(in crate::commands::user) const NOT_A_KEY: &str =
    "the key is neither a number nor a text of up to 255 bytes";

/// A user of the file.
pub(super) struct Row {
    pub(super) place: String,
    /// What tokens call the user.
    pub(super) key: Option<Box<str>>,
    pub(super) user: ImportedUser,
    /// Why the user comes without a password, if they do.
    pub(super) without_password: Option<HashProblem>,
}

/// The rows of a file.
pub(super) struct Judged {
    pub(super) rows: Vec<Row>,
    /// Those that cannot be imported.
    pub(super) bad: Vec<Bad>,
    /// What there is to say of the file as a whole.
    pub(super) notes: Vec<String>,
}

pub(super) fn judge(Rows { rows, notes }: Rows) -> Judged {
    let mut judged = Judged { rows: vec![], bad: vec![], notes };
    let mut names: HashMap<String, String> = HashMap::new();
    let mut keys: HashMap<String, String> = HashMap::new();
    for (place, raw) in rows {
        let row = raw.and_then(|raw| row_of(place.clone(), &raw)).and_then(|row| {
            let name = row.user.username.as_str();
            if let Some(first) = names.get(name) {
                return Err(format!("{}: {first} has the same name", printable(name)));
            }
            match row.key.as_deref().and_then(|key| keys.get(key)) {
                Some(first) => Err(format!("{}: {first} has the same key", printable(name))),
                None => Ok(row),
            }
        });
        match row {
            Ok(row) => {
                names.insert(row.user.username.to_string(), place.clone());
                if let Some(key) = row.key.as_deref() {
                    keys.insert(key.to_owned(), place);
                }
                judged.rows.push(row);
            }
            Err(problem) => judged.bad.push(Bad { place, problem }),
        }
    }
    judged
}

fn row_of(place: String, raw: &Raw) -> Result<Row, String> {
    let named = |problem: String| match raw.username.is_empty() {
        true => problem,
        false => format!("{}: {problem}", printable(&raw.username)),
    };
    let username = Username::parse(&raw.username).map_err(|error| named(error.to_string()))?;
    let key = key_of(raw.key.as_ref()).map_err(named)?;
    let given = raw.attributes.iter().filter(|(_, value)| !value.is_null());
    let given = given.map(|(name, value)| (name.clone(), value.clone())).collect();
    Attributes::new(given).map_err(|error| named(printable(&error.to_string())))?;
    let password = PasswordHash::from_stored(raw.password_hash.as_str());
    let without_password = password.problem();
    let role = if raw.admin == Some(true) { Role::Admin } else { Role::Member };
    let status = if raw.active == Some(false) { UserStatus::Disabled } else { UserStatus::Active };
    let email = raw.email.as_deref().map(str::trim).filter(|email| !email.is_empty()).map(Into::into);
    let user = ImportedUser {
        username,
        email,
        password: if without_password.is_some() { PasswordHash::unusable() } else { password },
        role,
        status,
        attributes: raw.attributes.clone(),
    };
    Ok(Row { place, key, user, without_password })
}

/// A primary key as text: Django has numbers and UUIDs.
fn key_of(key: Option<&Value>) -> Result<Option<Box<str>>, String> {
    match key {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => Ok(Some(number.to_string().into())),
        Some(Value::String(text)) if is_key(text) => Ok(Some(text.as_str().into())),
        Some(_) => Err(NOT_A_KEY.to_owned()),
    }
}

/// Whether a text can be what tokens call a user.
pub(in crate::commands::user) fn is_key(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_KEY_BYTES && !text.contains(char::is_control)
}
