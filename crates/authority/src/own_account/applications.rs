//! The applications that may act for a user: a pure arrangement of consents and grants.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use jeton_jose::Timestamp;
use jeton_oauth::Scope;
use jeton_oauth::client::ClientId;

use crate::client::{Client, Consent, GivenConsent};
use crate::grant::GrantSummary;

/// An application that may act for a user.
#[derive(Debug, Clone)]
pub struct Application {
    /// Its identifier.
    pub id: ClientId,
    /// The client; none if it was removed, or is known by its document alone.
    pub client: Option<Arc<Client>>,
    /// What the user allowed it, if they were asked.
    pub consent: Option<Consent>,
    /// The scope of everything that it holds or may ask for without a question.
    pub scope: Scope,
    /// Since when the user knows it.
    pub since: Option<Timestamp>,
    /// When it last got a token for the user; none if it has no grant.
    pub used_at: Option<Timestamp>,
    /// How many grants it has.
    pub grants: usize,
}

/// The applications in consents and grants, the one that was used last first. `own` is the client of the token API, which is no
/// application of somebody else.
pub(super) fn of(consents: Vec<GivenConsent>, grants: &[GrantSummary], own: &str) -> Vec<Application> {
    let mut found: BTreeMap<ClientId, Application> = BTreeMap::new();
    let unknown = |id: &ClientId| Application {
        id: id.clone(),
        client: None,
        consent: None,
        scope: Scope::default(),
        since: None,
        used_at: None,
        grants: 0,
    };
    for given in consents {
        let application = found.entry(given.client.clone()).or_insert_with(|| unknown(&given.client));
        application.scope = given.consent.scope.clone();
        application.since = Some(given.given_at);
        application.consent = Some(given.consent);
    }
    for summary in grants {
        let grant = &summary.grant;
        let Ok(id) = ClientId::parse(&*grant.client) else { continue };
        if &*grant.client == own {
            continue;
        }
        let application = found.entry(id.clone()).or_insert_with(|| unknown(&id));
        application.scope = application.scope.union(&grant.scope);
        application.grants += 1;
        application.used_at = application.used_at.max(Some(grant.state.minted_at));
        let earliest = [application.since, summary.opened_at].into_iter().flatten().min();
        application.since = earliest;
    }
    let mut found: Vec<_> = found.into_values().collect();
    found.sort_by_key(|application| Reverse((application.used_at, application.since)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::{Grant, RefreshState};
    use crate::user::Username;
    use crate::{GrantId, Network, UserId};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(1_000 + seconds)
    }

    fn scope(text: &str) -> Scope {
        Scope::parse(text).expect("a scope")
    }

    fn id(text: &str) -> ClientId {
        ClientId::parse(text).expect("an identifier")
    }

    fn grant(client: &str, text: &str, opened: i64, used: i64) -> GrantSummary {
        let grant = Grant {
            id: GrantId::from_bytes([1; 16]),
            sid: None,
            user: UserId::from_bytes([9; 16]),
            client: client.into(),
            scope: scope(text),
            detail: None,
            state: RefreshState::opened(at(used), Network::Unknown),
            expires_at: at(1_000),
            revoked_at: None,
        };
        let username = Username::parse("ada").expect("a name");
        GrantSummary { grant, username, session: None, opened_at: Some(at(opened)) }
    }

    #[test]
    fn an_application_is_listed_once_with_all_that_it_may_do() {
        let given = |client, text, seconds| GivenConsent {
            client: id(client),
            consent: Consent { scope: scope(text), ..Consent::default() },
            given_at: at(seconds),
        };
        let consents = vec![given("idle", "openid", 3), given("web", "openid email", 10)];
        let grants = [
            grant("web", "openid roles", 20, 50),
            grant("web", "openid", 5, 40),
            grant("trusted", "openid", 30, 60),
            grant("jeton", "openid", 1, 99),
        ];
        let listed = of(consents, &grants, "jeton");
        let names: Vec<_> = listed.iter().map(|application| application.id.as_str()).collect();
        assert_eq!(names, ["trusted", "web", "idle"]);
        let web = &listed[1];
        assert!(web.scope.covers(&scope("openid email roles")) && web.consent.is_some());
        assert_eq!((web.grants, web.since, web.used_at), (2, Some(at(5)), Some(at(50))));
        assert_eq!((listed[0].consent.clone(), listed[0].grants), (None, 1));
        assert_eq!((listed[2].used_at, listed[2].since), (None, Some(at(3))));
    }
}
