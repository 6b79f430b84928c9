//! A request to the administration API, as its routes see it, and what they answer.

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;

use http::{HeaderMap, HeaderName, StatusCode, header};
use jeton_authority::audit::Actor;
use jeton_authority::{Administrator, ShownDigest};
use jeton_jose::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::problem::{Problem, Refusal};
use crate::app::App;
use crate::request::RequestContext;

/// The default number of entries in a page of a list.
pub(crate) const PAGE: u32 = 50;
/// The largest number of entries in a page of a list.
pub(crate) const MAX_PAGE: u32 = 200;

/// A request.
pub(super) struct Call<'a> {
    pub(super) app: &'a App,
    pub(super) context: &'a RequestContext,
    /// Who sent it.
    pub(super) by: &'a Administrator,
    /// The identifier in the path.
    pub(super) id: Option<String>,
    pub(super) query: Vec<(&'static str, String)>,
    /// The members of the body.
    pub(super) members: Map<String, Value>,
    pub(super) headers: &'a HeaderMap,
    pub(super) now: Timestamp,
}

/// What a route does, for the table of routes.
pub(super) type Run =
    for<'c, 'a> fn(&'c mut Call<'a>) -> Pin<Box<dyn Future<Output = Result<Answer, Problem>> + Send + 'c>>;

/// What a request came to.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Option<String>,
    pub(super) headers: Vec<(HeaderName, String)>,
}

impl Answer {
    pub(super) fn of(body: &impl Serialize) -> Self {
        let body = serde_json::to_string(body).expect("what is shown is JSON");
        Self { status: StatusCode::OK, body: Some(body), headers: Vec::new() }
    }

    pub(super) fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None, headers: Vec::new() }
    }

    /// Something that was created, and where it is.
    pub(super) fn created(self, location: String) -> Self {
        let mut created = self.with(header::LOCATION, location);
        created.status = StatusCode::CREATED;
        created
    }

    /// With the version of what it shows.
    pub(super) fn of_version(self, version: ShownDigest) -> Self {
        self.with(header::ETAG, format!("\"{}\"", version.to_text()))
    }

    fn with(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl Call<'_> {
    pub(super) fn actor(&self) -> Actor {
        Actor::User(self.by.user.id)
    }

    pub(super) fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }

    /// A parameter of the query.
    pub(super) fn asked(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// A parameter of the query with a value of some kind.
    pub(super) fn asked_for<T: std::str::FromStr>(&self, name: &'static str) -> Result<Option<T>, Problem> {
        let parse = |text: &str| text.parse().map_err(|_| Problem::from(Refusal::Query(name.into())));
        self.asked(name).map(parse).transpose()
    }

    /// How many entries are wanted.
    pub(super) fn limit(&self) -> Result<u32, Problem> {
        match self.asked_for("limit")? {
            None => Ok(PAGE),
            Some(limit) if (1..=MAX_PAGE).contains(&limit) => Ok(limit),
            Some(_) => Err(Refusal::Query("limit".into()).into()),
        }
    }

    /// The body as a type of its own.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        // The location in the text means nothing here: the members were read before.
        let malformed = |error: serde_json::Error| Refusal::Member(error.to_string().into()).into();
        serde_json::from_value(Value::Object(self.members.clone())).map_err(malformed)
    }

    /// Whether the request is for this version of what it changes.
    pub(super) fn is_for(&self, current: ShownDigest) -> Result<(), Problem> {
        let wanted = format!("\"{}\"", current.to_text());
        let mut named = self.headers.get_all(header::IF_MATCH).iter().peekable();
        if named.peek().is_none() {
            return Err(Refusal::PreconditionRequired.into());
        }
        let texts = named.filter_map(|value| value.to_str().ok());
        let mut tags = texts.flat_map(|text| text.split(',')).map(str::trim);
        // RFC 9110 §13.1.1: any version will do, if there is one; weak ones never match.
        if tags.any(|tag| tag == "*" || tag == wanted) { Ok(()) } else { Err(Refusal::Outdated.into()) }
    }

    pub(super) fn log(&self, what: &'static str, about: &dyn Display) {
        let (request, user) = (self.context.id(), &self.by.user.id);
        tracing::info!(request, by = %user, client = &*self.by.client, about = %about, "administration: {what}");
    }
}

/// The identifier in a path, at the place of the parameter in the path of the route.
pub(super) fn parameter(route: &str, path: &str) -> Result<Option<String>, Problem> {
    let within = path.strip_prefix(crate::urls::path::ADMIN_API).unwrap_or(path);
    let place = route.split('/').position(|segment| segment.starts_with('{'));
    let Some(encoded) = place.and_then(|place| within.split('/').nth(place)) else { return Ok(None) };
    let decoded = percent_encoding::percent_decode_str(encoded).decode_utf8();
    decoded.map(|id| Some(id.into_owned())).map_err(|_| Refusal::Query("path".into()).into())
}

/// The parameters of a query, each of them known and sent once.
pub(super) fn query(known: &[&'static str], query: &str) -> Result<Vec<(&'static str, String)>, Problem> {
    let mut parameters: Vec<(&'static str, String)> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let refused = || Refusal::Query(crate::request::logged(&name).into());
        let name = *known.iter().find(|known| ***known == *name).ok_or_else(refused)?;
        if parameters.iter().any(|(before, _)| *before == name) {
            return Err(refused().into());
        }
        parameters.push((name, value.into_owned()));
    }
    Ok(parameters)
}

/// A time as it is shown: RFC 3339, in UTC.
pub(super) fn time(at: Timestamp) -> String {
    let seconds = std::time::Duration::from_secs(u64::try_from(at.unix()).unwrap_or_default());
    humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + seconds).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameter_of_a_path_is_decoded() {
        let found = |route: &str, path: &str| parameter(route, path).ok().flatten();
        let at = |rest: &str| format!("{}{rest}", crate::urls::path::ADMIN_API);
        assert_eq!(found("/users/{id}", &at("/users/7")).as_deref(), Some("7"));
        let url = at("/clients/https%3A%2F%2Fapp.example%2Fa/secret");
        assert_eq!(found("/clients/{id}/secret", &url).as_deref(), Some("https://app.example/a"));
        assert_eq!(found("/users", &at("/users")), None);
        assert!(parameter("/users/{id}", &at("/users/%ff")).is_err());
    }

    #[test]
    fn a_query_has_known_parameters_once_each() {
        assert_eq!(query(&["q"], "q=a%20b").expect("a query"), [("q", "a b".to_owned())]);
        for malformed in ["x=1", "q=1&q=2", "Q=1"] {
            assert!(query(&["q"], malformed).is_err(), "{malformed}");
        }
    }

    #[test]
    fn times_are_shown_in_utc() {
        assert_eq!(time(Timestamp::from_unix(1_795_377_600)), "2026-11-22T20:00:00Z");
    }
}
