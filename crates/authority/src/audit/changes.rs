//! What a change changed: the members that differ, before and after.

use std::fmt;

use serde_json::{Map, Value, json};

/// What was changed: a JSON object with a member for each thing that changed, `{"before": …, "after": …}`. It contains no secret: what
/// makes it says what may be in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Changes(Box<str>);

impl Changes {
    /// The largest size in bytes. Of larger changes, only the names of the members are kept.
    pub const MAX_BYTES: usize = 4_096;

    /// The difference of two objects, member by member; none where they are equal. What is only in one of them is `null` in the other.
    pub fn between(before: &Map<String, Value>, after: &Map<String, Value>) -> Option<Self> {
        let mut changed = Map::new();
        for name in before.keys().chain(after.keys()) {
            let (was, is) = (before.get(name), after.get(name));
            if was != is && !changed.contains_key(name) {
                changed.insert(name.clone(), json!({"before": was, "after": is}));
            }
        }
        if changed.is_empty() {
            return None;
        }
        let whole = Value::Object(changed).to_string();
        if whole.len() <= Self::MAX_BYTES {
            return Some(Self(whole.into()));
        }
        let mut names = Map::new();
        let mut bytes = 2;
        for name in before.keys().chain(after.keys()) {
            bytes += name.len() + 8;
            if bytes > Self::MAX_BYTES {
                break;
            }
            if before.get(name) != after.get(name) {
                names.insert(name.clone(), json!({}));
            }
        }
        Some(Self(Value::Object(names).to_string().into()))
    }

    /// The change of one thing; none where it stayed.
    pub fn of(name: &str, before: impl Into<Value>, after: impl Into<Value>) -> Option<Self> {
        let one = |value: Value| Map::from_iter([(name.to_owned(), value)]);
        Self::between(&one(before.into()), &one(after.into()))
    }

    /// As a store keeps it.
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// Reads what [`Changes::as_json`] gave.
    pub const fn from_stored(json: Box<str>) -> Self {
        Self(json)
    }

    /// As a JSON value; `null` if the store has something else.
    pub fn to_value(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or(Value::Null)
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Changes({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().expect("an object").clone()
    }

    #[test]
    fn what_differs_is_told_before_and_after_and_what_does_not_is_left_out() {
        let before = object(json!({"a": 1, "b": [1], "gone": true}));
        let after = object(json!({"a": 1, "b": [2], "new": null, "newer": "x"}));
        let changes = Changes::between(&before, &after).expect("a difference").to_value();
        let wanted = json!({
            "b": {"before": [1], "after": [2]},
            "gone": {"before": true, "after": null},
            "new": {"before": null, "after": null},
            "newer": {"before": null, "after": "x"},
        });
        assert_eq!(changes, wanted);
        assert_eq!(Changes::between(&before, &before), None);
        assert_eq!(Changes::of("role", "member", "member"), None);
    }

    #[test]
    fn of_large_changes_the_names_are_kept() {
        let long = "x".repeat(Changes::MAX_BYTES);
        let changes = Changes::of("name", "short", long.as_str()).expect("a difference");
        assert_eq!(changes.as_json(), r#"{"name":{}}"#);
        let many: Map<_, _> = (0..10_000).map(|n| (format!("member-{n}"), Value::from(n))).collect();
        let changes = Changes::between(&Map::new(), &many).expect("a difference");
        assert!(changes.as_json().len() <= Changes::MAX_BYTES);
    }
}
