//! The parameters of a request: a query, or a body of the type `application/x-www-form-urlencoded` (RFC 6749 appendix B).

use std::fmt;

/// The parameters of a request, each at most once (RFC 6749 §3.1), in the order they came.
///
/// One without a value counts as left out. Unknown ones are kept, since extensions read them, and otherwise ignored.
/// `Debug` shows the names alone: values may be secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

/// Why a text is no set of parameters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParametersError {
    /// A parameter is there more than once. Only those of [`Parameters::REPEATABLE`] may be.
    #[error("a parameter is repeated")]
    Repeated,
    /// There are more than [`Parameters::MAX_COUNT`] of them.
    #[error("there are more than {} parameters", Parameters::MAX_COUNT)]
    TooMany,
    /// A name or a value is not UTF-8 once decoded.
    #[error("a parameter is not UTF-8")]
    NotUtf8,
    /// A name or a value holds a NUL character.
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
    /// The most parameters that a request may have.
    pub const MAX_COUNT: usize = 64;
    /// Those that may come more than once: a resource each (RFC 8707 §2), an audience each (RFC 8693 §2.1).
    pub const REPEATABLE: [&'static str; 2] = ["resource", "audience"];

    /// Parses a query or a body.
    ///
    /// # Errors
    /// [`ParametersError`] where a parameter is repeated, there are too many, or one is no text.
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

    /// Adds one that came some other way: the member of a request object.
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

    /// The value of a parameter that has one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The values of a parameter that may come more than once.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// All of them, in the order they came, those without a value too.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Without one of them.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    /// As a query or a body.
    #[must_use]
    pub fn to_query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.iter()).finish()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Parameters {
    /// For answers and tests: nothing is checked.
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
