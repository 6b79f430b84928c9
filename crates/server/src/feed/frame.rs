//! Events as lines of a `text/event-stream` (HTML Living Standard §9.2.6).

use std::time::Duration;

use bytes::Bytes;
use jeton_authority::feed::{Form, Signed};

/// A comment, so that both ends notice that the connection is alive.
pub(super) const BEAT: Bytes = Bytes::from_static(b": beat\n\n");

/// The first lines, sent immediately so that a proxy forwards the head: what this is, and how long to wait before
/// reconnecting.
pub(super) fn greeting(come_back_after: Duration) -> Bytes {
    format!(": revocations\nretry: {}\n\n", come_back_after.as_millis()).into()
}

/// The last lines: how long to wait before connecting to another node.
pub(super) fn farewell(come_back_after: Duration) -> Bytes {
    format!("retry: {}\n\n", come_back_after.as_millis()).into()
}

/// A token. Neither a token nor a cursor contains a line break.
pub(super) fn of(signed: &Signed) -> Bytes {
    let name = match signed.form {
        Form::Event => "event",
        Form::List => "list",
    };
    let Signed { token, cursor, .. } = signed;
    match cursor {
        Some(cursor) => format!("event: {name}\nid: {cursor}\ndata: {token}\n\n"),
        None => format!("event: {name}\ndata: {token}\n\n"),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_an_event_whose_identifier_is_the_cursor() {
        let signed = Signed { form: Form::List, token: "a.b.c".into(), cursor: Some("h.1.0".into()) };
        assert_eq!(of(&signed), "event: list\nid: h.1.0\ndata: a.b.c\n\n");
        let signed = Signed { form: Form::Event, token: "a.b.c".into(), cursor: None };
        assert_eq!(of(&signed), "event: event\ndata: a.b.c\n\n");
    }
}
