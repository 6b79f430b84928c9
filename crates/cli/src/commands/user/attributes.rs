//! How attributes are written on the command line.

use std::str::FromStr;

use jeton_authority::user::AttributeChange;
use serde_json::Value;

use crate::output;

/// One attribute, and what it is to be: `KEY=VALUE` or `KEY:=JSON`.
#[derive(Debug, Clone)]
pub(super) struct Change(pub(super) AttributeChange);

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
        AttributeChange::new(name, value).map(Self).map_err(|error| error.to_string())
    }
}

/// An attribute as it is shown, in the form that [`Change`] takes.
pub(super) fn line(name: &str, value: &Value) -> String {
    output::printable(&match value {
        Value::String(text) => format!("{name}={text}"),
        value => format!("{name}:={value}"),
    })
}
