//! Answering a request that is kept: it gives one code.

use jeton_jose::Timestamp;

use super::{OneTime, OneTimeHash};

/// How a kept request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its user has still to answer it.
    Waiting,
    /// It gave its code.
    Answered,
    /// Its time is over.
    Expired,
}

impl Standing {
    /// How the request of this row stands.
    pub fn of(row: &OneTime, now: Timestamp) -> Self {
        if row.redeemed_at.is_some() {
            Self::Answered
        } else if row.expires_at <= now {
            Self::Expired
        } else {
            Self::Waiting
        }
    }
}

/// A kept request that is to be answered with a code.
#[derive(Debug, Clone)]
pub struct NewAnswer {
    /// The request.
    pub request: OneTimeHash,
    /// The code, which is one and the same for this request and browser.
    pub code: OneTimeHash,
    /// What the code stands for.
    pub content: Box<str>,
    /// Until when the code may be redeemed.
    pub code_expires_at: Timestamp,
    /// Until when the answered request is remembered.
    pub kept_until: Timestamp,
}

impl NewAnswer {
    /// Until when the answered request lives; nothing where it lives that long anyway.
    pub fn prolongs(&self, request: &OneTime) -> Option<Timestamp> {
        (request.expires_at < self.kept_until).then_some(self.kept_until)
    }
}

/// The outcome of answering a kept request with a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestAnswer {
    /// It is answered with this call: the request is used and the code is placed.
    Answered,
    /// It was answered before.
    AnsweredBefore {
        /// The code of this browser, where it was this browser that answered and the code is still remembered.
        code: Option<OneTime>,
    },
    /// Its time is over.
    Expired,
    /// There is no such request.
    Unknown,
}

/// Decides whether a kept request gives a code, from its row and the row of the code that it would give at this browser. With
/// [`RequestAnswer::Answered`] the store marks the request as used and places the code, in the same transaction.
pub fn answer_request(request: Option<&OneTime>, code: Option<OneTime>, now: Timestamp) -> RequestAnswer {
    match request.map(|row| Standing::of(row, now)) {
        None => RequestAnswer::Unknown,
        Some(Standing::Waiting) => RequestAnswer::Answered,
        Some(Standing::Answered) => RequestAnswer::AnsweredBefore { code },
        Some(Standing::Expired) => RequestAnswer::Expired,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::one_time::example::{at, row};

    #[test]
    fn a_request_is_answered_once_and_in_time() {
        let code = row("{}", 60, None);
        let answer =
            |request: Option<OneTime>, now| answer_request(request.as_ref(), Some(code.clone()), at(now));
        assert_eq!(answer(None, 0), RequestAnswer::Unknown);
        assert_eq!(answer(Some(row("", 540, None)), 539), RequestAnswer::Answered);
        assert_eq!(answer(Some(row("", 540, None)), 540), RequestAnswer::Expired);
        let before = RequestAnswer::AnsweredBefore { code: Some(code.clone()) };
        assert_eq!(answer(Some(row("", 540, Some(5))), 6), before);
        assert_eq!(answer(Some(row("", 540, Some(5))), 600), before);
    }
}
