//! What can be wrong with a JSON text.

use std::fmt;

use serde::de;

use crate::shown::Shown;

/// Why a JSON text was refused, or a value that was to become one. Of the text only the name of an unknown member is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The bytes are not UTF-8 (RFC 8259 §8.1).
    #[error("not UTF-8")]
    Utf8,
    /// The text breaks the grammar, or continues after its end.
    #[error("malformed JSON at byte {at}")]
    Syntax {
        /// The offset of the first offending byte.
        at: usize,
    },
    /// An escaped surrogate is unpaired, so the string is not Unicode (RFC 8259 §8.2).
    #[error("lone surrogate at byte {at}")]
    LoneSurrogate {
        /// The offset of the escape.
        at: usize,
    },
    /// A member's name holds the NUL character.
    #[error("NUL in a member's name at byte {at}")]
    NulInName {
        /// The offset of the name.
        at: usize,
    },
    /// An object has two members of one name (compared after unescaping).
    #[error("duplicate member at byte {at}")]
    DuplicateMember {
        /// The offset of the second one.
        at: usize,
    },
    /// Arrays and objects are nested too deep.
    #[error("nested deeper than {limit}")]
    TooDeep {
        /// The depth that is allowed.
        limit: usize,
    },
    /// An object has too many members.
    #[error("more than {limit} members")]
    TooManyMembers {
        /// How many are allowed.
        limit: usize,
    },
    /// A number cannot be kept without loss in the type that asks for it.
    #[error("a number does not fit its type without loss")]
    Number,
    /// A required member is absent.
    #[error("member `{name}` is missing")]
    MissingMember {
        /// Its name.
        name: &'static str,
    },
    /// A member is present that the type does not know.
    #[error("unknown member {}", Shown(name))]
    UnknownMember {
        /// Its name.
        name: Box<str>,
    },
    /// A value has another type than the one asked for.
    #[error("found {found}, expected {wanted}")]
    Type {
        /// The kind of value in the text.
        found: &'static str,
        /// What the type takes, in its own words.
        wanted: Box<str>,
    },
    /// The type refused a value, in its own words.
    #[error("{reason}")]
    Refused {
        /// The reason that the type gave.
        reason: Box<str>,
    },
}

impl JsonError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Utf8 => "json_not_utf8",
            Self::Syntax { .. } => "json_malformed",
            Self::LoneSurrogate { .. } => "json_lone_surrogate",
            Self::NulInName { .. } => "json_nul_in_name",
            Self::DuplicateMember { .. } => "json_duplicate_member",
            Self::TooDeep { .. } => "json_too_deep",
            Self::TooManyMembers { .. } => "json_too_many_members",
            Self::Number => "json_number",
            Self::MissingMember { .. } => "json_member_missing",
            Self::UnknownMember { .. } => "json_member_unknown",
            Self::Type { .. } => "json_type",
            Self::Refused { .. } => "json_refused",
        }
    }
}

impl de::Error for JsonError {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::Refused { reason: reason.to_string().into() }
    }

    // The default texts of serde repeat the offending value, which may be a secret.
    fn invalid_type(found: de::Unexpected<'_>, wanted: &dyn de::Expected) -> Self {
        Self::Type { found: kind(found), wanted: wanted.to_string().into() }
    }

    fn invalid_value(found: de::Unexpected<'_>, wanted: &dyn de::Expected) -> Self {
        Self::Type { found: kind(found), wanted: wanted.to_string().into() }
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::Type { found: "another word", wanted: format!("one of {}", expected.join(", ")).into() }
    }

    fn unknown_field(found: &str, _: &'static [&'static str]) -> Self {
        Self::UnknownMember { name: found.into() }
    }

    fn missing_field(name: &'static str) -> Self {
        Self::MissingMember { name }
    }
}

/// What the scanner found wrong: small enough for registers, as it is handed up through every step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    Syntax(u32),
    LoneSurrogate(u32),
    NulInName(u32),
    DuplicateMember(u32),
    TooDeep(u32),
    TooManyMembers(u32),
}

impl Fault {
    pub(super) fn syntax(at: usize) -> Self {
        Self::Syntax(u32::try_from(at).unwrap_or(u32::MAX))
    }
}

impl From<Fault> for JsonError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Syntax(at) => Self::Syntax { at: at as usize },
            Fault::LoneSurrogate(at) => Self::LoneSurrogate { at: at as usize },
            Fault::NulInName(at) => Self::NulInName { at: at as usize },
            Fault::DuplicateMember(at) => Self::DuplicateMember { at: at as usize },
            Fault::TooDeep(limit) => Self::TooDeep { limit: limit as usize },
            Fault::TooManyMembers(limit) => Self::TooManyMembers { limit: limit as usize },
        }
    }
}

/// An error on its way up through serde, which returns it from everything it calls: one word, so that success is no larger.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct Failure(Box<JsonError>);

impl From<JsonError> for Failure {
    #[cold]
    fn from(error: JsonError) -> Self {
        Self(Box::new(error))
    }
}

impl From<Fault> for Failure {
    #[cold]
    fn from(fault: Fault) -> Self {
        JsonError::from(fault).into()
    }
}

impl From<Failure> for JsonError {
    fn from(failure: Failure) -> Self {
        *failure.0
    }
}

impl de::Error for Failure {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        JsonError::custom(reason).into()
    }

    fn invalid_type(found: de::Unexpected<'_>, wanted: &dyn de::Expected) -> Self {
        JsonError::invalid_type(found, wanted).into()
    }

    fn invalid_value(found: de::Unexpected<'_>, wanted: &dyn de::Expected) -> Self {
        JsonError::invalid_value(found, wanted).into()
    }

    fn unknown_variant(found: &str, expected: &'static [&'static str]) -> Self {
        JsonError::unknown_variant(found, expected).into()
    }

    fn unknown_field(found: &str, expected: &'static [&'static str]) -> Self {
        JsonError::unknown_field(found, expected).into()
    }

    fn missing_field(name: &'static str) -> Self {
        JsonError::missing_field(name).into()
    }
}

fn kind(found: de::Unexpected<'_>) -> &'static str {
    match found {
        de::Unexpected::Bool(_) => "a boolean",
        de::Unexpected::Unsigned(_) | de::Unexpected::Signed(_) => "an integer",
        de::Unexpected::Float(_) => "a number",
        de::Unexpected::Str(_) | de::Unexpected::Char(_) => "a string",
        de::Unexpected::Unit | de::Unexpected::Option => "null",
        de::Unexpected::Seq => "an array",
        de::Unexpected::Map => "an object",
        _ => "another value",
    }
}
