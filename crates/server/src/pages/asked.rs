//! What a client requests, in a form that people can read completely before they allow it: scopes, resources, and
//! authorization details (RFC 9396 §11). Only the API of a details type knows what its members mean, so each is shown
//! as it came.

use jeton_authority::client::{Client, Unverified};
use jeton_authority::visible;
use jeton_oauth::Scope;
use jeton_oauth::authorization::{AuthorizationDetail, AuthorizationDetails};
use serde_json::Value;

/// What each scope permits a client.
const SCOPES: [(&str, &str); 8] = [
    ("openid", "Know who you are"),
    ("profile", "See your name and the rest of your profile"),
    ("email", "See your e-mail address"),
    ("phone", "See your phone number"),
    ("address", "See your postal address"),
    ("roles", "See your roles"),
    ("groups", "See your groups"),
    ("offline_access", "Keep access while you are away, until you revoke it"),
];

/// The members that all types share, with their labels (RFC 9396 §2.2).
const COMMON: [(&str, &str); 5] = [
    ("actions", "Actions"),
    ("locations", "Locations"),
    ("datatypes", "Kinds of data"),
    ("identifier", "Identifier"),
    ("privileges", "Privileges"),
];

/// What a client requests, and what the user should know about the client.
#[derive(Debug, PartialEq)]
pub(crate) struct Asked {
    /// The warning that nobody has verified the client's name.
    pub(super) unverified: Option<UnverifiedLine>,
    pub(super) scopes: Vec<ScopeLine>,
    /// The requested resources, besides the client itself (RFC 8707).
    pub(super) resources: Vec<String>,
    pub(super) details: Vec<DetailLines>,
}

impl Asked {
    pub(crate) fn of(
        client: Option<&Client>,
        scope: &Scope,
        resources: &[Box<str>],
        details: &AuthorizationDetails,
    ) -> Self {
        Self {
            unverified: client.and_then(unverified_line),
            scopes: scope.tokens().map(scope_line).collect(),
            resources: resources.iter().map(|resource| visible(resource).into_owned()).collect(),
            details: details.iter().map(of).collect(),
        }
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.scopes.is_empty() && self.resources.is_empty() && self.details.is_empty()
    }
}

/// A scope: its name in the request, and its meaning.
#[derive(Debug, PartialEq)]
pub(super) struct ScopeLine {
    pub(super) name: String,
    pub(super) meaning: &'static str,
}

fn scope_line(token: &str) -> ScopeLine {
    let known = SCOPES.iter().find(|(name, _)| *name == token);
    ScopeLine { name: token.to_owned(), meaning: known.map_or("Use this permission", |(_, meaning)| meaning) }
}

/// A sentence about a client whose name nobody has verified.
#[derive(Debug, PartialEq)]
pub(super) struct UnverifiedLine {
    pub(super) sentence: &'static str,
    /// The host at the end of the sentence.
    pub(super) host: Option<String>,
}

/// `None` if the operator added the client.
fn unverified_line(client: &Client) -> Option<UnverifiedLine> {
    let (sentence, host) = match client.unverified()? {
        Unverified::DescribedAt(host) => {
            ("This name has not been verified. The application is described at", Some(host))
        }
        Unverified::Registered { names: Some(host) } => (
            "This application registered itself, and its name has not been verified. It claims to belong to",
            Some(host),
        ),
        _ => ("This application registered itself, and its name has not been verified.", None),
    };
    Some(UnverifiedLine { sentence, host: host.map(str::to_owned) })
}

#[derive(Debug, PartialEq)]
pub(super) struct DetailLines {
    pub(super) kind: String,
    pub(super) lines: Vec<DetailLine>,
}

/// One member of an element.
#[derive(Debug, PartialEq)]
pub(super) struct DetailLine {
    pub(super) name: String,
    /// Whether the name is one of the page's labels. Otherwise, it is the client's.
    pub(super) is_common: bool,
    /// One value, or each value of a list.
    pub(super) values: Vec<String>,
}

fn of(detail: &AuthorizationDetail) -> DetailLines {
    let mut lines = Vec::new();
    for (name, called) in COMMON {
        if let Some(value) = detail.member(name) {
            add(&mut lines, called, true, value);
        }
    }
    for (name, value) in detail.members() {
        if !COMMON.iter().any(|(known, _)| *known == name) {
            add(&mut lines, &visible(name), false, value);
        }
    }
    DetailLines { kind: visible(detail.kind()).into_owned(), lines }
}

/// A list of plain values is one line. Nested data are one line per plain value, with its path.
fn add(lines: &mut Vec<DetailLine>, name: &str, is_common: bool, value: &Value) {
    let is_nested = |value: &Value| matches!(value, Value::Array(_) | Value::Object(_));
    let values = match value {
        Value::Object(members) if !members.is_empty() => {
            for (member, value) in members {
                add(lines, &format!("{name} › {}", visible(member)), is_common, value);
            }
            return;
        }
        Value::Array(list) if list.iter().any(is_nested) => {
            for (position, value) in list.iter().enumerate() {
                add(lines, &format!("{name} {}", position + 1), is_common, value);
            }
            return;
        }
        Value::Array(list) if !list.is_empty() => list.iter().map(plain).collect(),
        value => vec![plain(value)],
    };
    lines.push(DetailLine { name: name.to_owned(), is_common, values });
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "“”".to_owned(),
        Value::String(text) => visible(text).into_owned(),
        Value::Array(_) | Value::Object(_) => "none".to_owned(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(detail: &Value) -> Vec<(String, Vec<String>)> {
        let details = AuthorizationDetails::parse(&json!([detail]).to_string(), 4096).expect("details");
        let shown = details.iter().map(of).last().expect("one");
        shown.lines.into_iter().map(|line| (line.name, line.values)).collect()
    }

    #[test]
    fn every_member_is_shown_however_deep_it_lies() {
        let shown = lines(&json!({
            "type": "payment", "zone": 7, "actions": ["initiate", "cancel"], "identifier": "A-1",
            "amount": {"currency": "EUR", "value": "1.00", "parts": [{"n": 1}, true, []]}, "none": [], "memo": "",
        }));
        let expected: Vec<(String, Vec<String>)> = [
            ("Actions", vec!["initiate", "cancel"]),
            ("Identifier", vec!["A-1"]),
            ("amount › currency", vec!["EUR"]),
            ("amount › parts 1 › n", vec!["1"]),
            ("amount › parts 2", vec!["true"]),
            ("amount › parts 3", vec!["none"]),
            ("amount › value", vec!["1.00"]),
            ("memo", vec!["“”"]),
            ("none", vec!["none"]),
            ("zone", vec!["7"]),
        ]
        .into_iter()
        .map(|(name, values)| (name.to_owned(), values.into_iter().map(str::to_owned).collect()))
        .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn nothing_hides_in_a_value_or_turns_the_line_around() {
        let shown = lines(&json!({"type": "t", "a\u{202e}b": "1\u{200b}0\u{2066}\n€ é"}));
        assert_eq!(shown, [("a\\u{202e}b".to_owned(), vec!["1\\u{200b}0\\u{2066}\\u{a}€ é".to_owned()])]);
    }
}
