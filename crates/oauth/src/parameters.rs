//! The parameters of a request: a query, or a body of type `application/x-www-form-urlencoded` (RFC 6749 appendix B).

use std::fmt;

/// The parameters of a request, each at most once (RFC 6749 §3.1), in the received order.
///
/// A parameter without a value counts as omitted. Unknown ones are kept for extensions, and otherwise ignored. `Debug`
/// shows only the names, because values may be secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

/// Why a text is not a set of parameters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParametersError {
    /// A parameter is repeated. Only those in [`Parameters::REPEATABLE`] may be.
    #[error("a parameter is repeated")]
    Repeated,
    /// There are more than [`Parameters::MAX_COUNT`] parameters.
    #[error("there are more than {} parameters", Parameters::MAX_COUNT)]
    TooMany,
    /// A decoded name or value is not UTF-8.
    #[error("a parameter is not UTF-8")]
    NotUtf8,
    /// A name or a value contains a NUL character.
    #[error("a parameter contains a NUL character")]
    Nul,
}

impl ParametersError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Repeated => "parameter_repeated",
            Self::TooMany => "parameters_too_many",
            Self::NotUtf8 => "parameter_not_utf8",
            Self::Nul => "parameter_nul",
        }
    }
}

impl Parameters {
    /// The largest number of parameters in a request.
    pub const MAX_COUNT: usize = 64;
    /// The parameters that may be repeated: `resource` (RFC 8707 §2) and `audience` (RFC 8693 §2.1).
    pub const REPEATABLE: [&'static str; 2] = ["resource", "audience"];

    /// Parses a query or a body.
    ///
    /// # Errors
    /// [`ParametersError`] if a parameter is repeated, there are too many, or one is not valid text.
    pub fn parse(encoded: &[u8]) -> Result<Self, ParametersError> {
        let mut parameters = Self::default();
        for pair in encoded.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
            let equals = pair.iter().position(|&byte| byte == b'=');
            let (name, value) = match equals {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &pair[..0]),
            };
            parameters.push(decode(name)?, decode(value)?)?;
        }
        Ok(parameters)
    }

    /// Adds a parameter from another source: a member of a request object.
    ///
    /// # Errors
    /// As [`Parameters::parse`].
    pub fn push(&mut self, name: String, value: String) -> Result<(), ParametersError> {
        if self.0.len() == Self::MAX_COUNT {
            return Err(ParametersError::TooMany);
        }
        let repeatable = Self::REPEATABLE.contains(&name.as_str());
        if !repeatable && self.0.iter().any(|(known, _)| *known == name) {
            return Err(ParametersError::Repeated);
        }
        self.0.push((name, value));
        Ok(())
    }

    /// The value of a parameter, if it has one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The values of a parameter that may be repeated.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// All parameters in the received order, including those without a value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The same without one parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    /// The query or body.
    #[must_use]
    pub fn to_query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.iter()).finish()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Parameters {
    /// For responses and tests: nothing is checked.
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Decodes a name or a value: `+` is a space, `%` and two hex digits are a byte.
fn decode(encoded: &[u8]) -> Result<String, ParametersError> {
    // Nearly every value stands as it is; a token may have a thousand letters.
    if !encoded.contains(&b'%') && !encoded.contains(&b'+') {
        let text = str::from_utf8(encoded).map_err(|_| ParametersError::NotUtf8)?;
        return if text.contains('\0') { Err(ParametersError::Nul) } else { Ok(text.to_owned()) };
    }
    let spaced: Vec<u8> = encoded.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    let text =
        percent_encoding::percent_decode(&spaced).decode_utf8().map_err(|_| ParametersError::NotUtf8)?;
    if text.contains('\0') { Err(ParametersError::Nul) } else { Ok(text.into_owned()) }
}
