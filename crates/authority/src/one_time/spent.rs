//! The authorization codes that a node exchanged lately, in case the store forgets it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jeton_jose::Timestamp;

use super::OneTimeHash;

/// How many are remembered at most. The ones that were exchanged first are forgotten first.
const MOST: usize = 1 << 16;

/// The codes that a node exchanged, for as long as they would be good otherwise.
#[derive(Debug, Default)]
pub(crate) struct SpentCodes {
    /// Each with the time when it no longer matters, in the order in which they were exchanged.
    codes: Mutex<VecDeque<(Timestamp, OneTimeHash)>>,
}

impl SpentCodes {
    /// Remembers a code that expires at `until` at the latest.
    pub(crate) fn note(&self, code: OneTimeHash, until: Timestamp, now: Timestamp) {
        let mut codes = self.codes();
        while codes.front().is_some_and(|(until, _)| *until <= now) || codes.len() >= MOST {
            codes.pop_front();
        }
        codes.push_back((until, code));
    }

    /// Those that may still be good where it was forgotten that they were exchanged.
    pub(crate) fn list(&self, now: Timestamp) -> Vec<OneTimeHash> {
        self.codes().iter().filter(|(until, _)| *until > now).map(|(_, code)| *code).collect()
    }

    fn codes(&self) -> MutexGuard<'_, VecDeque<(Timestamp, OneTimeHash)>> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::one_time::example::at;

    #[test]
    fn a_code_is_remembered_while_it_would_be_good() {
        let spent = SpentCodes::default();
        let [first, second] = ["first", "second"].map(OneTimeHash::of);
        spent.note(first, at(60), at(0));
        spent.note(second, at(90), at(30));
        assert_eq!(spent.list(at(59)), [first, second]);
        assert_eq!(spent.list(at(60)), [second]);
        assert_eq!(spent.list(at(90)), []);
    }

    #[test]
    fn no_number_of_codes_takes_more_than_so_much_memory() {
        let spent = SpentCodes::default();
        for number in 0..MOST + 10 {
            spent.note(OneTimeHash::of(&number.to_string()), at(60), at(0));
        }
        let kept = spent.list(at(1));
        assert_eq!((kept.len(), kept[0]), (MOST, OneTimeHash::of("10")));
        spent.note(OneTimeHash::of("later"), at(200), at(100));
        assert_eq!(spent.codes().len(), 1);
    }
}
