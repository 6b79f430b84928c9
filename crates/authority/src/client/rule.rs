//! Adding, changing and removing a client, as far as the store has to know: pure functions.

use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;
use serde_json::{Map, Value};

use super::StoredClient;
use crate::ShownDigest;
use crate::audit::{Actor, AuditEvent, AuditRecord, AuditSubject, Changes, Decided};
use crate::keys::SealedKey;
use crate::revocation::{RevocationEvent, Revoked};

/// The outcome of writing a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientChange {
    /// It is written.
    Done,
    /// There is a client of that identifier already; nothing was changed.
    IdTaken,
    /// There is no such client.
    Unknown,
    /// The client is not of the version that the change is for; nothing was changed.
    Outdated,
}

/// The outcome of removing a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientRemoval {
    /// It is gone, and whatever it asks for is refused.
    Removed,
    /// There is no such client.
    Unknown,
}

/// Who has an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdStanding {
    /// Nobody.
    Free,
    /// A client.
    Taken,
    /// A client that was removed and of which something is left. It would become another one's.
    Removed,
}

/// Adds a client.
pub fn add(client: &StoredClient, id: IdStanding, by: &Actor) -> Decided<ClientChange> {
    match id {
        IdStanding::Free => {
            let record = record(AuditEvent::ClientAdded, &client.id, by, client.created_at);
            Decided::recorded(ClientChange::Done, record)
        }
        IdStanding::Taken | IdStanding::Removed => Decided::nothing(ClientChange::IdTaken),
    }
}

/// Puts a description in the place of a client's. `before` is the client as it is, if there is one, and `expected` its version that the
/// change is for ([`StoredClient::version`]), if that matters.
pub fn change(
    client: &StoredClient,
    before: Option<&StoredClient>,
    expected: Option<ShownDigest>,
    by: &Actor,
    now: Timestamp,
) -> Decided<ClientChange> {
    let Some(before) = before else { return Decided::nothing(ClientChange::Unknown) };
    if expected.is_some_and(|expected| expected != before.version()) {
        return Decided::nothing(ClientChange::Outdated);
    }
    let record = record(AuditEvent::ClientChanged, &client.id, by, now);
    Decided::recorded(ClientChange::Done, record.with_changes(differences(before, client)))
}

/// What differs, member by member. Of secrets it says only that they do.
fn differences(before: &StoredClient, after: &StoredClient) -> Option<Changes> {
    let shown = |client: &StoredClient, secret: &str| {
        let document = serde_json::from_str(&client.document).unwrap_or_default();
        let Value::Object(mut document) = document else { return Map::new() };
        let mut members = Map::new();
        for part in ["metadata", "policy"] {
            if let Some(Value::Object(part)) = document.remove(part) {
                members.extend(part);
            }
        }
        let secret = client.secret.as_ref().map(|_| secret);
        members.insert("client_secret".to_owned(), secret.into());
        members
    };
    let is_same = before.secret == after.secret;
    Changes::between(
        &shown(before, "(secret)"),
        &shown(after, if is_same { "(secret)" } else { "(another secret)" }),
    )
}

impl StoredClient {
    /// What tells this version of the client from others.
    pub fn version(&self) -> ShownDigest {
        ShownDigest::of([
            self.id.as_str(),
            &*self.document,
            self.secret.as_ref().map_or("", SealedKey::as_str),
        ])
    }
}

/// Removes a client. What is left of it is ended in steps.
pub fn remove(client: &ClientId, id: IdStanding, by: &Actor, now: Timestamp) -> Decided<ClientRemoval> {
    match id {
        IdStanding::Taken => {
            Decided::recorded(ClientRemoval::Removed, record(AuditEvent::ClientRemoved, client, by, now))
        }
        IdStanding::Free | IdStanding::Removed => Decided::nothing(ClientRemoval::Unknown),
    }
}

/// What APIs are told of a change; nothing where tokens from before it are as good as those from after it.
pub fn outdated(before: &StoredClient, after: &StoredClient, now: Timestamp) -> Option<RevocationEvent> {
    before.is_outdated_by(after).then(|| removed(&before.id, now))
}

/// What APIs are told of a removal: its own tokens have no grant that ends.
pub fn removed(client: &ClientId, now: Timestamp) -> RevocationEvent {
    RevocationEvent { at: now, what: Revoked::Client(client.clone()) }
}

fn record(event: AuditEvent, client: &ClientId, by: &Actor, now: Timestamp) -> AuditRecord {
    AuditRecord::new(event, by.clone(), AuditSubject::client(client.as_str()), now)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_000);

    fn client() -> StoredClient {
        StoredClient {
            id: ClientId::parse("web").expect("an identifier"),
            document: "{}".into(),
            secret: None,
            backchannel_logout: false,
            created_at: NOW,
        }
    }

    #[test]
    fn an_identifier_is_free_again_once_nothing_is_left_of_the_client_that_had_it() {
        assert_eq!(add(&client(), IdStanding::Free, &Actor::Operator).outcome, ClientChange::Done);
        for id in [IdStanding::Taken, IdStanding::Removed] {
            assert_eq!(add(&client(), id, &Actor::Operator), Decided::nothing(ClientChange::IdTaken));
        }
    }

    #[test]
    fn what_is_taken_from_a_client_outdates_its_tokens_and_what_is_added_does_not() {
        let stored = |metadata: &str, policy: &str| StoredClient {
            document: format!(r#"{{"metadata": {metadata}, "policy": {policy}}}"#).into(),
            ..client()
        };
        let event = removed(&client().id, NOW);
        for (less, more) in [
            ((r#"{"scope": "openid"}"#, "{}"), (r#"{"scope": "openid roles"}"#, "{}")),
            ((r#"{"scope": "openid"}"#, "{}"), ("{}", "{}")),
            (("{}", "{}"), ("{}", r#"{"claims": {"team": "group"}}"#)),
            (
                ("{}", r#"{"resources": ["https://a"]}"#),
                ("{}", r#"{"resources": ["https://b", "https://a"]}"#),
            ),
            (("{}", "{}"), ("{}", r#"{"exchange": {"targets": ["https://a"]}}"#)),
            (("{}", "{}"), (r#"{"grant_types": ["authorization_code", "client_credentials"]}"#, "{}")),
            (("{}", r#"{"disabled": true}"#), ("{}", "{}")),
        ] {
            let (less, more) = (stored(less.0, less.1), stored(more.0, more.1));
            assert_eq!(outdated(&more, &less, NOW), Some(event.clone()), "{more:?} to {less:?}");
            assert_eq!(outdated(&less, &more, NOW), None, "{less:?} to {more:?}");
            assert_eq!(outdated(&more, &more, NOW), None);
        }
        let claims = |from| stored("{}", &format!(r#"{{"claims": {{"team": "{from}"}}}}"#));
        assert_eq!(outdated(&claims("group"), &claims("unit"), NOW), Some(event.clone()));
        let unreadable = StoredClient { document: "{".into(), ..client() };
        assert_eq!(outdated(&unreadable, &client(), NOW), Some(event));
    }

    #[test]
    fn another_secret_outdates_the_tokens_of_a_client_that_gets_its_own() {
        let with = |grants: &str, secret: &str| StoredClient {
            document: format!(r#"{{"metadata": {{"grant_types": [{grants}]}}}}"#).into(),
            secret: Some(SealedKey::new(secret)),
            ..client()
        };
        let (own, of_users) = (r#""client_credentials""#, r#""authorization_code""#);
        assert!(outdated(&with(own, "first"), &with(own, "second"), NOW).is_some());
        assert_eq!(outdated(&with(own, "first"), &with(own, "first"), NOW), None);
        assert_eq!(outdated(&with(of_users, "first"), &with(of_users, "second"), NOW), None);
    }

    #[test]
    fn only_a_client_that_is_there_is_changed_or_removed_and_that_is_recorded() {
        let (client, itself) = (client(), Actor::Client("web".into()));
        let record = |event| AuditRecord::new(event, itself.clone(), AuditSubject::client("web"), NOW);
        assert_eq!(
            change(&client, Some(&client), None, &itself, NOW),
            Decided::recorded(ClientChange::Done, record(AuditEvent::ClientChanged))
        );
        assert_eq!(
            remove(&client.id, IdStanding::Taken, &itself, NOW),
            Decided::recorded(ClientRemoval::Removed, record(AuditEvent::ClientRemoved))
        );
        assert_eq!(change(&client, None, None, &itself, NOW), Decided::nothing(ClientChange::Unknown));
        for id in [IdStanding::Free, IdStanding::Removed] {
            assert_eq!(remove(&client.id, id, &itself, NOW), Decided::nothing(ClientRemoval::Unknown));
        }
    }

    #[test]
    fn a_change_for_another_version_changes_nothing_and_secrets_are_not_recorded() {
        let before = StoredClient {
            document: r#"{"metadata": {"scope": "a", "client_name": "A"}, "registration_token": "x"}"#.into(),
            secret: Some(SealedKey::new("first")),
            ..client()
        };
        let after = StoredClient {
            document: r#"{"metadata": {"scope": "b", "client_name": "A"}, "policy": {"disabled": true}}"#
                .into(),
            secret: Some(SealedKey::new("second")),
            ..client()
        };
        let by = Actor::Operator;
        let refused = change(&after, Some(&before), Some(after.version()), &by, NOW);
        assert_eq!(refused, Decided::nothing(ClientChange::Outdated));
        let done = change(&after, Some(&before), Some(before.version()), &by, NOW);
        let changes = done.record.and_then(|record| record.changes).expect("changes").to_value();
        let wanted = serde_json::json!({
            "scope": {"before": "a", "after": "b"},
            "disabled": {"before": null, "after": true},
            "client_secret": {"before": "(secret)", "after": "(another secret)"},
        });
        assert_eq!(changes, wanted);
    }
}
