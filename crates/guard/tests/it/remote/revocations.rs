//! What a guard makes of a feed that is not as it should be.

use std::time::Duration;

use jeton_guard::remote::{Fetcher, Reach, RemoteJwkSetBuilder};
use jeton_guard::revocations::{FeedState, Revocations, WhenCutOff};
use jeton_guard::{Guard, ManualClock, Refusal};
use jeton_jose::jwt::Signer;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::origin::{Origin, Reply};
use crate::world::{AUDIENCE, ISSUER, Issuer, NOW, with};

const SID: &str = "5d1c7f0e2b6a4c8d9e3f1a0b7c6d5e4f";

/// A list of the whole history in which [`SID`] ended.
fn list() -> Value {
    json!({"iss": ISSUER, "iat": NOW.unix(), "matters_for": 360, "from": NOW.unix() - 360, "ended": {SID: NOW.unix()}})
}

fn signed(issuer: &Issuer, typ: &str, claims: &Value) -> String {
    Signer::new(issuer.key.clone()).typ(typ).sign(claims).expect("a token")
}

fn stream(lines: &str) -> Reply {
    Reply::raw(&format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n{lines}"))
}

fn told(token: &str) -> Reply {
    stream(&format!("event: list\nid: h.1.0\ndata: {token}\n\n"))
}

struct World {
    issuer: Issuer,
    feed: Origin,
    revocations: Revocations,
    guard: Guard,
}

impl World {
    async fn new(reply: impl FnOnce(&Issuer) -> Reply) -> Self {
        let issuer = Issuer::new("one");
        let (keys, feed) =
            (Origin::start(Reply::keys(&[&issuer])).await, Origin::start(reply(&issuer)).await);
        let clock = ManualClock::new(NOW);
        let fetcher = Fetcher::new().allow(Reach::Loopback);
        let keys = RemoteJwkSetBuilder::new(ISSUER, keys.url()).fetcher(fetcher.clone());
        let keys = keys.clock(clock.clone()).build();
        let revocations = Revocations::at(feed.at("/revocations"), keys.clone()).fetcher(fetcher);
        let revocations =
            revocations.clock(clock.clone()).when_cut_off(WhenCutOff::CarryOn).start().expect("a runtime");
        let guard = Guard::remote(AUDIENCE, keys).clock(clock).revocations(revocations.clone()).build();
        Self { issuer, feed, revocations, guard }
    }

    async fn refuses(&self) -> bool {
        let token = self.issuer.sign(&with("sid", SID.into()));
        match self.guard.verify(&token).await {
            Err(Refusal::Revoked) => true,
            Ok(_) => false,
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_good_list_is_taken_and_the_cursor_sent_back() {
    let world = World::new(|issuer| told(&signed(issuer, "revocations+jwt", &list()))).await;
    world.feed.asked(2).await;
    assert!(world.refuses().await);
    let seen = world.feed.seen();
    assert!(!seen[0].to_ascii_lowercase().contains("last-event-id"), "{seen:?}");
    assert!(seen[1].to_ascii_lowercase().contains("last-event-id: h.1.0"), "{seen:?}");
}

#[tokio::test]
async fn what_the_issuer_did_not_sign_as_a_list_of_now_is_not_taken() {
    type MakeReply = Box<dyn Fn(&Issuer) -> Reply>;
    let stranger = Issuer::new("one");
    let old = json!({"iss": ISSUER, "iat": NOW.unix() - 3600, "matters_for": 360, "from": 0, "ended": {SID: NOW.unix()}});
    let another = json!({"iss": "https://other.example", "iat": NOW.unix(), "matters_for": 360, "from": 0, "ended": {SID: NOW.unix()}});
    let replies: [MakeReply; 5] = [
        Box::new(move |_| told(&signed(&stranger, "revocations+jwt", &list()))),
        Box::new(|issuer| told(&signed(issuer, "at+jwt", &list()))),
        Box::new(move |issuer| told(&signed(issuer, "revocations+jwt", &old))),
        Box::new(move |issuer| told(&signed(issuer, "revocations+jwt", &another))),
        Box::new(|_| told("garbage")),
    ];
    for (number, reply) in replies.iter().enumerate() {
        let world = World::new(reply).await;
        world.feed.asked(2).await;
        assert!(!world.refuses().await, "{number}");
        assert_eq!(world.revocations.status().state, FeedState::Connecting, "{number}");
    }
}

#[tokio::test]
async fn a_stream_that_is_none_or_never_ends_its_line_is_given_up_and_tried_again() {
    let html = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\nhi";
    for reply in [
        Reply::raw(html),
        Reply::status("503 Service Unavailable"),
        stream(&"a".repeat(300 * 1024)),
        stream("\u{0}\u{1}"),
    ] {
        let world = World::new(|_| reply).await;
        world.feed.asked(2).await;
        assert_eq!(world.revocations.status().sessions, 0);
        assert_eq!(world.revocations.status().state, FeedState::Connecting);
        world.feed.answer(told(&signed(&world.issuer, "revocations+jwt", &list())));
        while world.revocations.status().state != FeedState::Heard {
            sleep(Duration::from_millis(10)).await;
        }
        assert!(world.refuses().await);
    }
}

#[tokio::test]
async fn a_list_counts_once_all_of_its_parts_are_there() {
    let mut part = list();
    part["more"] = true.into();
    let world = World::new(|issuer| told(&signed(issuer, "revocations+jwt", &part))).await;
    world.feed.asked(2).await;
    assert!(world.refuses().await, "what is known counts");
    assert_eq!(world.revocations.status().state, FeedState::Connecting);
}
