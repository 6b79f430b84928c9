//! Authorization details in words (RFC 9396 §11): what a client asks for, as a list that people can read whole before they
//! allow it. What the members of a type mean is known to its API alone, so each is shown as it came.

use jeton_authority::visible;
use jeton_oauth::authorization::{AuthorizationDetail, AuthorizationDetails};
use serde_json::Value;

/// The members that every type shares, and what the page calls them (RFC 9396 §2.2).
const COMMON: [(&str, &str); 5] = [
    ("actions", "Actions"),
    ("locations", "Locations"),
    ("datatypes", "Kinds of data"),
    ("identifier", "Identifier"),
    ("privileges", "Privileges"),
];

/// One element.
#[derive(Debug, PartialEq)]
pub(crate) struct DetailLines {
    /// Its type.
    pub(crate) kind: String,
    /// What it says.
    pub(crate) lines: Vec<DetailLine>,
}

/// One thing that an element says.
#[derive(Debug, PartialEq)]
pub(crate) struct DetailLine {
    /// What it is called.
    pub(crate) name: String,
    /// Whether that is the page's word for it. Otherwise it is the client's.
    pub(crate) is_common: bool,
    /// What it is: one value, or each of a list.
    pub(crate) values: Vec<String>,
}

/// What a page shows of authorization details.
pub(crate) fn detail_lines(details: &AuthorizationDetails) -> Vec<DetailLines> {
    details.iter().map(of).collect()
}

/// A text within a sentence that is no element: it keeps its direction to itself, and nothing hides in it.
pub(crate) fn isolated(text: &str) -> String {
    format!("\u{2068}{}\u{2069}", visible(text))
}

/// What a page shows of the resources that a client wants to use.
pub(crate) fn resource_lines(resources: &[Box<str>]) -> Vec<String> {
    resources.iter().map(|resource| visible(resource).into_owned()).collect()
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

/// A list of plain values is one line; what is nested is one line for each plain value, with the way to it.
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
        let shown = detail_lines(&details).pop().expect("one");
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
