//! Access tokens: short-lived JWTs that an API verifies offline (RFC 9068).

use jeton_jose::jwt::Verified;
use jeton_jose::status_list::StatusClaim;
use jeton_jose::{SignError, Timestamp, VerifyError};
use jeton_oauth::authorization::AuthorizationDetails;
use jeton_oauth::client::SubjectType;
use jeton_oauth::{Confirmation, Scope};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::claims::UserClaims;
use crate::GrantId;
use crate::client::{Client, ClientPolicy};
use crate::grant::LiveGrant;
use crate::keyring::{KeyRing, expired};
use crate::random::{Random, sixteen};
use crate::sender_constraint::SenderConstraint;
use crate::settings::{Settings, TokenApiAudience};

/// The prefix of the `jti` of a token that was issued by exchange. Such a token is revoked by its `jti`, because its
/// grant belongs to another client, or outlives the token.
const EXCHANGED: &str = "x-";

/// Whether a token with this `jti` is revoked by its `jti`, and not with its grant.
pub(crate) fn is_exchanged(jti: &str) -> bool {
    jti.starts_with(EXCHANGED)
}

/// simplejwt's name for the type of an access token.
const TOKEN_TYPE: &str = "access";

/// The claims of an access token: first simplejwt's, in its order, then those of RFC 9068 §2.2 and of the extensions.
#[derive(Serialize)]
struct Claims<'a> {
    token_type: &'static str,
    exp: Timestamp,
    iat: Timestamp,
    jti: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    iss: &'a str,
    aud: Audience<'a>,
    sub: &'a str,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a StatusClaim>,
    #[serde(skip_serializing_if = "AuthorizationDetails::is_empty")]
    authorization_details: &'a AuthorizationDetails,
    #[serde(flatten, skip_serializing_if = "Map::is_empty")]
    more: Map<String, Value>,
}

/// The claims of the token API's tokens, which must be cheap to serialize: nothing is flattened.
#[derive(Serialize)]
struct TokenApiClaims<'a> {
    token_type: &'static str,
    exp: Timestamp,
    iat: Timestamp,
    jti: &'a str,
    user_id: &'a str,
    username: &'a str,
    iss: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    sub: &'a str,
    client_id: &'a str,
    sid: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
}

/// The same, with the claims that the operator adds.
#[derive(Serialize)]
struct MoreTokenApiClaims<'a> {
    #[serde(flatten)]
    claims: TokenApiClaims<'a>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// One audience, or several.
#[derive(Serialize)]
#[serde(untagged)]
enum Audience<'a> {
    One(&'a str),
    Many(&'a [Box<str>]),
}

impl<'a> Audience<'a> {
    fn of(resources: &'a [Box<str>], settings: &'a Settings) -> Self {
        match resources {
            [] => Self::One(&settings.access.audience),
            [one] => Self::One(one),
            many => Self::Many(many),
        }
    }
}

/// A claim that every access token contains, and nothing else that is signed with the same keys: neither a user nor a
/// client can put it into an ID token or into signed userinfo.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) enum Use {
    #[serde(rename = "access")]
    Access,
}

/// The claims of an access token that the authority itself reads.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct AccessTokenClaims {
    #[serde(rename = "token_type")]
    _token_type: Use,
    /// The grant that it came from; `None` if no user is involved.
    pub(crate) sid: Option<String>,
    pub(crate) sub: String,
    pub(crate) client_id: String,
    #[serde(default)]
    pub(crate) scope: Scope,
    pub(crate) jti: String,
    pub(crate) username: Option<String>,
    pub(crate) cnf: Option<Confirmation>,
    pub(crate) act: Option<Value>,
    #[serde(default)]
    pub(crate) authorization_details: AuthorizationDetails,
}

/// An access token that is genuine and has not expired. It may have been revoked.
#[derive(Debug)]
pub(crate) struct VerifiedAccessToken {
    pub(crate) grant: Option<GrantId>,
    pub(crate) claims: AccessTokenClaims,
    pub(crate) exp: Timestamp,
    pub(crate) iat: Option<Timestamp>,
    pub(crate) aud: Vec<String>,
}

/// Issues an access token for a grant of the token API.
pub(crate) fn issue(
    grant: &LiveGrant,
    ring: &KeyRing,
    settings: &Settings,
    random: &dyn Random,
    now: Timestamp,
) -> Result<String, SignError> {
    let (mut jti, mut sid) = ([0; 32], [0; 32]);
    let claims = TokenApiClaims {
        token_type: TOKEN_TYPE,
        exp: now.saturating_add(settings.access.lifetime),
        iat: now,
        jti: crate::id::hex(&sixteen(random), &mut jti),
        user_id: grant.subject.as_str(),
        username: grant.username.as_str(),
        iss: &settings.issuer,
        aud: match settings.token_api.audience {
            TokenApiAudience::Named => Some(&settings.access.audience),
            TokenApiAudience::Absent => None,
        },
        sub: grant.subject.as_str(),
        client_id: &grant.grant.client,
        sid: crate::id::hex(grant.grant.id.as_bytes(), &mut sid),
        scope: grant.grant.scope.as_str(),
    };
    if settings.token_api.claims.is_empty() {
        return ring.access_signer.sign(&claims);
    }
    let more = UserClaims::of_grant(grant).mapped(&settings.token_api.claims);
    ring.access_signer.sign(&MoreTokenApiClaims { claims, more })
}

/// The origin of a client's access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// What the client was granted, or may do on its own behalf.
    Granted,
    /// Another token, by exchange.
    Exchanged,
}

/// What a client's access token is made from.
pub(crate) struct AccessTokenRequest<'a> {
    pub(crate) client: &'a Client,
    /// The grant behind it; `None` if the client acts on its own behalf.
    pub(crate) live: Option<&'a LiveGrant>,
    pub(crate) jti: &'a str,
    pub(crate) sub: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) resources: &'a [Box<str>],
    pub(crate) constraint: &'a SenderConstraint,
    /// The actor (RFC 8693 §4.1).
    pub(crate) act: Option<&'a Value>,
    /// The authorization details (RFC 9396 §9.1).
    pub(crate) authorization_details: &'a AuthorizationDetails,
    /// Its place in the status list.
    pub(crate) status: Option<&'a StatusClaim>,
    /// The latest expiry.
    pub(crate) not_beyond: Option<Timestamp>,
}

impl AccessTokenRequest<'_> {
    /// Issues the token, and returns its lifetime in seconds.
    pub(crate) fn issue(
        &self,
        ring: &KeyRing,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<(String, u64), SignError> {
        let token = ring.access_signer.sign(&self.claims(settings, &mut Room::default(), now))?;
        let exp = expires_at(self.not_beyond, settings, now);
        Ok((token, u64::try_from(exp.unix().saturating_sub(now.unix())).unwrap_or(0)))
    }

    /// The claims of the token.
    pub(crate) fn claims<'a>(
        &'a self,
        settings: &'a Settings,
        room: &'a mut Room,
        now: Timestamp,
    ) -> impl Serialize + use<'a> {
        Claims {
            token_type: TOKEN_TYPE,
            exp: expires_at(self.not_beyond, settings, now),
            iat: now,
            jti: self.jti,
            user_id: self.live.map(|_| self.sub),
            username: self
                .live
                .filter(|_| may_be_named_to(self.client, self.scope))
                .map(|live| live.username.as_str()),
            iss: &settings.issuer,
            aud: Audience::of(self.resources, settings),
            sub: self.sub,
            client_id: self.client.id.as_str(),
            sid: self.live.map(|live| crate::id::hex(live.grant.id.as_bytes(), &mut room.sid)),
            scope: self.scope,
            auth_time: self.live.and_then(|live| live.grant.detail.as_ref()).map(|detail| detail.auth_time),
            cnf: self.constraint.confirmation(),
            act: self.act,
            status: self.status,
            authorization_details: self.authorization_details,
            more: self
                .live
                .map(|live| user_claims(live, self.scope, &self.client.policy))
                .unwrap_or_default(),
        }
    }
}

/// When an access token expires that is issued now.
pub(crate) fn expires_at(not_beyond: Option<Timestamp>, settings: &Settings, now: Timestamp) -> Timestamp {
    let ends = now.saturating_add(settings.access.lifetime);
    not_beyond.map_or(ends, |end| end.min(ends))
}

/// A new `jti` for a token of this origin.
pub(crate) fn draw_jti(origin: Origin, random: &dyn Random) -> String {
    let mut room = [0; 32];
    let name = crate::id::hex(&sixteen(random), &mut room);
    match origin {
        Origin::Granted => name.to_owned(),
        Origin::Exchanged => format!("{EXCHANGED}{name}"),
    }
}

/// Whether a client may know the username: only with the scope `profile`, and never if it uses pairwise subjects.
pub(crate) fn may_be_named_to(client: &Client, scope: &str) -> bool {
    client.metadata.subject_type != Some(SubjectType::Pairwise)
        && scope.split(' ').any(|token| token == "profile")
}

/// Room for the claim that is written as hex.
#[derive(Default)]
pub(crate) struct Room {
    sid: [u8; 32],
}

/// The claims about a user that APIs use for decisions: roles and groups if the scope permits them (RFC 9068
/// §2.2.3.1), and those that the operator maps for this client.
fn user_claims(live: &LiveGrant, scope: &str, policy: &ClientPolicy) -> Map<String, Value> {
    let user = UserClaims::of_grant(live);
    let mut claims = Map::new();
    for name in ["roles", "groups"] {
        if scope.split(' ').any(|token| token == name)
            && let Some(value) = user.get(name)
        {
            claims.insert(name.to_owned(), value);
        }
    }
    user.add_mapped(policy, &mut claims);
    claims
}

/// Verifies an access token.
pub(crate) fn verify(
    ring: &KeyRing,
    token: &str,
    now: Timestamp,
) -> Result<VerifiedAccessToken, VerifyError> {
    let verified = verified::<AccessTokenClaims>(ring, token, now)?;
    let registered = verified.registered();
    let exp = registered.exp().ok_or(VerifyError::ClaimMissing { name: "exp" })?;
    let iat = registered.iat();
    let aud = registered.aud().map(str::to_owned).collect();
    let claims = verified.into_claims();
    let grant = grant_of(claims.sid.as_deref())?;
    Ok(VerifiedAccessToken { grant, claims, exp, iat, aud })
}

/// What must be in force for an access token to be valid.
#[derive(Debug)]
pub(crate) struct Held {
    /// The grant that it came from; `None` if no user is involved.
    pub(crate) grant: Option<GrantId>,
    /// Its `jti`, if it is revoked by that.
    pub(crate) name: Option<Box<str>>,
}

impl Held {
    pub(crate) fn of(grant: Option<GrantId>, jti: &str) -> Self {
        let by_name = grant.is_none() || is_exchanged(jti);
        Self { grant, name: by_name.then(|| jti.into()) }
    }
}

/// Verifies an access token and returns what it depends on. Most callers need only this, and it costs less.
pub(crate) fn verify_held(ring: &KeyRing, token: &str, now: Timestamp) -> Result<Held, VerifyError> {
    #[derive(Deserialize)]
    struct Claims {
        #[serde(rename = "token_type")]
        _token_type: Use,
        sid: Option<String>,
        #[serde(default)]
        jti: String,
    }
    let verified = verified::<Claims>(ring, token, now)?;
    let claims = verified.claims();
    Ok(Held::of(grant_of(claims.sid.as_deref())?, &claims.jti))
}

fn grant_of(sid: Option<&str>) -> Result<Option<GrantId>, VerifyError> {
    sid.map(|sid| {
        sid.parse().map_err(|_| VerifyError::claim_malformed("sid", "another text", "the name of a grant"))
    })
    .transpose()
}

fn verified<C: DeserializeOwned>(
    ring: &KeyRing,
    token: &str,
    now: Timestamp,
) -> Result<Verified<C>, VerifyError> {
    let mut outcome = Err(VerifyError::KeyNotFound { found: None, wanted: Box::default() });
    for verifier in &ring.access_verifiers {
        outcome = verifier.verify::<C>(token, now);
        let is_for_another = matches!(
            outcome,
            Err(VerifyError::AlgorithmNotAllowed { .. }
                | VerifyError::KeyNotFound { .. }
                | VerifyError::TypeMismatch { .. })
        );
        if !is_for_another {
            break;
        }
    }
    let verified = outcome?;
    match expired(verified.registered(), now) {
        Some(exp) => Err(VerifyError::Expired { exp, now }),
        None => Ok(verified),
    }
}
