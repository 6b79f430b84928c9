//! A look into a token, without any check: what the suites compare.

use std::fmt;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// A JSON object whose members keep their order, since the order on the wire is compared too.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Members(Vec<(String, Value)>);

/// What a token says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decoded {
    /// The protected header.
    pub(crate) header: Members,
    /// The claims set.
    pub(crate) claims: Members,
}

/// Decodes a token in compact form.
///
/// # Errors
/// When it is not made of three parts, of which the first two hold JSON objects.
pub(crate) fn decode(token: &str) -> Result<Decoded> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, _signature] = parts.as_slice() else {
        anyhow::bail!("a token of {} parts", parts.len());
    };
    Ok(Decoded { header: part(header)?, claims: part(claims)? })
}

fn part(text: &str) -> Result<Members> {
    let bytes = URL_SAFE_NO_PAD.decode(text).context("a part that is not base64url")?;
    serde_json::from_slice(&bytes).context("a part that is not a JSON object")
}

/// The token with its claims replaced, and its signature as it was: one that no verifier may take.
///
/// # Errors
/// When it cannot be decoded.
pub(crate) fn tampered(token: &str, claim: &str, value: &Value) -> Result<String> {
    let mut claims = decode(token)?.claims.0;
    claims.retain(|(name, _)| name != claim);
    claims.push((claim.to_owned(), value.clone()));
    let object: serde_json::Map<String, Value> = claims.into_iter().collect();
    let parts: Vec<&str> = token.split('.').collect();
    let changed = URL_SAFE_NO_PAD.encode(Value::Object(object).to_string());
    Ok(format!("{}.{changed}.{}", parts[0], parts[2]))
}

impl Members {
    /// The names in their order.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The value of a member, `null` where it is missing.
    pub(crate) fn value(&self, name: &str) -> &Value {
        self.0.iter().find(|(known, _)| known == name).map_or(&Value::Null, |(_, value)| value)
    }

    /// A member that is a whole number.
    ///
    /// # Errors
    /// When it is missing or something else.
    pub(crate) fn number(&self, name: &str) -> Result<u64> {
        self.value(name).as_u64().with_context(|| format!("{name} is {}", self.value(name)))
    }

    /// A member that is a string.
    ///
    /// # Errors
    /// When it is missing or something else.
    pub(crate) fn text(&self, name: &str) -> Result<&str> {
        self.value(name).as_str().with_context(|| format!("{name} is {}", self.value(name)))
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{decode, tampered};

    const TOKEN: &str = "eyJ6IjoxLCJhIjoyfQ.eyJzdWIiOiJhZGEiLCJleHAiOjF9.c2ln";

    #[test]
    fn members_keep_the_order_of_the_wire() {
        let token = decode(TOKEN).expect("a token");
        assert_eq!(token.header.names(), ["z", "a"]);
        assert_eq!(token.claims.text("sub").ok(), Some("ada"));
        assert_eq!(token.claims.number("exp").ok(), Some(1));
    }

    #[test]
    fn tampering_changes_the_claim_and_keeps_the_signature() {
        let changed = tampered(TOKEN, "sub", &json!("eve")).expect("a token");
        assert_eq!(decode(&changed).expect("a token").claims.text("sub").ok(), Some("eve"));
        assert!(changed.ends_with(".c2ln"));
    }
}
