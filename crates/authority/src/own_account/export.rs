//! All that is stored about a user, for the user (Regulation (EU) 2016/679, articles 15 and 20).

use jeton_jose::Timestamp;
use serde_json::{Value, json};

use super::OwnAccount;
use crate::OAuthError;
use crate::audit::AuditRecord;
use crate::grant::GrantSummary;
use crate::session::Session;
use crate::sign_in::SignedIn;

impl OwnAccount {
    /// All that is stored about a user, as JSON. Hashes, secrets and public keys are left out: they say nothing about the user, and would
    /// help an attacker who finds the file.
    ///
    /// # Errors
    /// The store fails.
    pub async fn export(&self, signed_in: &SignedIn, now: Timestamp) -> Result<Value, OAuthError> {
        let user = &signed_in.user;
        let places = self.places(user.id, now).await?;
        let applications = self.applications(user.id, now).await?;
        let factors = self.store.find_authenticators(user.id).await?;
        let passkey = |passkey: &crate::passkey::Passkey| {
            json!({
                "name": passkey.name,
                "added_at": text(passkey.added_at),
                "last_used_at": passkey.used_at.map(text),
            })
        };
        let grants = places.sessions.iter().flat_map(|place| &place.grants).chain(&places.alone);
        Ok(json!({
            "exported_at": text(now),
            "issuer": self.settings.issuer,
            "profile": {
                "sub": user.subject().as_str(),
                "username": user.username.as_str(),
                "email": user.email,
                "created_at": text(user.created_at),
                "attributes": serde_json::from_str::<Value>(&user.attributes.to_json()).unwrap_or_default(),
            },
            "sign_in": {
                "password": !user.password.is_unusable(),
                "authenticator_app": factors.totp.as_ref().map(|totp| {
                    json!({"added_at": text(totp.added_at), "last_used_at": text(totp.used_at)})
                }),
                "passkeys": factors.passkeys.iter().map(passkey).collect::<Vec<_>>(),
                "passkey_after_password": factors.passkey_after_password,
                "recovery_codes_left": factors.recovery_codes_left(),
            },
            "sessions": places.sessions.iter().map(|place| session(&place.session)).collect::<Vec<_>>(),
            "grants": grants.map(grant).collect::<Vec<_>>(),
            "applications": applications.iter().map(|application| json!({
                "client_id": application.id.as_str(),
                "name": application.client.as_ref().map(|client| client.name().to_owned()),
                "scope": application.scope.as_str(),
                "consented": application.consent.is_some(),
                "since": application.since.map(text),
                "last_used_at": application.used_at.map(text),
            })).collect::<Vec<_>>(),
            "events": self.events(user.id).await?.iter().map(event).collect::<Vec<_>>(),
            "removal_at": self.removal(user.id).await?.map(text),
        }))
    }
}

fn session(session: &Session) -> Value {
    json!({
        "id": session.id.to_string(),
        "device": &*session.device,
        "network": session.network.to_string(),
        "methods": session.methods.iter().map(|method| method.as_str()).collect::<Vec<_>>(),
        "signed_in_at": text(session.authenticated_at),
        "last_used_at": text(session.last_used_at),
        "expires_at": text(session.expires_at),
    })
}

fn grant(summary: &GrantSummary) -> Value {
    let grant = &summary.grant;
    json!({
        "id": grant.id.to_string(),
        "session": summary.session.map(|session| session.to_string()),
        "client_id": &*grant.client,
        "scope": grant.scope.as_str(),
        "opened_at": summary.opened_at.map(text),
        "last_used_at": text(grant.state.minted_at),
        "expires_at": text(grant.expires_at),
    })
}

fn event(record: &AuditRecord) -> Value {
    json!({
        "at": text(record.at),
        "event": record.event.as_str(),
        "network": record.network.map(|network| network.to_string()),
        "client_id": record.subject.client,
    })
}

/// A time (RFC 3339).
fn text(at: Timestamp) -> String {
    let since = std::time::Duration::from_secs(at.unix().unsigned_abs());
    humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + since).to_string()
}
