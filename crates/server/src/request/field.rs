//! The values of fields, and what Django REST framework says of those that will not do.

use jeton_authority::password::{Password, PasswordError};
use serde_json::Value;

use crate::respond::sentence;

/// What a request says of one field.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum FieldValue {
    #[default]
    Absent,
    /// `null`
    Null,
    /// A text; a number stands here as Python writes it.
    Text(String),
    /// A boolean, a list, an object or a file.
    NotText,
}

/// What is wrong with one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldError {
    Required,
    /// It is `null`.
    Null,
    /// It is neither text nor a number.
    NotText,
    /// It is empty, or nothing but white space.
    Blank,
    NullCharacter,
    Password(PasswordError),
}

impl FieldError {
    /// The message, as the framework words it.
    pub(crate) fn message(self) -> String {
        match self {
            Self::Required => "This field is required.".to_owned(),
            Self::Null => "This field may not be null.".to_owned(),
            Self::NotText => "Not a valid string.".to_owned(),
            Self::Blank => "This field may not be blank.".to_owned(),
            Self::NullCharacter => "Null characters are not allowed.".to_owned(),
            Self::Password(error) => sentence(&error),
        }
    }
}

/// The fields of a request that will not do, in the order the endpoint names them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FieldErrors(Vec<(Box<str>, FieldError)>);

impl FieldErrors {
    /// As a JSON object with a list of messages a field.
    pub(crate) fn to_json(&self) -> String {
        let members: Vec<String> = self
            .0
            .iter()
            .map(|(name, error)| format!("{}:{}", Value::from(&**name), Value::from(vec![error.message()])))
            .collect();
        format!("{{{}}}", members.join(","))
    }
}

/// Checks the fields of a request one after the other and keeps what is wrong with them.
#[derive(Debug, Default)]
pub(crate) struct Validation(FieldErrors);

impl Validation {
    /// The text of a field; empty, with the error kept, where it will not do.
    pub(crate) fn text(&mut self, name: &str, value: FieldValue) -> String {
        let error = match value {
            FieldValue::Absent => FieldError::Required,
            FieldValue::Null => FieldError::Null,
            FieldValue::NotText => FieldError::NotText,
            FieldValue::Text(text) if text.trim().is_empty() => FieldError::Blank,
            FieldValue::Text(text) if text.contains('\0') => FieldError::NullCharacter,
            FieldValue::Text(text) => return text,
        };
        self.0.0.push((name.into(), error));
        String::new()
    }

    /// A field that is a password; an empty one, with the error kept, where it will not do.
    pub(crate) fn password(&mut self, name: &str, value: FieldValue) -> Password {
        let before = self.0.0.len();
        let text = self.text(name, value);
        match Password::parse(&text) {
            Ok(password) => return password,
            // The framework has its own words for what is absent, blank or holds a null character.
            Err(_) if self.0.0.len() > before => {}
            Err(error) => self.0.0.push((name.into(), FieldError::Password(error))),
        }
        Password::new("")
    }

    /// Whether all fields will do.
    pub(crate) fn finish(self) -> Result<(), FieldErrors> {
        if self.0.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}
