//! jeton-guard, which recognises a token that it has verified before.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use jeton_guard::{Guard, GuardedClaims};
use jeton_jose::SharedSecret;
use jeton_oauth::Confirmation;

use super::{Case, Failure, Task};
use crate::Step;
use crate::claims::{AUDIENCE, Claims, ISSUER, KID};
use crate::keys::Key;

const NAME: &str = "jeton";

impl GuardedClaims for Claims {
    fn confirmation(&self) -> Option<&Confirmation> {
        None
    }
}

/// One hot token, with the system's clock asked each time.
pub(super) fn cases(task: &Task) -> Result<Vec<Case>, Failure> {
    let Key::Shared(secret) = &task.key else { return Ok(Vec::new()) };
    let key = SharedSecret::new(task.algorithm, secret)?.with_kid(KID);
    let guard = Guard::builder(ISSUER, AUDIENCE, key).typ("JWT").claims::<Claims>().remember(10_000).build();
    let token = task.token.clone();
    Ok(vec![Case::new(NAME, Step::Remember, move || {
        let verified = pin!(guard.verify(black_box(&token)));
        match verified.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(verified) => drop(black_box(verified.expect("the token is good"))),
            Poll::Pending => panic!("there is nothing to wait for"),
        }
    })])
}
