//! `jeton user set`: what applications may be told of a user.

use std::str::FromStr;

use jeton_authority::audit::Actor;
use jeton_authority::store::{Store, UserChange};
use jeton_authority::user::{Attributes, User};
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
        let (name, value) = text.split_once('=').ok_or("expected KEY=VALUE or KEY:=JSON")?;
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

/// Changes what is named and leaves the rest.
pub(super) async fn set(
    store: &dyn Store,
    name: &str,
    email: Option<&str>,
    changes: &[Change],
    style: Style,
) -> Result<(), Failure> {
    let user = find(store, name).await?;
    let attributes = changed(&user, changes)?;
    let done = |change| match change {
        UserChange::Done { .. } => Ok(()),
        UserChange::UnknownUser => Err(unknown(name)),
    };
    if let Some(email) = email {
        let email = Some(email.trim()).filter(|email| !email.is_empty()).map(Into::into);
        done(store.change_email(user.id, email, Actor::Operator, clock::now()).await.map_err(failed)?)?;
    }
    if let Some(attributes) = attributes {
        done(
            store
                .change_attributes(user.id, attributes, Actor::Operator, clock::now())
                .await
                .map_err(failed)?,
        )?;
    }
    let user = Shown::of(&find(store, name).await?);
    style.print(&user, || format!("changed {}", output::printable(name)))
}

/// The attributes as they are to be, where any is named.
fn changed(user: &User, changes: &[Change]) -> Result<Option<Attributes>, Failure> {
    if changes.is_empty() {
        return Ok(None);
    }
    let known = user.attributes.iter().map(|(name, value)| (name.to_owned(), value.clone()));
    let mut members: Map<String, Value> = known.collect();
    for Change { name, value } in changes {
        match value {
            Value::Null => members.remove(name),
            value => members.insert(name.clone(), value.clone()),
        };
    }
    let attributes = Attributes::new(members);
    attributes.map(Some).map_err(|error| Failure::coded(error.code(), output::printable(&error.to_string())))
}

/// An attribute as it is shown, in the form that [`set`] takes.
pub(super) fn line(name: &str, value: &Value) -> String {
    output::printable(&match value {
        Value::String(text) => format!("{name}={text}"),
        value => format!("{name}:={value}"),
    })
}
