//! Notifying clients that a user signed out (OpenID Connect Back-Channel Logout). The transaction that ends a grant
//! also stores whom to notify, so nothing is forgotten when the server stops. This module delivers the logout tokens.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jeton_authority::store::LogoutDelivery;
use jeton_authority::{Authority, OAuthError};
use jeton_fetch::{FetchError, Fetcher, RemoteUrl, RemoteUrlError};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::logging::Trouble;
use crate::machine::{Clock, ClockAgreement};

/// How often due deliveries are looked up.
const TICK: Duration = Duration::from_secs(1);
/// The largest number of concurrent deliveries.
const AT_ONCE: usize = 32;
/// The largest number of them per host, for all its clients.
const AT_ONCE_PER_HOST: usize = 8;
/// How many due deliveries are read if the first ones are all for busy hosts.
const LOOKED_AT: u32 = 2048;
/// The largest number of them per client, so that a slow client does not delay others.
const AT_ONCE_PER_CLIENT: u32 = 4;
/// How long this server alone may attempt a delivery: longer than an attempt takes. If a server stops during a
/// delivery, another attempt follows after this time.
const CLAIMED_FOR: Duration = Duration::from_secs(30);
/// How many attempts are made for a client before giving up; with the pauses, they take about a day.
const ATTEMPTS: u32 = 12;
/// The pause after the first failed attempt; each further pause is three times as long.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 60 * 60);

/// Delivers due logout tokens while it is polled.
pub(crate) async fn deliver_logouts(
    authority: Arc<Authority>,
    fetcher: Fetcher,
    clock: Clock,
    clocks: Arc<ClockAgreement>,
) {
    let mut trouble = Trouble::new("logouts_not_delivered");
    let mut under_way = UnderWay::default();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            Some(done) = under_way.tasks.join_next() => under_way.landed(done, &mut trouble),
        }
        while let Some(done) = under_way.tasks.try_join_next() {
            under_way.landed(done, &mut trouble);
        }
        let sender =
            Sender { authority: Arc::clone(&authority), fetcher: fetcher.clone(), clock: clock.clone() };
        // Receivers would refuse logout tokens with a wrong time.
        if clocks.disagrees() {
            continue;
        }
        if let Err(error) = begin_due(&sender, &mut under_way).await {
            trouble.again(&error);
        }
    }
}

/// Starts due deliveries for which there is room.
async fn begin_due(sender: &Sender, under_way: &mut UnderWay) -> Result<(), OAuthError> {
    // The first ones that are due may all be for hosts that are busy.
    let few = u32::try_from(AT_ONCE).unwrap_or(u32::MAX);
    for limit in [few, LOOKED_AT] {
        let (store, now) = (sender.authority.store(), sender.clock.now());
        let due = store.due_logouts(now, AT_ONCE_PER_CLIENT, limit).await?;
        let all = due.len() < limit as usize;
        let mut places = Vec::new();
        for delivery in due {
            places.push((sender.host(&delivery).await?, delivery));
        }
        places.retain(|(host, delivery)| under_way.enter(delivery.number, host.clone()));
        let numbers: Vec<_> = places.iter().map(|(_, delivery)| delivery.number).collect();
        let claimed = if numbers.is_empty() {
            Ok(numbers)
        } else {
            store.claim_logouts(numbers, now.saturating_add(CLAIMED_FOR), now).await
        };
        for (_, delivery) in places {
            // Another server may have been faster.
            if claimed.as_ref().is_ok_and(|claimed| claimed.contains(&delivery.number)) {
                let sender = sender.clone();
                under_way.tasks.spawn(async move { (delivery.number, sender.attempt(delivery).await) });
            } else {
                under_way.numbers.remove(&delivery.number);
            }
        }
        claimed?;
        if all || under_way.numbers.len() == AT_ONCE {
            break;
        }
    }
    Ok(())
}

/// The deliveries in progress.
#[derive(Default)]
struct UnderWay {
    tasks: JoinSet<(i64, Result<(), OAuthError>)>,
    /// Each with its host, if it has one.
    numbers: HashMap<i64, Option<Box<str>>>,
}

impl UnderWay {
    /// Whether this delivery may start. If so, it is counted.
    fn enter(&mut self, number: i64, host: Option<Box<str>>) -> bool {
        let at_host = || self.numbers.values().filter(|other| **other == host).count();
        if self.numbers.len() == AT_ONCE
            || self.numbers.contains_key(&number)
            || (host.is_some() && at_host() >= AT_ONCE_PER_HOST)
        {
            return false;
        }
        self.numbers.insert(number, host);
        true
    }

    fn landed(
        &mut self,
        done: Result<(i64, Result<(), OAuthError>), tokio::task::JoinError>,
        trouble: &mut Trouble,
    ) {
        match done {
            Ok((number, outcome)) => {
                self.numbers.remove(&number);
                match outcome {
                    Ok(()) => trouble.over(),
                    Err(error) => trouble.again(&error),
                }
            }
            Err(error) => trouble.again(&error),
        }
    }
}

/// Why a client could not be notified.
#[derive(Debug, thiserror::Error)]
enum DeliveryError {
    #[error(transparent)]
    Url(#[from] RemoteUrlError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
}

impl DeliveryError {
    const fn code(&self) -> &'static str {
        match self {
            Self::Url(error) => error.code(),
            Self::Fetch(error) => error.code(),
        }
    }
}

#[derive(Clone)]
struct Sender {
    authority: Arc<Authority>,
    fetcher: Fetcher,
    clock: Clock,
}

impl Sender {
    /// The host of a delivery; `None` if it no longer has a destination.
    async fn host(&self, delivery: &LogoutDelivery) -> Result<Option<Box<str>>, OAuthError> {
        let uri = self.authority.sign_out().logout_uri(&delivery.client).await?;
        Ok(uri.and_then(|uri| RemoteUrl::parse(&uri).ok()).map(|uri| uri.host().into()))
    }

    /// Attempts one delivery and stores the result. An error is the authority's own.
    async fn attempt(self, delivery: LogoutDelivery) -> Result<(), OAuthError> {
        let store = self.authority.store();
        let Some(token) = self.authority.sign_out().logout_token(&delivery, self.clock.now()).await? else {
            return Ok(store.finish_logout(delivery.number).await?);
        };
        let (client, sid) = (&delivery.client, delivery.sid);
        match self.post(&token.uri, &token.token).await {
            Ok(()) => {
                tracing::info!(%client, %sid, "delivered a logout token");
                Ok(store.finish_logout(delivery.number).await?)
            }
            Err(error) if delivery.attempts + 1 >= ATTEMPTS => {
                tracing::error!(%client, %sid, code = error.code(), "gave up delivering a logout token: {error}");
                Ok(store.finish_logout(delivery.number).await?)
            }
            Err(error) => {
                let pause = pause(delivery.attempts);
                tracing::warn!(%client, %sid, code = error.code(), "failed to deliver a logout token, trying again in {pause:?}: {error}");
                let now = self.clock.now();
                Ok(store.postpone_logout(delivery.number, now.saturating_add(pause), now).await?)
            }
        }
    }

    async fn post(&self, uri: &str, token: &str) -> Result<(), DeliveryError> {
        Ok(self.fetcher.post_form(&RemoteUrl::parse(uri)?, &[("logout_token", token)]).await?)
    }
}

/// How long to wait before the next attempt, after `attempts` failed ones and one more.
fn pause(attempts: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(3_u32.saturating_pow(attempts)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_does_not_take_all_places() {
        let mut under_way = UnderWay::default();
        let slow = || Some("slow.example".into());
        let begun = (0..100).filter(|number| under_way.enter(*number, slow())).count();
        assert_eq!(begun, AT_ONCE_PER_HOST);
        assert!(under_way.enter(100, Some("good.example".into())));
        assert!(!under_way.enter(100, Some("good.example".into())), "it is under way");
        assert!(
            (200..220).all(|number| under_way.enter(number, None)),
            "what goes nowhere is forgotten at once"
        );
    }

    #[test]
    fn pauses_grow_and_a_client_is_tried_for_about_a_day() {
        assert_eq!(pause(0), Duration::from_secs(10));
        assert_eq!(pause(1), Duration::from_secs(30));
        assert_eq!(pause(ATTEMPTS), LONGEST_PAUSE);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
        let in_all: Duration = (0..ATTEMPTS - 1).map(pause).sum();
        assert!(in_all > Duration::from_secs(24 * 3600) && in_all < Duration::from_secs(36 * 3600));
    }
}
