//! Refreshes in batches: what has queued up while others were under way is loaded with one statement, decided by the rule one by one, and
//! written with one statement that applies only where a row is still the one that was read. Two round trips serve many callers, and no
//! lock is held between them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jeton_authority::GrantId;
use jeton_authority::grant::LiveGrant;
use jeton_authority::refresh_token::{Presented, Verdict, decide};
use jeton_authority::settings::RefreshPolicy;
use jeton_authority::store::{Refresh, StoreError};
use jeton_authority::user::UserStatus;
use jeton_jose::Timestamp;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::engine;
use super::error::Failed;
use super::grants;
use super::refresh::{self, Step};
use super::transaction::{Database, FINDING_OUT};

/// Callers who wait. Others are turned away at once, so that a slow database costs no memory.
const WAITING: usize = 4_096;

/// Callers of one batch.
const BATCH: usize = 256;

/// Batches under way at the same time.
const BATCHES: usize = 2;

/// How often a batch looks again at rows that others changed or have locked, before each is left to wait for its row by itself.
const LOOKS: usize = 3;

/// The refreshes of a process.
#[derive(Debug)]
pub(super) struct Refreshes {
    database: Database,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Asked>,
    batches: usize,
}

/// What a caller asked for.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) grant: GrantId,
    pub(super) presented: Presented,
    pub(super) policy: RefreshPolicy,
    pub(super) now: Timestamp,
}

/// A caller who waits.
#[derive(Debug)]
struct Asked {
    question: Question,
    answer: oneshot::Sender<Result<Refresh, StoreError>>,
}

impl Asked {
    fn answer(self, answer: Result<Refresh, StoreError>) {
        // Who has hung up wants none.
        let _ = self.answer.send(answer);
    }
}

impl Refreshes {
    pub(super) fn new(database: Database) -> Arc<Self> {
        Arc::new(Self { database, queue: Mutex::default() })
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask(self: &Arc<Self>, question: Question) -> Result<Refresh, StoreError> {
        let (answer, answered) = oneshot::channel();
        {
            let mut queue = self.queue();
            if queue.waiting.len() >= WAITING {
                return Err(StoreError::Unavailable("too many wait for the database".to_owned()));
            }
            queue.waiting.push_back(Asked { question, answer });
            if queue.batches < BATCHES {
                queue.batches += 1;
                tokio::spawn(Arc::clone(self).work_off());
            }
        }
        answered
            .await
            .unwrap_or_else(|_| Err(StoreError::Failed("a batch of refreshes broke off".to_owned())))
    }

    /// Takes batches until nobody waits.
    async fn work_off(self: Arc<Self>) {
        let mut place = Place { of: &self, is_free: false };
        while let Some(batch) = place.take_batch() {
            self.answer(batch).await;
        }
    }

    async fn answer(&self, batch: Vec<Asked>) {
        let mut left = batch;
        for _ in 0..LOOKS {
            left = match self.look(left).await {
                Some(left) if !left.is_empty() => left,
                _ => return,
            };
        }
        for asked in left {
            self.alone(asked);
        }
    }

    /// Answers whom it can, and gives back those whose row was another's.
    async fn look(&self, batch: Vec<Asked>) -> Option<Vec<Asked>> {
        let mut ids: Vec<GrantId> = batch.iter().map(|asked| asked.question.grant).collect();
        ids.sort_unstable();
        ids.dedup();
        let loaded = match self.load(ids).await {
            Ok(loaded) => loaded,
            Err(error) => {
                for asked in batch {
                    asked.answer(Err(again(&error)));
                }
                return None;
            }
        };
        let mut found = HashMap::new();
        let mut unreadable = HashMap::new();
        for (id, loaded) in loaded {
            match loaded {
                Ok((live, user)) => drop(found.insert(id, Found::of(live, user))),
                Err(failed) => drop(unreadable.insert(id, StoreError::from(failed))),
            }
        }
        let mut decided = Vec::new();
        for asked in batch {
            let id = asked.question.grant;
            match found.get_mut(&id) {
                Some(found) => match found.decide(&asked.question) {
                    Some(answer) => decided.push((asked, answer)),
                    // It ends a grant or leaves a record: a transaction.
                    None => self.alone(asked),
                },
                None => {
                    let error = unreadable.get(&id).map(again);
                    asked.answer(error.map_or(Ok(Refresh::Unknown), Err));
                }
            }
        }
        let mut steps: Vec<Step> = found.iter().filter_map(|(id, found)| found.step(*id)).collect();
        steps.sort_unstable_by_key(|step| step.grant);
        let mut left = Vec::new();
        let fates = self.write(&steps).await;
        for (asked, answer) in decided {
            match fates.get(&asked.question.grant) {
                // What changes nothing is answered as it was read.
                None | Some(Fate::Written) => asked.answer(Ok(answer)),
                Some(Fate::Lost) => left.push(asked),
                Some(Fate::Failed(error)) => {
                    let error = again(error);
                    asked.answer(Err(error));
                }
            }
        }
        Some(left)
    }

    /// Writes what a batch decided.
    async fn write(&self, steps: &[Step]) -> HashMap<GrantId, Fate> {
        if steps.is_empty() {
            return HashMap::new();
        }
        let of_all =
            |fate: &dyn Fn(&Step) -> Fate| steps.iter().map(|step| (step.grant, fate(step))).collect();
        match self.database.write_alone(steps, |db, steps| Box::pin(refresh::write_all(db, steps))).await {
            Ok(written) => {
                of_all(&|step| if written.contains(&step.grant) { Fate::Written } else { Fate::Lost })
            }
            Err(Failed::OutcomeUnknown(cause)) => {
                let looking = self.load_for_certain(steps.iter().map(|step| step.grant).collect());
                let (looked, standby) = self.database.noting_standby(timeout(FINDING_OUT, looking)).await;
                let unknown = StoreError::from(Failed::OutcomeUnknown(standby.unwrap_or(cause)));
                match looked {
                    Ok(Ok(found)) => of_all(&|step| match found.get(&step.grant) {
                        Some(Ok((live, _))) if live.grant.state == step.to => Fate::Written,
                        Some(Ok((live, _))) if live.grant.state == step.from => Fate::Lost,
                        // Others have gone on from there, or from before.
                        _ => Fate::Failed(again(&unknown)),
                    }),
                    _ => of_all(&|_| Fate::Failed(again(&unknown))),
                }
            }
            Err(failed) => {
                let error = StoreError::from(failed);
                of_all(&|_| Fate::Failed(again(&error)))
            }
        }
    }

    /// The grants of a batch. One that cannot be read is no reason not to read the others.
    async fn load(&self, grants: Vec<GrantId>) -> Result<HashMap<GrantId, Loaded>, StoreError> {
        self.database.read(grants, |db, grants| Box::pin(grants::find_all(db, grants))).await
    }

    /// The same, committed: what is read is then safe where a standby must have it.
    async fn load_for_certain(&self, grants: Vec<GrantId>) -> Result<HashMap<GrantId, Loaded>, StoreError> {
        let read = self.database.write(grants, |db, grants| {
            Box::pin(async move {
                let found = grants::find_all(db, grants).await?;
                engine::confirm(db).await?;
                Ok(found)
            })
        });
        read.await
    }

    /// Answers one caller with a transaction, which waits for the row.
    fn alone(&self, asked: Asked) {
        let database = self.database.clone();
        tokio::spawn(async move {
            let refreshed = database.write(asked.question.clone(), |db, question| {
                let Question { grant, presented, policy, now } = question;
                Box::pin(refresh::refresh(db, *grant, presented, policy, *now))
            });
            let answer = refreshed.await;
            asked.answer(answer);
        });
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of what was to be written of a grant.
enum Fate {
    Written,
    /// The row was another's.
    Lost,
    Failed(StoreError),
}

/// A grant as it was read, if it could be.
pub(super) type Loaded = Result<(Box<LiveGrant>, UserStatus), Failed>;

/// A batch under way.
struct Place<'a> {
    of: &'a Refreshes,
    is_free: bool,
}

impl Place<'_> {
    /// The next callers. Where there are none the place is free before another caller looks for one.
    fn take_batch(&mut self) -> Option<Vec<Asked>> {
        let mut queue = self.of.queue();
        let size = queue.waiting.len().min(BATCH);
        if size == 0 {
            queue.batches -= 1;
            self.is_free = true;
            return None;
        }
        Some(queue.waiting.drain(..size).collect())
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.is_free {
            self.of.queue().batches -= 1;
        }
    }
}

/// A grant as it was read, and as the callers so far leave it.
struct Found {
    read: Box<LiveGrant>,
    user: UserStatus,
    live: Box<LiveGrant>,
    /// Whether a transaction decides about it, for those who come later, too.
    set_apart: bool,
}

impl Found {
    fn of(live: Box<LiveGrant>, user: UserStatus) -> Self {
        Self { read: live.clone(), user, live, set_apart: false }
    }

    /// What a caller is answered, if that takes no more than a changed state.
    fn decide(&mut self, question: &Question) -> Option<Refresh> {
        if self.set_apart {
            return None;
        }
        let Question { presented, policy, now, .. } = question;
        let decision = decide(&self.live.grant, self.user, presented, *now, policy);
        if decision.audit.is_some() || decision.ended.is_some() {
            self.set_apart = true;
            return None;
        }
        self.live.grant.state = decision.state;
        match decision.verdict {
            Verdict::Refuse(refusal) => Some(Refresh::Refused(refusal)),
            _ => decision.kind().map(|kind| Refresh::Granted(self.live.clone(), kind)),
        }
    }

    /// What is to be written.
    fn step(&self, grant: GrantId) -> Option<Step> {
        let (from, to) = (self.read.grant.state, self.live.grant.state);
        (from != to).then_some(Step { grant, from, to })
    }
}

/// The same error for another caller.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Unavailable(text) => StoreError::Unavailable(text.clone()),
        StoreError::OtherMasterKey => StoreError::OtherMasterKey,
        error => StoreError::Failed(error.to_string()),
    }
}
