//! Places in the status list, and which of them are of tokens that are no longer good: pure.

use jeton_jose::Timestamp;

use super::{RevocationEvent, Revoked};
use crate::GrantId;

/// A place to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPlace {
    /// The grant of the token; `None` if the client acts for itself.
    pub grant: Option<GrantId>,
    /// The client.
    pub client: Box<str>,
    /// The `jti` of the token.
    pub jti: Box<str>,
    /// When the token is issued.
    pub issued_at: Timestamp,
    /// From when on the place may be another token's.
    pub free_at: Timestamp,
}

/// A place that an event may be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The number.
    pub number: u64,
    /// When its token was issued.
    pub issued_at: Timestamp,
    /// The event, which names the token, its grant or its client.
    pub event: RevocationEvent,
}

/// The places of the list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places {
    /// How many there are.
    pub count: u64,
    /// Those that events may be about; one for each such event.
    pub concerned: Vec<Place>,
}

impl Places {
    /// The numbers of the tokens that are no longer good. A number may come more than once.
    pub fn invalid(&self) -> impl Iterator<Item = u64> {
        self.concerned.iter().filter(|place| place.is_invalid()).map(|place| place.number)
    }
}

impl Place {
    fn is_invalid(&self) -> bool {
        match self.event.what {
            Revoked::Grant(_) | Revoked::Token(_) => true,
            // What a token says is out of date only if it was issued before.
            Revoked::Claims(_) | Revoked::Client(_) => self.issued_at <= self.event.at,
            Revoked::Key(_) | Revoked::Session(_) | Revoked::User(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use jeton_oauth::client::ClientId;

    use super::*;

    const AT: Timestamp = Timestamp::from_unix(1_000);

    fn is_invalid(issued_at: i64, what: Revoked) -> bool {
        let event = RevocationEvent { at: AT, what };
        let place = Place { number: 7, issued_at: Timestamp::from_unix(issued_at), event };
        Places { count: 8, concerned: vec![place] }.invalid().eq([7])
    }

    #[test]
    fn an_ended_grant_and_a_revoked_token_are_invalid_whenever_the_token_was_issued() {
        for issued_at in [999, 1_000, 1_001] {
            assert!(is_invalid(issued_at, Revoked::Grant(GrantId::from_bytes([1; 16]))));
            assert!(is_invalid(issued_at, Revoked::Token("x-1".into())));
        }
    }

    #[test]
    fn a_change_is_about_tokens_from_before_it() {
        let client = || Revoked::Client(ClientId::parse("web").expect("an identifier"));
        let claims = || Revoked::Claims(GrantId::from_bytes([1; 16]));
        assert!(is_invalid(1_000, client()) && !is_invalid(1_001, client()));
        assert!(is_invalid(1_000, claims()) && !is_invalid(1_001, claims()));
    }
}
