//! What a request says of the client that sent it, read once.

use jeton_jose::jwt::Unverified;
use jeton_oauth::Parameters;

use super::client_secret::{Basic, parse_basic};

/// The credentials in a request: those of the header `Authorization: Basic`, if there is one, and those in the body.
pub struct Credentials<'a> {
    pub(super) header: Header,
    pub(super) parameters: &'a Parameters,
    named: Option<Box<str>>,
}

/// The header `Authorization: Basic`.
pub(super) enum Header {
    Absent,
    Unreadable,
    Read(Basic),
}

impl<'a> Credentials<'a> {
    /// Reads the credentials of the header `Authorization: Basic` (the text after the scheme) and of the body.
    pub fn read(basic: Option<&str>, parameters: &'a Parameters) -> Self {
        let header = match basic.map(parse_basic) {
            None => Header::Absent,
            Some(None) => Header::Unreadable,
            Some(Some(basic)) => Header::Read(basic),
        };
        let named = match &header {
            Header::Read(basic) => Some(basic.id.as_str().into()),
            Header::Unreadable => None,
            Header::Absent => named_in_body(parameters),
        };
        Self { header, parameters, named }
    }

    /// The client that the request names, as it was sent and whether there is one or not.
    pub fn client(&self) -> Option<&str> {
        self.named.as_deref()
    }

    /// The client that the request names, where it brings a secret, or an assertion that a secret may have signed.
    pub(super) fn client_with_secret(&self) -> Option<&str> {
        let in_header = !matches!(self.header, Header::Absent);
        let in_body = || ["client_secret", "client_assertion"].iter().any(|name| self.has(name));
        self.client().filter(|_| in_header || in_body())
    }

    pub(super) fn has(&self, parameter: &str) -> bool {
        self.parameters.get(parameter).is_some()
    }
}

fn named_in_body(parameters: &Parameters) -> Option<Box<str>> {
    if let Some(id) = parameters.get("client_id") {
        return Some(id.into());
    }
    let assertion = Unverified::parse(parameters.get("client_assertion")?).ok()?;
    assertion.iss().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(form: &str) -> Parameters {
        Parameters::parse(form.as_bytes()).expect("a form")
    }

    #[test]
    fn a_header_names_the_client_before_the_body_does() {
        let body = parameters("client_id=other&client_secret=s");
        // web:secret
        let credentials = Credentials::read(Some("d2ViOnNlY3JldA=="), &body);
        assert_eq!(credentials.client(), Some("web"));
        assert_eq!(credentials.client_with_secret(), Some("web"));
        let unreadable = Credentials::read(Some("not base64"), &body);
        assert_eq!((unreadable.client(), unreadable.client_with_secret()), (None, None));
    }

    #[test]
    fn a_body_names_a_client_with_or_without_a_secret() {
        let public = parameters("client_id=web");
        let credentials = Credentials::read(None, &public);
        assert_eq!((credentials.client(), credentials.client_with_secret()), (Some("web"), None));
        let confidential = parameters("client_id=web&client_secret=s");
        assert_eq!(Credentials::read(None, &confidential).client_with_secret(), Some("web"));
        assert_eq!(Credentials::read(None, &parameters("client_secret=s")).client_with_secret(), None);
    }
}
