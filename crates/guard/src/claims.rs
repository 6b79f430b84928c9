//! What a guard needs from claims of any type.

use jeton_oauth::authorization::AuthorizationDetails;
use jeton_oauth::{AccessTokenClaims, Confirmation, Scope, TokenUse};
use serde::de::DeserializeOwned;

/// Claims that a guard can pass on.
///
/// [`AccessTokenClaims`] is the type of RFC 9068. An API that reads more claims defines its own type:
///
/// ```
/// use jeton_guard::GuardedClaims;
/// use jeton_oauth::{Confirmation, Scope};
///
/// #[derive(serde::Deserialize)]
/// struct TenantClaims {
///     sub: String,
///     tenant: u32,
///     #[serde(default)]
///     scope: Scope,
///     cnf: Option<Confirmation>,
/// }
///
/// impl GuardedClaims for TenantClaims {
///     fn confirmation(&self) -> Option<&Confirmation> {
///         self.cnf.as_ref()
///     }
///     fn scope(&self) -> Option<&Scope> {
///         Some(&self.scope)
///     }
/// }
/// ```
pub trait GuardedClaims: DeserializeOwned + Send + Sync + 'static {
    /// The key that the token is bound to. Such a token is refused as a plain bearer token (RFC 9449 §7.2), because
    /// its sender may not have the key. Every type must implement this, because omitting it would undo the binding.
    fn confirmation(&self) -> Option<&Confirmation>;

    /// The scope of the token; `None` if the claims have no scope, which [`RequireScope`](crate::RequireScope) treats
    /// as insufficient.
    fn scope(&self) -> Option<&Scope> {
        None
    }

    /// The authorization details of the token (RFC 9396 §9.1); `None` if the claims have none.
    fn authorization_details(&self) -> Option<&AuthorizationDetails> {
        None
    }

    /// Whether the claims say that the token is not an access token, as simplejwt's `token_type` does.
    fn is_for_another_use(&self) -> bool {
        false
    }

    /// Whether the token belongs to a user. simplejwt's views accept no others
    /// ([`BodyStyle::SimpleJwt`](crate::BodyStyle)).
    fn names_user(&self) -> bool {
        true
    }
}

impl GuardedClaims for AccessTokenClaims {
    fn confirmation(&self) -> Option<&Confirmation> {
        self.cnf.as_ref()
    }

    fn scope(&self) -> Option<&Scope> {
        Some(&self.scope)
    }

    fn authorization_details(&self) -> Option<&AuthorizationDetails> {
        Some(&self.authorization_details)
    }

    fn is_for_another_use(&self) -> bool {
        self.token_type.is_some_and(|used_for| used_for != TokenUse::Access)
    }

    fn names_user(&self) -> bool {
        self.user_id.is_some()
    }
}
