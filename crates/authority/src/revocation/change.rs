//! Which grants' tokens a change of their user makes stale.

use std::collections::BTreeSet;

use jeton_oauth::Scope;

use crate::user::User;

/// What changed of a user, as far as tokens may say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimsChange {
    /// What claims are taken from: attributes, and what the record itself has.
    sources: BTreeSet<Box<str>>,
    username: bool,
}

/// What the access tokens of a grant say of its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried<'a> {
    /// The token API's: the name, and what the settings map, which differs from node to node while they are changed.
    TokenApi,
    /// A client's.
    Client {
        /// The scope of the grant.
        scope: &'a Scope,
        /// What the operator has the client's claims taken from.
        mapped: &'a [Box<str>],
    },
    /// It is unknown.
    Unknown,
}

impl ClaimsChange {
    /// What differs between the user as they were and as they are.
    pub fn between(before: &User, after: &User) -> Self {
        let names = before.attributes.iter().chain(after.attributes.iter()).map(|(name, _)| name);
        let differs = |name: &&str| before.attributes.get(name) != after.attributes.get(name);
        let mut sources: BTreeSet<Box<str>> = names.filter(differs).map(Into::into).collect();
        if before.email != after.email {
            sources.extend(["email".into(), "email_verified".into()]);
        }
        let username = before.username != after.username;
        if username {
            sources.insert("preferred_username".into());
        }
        Self { sources, username }
    }

    /// Whether no token says anything else than before.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty() && !self.username
    }

    /// Whether tokens that carry this say what is no longer so.
    pub fn concerns(&self, carried: Carried<'_>) -> bool {
        let changed = |source: &str| self.sources.contains(source);
        match carried {
            Carried::TokenApi | Carried::Unknown => !self.is_empty(),
            Carried::Client { scope, mapped } => {
                let claims = ["roles", "groups"].into_iter();
                claims.filter(|claim| scope.contains(claim)).any(changed)
                    || mapped.iter().any(|source| changed(source))
                    || self.username && scope.contains("profile")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jeton_jose::Timestamp;
    use serde_json::{Value, json};

    use super::*;
    use crate::UserId;
    use crate::factor::Enrolled;
    use crate::password::PasswordHash;
    use crate::user::{Attributes, Role, UserStatus, Username};

    fn user(attributes: Value) -> User {
        User {
            id: UserId::from_bytes([1; 16]),
            imported_key: None,
            username: Username::parse("ada").expect("a name"),
            email: Some("ada@example.org".into()),
            password: PasswordHash::from_stored("hash"),
            epoch: 0,
            status: UserStatus::Active,
            role: Role::Member,
            created_at: Timestamp::from_unix(0),
            attributes: Attributes::new(attributes.as_object().expect("an object").clone())
                .expect("attributes"),
            enrolled: Enrolled::default(),
        }
    }

    fn concerns(change: &ClaimsChange, scope: &str, mapped: &[&str]) -> bool {
        let scope = Scope::parse(scope).expect("a scope");
        let mapped: Vec<Box<str>> = mapped.iter().map(|name| (*name).into()).collect();
        change.concerns(Carried::Client { scope: &scope, mapped: &mapped })
    }

    #[test]
    fn a_role_concerns_the_tokens_that_carry_roles() {
        let change = ClaimsChange::between(&user(json!({"roles": ["a"]})), &user(json!({"roles": []})));
        assert!(concerns(&change, "openid roles", &[]));
        assert!(concerns(&change, "openid", &["roles"]), "mapped to a claim of another name");
        assert!(!concerns(&change, "openid profile groups", &["tenant"]));
        assert!(change.concerns(Carried::TokenApi) && change.concerns(Carried::Unknown));
    }

    #[test]
    fn an_attribute_that_appears_or_goes_is_a_change() {
        let (with, without) = (user(json!({"tenant": 7})), user(json!({})));
        for change in [ClaimsChange::between(&with, &without), ClaimsChange::between(&without, &with)] {
            assert!(
                concerns(&change, "openid", &["tenant"]) && !concerns(&change, "roles groups profile", &[])
            );
        }
    }

    #[test]
    fn a_name_and_an_address_concern_the_tokens_that_say_them() {
        let before = user(json!({}));
        let renamed = User { username: Username::parse("countess").expect("a name"), ..before.clone() };
        let change = ClaimsChange::between(&before, &renamed);
        assert!(concerns(&change, "profile", &[]) && concerns(&change, "openid", &["preferred_username"]));
        assert!(!concerns(&change, "openid email", &["email"]));
        let change = ClaimsChange::between(&before, &User { email: None, ..before.clone() });
        assert!(concerns(&change, "openid", &["email"]) && concerns(&change, "openid", &["email_verified"]));
        assert!(!concerns(&change, "profile email", &[]), "access tokens do not say it");
    }

    #[test]
    fn what_tokens_never_say_concerns_none() {
        let before = user(json!({"roles": ["a"]}));
        let after = User {
            role: Role::Owner,
            password: PasswordHash::from_stored("another"),
            epoch: 3,
            ..before.clone()
        };
        let change = ClaimsChange::between(&before, &after);
        assert!(change.is_empty() && !change.concerns(Carried::TokenApi));
    }
}
