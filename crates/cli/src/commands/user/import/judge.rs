//! Judging rows by themselves: whether each can be a user, and whether its password comes along.

use std::borrow::Cow;
use std::collections::HashMap;

use jeton_authority::accounts::Incoming;
use jeton_authority::password::{HashProblem, PasswordHash};
use jeton_authority::user::{
    Attributes, ImportedKey, ImportedKeyError, ImportedUser, Role, UserStatus, Username, email_of,
};
use serde_json::Value;

use super::{Bad, Raw, Rows};
use crate::output::printable;

/// A user of the file.
pub(super) struct Row {
    pub(super) place: String,
    pub(super) incoming: Incoming,
    /// Why the user comes without a password, if they do.
    pub(super) without_password: Option<HashProblem>,
}

impl Row {
    /// The username.
    pub(super) fn name(&self) -> &str {
        self.incoming.user.username.as_str()
    }
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
            let name = row.name();
            if let Some(first) = names.get(name) {
                return Err(format!("{}: {first} has the same name", printable(name)));
            }
            match row.incoming.key.as_ref().and_then(|key| keys.get(key.as_str())) {
                Some(first) => Err(format!("{}: {first} has the same key", printable(name))),
                None => Ok(row),
            }
        });
        match row {
            Ok(row) => {
                names.insert(row.name().to_owned(), place.clone());
                if let Some(key) = &row.incoming.key {
                    keys.insert(key.to_string(), place);
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
    let role = if raw.admin == Some(true) { Role::Owner } else { Role::Member };
    let status = if raw.active == Some(false) { UserStatus::Disabled } else { UserStatus::Active };
    let email = raw.email.as_deref().and_then(email_of);
    let user = ImportedUser {
        username,
        email,
        password: if without_password.is_some() { PasswordHash::unusable() } else { password },
        role,
        status,
        attributes: raw.attributes.clone(),
    };
    Ok(Row { place, incoming: Incoming { key, user }, without_password })
}

/// A primary key as text: Django has numbers and UUIDs.
fn key_of(key: Option<&Value>) -> Result<Option<ImportedKey>, String> {
    let text = match key {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => Cow::Owned(number.to_string()),
        Some(Value::String(text)) => Cow::Borrowed(text.as_str()),
        Some(_) => return Err(ImportedKeyError.to_string()),
    };
    ImportedKey::parse(&text).map(Some).map_err(|error| error.to_string())
}
