//! The revocation feed of one node: recent events, read from the store and signed once for all readers.
//!
//! A node remembers what it read and what it wrote itself for as long as it matters. If the store then continues from an older state (a
//! standby that had not got the last writes took over), the node ends again what the store has forgotten to have ended, and uses up again the codes,
//! assertions and proofs that it accepted.

mod known;
mod lost;
mod signed;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jeton_jose::{SignError, Timestamp};
use tokio::sync::Notify;

pub use signed::{Form, Signed};

use crate::GrantId;
use crate::audit::Actor;
use crate::keyring::{Keys, OpenError};
use crate::one_time::{OneTimeKind, Placement, Redemption};
use crate::revocation::{Cursor, Recent, Revoked, matter_since, matters_for};
use crate::settings::Settings;
use crate::store::{KeyWithdrawal, Revocation, SessionEnding, Store, StoreError};
use crate::used_up::{Used, UsedUntil, UsedUp};
use known::{Known, News};
use lost::Unended;
use signed::Writing;

/// Up to so many new events are signed each by itself; more go into a list, which costs one signature.
const ALONE: usize = 16;

/// The feed of a node.
pub struct Feed {
    store: Arc<dyn Store>,
    settings: Arc<Settings>,
    keys: Arc<Keys>,
    used_up: Arc<UsedUp>,
    state: Mutex<State>,
    /// Notified when the store has lost something.
    lost: Notify,
}

#[derive(Default)]
struct State {
    known: Known,
    lists: Lists,
    unended: Unended,
    /// What is to be used up again, the last first.
    unused: Vec<UsedUntil>,
}

/// Lists for new readers, by the start of each list. All readers that connect within a second share them.
#[derive(Default)]
struct Lists {
    made_at: Option<Timestamp>,
    by_start: HashMap<Timestamp, Arc<[Signed]>>,
}

/// The feed cannot be read, or not be signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys could not be read again after one was withdrawn.
    #[error(transparent)]
    Keys(#[from] OpenError),
    /// Events could not be signed.
    #[error("events cannot be signed: {0}")]
    Sign(#[from] SignError),
}

impl Feed {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        settings: Arc<Settings>,
        keys: Arc<Keys>,
        used_up: Arc<UsedUp>,
    ) -> Self {
        let known = if settings.userinfo.from_replica { Known::by_grant() } else { Known::default() };
        let state = Mutex::new(State { known, ..State::default() });
        Self { store, settings, keys, used_up, state, lost: Notify::new() }
    }

    /// Whether what a replica says about a grant can be relied on: the grant has neither ended nor changed since the oldest tokens that
    /// are still valid were issued. That is known of what this node wrote at once, and of everything else within a second.
    pub(crate) fn is_settled(&self, grant: GrantId, now: Timestamp) -> bool {
        let mut state = self.state();
        state.known.write(self.store.take_written_revocations());
        state.known.is_settled(grant, now)
    }

    /// Reads the new events, to be sent to all readers: no later call returns them again. Make one call at a time.
    ///
    /// # Errors
    /// [`FeedError`]. A later call then returns the new events.
    pub async fn poll(&self, now: Timestamp) -> Result<Vec<Signed>, FeedError> {
        let start = self.start(now);
        self.state().known.write(self.store.take_written_revocations());
        let mut since = self.state().known.look_back(start, now);
        let mut recent = self.read(since).await?;
        if since > start && self.state().known.is_contradicted_by(&recent, since, now) {
            since = start;
            recent = self.read(start).await?;
        }
        let news = self.state().known.compare(&recent, since, now);
        if news.events().iter().any(|event| matches!(event.what, Revoked::Key(_))) {
            // Readers do not accept the withdrawal of a key if that key signed it.
            self.keys.reload(now).await?;
        }
        let signed = self.sign(&recent, &news, now)?;
        let mut state = self.state();
        if !news.events().is_empty() {
            state.lists = Lists::default();
        }
        if let News::AnotherHistory(_) = news {
            let lost = state.known.lose(&recent, start);
            state.unended.add(&lost);
            state.unused = self.used_up.list(now);
            self.lost.notify_one();
        }
        state.known.accept(recent, start, now);
        Ok(signed)
    }

    /// Returns when the store was found to continue from an older state since the last call returned.
    pub async fn lost(&self) {
        self.lost.notified().await;
    }

    /// Ends again what the store has forgotten to have ended: users disabled or signed out everywhere, sessions, keys, tokens and grants, and
    /// the codes, assertions and proofs that this node accepted. Answers how much was not ended already: other nodes do the same.
    ///
    /// # Errors
    /// [`StoreError`]. A later call continues with the rest.
    pub async fn end_again(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut ended = 0;
        loop {
            let next = self.state().unended.next();
            let Some(next) = next else { break };
            ended += u64::from(self.end_one_again(&next, now).await?);
            self.state().unended.done(&next);
        }
        loop {
            let next = self.state().unused.last().copied();
            let Some(used) = next else { return Ok(ended) };
            ended += u64::from(self.use_up_again(used, now).await?);
            let mut state = self.state();
            if state.unused.last() == Some(&used) {
                state.unused.pop();
            }
        }
    }

    async fn use_up_again(&self, used: UsedUntil, now: Timestamp) -> Result<bool, StoreError> {
        let UsedUntil { what, until } = used;
        if until <= now {
            return Ok(false);
        }
        let is_redeemed = |redemption| matches!(redemption, Redemption::Redeemed { .. });
        Ok(match what {
            Used::Code(code) => {
                is_redeemed(self.store.redeem(OneTimeKind::AuthorizationCode, code, now).await?)
            }
            Used::DeviceCode(code) => self.store.spend_device_code(code, now).await?,
            Used::Id(kind, id) => {
                self.store.place(kind, id, "".into(), until, now).await? == Placement::Placed
            }
        })
    }

    async fn end_one_again(&self, what: &Revoked, now: Timestamp) -> Result<bool, StoreError> {
        let by = Actor::Authority;
        Ok(match what {
            Revoked::Grant(grant) => self.store.revoke_grant(*grant, by, now).await? == Revocation::Revoked,
            Revoked::Session(session) => {
                matches!(self.store.end_session(*session, by, now).await?, SessionEnding::Ended(_))
            }
            Revoked::Key(key) => self.store.withdraw_key(key, by, now).await? == KeyWithdrawal::Withdrawn,
            Revoked::User(last) => {
                let stands = self.store.find_user_by_id(last.id).await?;
                let forgotten = stands.is_some_and(|user| user.epoch < last.epoch);
                if forgotten {
                    self.store.end_again(*last, by, now).await?;
                }
                forgotten
            }
            Revoked::Token(jti) => {
                // It expires by then, whenever it was issued.
                let expires_at = now.saturating_add(self.settings.access.lifetime);
                self.store.revoke_token(jti, expires_at, now).await? == Placement::Placed
            }
            Revoked::Claims(_) | Revoked::Client(_) => false,
        })
    }

    async fn read(&self, since: Timestamp) -> Result<Recent, StoreError> {
        let mut recent = self.store.revocations_since(since).await?;
        // Stores have the order of their times alone.
        recent.events.sort_unstable();
        Ok(recent)
    }

    /// Whether the store has been read, so that readers can begin.
    pub fn is_ready(&self) -> bool {
        self.state().known.cursor().is_some()
    }

    /// The first tokens for a reader: all events that still matter or, if the cursor belongs to this history, those that the reader may have
    /// missed. `None` if the store has not been read yet.
    ///
    /// # Errors
    /// [`FeedError::Sign`].
    pub fn begin(&self, cursor: Option<&str>, now: Timestamp) -> Result<Option<Arc<[Signed]>>, FeedError> {
        let mut state = self.state();
        let State { known, lists, .. } = &mut *state;
        let Some(newest) = known.cursor() else { return Ok(None) };
        let start = self.start(now);
        let resumed =
            cursor.and_then(|text| text.parse().ok()).and_then(|cursor: Cursor| known.resume(&cursor, now));
        let from = resumed.map_or(start, |resumed| resumed.max(start));
        if lists.made_at != Some(now) {
            *lists = Lists { made_at: Some(now), by_start: HashMap::new() };
        }
        if let Some(list) = lists.by_start.get(&from) {
            return Ok(Some(Arc::clone(list)));
        }
        let events: Vec<_> = known.since(from).collect();
        let list: Arc<[Signed]> = self.writing(now).list(&events, Some(from), &newest)?.into();
        lists.by_start.insert(from, Arc::clone(&list));
        Ok(Some(list))
    }

    fn sign(&self, recent: &Recent, news: &News, now: Timestamp) -> Result<Vec<Signed>, FeedError> {
        let events: Vec<_> = news.events().iter().filter(|event| event.what.concerns_apis()).collect();
        let newest = self.state().known.cursor_with(recent, now);
        let writing = self.writing(now);
        Ok(match news {
            News::First => vec![],
            News::New(_) if events.is_empty() => vec![],
            News::New(_) if events.len() <= ALONE => writing.each(&events, &newest)?,
            News::New(_) => writing.list(&events, None, &newest)?,
            News::AnotherHistory(_) => writing.list(&events, Some(self.start(now)), &newest)?,
        })
    }

    fn start(&self, now: Timestamp) -> Timestamp {
        matter_since(self.settings.access.lifetime, now)
    }

    fn writing(&self, now: Timestamp) -> Writing<'_> {
        let signer = self.keys.with_ring(|ring| ring.access_signer.clone());
        Writing::new(signer, &self.settings.issuer, matters_for(self.settings.access.lifetime), now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
