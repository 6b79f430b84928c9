//! The pool of password-hashing threads.
//!
//! Hashing takes a core for ten milliseconds and tens of megabytes, so it is separated from everything else. There are
//! as many hashes at once as cores and memory permit, on threads of low priority, with a bounded queue. A flood of
//! sign-ins or a lack of memory then costs further sign-ins a `503`, and does not affect refreshing.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jeton_authority::password::{
    Argon2Params, Hashing, HashingBusy, OutOfMemory, Padding, Password, PasswordHash, Scratch, Verification,
    verify_padded,
};
use jeton_authority::tally::{Count, Durations, DurationsRead};
use tokio::sync::oneshot;

/// How many passwords may wait per thread by default.
pub const QUEUE_PER_THREAD: usize = 32;

/// How long a thread without memory pauses while other threads have some.
const MEMORY_PAUSE: Duration = Duration::from_millis(50);

/// How long an idle thread keeps its memory.
const MEMORY_KEPT: Duration = Duration::from_secs(5);

/// Work for a thread, which lends it memory.
type Job = Box<dyn FnOnce(&mut Scratch) + Send>;

/// Hashes passwords on separate threads. They end when the pool is dropped.
pub struct HashPool {
    shared: Arc<Shared>,
    params: Argon2Params,
    threads: usize,
}

struct Shared {
    queue: Mutex<Queue>,
    filled: Condvar,
    capacity: usize,
    durations: Durations,
    turned_away: Count,
}

/// What can be read of a pool while it works.
#[derive(Clone)]
pub struct HashFigures {
    shared: Arc<Shared>,
    threads: usize,
}

/// A reading of [`HashFigures`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashingRead {
    /// How many passwords wait.
    pub waiting: usize,
    /// How many may.
    pub waiting_limit: usize,
    /// How many threads hash.
    pub threads: usize,
    /// How many passwords were turned away because too many waited.
    pub turned_away: u64,
    /// How long hashing took.
    pub durations: DurationsRead,
}

impl HashFigures {
    /// What there is to be read at the moment.
    pub fn read(&self) -> HashingRead {
        HashingRead {
            waiting: self.shared.lock().jobs.len(),
            waiting_limit: self.shared.capacity,
            threads: self.threads,
            turned_away: self.shared.turned_away.get(),
            durations: self.shared.durations.read(),
        }
    }
}

struct Queue {
    jobs: VecDeque<Job>,
    open: bool,
    holding: usize,
}

impl HashPool {
    /// A pool with one thread per core, and a queue of `queue_per_thread` passwords per thread.
    ///
    /// # Errors
    /// The system cannot start a thread.
    pub fn new(params: Argon2Params, queue_per_thread: usize) -> std::io::Result<Self> {
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self::with_threads(params, threads, threads.saturating_mul(queue_per_thread))
    }

    /// What can be read of the pool while it works.
    pub fn figures(&self) -> HashFigures {
        HashFigures { shared: Arc::clone(&self.shared), threads: self.threads }
    }

    /// A pool of this many threads, or as many as the system starts, with a queue of this length.
    ///
    /// # Errors
    /// The system cannot start a single thread.
    pub fn with_threads(params: Argon2Params, threads: usize, capacity: usize) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue { jobs: VecDeque::new(), open: true, holding: 0 }),
            filled: Condvar::new(),
            capacity: capacity.max(1),
            durations: Durations::default(),
            turned_away: Count::default(),
        });
        // Made before the threads are, so that those that could be started end if one could not.
        let pool = Self { shared, params, threads: threads.max(1) };
        for number in 0..pool.threads {
            let shared = Arc::clone(&pool.shared);
            match thread::Builder::new().name(format!("hash-{number}")).spawn(move || shared.work(&params)) {
                Ok(_) => {}
                Err(error) if number == 0 => return Err(error),
                Err(error) => {
                    tracing::warn!(
                        code = "hashing_threads_few",
                        threads = number,
                        wanted = threads,
                        "cannot start more password-hashing threads: {error}"
                    );
                    break;
                }
            }
        }
        Ok(pool)
    }

    /// Runs `work` on a thread. If nobody waits for the result any more when its turn comes, it is skipped.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Scratch) -> Result<T, OutOfMemory> + Send + 'static,
    ) -> Result<T, HashingBusy> {
        let (answer, answered) = oneshot::channel();
        self.shared.push(Box::new(move |scratch| {
            if !answer.is_closed() {
                let _ = answer.send(work(scratch));
            }
        }))?;
        #[cfg(feature = "otlp")]
        let answered = crate::parts::part("hash password", answered);
        // Only a job that panicked leaves without an answer; trying again later is all that can be advised.
        answered.await.map_err(|_| HashingBusy)?.map_err(|error| {
            tracing::warn!(
                code = "hashing_out_of_memory",
                "{error}; password.threads limits how many passwords are hashed at once"
            );
            HashingBusy
        })
    }
}

#[async_trait]
impl Hashing for HashPool {
    async fn verify(
        &self,
        hash: PasswordHash,
        candidate: Password,
        padding: Padding,
    ) -> Result<Verification, HashingBusy> {
        let params = self.params;
        self.run(move |scratch| {
            scratch.reserve(Some(&hash), &params)?;
            padding.kinds.reserve(&params, scratch)?;
            Ok(verify_padded(&hash, &candidate, &params, &padding, scratch))
        })
        .await
    }

    async fn hash(&self, password: Password, salt: [u8; 16]) -> Result<PasswordHash, HashingBusy> {
        let params = self.params;
        self.run(move |scratch| {
            scratch.reserve(None, &params)?;
            Ok(jeton_authority::password::hash(&password, salt, &params, scratch))
        })
        .await
    }

    fn places(&self) -> Option<usize> {
        Some(self.shared.capacity.saturating_add(self.threads))
    }
}

impl Drop for HashPool {
    fn drop(&mut self) {
        let mut queue = self.shared.lock();
        queue.open = false;
        queue.jobs.clear();
        drop(queue);
        self.shared.filled.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // A queue has no state half-way that a panic could leave behind.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Job) -> Result<(), HashingBusy> {
        let mut queue = self.lock();
        if queue.jobs.len() >= self.capacity {
            self.turned_away.add_one();
            return Err(HashingBusy);
        }
        queue.jobs.push_back(job);
        drop(queue);
        self.filled.notify_one();
        Ok(())
    }

    /// The loop of a thread, until the pool is dropped.
    fn work(&self, params: &Argon2Params) {
        yield_to_others();
        let mut scratch = None;
        while let Some(next) = self.next(scratch.is_some()) {
            match next {
                Next::Memory => {
                    let mut memory = Scratch::default();
                    if memory.reserve(None, params).is_ok() || self.nobody_holds_memory() {
                        self.lock().holding += 1;
                        scratch = Some(memory);
                    } else {
                        // Those who have memory do the work.
                        self.filled.notify_one();
                        thread::sleep(MEMORY_PAUSE);
                    }
                }
                Next::Job(job) => {
                    let Some(memory) = &mut scratch else { continue };
                    let began = Instant::now();
                    let done = catch_unwind(AssertUnwindSafe(|| job(memory)));
                    self.durations.add(began.elapsed());
                    if done.is_err() {
                        tracing::error!(code = "hashing_panicked", "hashing a password panicked");
                        self.release(&mut scratch);
                    }
                }
                Next::Nothing => self.release(&mut scratch),
            }
        }
    }

    fn nobody_holds_memory(&self) -> bool {
        self.lock().holding == 0
    }

    fn release(&self, scratch: &mut Option<Scratch>) {
        if scratch.take().is_some() {
            self.lock().holding -= 1;
        }
    }

    /// The next job; `None` after the pool has closed.
    fn next(&self, holds_memory: bool) -> Option<Next> {
        let mut queue = self.lock();
        loop {
            if !queue.open {
                return None;
            }
            if !holds_memory && !queue.jobs.is_empty() {
                return Some(Next::Memory);
            }
            if let Some(job) = queue.jobs.pop_front() {
                return Some(Next::Job(job));
            }
            if holds_memory {
                let (waited, timeout) =
                    self.filled.wait_timeout(queue, MEMORY_KEPT).unwrap_or_else(PoisonError::into_inner);
                queue = waited;
                if timeout.timed_out() && queue.jobs.is_empty() && queue.open {
                    return Some(Next::Nothing);
                }
            } else {
                queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

enum Next {
    /// Allocate memory: there is a job.
    Memory,
    Job(Job),
    /// There has been no job for a while.
    Nothing,
}

/// Lowers the priority of this thread. On Linux this affects only the thread; elsewhere nothing is changed.
#[cfg(target_os = "linux")]
fn yield_to_others() {
    /// On the scale of `nice`.
    const NICENESS: i32 = 10;
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS) {
        tracing::debug!("cannot lower the priority of a hashing thread: {error}");
    }
}

#[cfg(not(target_os = "linux"))]
fn yield_to_others() {}
