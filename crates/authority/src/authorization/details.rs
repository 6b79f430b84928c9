//! Which authorization details a client may request (RFC 9396 §5).

use jeton_oauth::ErrorCode;
use jeton_oauth::authorization::{AuthorizationDetails, AuthorizationDetailsError};

use crate::client::Client;
use crate::refusal::Refusal;
use crate::settings::AuthorizationSettings;

const fn invalid(description: &'static str) -> Refusal {
    Refusal::new(ErrorCode::InvalidAuthorizationDetails, description)
}

/// Parses requested authorization details and checks their types: each must be known here and registered for the
/// client. Only the API of a type knows what its members mean.
pub(crate) fn permitted_details(
    client: &Client,
    settings: &AuthorizationSettings,
    text: &str,
) -> Result<AuthorizationDetails, Refusal> {
    let details = read_details(settings, text)?;
    for detail in details.iter() {
        let is_it = |known: &String| known == detail.kind();
        if !settings.details_types.iter().any(is_it) {
            return Err(invalid("a type in authorization_details is not supported"));
        }
        if !client.metadata.authorization_details_types.iter().any(is_it) {
            return Err(invalid("the client may not request a type in authorization_details"));
        }
    }
    Ok(details)
}

/// Parses authorization details that are compared with earlier ones.
pub(crate) fn read_details(
    settings: &AuthorizationSettings,
    text: &str,
) -> Result<AuthorizationDetails, Refusal> {
    AuthorizationDetails::parse(text, settings.details_size).map_err(|error| match error {
        AuthorizationDetailsError::TooLong { .. } => invalid("authorization_details is too long"),
        AuthorizationDetailsError::TooMany => invalid("authorization_details has too many elements"),
        AuthorizationDetailsError::TooDeep => invalid("authorization_details is nested too deeply"),
        AuthorizationDetailsError::TypeMissing(_) => {
            invalid("an element of authorization_details has no type")
        }
        AuthorizationDetailsError::Member { .. } => invalid(
            "locations, actions, datatypes and privileges are lists of texts, and identifier is a text",
        ),
        _ => invalid("authorization_details is not a JSON list of objects"),
    })
}

/// The requested part of the allowed details; all of them if the request names none (RFC 9396 §6.1).
pub(crate) fn narrowed_details(
    settings: &AuthorizationSettings,
    allowed: &AuthorizationDetails,
    asked: Option<&str>,
) -> Result<AuthorizationDetails, Refusal> {
    let Some(text) = asked else { return Ok(allowed.clone()) };
    allowed
        .narrowed(&read_details(settings, text)?)
        .ok_or(invalid("authorization_details exceeds what was granted"))
}
