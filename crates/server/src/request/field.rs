//! Field values, and Django REST framework's messages for invalid ones.

use jeton_authority::password::{Password, PasswordError};
use serde_json::Value;

use crate::respond::sentence;

/// The value of one field in a request.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum FieldValue {
    #[default]
    Absent,
    /// `null`
    Null,
    /// A string; a number is represented as Python writes it.
    Text(String),
    /// A boolean, a list, an object or a file.
    NotText,
}

/// What is wrong with one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldError {
    Required,
    /// The field is `null`.
    Null,
    /// The field is neither a string nor a number.
    NotText,
    /// The field is empty or only white space.
    Blank,
    NullCharacter,
    Password(PasswordError),
}

impl FieldError {
    /// The framework's message.
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

/// The invalid fields of a request, in the order of the endpoint's fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FieldErrors(Vec<(Box<str>, FieldError)>);

impl FieldErrors {
    /// A JSON object with a list of messages per field.
    pub(crate) fn to_json(&self) -> String {
        let members: Vec<String> = self
            .0
            .iter()
            .map(|(name, error)| format!("{}:{}", Value::from(&**name), Value::from(vec![error.message()])))
            .collect();
        format!("{{{}}}", members.join(","))
    }
}

/// Checks the fields of a request one by one and collects the errors.
#[derive(Debug, Default)]
pub(crate) struct Validation(FieldErrors);

impl Validation {
    /// The text of a field. If it is invalid, an empty text, and the error is collected.
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

    /// The password in a field. If it is invalid, an empty password, and the error is collected.
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

    /// Whether all fields are valid.
    pub(crate) fn finish(self) -> Result<(), FieldErrors> {
        if self.0.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}
