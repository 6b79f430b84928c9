//! The types of the token API's settings.

use jeton_authority::user::ClaimMapping;
use jeton_server::{Origins, UsernameField};

use super::setting::{Setting, forms};

/// The parts of a list that is written with commas.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

impl Setting for Origins {
    const FORM: &'static str =
        "origins such as https://app.example.com, separated by commas, or * for every origin";

    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(parts(text)).map_err(|error| error.to_string())
    }
}

impl Setting for UsernameField {
    const FORM: &'static str = "the name of a field, any but password";

    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|error| error.to_string())
    }

    fn show(&self) -> String {
        self.as_str().to_owned()
    }
}

/// Claims and where they are taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClaimMappings(pub(crate) Vec<ClaimMapping>);

impl Setting for ClaimMappings {
    const FORM: &'static str = "CLAIM=ATTRIBUTE such as is_staff=is_staff, separated by commas";

    fn parse(text: &str) -> Result<Self, String> {
        ClaimMapping::parse_all(parts(text)).map(Self).map_err(|error| error.to_string())
    }
}

forms!(ClaimMappings(Vec<ClaimMapping>));

/// Whom access tokens are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AccessAudience {
    /// This audience.
    Named(String),
    /// Nobody in particular: the tokens of the token API have no `aud`.
    None,
}

impl Setting for AccessAudience {
    const FORM: &'static str = "a text, or none";

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            text => <String as Setting>::parse(text).map(Self::Named),
        }
    }
}
