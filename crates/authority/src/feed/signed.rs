//! Events as signed tokens.

use std::collections::BTreeMap;
use std::time::Duration;

use jeton_jose::jwt::Signer;
use jeton_jose::{SignError, Timestamp};
use jeton_oauth::revocations::{
    ClientChanged, KeyWithdrawn, REVOCATION_LIST_TYP, RevocationList, SECURITY_EVENT_TYP, SecurityEvent,
    SecurityEvents, SessionRevoked, SubjectIdentifier, TokenClaimsChange, TokenRevoked,
};

use crate::id::hex;
use crate::revocation::{Cursor, RevocationEvent, Revoked};

/// How many events one list has at most.
const PAGE: usize = 1024;
/// How long what they name may be together (bytes): readers take no list of any length, and names of clients may be long.
const PAGE_LEN: usize = 64 * 1024;

/// What a token of the feed is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One event: a Security Event Token (RFC 8417).
    Event,
    /// A list of events.
    List,
}

/// A token of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// What it is.
    pub form: Form,
    /// The JWT.
    pub token: Box<str>,
    /// How far a reader has got with it; nothing where another token belongs to the same news.
    pub cursor: Option<Box<str>>,
}

/// What writes tokens at a moment.
pub(super) struct Writing<'a> {
    signer: Signer,
    issuer: &'a str,
    matters_for: Duration,
    now: Timestamp,
}

impl<'a> Writing<'a> {
    pub(super) fn new(signer: Signer, issuer: &'a str, matters_for: Duration, now: Timestamp) -> Self {
        Self { signer, issuer, matters_for, now }
    }

    /// Each event as a token.
    pub(super) fn each(
        &self,
        events: &[&RevocationEvent],
        newest: &Cursor,
    ) -> Result<Vec<Signed>, SignError> {
        let signer = self.signer.clone().typ(SECURITY_EVENT_TYP);
        let events: Vec<_> = events.iter().filter_map(|event| self.event(event)).collect();
        let last = events.len().saturating_sub(1);
        let signed = |(index, event): (usize, &SecurityEvent)| {
            Ok(Signed {
                form: Form::Event,
                token: signer.sign(event)?.into(),
                cursor: (index == last).then(|| newest.to_string().into()),
            })
        };
        events.iter().enumerate().map(signed).collect()
    }

    /// Events as lists, as many as it takes; at least one.
    pub(super) fn list(
        &self,
        events: &[&RevocationEvent],
        from: Option<Timestamp>,
        newest: &Cursor,
    ) -> Result<Vec<Signed>, SignError> {
        let signer = self.signer.clone().typ(REVOCATION_LIST_TYP);
        let page = |events: &[&RevocationEvent], more: bool| -> Result<Signed, SignError> {
            let mut list = RevocationList {
                iss: self.issuer.to_owned(),
                iat: self.now,
                matters_for: self.matters_for.as_secs(),
                from,
                more,
                ended: BTreeMap::new(),
                stale: BTreeMap::new(),
                clients: BTreeMap::new(),
                tokens: BTreeMap::new(),
                keys: BTreeMap::new(),
            };
            for event in events {
                // Events are in the order of their times, so the newest one of a session stays.
                match &event.what {
                    Revoked::Grant(grant) => list.ended.insert(grant.to_string(), event.at),
                    Revoked::Claims(grant) => list.stale.insert(grant.to_string(), event.at),
                    Revoked::Client(client) => list.clients.insert(client.as_str().to_owned(), event.at),
                    Revoked::Token(jti) => list.tokens.insert(jti.to_string(), event.at),
                    Revoked::Key(key) => list.keys.insert(key.as_str().to_owned(), event.at),
                    // APIs are not told.
                    Revoked::Session(_) | Revoked::User(_) => None,
                };
            }
            Ok(Signed {
                form: Form::List,
                token: signer.sign(&list)?.into(),
                cursor: (!more).then(|| newest.to_string().into()),
            })
        };
        let (mut signed, mut rest) = (Vec::new(), events);
        loop {
            let (events, following) = rest.split_at(page_of(rest));
            signed.push(page(events, !following.is_empty())?);
            if following.is_empty() {
                return Ok(signed);
            }
            rest = following;
        }
    }

    /// An event for APIs; nothing for one that they are not told of.
    fn event(&self, event: &RevocationEvent) -> Option<SecurityEvent> {
        let event_timestamp = event.at;
        let (subject, events) = match &event.what {
            Revoked::Grant(grant) => {
                let events = SecurityEvents {
                    session_revoked: Some(SessionRevoked { event_timestamp }),
                    ..SecurityEvents::default()
                };
                (grant.to_string(), events)
            }
            Revoked::Claims(grant) => {
                let change = TokenClaimsChange { event_timestamp, claims: BTreeMap::new() };
                let events =
                    SecurityEvents { token_claims_change: Some(change), ..SecurityEvents::default() };
                (grant.to_string(), events)
            }
            Revoked::Client(client) => {
                let events = SecurityEvents {
                    client_changed: Some(ClientChanged { event_timestamp }),
                    ..SecurityEvents::default()
                };
                (client.as_str().to_owned(), events)
            }
            Revoked::Token(jti) => {
                let events = SecurityEvents {
                    token_revoked: Some(TokenRevoked { event_timestamp }),
                    ..SecurityEvents::default()
                };
                (jti.to_string(), events)
            }
            Revoked::Key(key) => {
                let events = SecurityEvents {
                    key_withdrawn: Some(KeyWithdrawn { event_timestamp }),
                    ..SecurityEvents::default()
                };
                (key.as_str().to_owned(), events)
            }
            Revoked::Session(_) | Revoked::User(_) => return None,
        };
        Some(SecurityEvent {
            iss: self.issuer.to_owned(),
            iat: self.now,
            jti: hex(&event.id(), &mut [0; 32]).to_owned(),
            sub_id: SubjectIdentifier::opaque(subject),
            events,
        })
    }
}

/// How many of these events the next list has: at least one, if there is any.
fn page_of(events: &[&RevocationEvent]) -> usize {
    let mut len = 0;
    let fits = |event: &&&RevocationEvent| {
        len += event.what.subject().len();
        len <= PAGE_LEN
    };
    events.iter().take(PAGE).take_while(fits).count().max(events.len().min(1))
}

#[cfg(test)]
mod tests {
    use jeton_jose::jwt::Unverified;
    use jeton_jose::{Algorithm, PrivateKey, base64url};
    use jeton_oauth::client::ClientId;

    use super::*;
    use crate::GrantId;
    use crate::keys::KeyId;
    use crate::revocation::HistoryName;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn writing(key: &PrivateKey) -> Writing<'static> {
        let signer = Signer::new(key.clone());
        Writing::new(signer, "https://auth.example", Duration::from_secs(360), NOW)
    }

    fn cursor() -> Cursor {
        Cursor { history: HistoryName::parse("a").expect("a name"), at: NOW, event: None }
    }

    fn grants(count: u32) -> Vec<RevocationEvent> {
        let grant = |number: u32| {
            let mut id = [0; 16];
            id[..4].copy_from_slice(&number.to_be_bytes());
            RevocationEvent { at: NOW, what: Revoked::Grant(GrantId::from_bytes(id)) }
        };
        (0..count).map(grant).collect()
    }

    fn claims(signed: &Signed) -> serde_json::Value {
        let payload = signed.token.split('.').nth(1).expect("a payload");
        serde_json::from_slice(&base64url::decode(payload).expect("base64url")).expect("JSON")
    }

    #[test]
    fn each_event_is_a_token_and_the_last_one_says_how_far_the_reader_got() {
        let key = PrivateKey::generate(Algorithm::ES256).expect("a key");
        let mut events = grants(1);
        events.push(RevocationEvent { at: NOW, what: Revoked::Key(KeyId::new("old")) });
        let signed = writing(&key).each(&events.iter().collect::<Vec<_>>(), &cursor()).expect("signed");
        let cursors: Vec<_> = signed.iter().map(|signed| signed.cursor.as_deref()).collect();
        assert_eq!(cursors, [None, Some("a.1800000000.0")]);
        let typ = Unverified::parse(&signed[0].token).expect("a token").typ().map(str::to_owned);
        assert_eq!(typ.as_deref(), Some("secevent+jwt"));
        let claims = claims(&signed[1]);
        assert_eq!(claims["sub_id"]["id"], "old");
        assert_eq!(claims["events"]["urn:jeton:event-type:key-withdrawn"]["event_timestamp"], NOW.unix());
    }

    #[test]
    fn a_list_of_long_names_is_no_longer_than_readers_take() {
        let key = PrivateKey::generate(Algorithm::ES256).expect("a key");
        let client = |number: u32| {
            let id = ClientId::parse(format!("{number:0250}")).expect("an identifier");
            RevocationEvent { at: NOW, what: Revoked::Client(id) }
        };
        let events: Vec<_> = (0..2_000).map(client).collect();
        let signed =
            writing(&key).list(&events.iter().collect::<Vec<_>>(), Some(NOW), &cursor()).expect("signed");
        assert!(signed.iter().all(|list| list.token.len() < 128 * 1024));
        let clients = |signed: &Signed| claims(signed)["clients"].as_object().map_or(0, serde_json::Map::len);
        assert_eq!(signed.iter().map(clients).sum::<usize>(), events.len());
    }

    #[test]
    fn many_events_are_lists_of_which_the_last_says_that_it_is() {
        let key = PrivateKey::generate(Algorithm::ES256).expect("a key");
        for (count, lists) in [(0, 1), (1, 1), (1024, 1), (1025, 2), (2048, 2), (2049, 3)] {
            let events = grants(count);
            let signed =
                writing(&key).list(&events.iter().collect::<Vec<_>>(), Some(NOW), &cursor()).expect("signed");
            assert_eq!(signed.len(), lists, "{count}");
            let ended = |signed: &Signed| claims(signed)["ended"].as_object().map_or(0, serde_json::Map::len);
            assert_eq!(signed.iter().map(ended).sum::<usize>(), count as usize);
            for (index, signed) in signed.iter().enumerate() {
                let is_last = index == lists - 1;
                assert_eq!(claims(signed).get("more").is_none(), is_last);
                assert_eq!(signed.cursor.is_some(), is_last);
            }
        }
    }
}
