//! Users as JSON objects.

use serde_json::{Map, Value};

use super::{Raw, Rows, text};
use crate::output::printable;

/// The users of an array of objects, or of one object after the other.
pub(super) fn rows(text: &str, username_field: &str) -> Result<Rows, String> {
    let objects = text::objects(text)?;
    if objects.iter().any(|(_, object)| object.get("model").is_some() && object.get("fields").is_some()) {
        return Err("this is what dumpdata writes: `jeton user import django` reads it".to_owned());
    }
    let rows = objects.into_iter().map(|(place, object)| (place, raw(object, username_field)));
    Ok(Rows { rows: rows.collect(), notes: vec![] })
}

fn raw(object: Value, username_field: &str) -> Result<Raw, String> {
    let Value::Object(mut object) = object else { return Err("it is not an object".to_owned()) };
    let username = match object.get(username_field) {
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::String(text)) => text.clone(),
        None => return Err(format!("`{}` is missing", printable(username_field))),
        Some(_) => return Err(format!("`{}` is not a text", printable(username_field))),
    };
    // The address may be what users sign in with.
    if username_field != "email" {
        object.remove(username_field);
    }
    let password_hash = match first(&mut object, ["password_hash", "password"]) {
        Some(Value::String(hash)) => hash,
        None | Some(Value::Null) => String::new(),
        Some(_) => return Err("`password_hash` is not a text".to_owned()),
    };
    let raw = Raw {
        username,
        password_hash,
        email: match object.remove("email") {
            Some(Value::String(email)) => Some(email),
            None | Some(Value::Null) => None,
            Some(_) => return Err("`email` is not a text".to_owned()),
        },
        active: flag(&mut object, "active", "is_active")?,
        admin: flag(&mut object, "admin", "is_superuser")?,
        key: first(&mut object, ["key", "id"]),
        attributes: match object.remove("attributes") {
            Some(Value::Object(attributes)) => attributes,
            None | Some(Value::Null) => Map::new(),
            Some(_) => return Err("`attributes` is not an object".to_owned()),
        },
    };
    match object.keys().next() {
        None => Ok(raw),
        Some(unknown) => Err(format!("unknown member `{}`", printable(unknown))),
    }
}

fn first(object: &mut Map<String, Value>, names: [&str; 2]) -> Option<Value> {
    let found = names.map(|name| object.remove(name));
    found.into_iter().flatten().next()
}

fn flag(object: &mut Map<String, Value>, name: &str, of_django: &str) -> Result<Option<bool>, String> {
    match first(object, [name, of_django]) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(truth)) => Ok(Some(truth)),
        Some(_) => Err(format!("`{name}` is neither true nor false")),
    }
}
