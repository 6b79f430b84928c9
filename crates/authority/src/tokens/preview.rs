//! What a client would be told of a user: the claims of its tokens, without a token being issued.

use jeton_jose::Timestamp;
use jeton_oauth::Scope;
use jeton_oauth::authorization::{AuthorizationDetails, ClaimsRequest};
use serde::Serialize;
use serde_json::{Map, Value};

use super::Tokens;
use crate::client::Client;
use crate::factor::Factor;
use crate::grant::{GrantDetail, LiveGrant, NewGrant, Owner};
use crate::issue::IdTokenRequest;
use crate::issue::access_token::{AccessTokenRequest, Origin, Room, draw_jti};
use crate::random::sixteen;
use crate::sender_constraint::SenderConstraint;
use crate::user::User;
use crate::{GrantId, Network};

/// What a client would be told of a user who signs in to it with a password now. What differs from one token to the next
/// (`jti`, `sid`, `at_hash`) are examples.
#[derive(Debug, Clone, Serialize)]
pub struct Preview {
    /// The claims of its ID token; none without the scope `openid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<Value>,
    /// What userinfo would answer; nothing without the scope `openid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo: Option<Map<String, Value>>,
    /// The claims of its access token.
    pub access_token: Value,
}

impl Tokens {
    /// What a client would be told of a user with this scope. Nothing is signed and nothing is stored.
    pub fn preview(&self, client: &Client, user: &User, scope: &Scope, now: Timestamp) -> Preview {
        let live = self.imagined(client, user, scope, now);
        let detail = live.grant.detail.as_deref().filter(|_| scope.contains("openid"));
        let sub = self.keys.subject_for(client, &live.subject);
        let jti = draw_jti(Origin::Granted, &*self.random);
        let access = AccessTokenRequest {
            client,
            live: Some(&live),
            jti: &jti,
            sub: &sub,
            scope: scope.as_str(),
            resources: &[],
            constraint: &SenderConstraint::default(),
            act: None,
            authorization_details: &AuthorizationDetails::default(),
            status: None,
            not_beyond: Some(live.grant.expires_at),
        };
        let mut room = Room::default();
        Preview {
            id_token: detail.map(|detail| {
                let request = IdTokenRequest {
                    client,
                    live: &live,
                    detail,
                    sub: &sub,
                    scope,
                    nonce: None,
                    access_token: "",
                };
                json(&request.claims(client.id_token_algorithm(), &self.settings, &mut [0; 32], now))
            }),
            userinfo: detail.map(|detail| self.userinfo_claims(client, &live, detail, scope)),
            access_token: json(&access.claims(&self.settings, &mut room, now)),
        }
    }

    /// The grant that a sign-in now would open.
    fn imagined(&self, client: &Client, user: &User, scope: &Scope, now: Timestamp) -> LiveGrant {
        let detail = GrantDetail {
            auth_time: now,
            amr: [&[Factor::Password], &user.enrolled.second()[..usize::from(user.enrolled.is_two_step)]]
                .concat(),
            resources: vec![],
            claims: ClaimsRequest::default(),
            authorization_details: AuthorizationDetails::default(),
            jkt: None,
            x5t_s256: None,
        };
        let id = GrantId::from_bytes(sixteen(&*self.random));
        let here = Network::of(std::net::IpAddr::from([127, 0, 0, 1]));
        let (owner, lifetime) = (Owner::from(user), self.settings.refresh.absolute_lifetime);
        let new = NewGrant {
            scope: scope.clone(),
            detail: Some(Box::new(detail)),
            ..NewGrant::alone(id, owner, client.id.as_str(), here, now, lifetime)
        };
        LiveGrant::opened(&new, user.clone())
    }
}

fn json(claims: &impl Serialize) -> Value {
    serde_json::to_value(claims).expect("claims are JSON")
}
