//! Mapping user attributes to claims.

use std::str::FromStr;

use super::Attributes;

/// A claim, and the user attribute that supplies it, written `CLAIM=ATTRIBUTE`.
///
/// The attribute is one of the [`Attributes`], or a member of the record itself: `email`, or `preferred_username` for
/// the username.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimMapping {
    claim: Box<str>,
    attribute: Box<str>,
}

/// Why a text is not a claim mapping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimMappingError {
    /// The text is not `CLAIM=ATTRIBUTE`.
    #[error("{0:?} is not CLAIM=ATTRIBUTE, such as is_staff=is_staff")]
    Malformed(Box<str>),
    /// The claim is reserved.
    #[error("{0} is a reserved claim and cannot be mapped from an attribute")]
    Reserved(Box<str>),
    /// The claim is mapped twice.
    #[error("the claim {0} is given twice")]
    Repeated(Box<str>),
}

impl ClaimMapping {
    /// The claim.
    pub fn claim(&self) -> &str {
        &self.claim
    }

    /// The attribute that supplies it.
    pub fn attribute(&self) -> &str {
        &self.attribute
    }

    /// Parses a list of mappings.
    ///
    /// # Errors
    /// [`ClaimMappingError`] for the first invalid one; a claim can be mapped only once.
    pub fn parse_all<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Vec<Self>, ClaimMappingError> {
        let mut mappings: Vec<Self> = vec![];
        for text in texts {
            let mapping: Self = text.parse()?;
            if mappings.iter().any(|known| known.claim == mapping.claim) {
                return Err(ClaimMappingError::Repeated(mapping.claim));
            }
            mappings.push(mapping);
        }
        Ok(mappings)
    }
}

impl FromStr for ClaimMapping {
    type Err = ClaimMappingError;

    fn from_str(text: &str) -> Result<Self, ClaimMappingError> {
        let is_name =
            |name: &str| !name.is_empty() && !name.chars().any(|c| c.is_control() || c.is_whitespace());
        let pair = text.split_once('=').map(|(claim, attribute)| (claim.trim(), attribute.trim()));
        match pair.filter(|(claim, attribute)| is_name(claim) && is_name(attribute)) {
            Some((claim, _)) if Attributes::is_reserved(claim) => {
                Err(ClaimMappingError::Reserved(claim.into()))
            }
            Some((claim, attribute)) => Ok(Self { claim: claim.into(), attribute: attribute.into() }),
            None => Err(ClaimMappingError::Malformed(text.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_that_tokens_rest_on_is_taken_from_no_attribute() {
        for claim in [
            "sub",
            "iss",
            "aud",
            "exp",
            "iat",
            "nbf",
            "jti",
            "user_id",
            "token_type",
            "sid",
            "scope",
            "username",
        ] {
            let refused = format!("{claim}=nickname").parse::<ClaimMapping>();
            assert_eq!(refused, Err(ClaimMappingError::Reserved(claim.into())));
        }
        for text in ["", "is_staff", "=a", "a=", "a b=c", "a=\u{0}"] {
            assert_eq!(
                text.parse::<ClaimMapping>(),
                Err(ClaimMappingError::Malformed(text.into())),
                "{text:?}"
            );
        }
        assert_eq!(
            ClaimMapping::parse_all(["a=b", "c=b", "a=c"]),
            Err(ClaimMappingError::Repeated("a".into()))
        );
    }
}
