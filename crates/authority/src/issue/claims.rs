//! The claims about a user in tokens: which claims a scope includes, and where their values come from (OpenID Connect
//! Core §5.4).

use std::collections::BTreeMap;

use jeton_oauth::Scope;
use jeton_oauth::authorization::ClaimRequest;
use serde_json::{Map, Value};

use crate::client::ClientPolicy;
use crate::grant::LiveGrant;
use crate::user::{Attributes, ClaimMapping, User};

/// The claims of each scope. `roles` and `groups` are not standard, but common.
const SCOPES: [(&str, &[&str]); 6] = [
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("phone", &["phone_number", "phone_number_verified"]),
    ("address", &["address"]),
    ("roles", &["roles"]),
    ("groups", &["groups"]),
];

/// The scopes with claims, and the claims of each.
pub fn scopes_of_claims() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    SCOPES.into_iter()
}

/// A user's data, as the source of claims.
#[derive(Debug, Clone, Copy)]
pub struct UserClaims<'a> {
    username: &'a str,
    email: Option<&'a str>,
    attributes: &'a Attributes,
}

impl<'a> UserClaims<'a> {
    /// The data of a grant's user.
    pub fn of_grant(live: &'a LiveGrant) -> Self {
        Self { username: live.username.as_str(), email: live.email.as_deref(), attributes: &live.attributes }
    }

    /// The data of a user.
    pub fn of_user(user: &'a User) -> Self {
        Self { username: user.username.as_str(), email: user.email.as_deref(), attributes: &user.attributes }
    }

    /// The value of one claim, if it is known.
    pub fn get(&self, claim: &str) -> Option<Value> {
        if let Some(value) = self.attributes.get(claim) {
            return Some(value.clone());
        }
        match claim {
            "preferred_username" => Some(self.username.into()),
            "email" => self.email.map(Value::from),
            // Nobody verified it unless an attribute says so.
            "email_verified" => self.email.map(|_| Value::from(false)),
            _ => None,
        }
    }

    /// The claims of a scope.
    pub fn of_scope(&self, scope: &Scope) -> Map<String, Value> {
        let granted = SCOPES.into_iter().filter(|(name, _)| scope.contains(name));
        let names = granted.flat_map(|(_, claims)| claims.iter().copied());
        names.filter_map(|name| Some((name.to_owned(), self.get(name)?))).collect()
    }

    /// Adds individually requested claims (OpenID Connect Core §5.5.1), if the client may request a scope that
    /// includes them, and if there is a value that is one of those requested.
    pub fn add_requested(
        &self,
        requested: &BTreeMap<String, Option<ClaimRequest>>,
        permitted: &Scope,
        claims: &mut Map<String, Value>,
    ) {
        for (name, request) in requested {
            let Some(value) = self.get(name).filter(|_| may_be_requested(name, permitted)) else { continue };
            if request.as_ref().is_none_or(|request| wants(request, &value)) {
                claims.insert(name.clone(), value);
            }
        }
    }

    /// The claims that the operator maps for the token API. `email` is the email address in the user's record, if
    /// there is one.
    pub(crate) fn mapped(&self, mappings: &[ClaimMapping]) -> Map<String, Value> {
        let value = |attribute: &str| match (attribute, self.email) {
            ("email", Some(email)) => Some(email.into()),
            (attribute, _) => self.get(attribute),
        };
        mappings
            .iter()
            .filter_map(|mapping| Some((mapping.claim().to_owned(), value(mapping.attribute())?)))
            .collect()
    }

    /// Adds the claims that the operator maps for this client.
    pub fn add_mapped(&self, policy: &ClientPolicy, claims: &mut Map<String, Value>) {
        for (claim, attribute) in &policy.claims {
            if let Some(value) = self.get(attribute) {
                claims.insert(claim.clone(), value);
            }
        }
    }
}

/// A claim may be requested individually if a permitted scope includes it. Only the operator can map other attributes.
fn may_be_requested(claim: &str, permitted: &Scope) -> bool {
    SCOPES.iter().any(|(scope, claims)| claims.contains(&claim) && permitted.contains(scope))
}

fn wants(request: &ClaimRequest, value: &Value) -> bool {
    let one = request.value.as_ref().is_none_or(|wanted| wanted == value);
    one && request.values.as_ref().is_none_or(|wanted| wanted.contains(value))
}
