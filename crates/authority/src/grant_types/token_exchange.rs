//! Exchanging a token for another (RFC 8693): a client that was called with somebody's token calls further in their name.
//!
//! What comes out never permits more, never lasts longer, and ends with the same grant as what went in. It is for what the
//! operator lets the client exchange for, and says who acts.

use std::sync::Arc;

use jeton_jose::Timestamp;
use jeton_oauth::authorization::AuthorizationDetails;
use jeton_oauth::{ErrorCode, Scope};
use serde_json::{Value, json};

use super::issuing::Basis;
use super::request::{ACCESS_TOKEN, ExchangeRequest, TokenKind, TypedToken};
use super::{Grants, Permitted, TokenCall};
use crate::audit::{Actor, AuditEvent, AuditRecord, AuditSubject};
use crate::client::{Client, ExchangeActor, known_as};
use crate::client_directory::ClientOfToken;
use crate::grant::LiveGrant;
use crate::issue::access_token;
use crate::issue::{ReturnedIdToken, TokenResponse};
use crate::oauth_error::OAuthError;
use crate::refusal::Refusal;
use crate::store::StoreError;
use crate::user::UserStatus;
use crate::{GrantId, Network};

/// The most actors behind one another in a token.
const MAX_ACTORS: usize = 4;
/// The most targets of one token.
const MAX_TARGETS: usize = 8;
/// Scopes that are about the user's sign-in at one client, which is not handed on.
const NOT_HANDED_ON: [&str; 2] = ["openid", "offline_access"];

/// One text for every subject token that is not good, so that nobody learns what is wrong with somebody else's.
const SUBJECT_NOT_VALID: Refusal = Refusal::new(ErrorCode::InvalidRequest, "subject_token is not valid");
const ACTOR_NOT_VALID: Refusal = Refusal::new(ErrorCode::InvalidRequest, "actor_token is not valid");

/// A token that came in.
struct Presented {
    sub: String,
    /// The client that it was issued to; none of an ID token, which its grant's client presents.
    client: Option<String>,
    /// None of a client that acts for itself.
    grant: Option<GrantId>,
    /// None of an ID token, which permits nothing by itself.
    scope: Option<Scope>,
    /// As the scope.
    details: Option<AuthorizationDetails>,
    act: Option<Value>,
    exp: Timestamp,
}

impl Grants {
    pub(super) async fn token_by_exchange(
        &self,
        request: &TokenCall,
        exchange: &ExchangeRequest<'_>,
    ) -> Result<TokenResponse, OAuthError> {
        let client = &request.client;
        let policy = &client.policy.exchange;
        if policy.targets.is_empty() {
            return Err(OAuthError::refused(
                ErrorCode::UnauthorizedClient,
                "the client may not exchange tokens",
            ));
        }
        let targets = targets(request)?;
        let subject = self.presented(request, exchange.subject, SUBJECT_NOT_VALID).await?;
        let actor = match exchange.actor {
            Some(actor) => Some(self.presented(request, actor, ACTOR_NOT_VALID).await?),
            None => None,
        };
        let live = self.live_grant(&subject, SUBJECT_NOT_VALID, request.now).await?;
        if let Some(actor) = actor.as_ref().filter(|actor| actor.grant.is_some()) {
            self.live_grant(actor, ACTOR_NOT_VALID, request.now).await?;
        }
        let act = act(client, &subject, actor.as_ref())?;
        let issued_to = self.issued_to(&subject, &live).await?;
        let scope = self.handed_on(request, &subject, &live, &issued_to)?;
        let details = self.details_handed_on(request, &subject, &live, &issued_to)?;
        let ends = actor.map_or(subject.exp, |actor| actor.exp.min(subject.exp)).min(live.grant.expires_at);
        let permitted = Permitted { scope, details, resources: targets.clone() };
        let basis = Basis::exchange(&live, act.as_ref(), ends);
        let response = self.access_token(request, &basis, permitted).await?;
        self.record_exchange(client, &live, &targets, request.network, request.now).await?;
        Ok(TokenResponse { issued_token_type: Some(ACCESS_TOKEN), ..response })
    }

    /// Records that a client exchanged a token of a grant.
    async fn record_exchange(
        &self,
        client: &Client,
        live: &LiveGrant,
        targets: &[Box<str>],
        network: Network,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let grant = &live.grant;
        if !self.recorded_exchanges.is_new(grant.id, client.id.as_str(), targets, now) {
            return Ok(());
        }
        let subject = AuditSubject::user(grant.user).with_grant(grant.id).with_client(client.id.as_str());
        let by = Actor::Client(client.id.as_str().into());
        let record = AuditRecord::asked_from(network, AuditEvent::TokenExchanged, by, subject, now);
        self.base.store.record_audit(record).await
    }

    /// Reads one of the two tokens: genuine, in force, and for this client to use.
    async fn presented(
        &self,
        request: &TokenCall,
        presented: TypedToken<'_>,
        not_valid: Refusal,
    ) -> Result<Presented, OAuthError> {
        let TypedToken { token, kind } = presented;
        match kind {
            TokenKind::AccessToken => self.presented_access_token(request, token, not_valid).await,
            TokenKind::IdToken => self.presented_id_token(request, token, not_valid).await,
        }
    }

    async fn presented_access_token(
        &self,
        request: &TokenCall,
        token: &str,
        not_valid: Refusal,
    ) -> Result<Presented, OAuthError> {
        let access = self.base.keys.with_ring(|ring| access_token::verify(ring, token, request.now));
        let access = access.map_err(|error| not_valid.clone().because(error.to_string()))?;
        let client = &request.client;
        let own = access.claims.client_id == client.id.as_str();
        // Whoever merely got hold of a token that is for somebody else gets nothing for it.
        let is_for_it =
            |aud: &String| aud == client.id.as_str() || client.policy.exchange.accepts.contains(aud);
        if !(own || access.aud.iter().any(is_for_it)) {
            let cause =
                "the token was not issued to the client, and is for nobody in exchange.accepts of its policy";
            return Err(not_valid.because(cause).into());
        }
        // Its own token is bound to a key of its own. A token that it was called with is bound to its caller's.
        if own && !request.constraint.proves(access.claims.cnf.as_ref()) {
            return Err(not_valid
                .because("the token is bound to a key, and the proof of possession is missing")
                .into());
        }
        if !self.tokens.is_in_force(access.grant, &access.claims.jti, request.now).await? {
            return Err(not_valid.because("the token is revoked, or its session has ended").into());
        }
        Ok(Presented {
            grant: access.grant,
            scope: Some(access.claims.scope),
            details: Some(access.claims.authorization_details),
            sub: access.claims.sub,
            act: access.claims.act,
            client: Some(access.claims.client_id),
            exp: access.exp,
        })
    }

    /// An ID token is for one client, and nobody else exchanges it. It counts for as long as the client holds a grant of the session that
    /// it came from.
    async fn presented_id_token(
        &self,
        request: &TokenCall,
        token: &str,
        not_valid: Refusal,
    ) -> Result<Presented, OAuthError> {
        let (client, now) = (&request.client.id, request.now);
        let read = || -> Option<(ReturnedIdToken, GrantId)> {
            let claims =
                self.base.keys.with_ring(|ring| ReturnedIdToken::read(ring, &self.base.settings, token))?;
            let good = claims.aud == client.as_str() && claims.exp > now;
            let sid = claims.sid.filter(|_| good)?;
            Some((claims, sid))
        };
        let Some((claims, sid)) = read() else {
            let cause = "the ID token is not valid, has expired, or belongs to another client";
            return Err(not_valid.because(cause).into());
        };
        let Some(grant) = self.base.store.find_grant_of_sid(sid, client, now).await? else {
            return Err(not_valid.because("the session of the ID token has ended").into());
        };
        Ok(Presented {
            sub: claims.sub,
            grant: Some(grant),
            scope: None,
            details: None,
            client: None,
            act: None,
            exp: claims.exp,
        })
    }

    /// The grant behind a token, which has not ended and whose user may sign in. What the subject token is exchanged for ends
    /// with it.
    async fn live_grant(
        &self,
        presented: &Presented,
        not_valid: Refusal,
        now: Timestamp,
    ) -> Result<LiveGrant, OAuthError> {
        let Some(grant) = presented.grant else {
            return Err(not_valid.because("the token is nobody's but a client's").into());
        };
        match self.base.store.find_grant(grant).await? {
            Some((live, UserStatus::Active))
                if live.grant.revoked_at.is_none() && live.grant.expires_at > now =>
            {
                Ok(live)
            }
            _ => Err(not_valid.because("its session has ended, or its user may not sign in").into()),
        }
    }

    /// The clients that the subject token was issued to and that its grant was given to: what was taken from one of them since
    /// is not handed on.
    async fn issued_to(&self, subject: &Presented, live: &LiveGrant) -> Result<Vec<Arc<Client>>, OAuthError> {
        let mut clients = Vec::new();
        for id in [subject.client.as_deref(), Some(&*live.grant.client)].into_iter().flatten() {
            if let ClientOfToken::Enabled(client) = self.base.clients.of_token(id).await? {
                clients.push(client);
            }
        }
        Ok(clients)
    }

    /// What of the subject token's scope is asked for, as far as the client may have it.
    fn handed_on(
        &self,
        request: &TokenCall,
        subject: &Presented,
        live: &LiveGrant,
        issued_to: &[Arc<Client>],
    ) -> Result<Scope, OAuthError> {
        let granted = match &subject.scope {
            Some(scope) => scope.clone(),
            None => live.grant.scope.clone(),
        };
        let granted = issued_to.iter().fold(granted, |granted, client| client.permitted_scope(granted));
        let own = request.client.scope();
        request.narrowed(&granted.retain(|token| own.contains(token) && !NOT_HANDED_ON.contains(&token)))
    }

    /// What the subject token permits in detail and is asked for, as far as the client may have details of these types.
    fn details_handed_on(
        &self,
        request: &TokenCall,
        subject: &Presented,
        live: &LiveGrant,
        issued_to: &[Arc<Client>],
    ) -> Result<AuthorizationDetails, OAuthError> {
        let of_grant = || live.grant.detail.as_ref().map(|detail| detail.authorization_details.clone());
        let allowed = subject.details.clone().or_else(of_grant).unwrap_or_default();
        let allowed = issued_to.iter().fold(allowed, |allowed, client| client.permitted_details(allowed));
        let own = &request.client.metadata.authorization_details_types;
        let allowed = allowed.retain(|detail| own.iter().any(|kind| kind == detail.kind()));
        request.narrowed_details(&self.base.settings.authorization, &allowed)
    }
}

/// What the new token is for: resources and audiences alike, out of those that the operator lets the client exchange for.
fn targets(request: &TokenCall) -> Result<Vec<Box<str>>, Refusal> {
    let known = &request.client.policy.exchange.targets;
    let mut targets: Vec<Box<str>> = Vec::new();
    for target in request.parameters.all("resource").chain(request.parameters.all("audience")) {
        let target = known_as(known.iter().map(String::as_str), target);
        let Some(target) = target.filter(|_| targets.len() < MAX_TARGETS) else {
            return Err(Refusal::new(
                ErrorCode::InvalidTarget,
                "the client may not exchange for one of the targets",
            ));
        };
        if !targets.iter().any(|before| **before == *target) {
            targets.push(target.into());
        }
    }
    match (targets.is_empty(), known.as_slice()) {
        (false, _) => Ok(targets),
        (true, [only]) => Ok(vec![only.as_str().into()]),
        (true, _) => Err(Refusal::new(ErrorCode::InvalidTarget, "resource or audience is required")),
    }
}

/// Who acts, and whom they act after (RFC 8693 §4.1). What a token says of actors before is never lost.
fn act(client: &Client, subject: &Presented, actor: Option<&Presented>) -> Result<Option<Value>, Refusal> {
    let acting = match (actor, client.policy.exchange.actor) {
        (Some(actor), _) if actor.act.is_some() => return Err(ACTOR_NOT_VALID),
        (Some(actor), _) => actor.sub.as_str(),
        (None, ExchangeActor::Client) => client.id.as_str(),
        (None, ExchangeActor::Nobody) => return Ok(subject.act.clone()),
    };
    let mut act = json!({ "sub": acting });
    if let Some(before) = &subject.act {
        if actors(before) >= MAX_ACTORS {
            return Err(Refusal::new(ErrorCode::InvalidRequest, "the token's actor chain is too long"));
        }
        act["act"] = before.clone();
    }
    Ok(Some(act))
}

/// How many actors stand in a claim.
fn actors(act: &Value) -> usize {
    std::iter::successors(Some(act), |act| act.get("act")).count()
}
