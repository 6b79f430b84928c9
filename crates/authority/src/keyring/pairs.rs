//! Key pairs that are generated in the background, because an RSA key takes a second on a slow machine. A request that
//! needs one waits, without blocking others.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jeton_jose::{Algorithm, PrivateKey};
use tokio::sync::watch;
use tokio::task::spawn_blocking;

/// A key pair, or the error; `None` while it is being generated.
type Made = Option<Result<PrivateKey, Box<str>>>;

/// Generates key pairs on separate threads, at most one per algorithm at a time.
#[derive(Default)]
pub(crate) struct KeyPairs {
    begun: Mutex<Vec<(Algorithm, watch::Receiver<Made>)>>,
}

impl KeyPairs {
    /// A key pair for this algorithm. Concurrent callers get the same one. If all of them stop waiting, it is
    /// generated anyway, and kept until [`KeyPairs::forget`], so that a request that ends too early does not start
    /// again.
    ///
    /// # Errors
    /// The reason why it could not be generated.
    pub(crate) async fn make(&self, algorithm: Algorithm) -> Result<PrivateKey, Box<str>> {
        let mut made = self.begin(algorithm);
        let outcome = match made.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone(),
            Err(_) => None,
        };
        let outcome = outcome.unwrap_or_else(|| Err("the key was not made to the end".into()));
        if outcome.is_err() {
            self.forget(algorithm);
        }
        outcome
    }

    /// Drops the key pair of an algorithm after it has been stored.
    pub(crate) fn forget(&self, algorithm: Algorithm) {
        self.begun().retain(|(known, _)| *known != algorithm);
    }

    fn begin(&self, algorithm: Algorithm) -> watch::Receiver<Made> {
        let mut begun = self.begun();
        if let Some((_, made)) = begun.iter().find(|(known, _)| *known == algorithm) {
            return made.clone();
        }
        let (sender, made) = watch::channel(None);
        spawn_blocking(move || {
            let key = PrivateKey::generate(algorithm).map_err(|error| error.to_string().into());
            sender.send_replace(Some(key));
        });
        begun.push((algorithm, made.clone()));
        made
    }

    fn begun(&self) -> MutexGuard<'_, Vec<(Algorithm, watch::Receiver<Made>)>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;

    use super::*;

    #[tokio::test]
    async fn those_who_ask_at_once_get_one_key_pair_and_the_next_one_another() {
        let pairs = KeyPairs::default();
        let (one, other) = tokio::join!(pairs.make(Algorithm::ES256), pairs.make(Algorithm::ES256));
        let thumbprint =
            |made: Result<PrivateKey, _>| made.expect("a key").public_key().to_jwk().thumbprint();
        let (one, other) = (thumbprint(one), thumbprint(other));
        assert_eq!(one, other);
        pairs.forget(Algorithm::ES256);
        assert_ne!(thumbprint(pairs.make(Algorithm::ES256).await), one);
    }

    #[tokio::test]
    async fn a_key_pair_is_made_to_the_end_although_nobody_waits_for_it() {
        let pairs = KeyPairs::default();
        {
            let mut made = pin!(pairs.make(Algorithm::RS256));
            assert!(poll_fn(|cx| Poll::Ready(made.as_mut().poll(cx).is_pending())).await);
        }
        assert_eq!(pairs.begun().len(), 1);
        let begun = pairs.begin(Algorithm::RS256);
        pairs.make(Algorithm::RS256).await.expect("a key");
        assert!(begun.borrow().is_some(), "the one that was begun");
    }

    #[tokio::test]
    async fn what_cannot_be_made_is_tried_again() {
        let pairs = KeyPairs::default();
        assert!(pairs.make(Algorithm::HS256).await.is_err());
        assert!(pairs.begun().is_empty());
    }
}
