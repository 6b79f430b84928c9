//! What a registration requested and did not get, although it was not refused (RFC 7591 §2). The response shows what
//! was accepted; the log shows what was left out, and because of which setting.

use jeton_oauth::client::ClientMetadata;
use serde_json::{Map, Value};

/// The omitted part of one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The member.
    pub member: &'static str,
    /// The omitted values, separated by spaces, in the client's words.
    pub values: String,
    /// The setting that would allow them.
    pub setting: &'static str,
}

/// The requested values, by member.
#[derive(Debug, Clone)]
pub(crate) struct Asked([(&'static str, &'static str, Vec<String>); 3]);

impl Asked {
    /// Reads the members that can be narrowed from the client metadata, whatever else is wrong with it.
    pub(crate) fn of(members: &Map<String, Value>) -> Self {
        let list = |name: &str| {
            let values = members.get(name).and_then(Value::as_array).into_iter().flatten();
            values.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let scope = members.get("scope").and_then(Value::as_str).unwrap_or_default();
        Self([
            (
                "scope",
                "client.registration_scope",
                scope.split_ascii_whitespace().map(str::to_owned).collect(),
            ),
            ("grant_types", "client.registration_grant_types", list("grant_types")),
            (
                "authorization_details_types",
                "client.registration_details_types",
                list("authorization_details_types"),
            ),
        ])
    }

    /// Which of them are missing in this registration.
    pub(crate) fn left_out_of(self, metadata: &ClientMetadata) -> Vec<LeftOut> {
        let has = |member: &str, value: &str| match member {
            "scope" => metadata.scope.as_ref().is_some_and(|scope| scope.contains(value)),
            "grant_types" => metadata.grant_types.iter().flatten().any(|grant| grant.as_str() == value),
            _ => metadata.authorization_details_types.iter().any(|kind| kind == value),
        };
        let left_out = self.0.into_iter().map(|(member, setting, mut values)| {
            values.retain(|value| !has(member, value));
            LeftOut { member, values: values.join(" "), setting }
        });
        left_out.filter(|left_out| !left_out.values.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_not_taken_is_named_with_the_setting_that_decides_it() {
        let asked = json!({
            "scope": "openid mcp:tools  mcp:read",
            "grant_types": ["authorization_code", "implicit"],
            "authorization_details_types": ["payment"],
        });
        let taken = json!({
            "scope": "openid", "grant_types": ["authorization_code"], "authorization_details_types": ["payment"],
        });
        let asked = Asked::of(asked.as_object().expect("an object"));
        let taken = serde_json::from_value(taken).expect("metadata");
        let left_out: Vec<_> = asked
            .left_out_of(&taken)
            .into_iter()
            .map(|left_out| (left_out.member, left_out.values, left_out.setting))
            .collect();
        assert_eq!(
            left_out,
            [
                ("scope", "mcp:tools mcp:read".to_owned(), "client.registration_scope"),
                ("grant_types", "implicit".to_owned(), "client.registration_grant_types"),
            ]
        );
    }

    #[test]
    fn a_client_that_asks_for_nothing_misses_nothing() {
        assert_eq!(Asked::of(&Map::new()).left_out_of(&ClientMetadata::default()), []);
    }
}
