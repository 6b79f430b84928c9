//! `jeton user set`: what applications may be told of a user.

use std::str::FromStr;

use jeton_authority::store::{Store, UserChange};
use jeton_authority::user::Attributes;
use serde_json::{Map, Value};

use super::{Shown, failed, find, unknown};
use crate::clock;
use crate::failure::Failure;
use crate::output::{self, Style};

/// One attribute, and what it is to be.
#[derive(Debug, Clone)]
pub(super) struct Change {
    name: String,
    /// `null` takes it away.
    value: Value,
}

impl FromStr for Change {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("it wants KEY=VALUE or KEY:=JSON")?;
        let (name, value) = match name.strip_suffix(':') {
            None => (name, value.into()),
            Some(name) => (
                name,
                jeton_jose::json::from_slice(value.as_bytes())
                    .map_err(|error| format!("what follows := is not JSON: {error}"))?,
            ),
        };
        if name.is_empty() || name.chars().any(char::is_control) {
            return Err("an attribute has a name".to_owned());
        }
        Ok(Self { name: name.to_owned(), value })
    }
}

/// Changes the attributes that are named and leaves the others.
pub(super) async fn set(
    store: &dyn Store,
    name: &str,
    changes: &[Change],
    style: Style,
) -> Result<(), Failure> {
    let user = find(store, name).await?;
    let known = user.attributes.iter().map(|(name, value)| (name.to_owned(), value.clone()));
    let mut members: Map<String, Value> = known.collect();
    for Change { name, value } in changes {
        match value {
            Value::Null => members.remove(name),
            value => members.insert(name.clone(), value.clone()),
        };
    }
    let attributes = Attributes::new(members)
        .map_err(|error| Failure::coded(error.code(), output::printable(&error.to_string())))?;
    match store.change_attributes(user.id, attributes, clock::now()).await.map_err(failed)? {
        UserChange::Done { .. } => {}
        UserChange::UnknownUser => return Err(unknown(name)),
    }
    let user = Shown::of(&find(store, name).await?);
    style.print(&user, || format!("changed {}", output::printable(name)))
}

/// An attribute as it is shown, in the form that [`set`] takes.
pub(super) fn line(name: &str, value: &Value) -> String {
    output::printable(&match value {
        Value::String(text) => format!("{name}={text}"),
        value => format!("{name}:={value}"),
    })
}
