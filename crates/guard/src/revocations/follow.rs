//! Reading the feed: connecting, applying its events, and reconnecting.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use jeton_fetch::{FetchError, Fetcher, RemoteUrl, Streamed};
use jeton_jose::Timestamp;
use jeton_oauth::revocations::{RevocationList, SecurityEvent};
use tokio::time::{interval, sleep, timeout};

use super::event_stream::{EventReader, StreamEvent, TooLong};
use super::pace::{Pace, random};
use super::reading::{FeedKeys, Reading, TokenRefused};
use super::register::{Full, Name, Register, Revocable, parse_sid};
use super::status::{FeedState, Hearing, RevocationsStatus, WhenCutOff};
use crate::clock::Clock;
use crate::refusal::Refusal;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const EVENT_STREAM: &str = "text/event-stream";

/// How long an event matters before a list has said it.
const MATTERS_FOR: Duration = Duration::from_secs(6 * 60);
/// The longest time to keep an event, whatever the issuer says.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// The leeway that the issuer already includes.
const LEEWAY: Duration = Duration::from_secs(60);
/// How often old events are removed, and the state of the connection is checked.
const TIDY_EVERY: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Where the feed is.
#[derive(Debug)]
pub(super) enum Location {
    Known(RemoteUrl),
    /// In the issuer's metadata, which are fetched for each connection.
    InMetadata,
}

/// The state shared by the task that reads the feed and the guards.
pub(super) struct Following {
    issuer: Box<str>,
    location: Location,
    fetcher: Fetcher,
    clock: Clock,
    when_cut_off: WhenCutOff,
    silence: Duration,
    register: Register,
    hearing: Hearing,
    /// How long an event matters, and the largest leeway of a guard, in seconds.
    matters_for: AtomicU64,
    leeway: AtomicU64,
}

/// How a connection ended.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("the server ended the stream")]
    Ended,
    #[error("the feed cannot be reached: {0}")]
    Fetch(#[from] FetchError),
    #[error("nothing was heard for {0:?}")]
    Silent(Duration),
    #[error(transparent)]
    Token(#[from] TokenRefused),
    #[error("the stream cannot be read: {0}")]
    TooLong(#[from] TooLong),
    #[error("more is revoked than there is room for")]
    Full,
}

impl Lost {
    const fn code(&self) -> &'static str {
        match self {
            Self::Ended => "feed_ended",
            Self::Fetch(error) => error.code(),
            Self::Silent(_) => "feed_silent",
            Self::Token(error) => error.code(),
            Self::TooLong(_) => "feed_event_too_long",
            Self::Full => "feed_too_many",
        }
    }
}

impl From<Full> for Lost {
    fn from(Full: Full) -> Self {
        Self::Full
    }
}

impl Following {
    pub(super) fn new(
        issuer: String,
        location: Location,
        fetcher: Fetcher,
        clock: Clock,
        when_cut_off: WhenCutOff,
        silence: Duration,
        most: usize,
    ) -> Self {
        Self {
            issuer: issuer.into(),
            location,
            fetcher,
            clock,
            when_cut_off,
            silence,
            register: Register::with_room_for(most),
            hearing: Hearing::new(),
            matters_for: AtomicU64::new(MATTERS_FOR.as_secs()),
            leeway: AtomicU64::new(0),
        }
    }

    pub(super) fn status(&self) -> RevocationsStatus {
        RevocationsStatus {
            state: self.hearing.state(),
            last_heard: self.hearing.last_heard(),
            sessions: self.register.sessions(),
        }
    }

    pub(super) fn allow_leeway(&self, leeway: Duration) {
        self.leeway.fetch_max(leeway.as_secs(), Ordering::Relaxed);
    }

    pub(super) fn name(&self, text: &str) -> Name {
        self.register.name(text)
    }

    pub(super) fn check(&self, token: Revocable<'_>, now: Timestamp) -> Result<(), Refusal> {
        self.register.check(token, now)?;
        match (self.when_cut_off, self.hearing.state()) {
            (WhenCutOff::Refuse, FeedState::Connecting | FeedState::CutOff) => {
                Err(Refusal::RevocationsUnknown)
            }
            _ => Ok(()),
        }
    }

    /// The time before which events no longer matter.
    fn matter_since(&self, now: Timestamp) -> Timestamp {
        let more = self.leeway.load(Ordering::Relaxed).saturating_sub(LEEWAY.as_secs());
        let matters_for = self.matters_for.load(Ordering::Relaxed).saturating_add(more);
        now.saturating_sub(Duration::from_secs(matters_for))
    }

    async fn connect(&self, cursor: Option<&str>) -> Result<Streamed, FetchError> {
        let url = match &self.location {
            Location::Known(url) => url.clone(),
            Location::InMetadata => {
                let metadata = self.fetcher.metadata(&self.issuer).await?;
                metadata.revocation_feed_endpoint.ok_or(FetchError::NoFeed)?
            }
        };
        let cursor = cursor.and_then(|cursor| HeaderValue::try_from(cursor).ok());
        let headers: Vec<_> = cursor.map(|cursor| (LAST_EVENT_ID, cursor)).into_iter().collect();
        self.fetcher.stream(&url, EVENT_STREAM, &headers).await
    }

    /// Logs that the feed is lost.
    fn tell_cut_off(&self, why: &dyn std::fmt::Display) {
        tracing::warn!(
            issuer = %self.issuer,
            code = "revocations_cut_off",
            policy = ?self.when_cut_off,
            "the revocation feed is not heard any more: {why}"
        );
    }
}

/// Reads the feed for as long as the future is polled.
pub(super) async fn follow(following: Arc<Following>, keys: FeedKeys) {
    let reading = Reading::new(&following.issuer, keys);
    tokio::join!(listen(&following, reading), watch(&following));
}

/// Removes old events, and notices when the connection has been lost for too long.
async fn watch(following: &Following) {
    let mut looks = interval(LOOK_EVERY);
    let looks_between = TIDY_EVERY.as_secs() / LOOK_EVERY.as_secs();
    for look in 0_u64.. {
        looks.tick().await;
        if following.hearing.is_newly_cut_off() {
            following.tell_cut_off(&"the connection was lost");
        }
        if look.is_multiple_of(looks_between) {
            following.register.forget(following.matter_since(following.clock.now()));
        }
    }
}

async fn listen(following: &Following, mut reading: Reading) {
    let (mut pace, mut cursor) = (Pace::default(), None);
    loop {
        let mut events = EventReader::default();
        let lost = match session(following, &mut reading, &mut events, &mut cursor, &mut pace).await {
            Err(lost) => lost,
            Ok(never) => match never {},
        };
        following.hearing.lost();
        tracing::debug!(issuer = %following.issuer, code = lost.code(), "the revocation feed was lost: {lost}");
        // Other causes are no mere loss of a connection.
        if !matches!(lost, Lost::Ended | Lost::Fetch(_)) && following.hearing.cut_off() {
            following.tell_cut_off(&lost);
        }
        let asked = Duration::from_millis(events.retry().unwrap_or(0));
        sleep(match lost {
            Lost::Ended => pace.after_an_end(random()),
            _ => pace.after_a_failure(asked, random()),
        })
        .await;
    }
}

/// One connection.
async fn session(
    following: &Following,
    reading: &mut Reading,
    events: &mut EventReader,
    cursor: &mut Option<String>,
    pace: &mut Pace,
) -> Result<std::convert::Infallible, Lost> {
    let mut stream = following.connect(cursor.as_deref()).await?;
    let mut complete = Vec::new();
    loop {
        let silent = |_| Lost::Silent(following.silence);
        let bytes = timeout(following.silence, stream.next()).await.map_err(silent)??.ok_or(Lost::Ended)?;
        following.hearing.heard();
        events.read(&bytes, |event| complete.push(event))?;
        for event in complete.drain(..) {
            if take(following, reading, &event).await? {
                pace.reset();
                if following.hearing.in_step() {
                    tracing::info!(
                        issuer = %following.issuer,
                        sessions = following.register.sessions(),
                        "the revocation feed is heard"
                    );
                }
            }
            if event.id.is_some() {
                *cursor = event.id;
            }
        }
    }
}

/// Applies an event of the stream. Returns whether everything that happened so far is known now.
async fn take(following: &Following, reading: &mut Reading, event: &StreamEvent) -> Result<bool, Lost> {
    let now = following.clock.now();
    match event.name.as_str() {
        "list" => {
            let list = reading.list(&event.data, now).await?;
            following.check_key(list.kid())?;
            let list = list.into_claims();
            following.take_list(&list, now)?;
            if !list.keys.is_empty() {
                following.withdraw(reading, list.keys.iter().map(|(kid, at)| (kid.as_str(), *at))).await;
            }
            Ok(list.from.is_some() && !list.more)
        }
        "event" => {
            let token = reading.event(&event.data, now).await?;
            following.check_key(token.kid())?;
            let event = token.into_claims();
            following.take_event(&event)?;
            if let Some(withdrawn) = &event.events.key_withdrawn {
                let key = (event.sub_id.id.as_str(), withdrawn.event_timestamp);
                following.withdraw(reading, [key].into_iter()).await;
            }
            Ok(false)
        }
        // A newer server may send other events.
        _ => Ok(false),
    }
}

impl Following {
    /// A withdrawn key may be in the wrong hands.
    fn check_key(&self, kid: Option<&str>) -> Result<(), TokenRefused> {
        if kid.is_some_and(|kid| self.register.is_withdrawn(kid)) {
            Err(TokenRefused::Withdrawn)
        } else {
            Ok(())
        }
    }

    fn take_list(&self, list: &RevocationList, now: Timestamp) -> Result<(), Full> {
        let matters_for = list.matters_for.clamp(LEEWAY.as_secs(), LONGEST.as_secs());
        self.matters_for.store(matters_for, Ordering::Relaxed);
        let start = self.matter_since(now);
        let matters =
            |(sid, at): (&String, &Timestamp)| Some((parse_sid(sid)?, *at)).filter(|(_, at)| *at >= start);
        for (sid, at) in list.ended.iter().filter_map(matters) {
            self.register.end(sid, at)?;
        }
        for (sid, at) in list.stale.iter().filter_map(matters) {
            self.register.outdate(sid, at)?;
        }
        for (client, at) in list.clients.iter().filter(|(_, at)| **at >= start) {
            self.register.outdate_client(client, *at)?;
        }
        for (jti, at) in list.tokens.iter().filter(|(_, at)| **at >= start) {
            self.register.revoke_token(jti, *at)?;
        }
        Ok(())
    }

    fn take_event(&self, event: &SecurityEvent) -> Result<(), Full> {
        if let Some(changed) = &event.events.client_changed {
            self.register.outdate_client(&event.sub_id.id, changed.event_timestamp)?;
        }
        if let Some(revoked) = &event.events.token_revoked {
            self.register.revoke_token(&event.sub_id.id, revoked.event_timestamp)?;
        }
        let Some(sid) = parse_sid(&event.sub_id.id) else { return Ok(()) };
        if let Some(revoked) = &event.events.session_revoked {
            self.register.end(sid, revoked.event_timestamp)?;
        }
        if let Some(change) = &event.events.token_claims_change {
            self.register.outdate(sid, change.event_timestamp)?;
        }
        Ok(())
    }

    async fn withdraw<'k>(&self, reading: &Reading, keys: impl Iterator<Item = (&'k str, Timestamp)>) {
        let mut is_new = false;
        for (kid, at) in keys {
            is_new |= self.register.withdraw(kid, at);
        }
        if is_new {
            tracing::warn!(issuer = %self.issuer, code = "key_withdrawn", "the issuer withdrew a key");
            reading.reload_keys().await;
        }
    }
}
