//! The parts of a request that is traced: what it waits for. Code anywhere can name a part, whether the request is traced or not.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How many parts of one request are kept.
const MOST: usize = 32;

/// A part of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) began: Instant,
    pub(crate) took: Duration,
}

/// The parts of a request so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parts(Arc<Mutex<Vec<Part>>>);

impl Parts {
    /// Takes the parts out.
    pub(crate) fn take(&self) -> Vec<Part> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

thread_local! {
    /// The parts of the request that this thread handles.
    static HERE: RefCell<Option<Parts>> = const { RefCell::new(None) };
}

/// Runs a function for a request, so that [`part`] finds the request's parts.
pub(crate) fn on_behalf_of<T>(parts: Option<&Parts>, act: impl FnOnce() -> T) -> T {
    /// Restores the previous ones, even if `act` panics.
    struct Before(Option<Parts>);
    impl Drop for Before {
        fn drop(&mut self) {
            HERE.set(self.0.take());
        }
    }
    let Some(parts) = parts else { return act() };
    let _before = Before(HERE.replace(Some(parts.clone())));
    act()
}

/// Runs a future as a part of the request that this thread handles, if that is traced.
pub(crate) async fn part<T>(name: &'static str, work: impl Future<Output = T>) -> T {
    let Some(parts) = HERE.with_borrow(Clone::clone) else { return work.await };
    let began = Instant::now();
    let done = work.await;
    let mut parts = parts.0.lock().unwrap_or_else(PoisonError::into_inner);
    if parts.len() < MOST {
        parts.push(Part { name, began, took: began.elapsed() });
    }
    done
}
