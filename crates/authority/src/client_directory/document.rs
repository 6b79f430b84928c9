//! Clients whose identifier is the URL of their metadata document (OAuth Client ID Metadata Document). Nobody
//! registers them; the document applies as long as it is published. Fetching is not done here, but by a port.

use std::sync::Arc;

use jeton_oauth::ErrorCode;
use jeton_oauth::client::{ClientId, TokenEndpointAuthMethod};
use serde_json::{Map, Value};

use super::ClientDirectory;
use crate::Network;
use crate::client::{Client, ClientPolicy, ClientSource, NewClient, PkcePolicy};
use crate::client_lifecycle::SelfDescriptionRules;
use crate::ports::{ClientDocument, TurnedAway};
use crate::refusal::Refusal;
use crate::settings::RegistrationPolicy;

impl ClientDirectory {
    /// The client that is identified by the URL of its document, if the operator allows such clients.
    pub(crate) async fn of_document(
        &self,
        id: &ClientId,
        network: Option<Network>,
    ) -> Result<Option<Arc<Client>>, TurnedAway> {
        if self.settings.client.metadata_documents != RegistrationPolicy::Open
            || !is_document_url(id.as_str())
        {
            return Ok(None);
        }
        let Some(documents) = &self.client_documents else { return Ok(None) };
        let Some(document) = documents.document(id.as_str(), network).await? else { return Ok(None) };
        match self.described_client(id, document) {
            Ok(client) => Ok(Some(client)),
            Err(reason) => {
                documents.refused(id.as_str(), &reason);
                Ok(None)
            }
        }
    }

    /// The client that a document describes.
    fn described_client(&self, id: &ClientId, document: ClientDocument) -> Result<Arc<Client>, Refusal> {
        let members =
            jeton_jose::json::from_slice::<Map<String, Value>>(&document.json).map_err(|error| {
                invalid("the client metadata document is not a JSON object").because(error.to_string())
            })?;
        let metadata =
            SelfDescriptionRules::of(&self.settings.client).check(checked_members(id, members)?)?;
        let client = NewClient {
            id: id.clone(),
            metadata,
            policy: ClientPolicy::of_unvouched_client(ClientSource::MetadataDocument, PkcePolicy::Required),
            secret: None,
            registration_token: None,
            created_at: document.fetched_at,
        };
        let client = Client::new(client);
        client
            .map(Arc::new)
            .map_err(|error| invalid("the client metadata document is invalid").because(error.to_string()))
    }
}

const fn invalid(description: &'static str) -> Refusal {
    Refusal::new(ErrorCode::InvalidClientMetadata, description)
}

/// Whether an identifier is the URL of a document: https, a host, a path without dot segments, and neither a query nor
/// a fragment nor user information.
pub(crate) fn is_document_url(id: &str) -> bool {
    let Some((authority, path)) = id.strip_prefix("https://").and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    !authority.is_empty()
        && !authority.contains(['@', '\\'])
        && !path.is_empty()
        && !path.contains(['?', '#', '\\'])
        && path.split('/').all(|segment| !is_dots(segment))
}

/// Whether a path segment is a dot segment, plain or encoded.
fn is_dots(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

/// A document must name its own URL, and contain no shared secret, because it is public.
fn checked_members(id: &ClientId, mut members: Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    if members.get("client_id").and_then(Value::as_str) != Some(id.as_str()) {
        return Err(invalid("client_id is not the URL of the document"));
    }
    if members.contains_key("client_secret") || members.contains_key("client_secret_expires_at") {
        return Err(invalid("a client metadata document must not contain client_secret"));
    }
    let none = TokenEndpointAuthMethod::None.as_str();
    let method = members.entry("token_endpoint_auth_method").or_insert_with(|| none.into());
    match method.as_str().and_then(TokenEndpointAuthMethod::parse) {
        Some(method) if !method.needs_secret() => Ok(members),
        Some(_) => Err(invalid(
            "token_endpoint_auth_method needs a secret, which a metadata document cannot contain",
        )),
        None => Err(invalid("token_endpoint_auth_method is not supported")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_https_urls_with_a_path_name_documents() {
        for good in
            ["https://app.example/client.json", "https://app.example:8443/a/b", "https://app.example/a/"]
        {
            assert!(is_document_url(good), "{good}");
        }
        for bad in [
            "web",
            "http://app.example/client.json",
            "https://app.example",
            "https://app.example/",
            "https:///client.json",
            "https://user@app.example/client.json",
            "https://app.example/client.json?x=1",
            "https://app.example/client.json#x",
            "https://app.example/a/../client.json",
            "https://app.example/a/%2E%2e/client.json",
            "https://app.example/./client.json",
            "https://app.example\\@evil.example/client.json",
        ] {
            assert!(!is_document_url(bad), "{bad}");
        }
    }
}
