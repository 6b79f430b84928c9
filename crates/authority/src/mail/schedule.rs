//! When a mail is tried again, and when it is over.

use std::time::Duration;

use jeton_jose::Timestamp;

use crate::display_text::visible;

/// The pause after the first failed attempt; each further pause is three times as long.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
/// How much of what a server says is kept, in characters.
pub const LONGEST_PROBLEM: usize = 300;

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailOutcome {
    /// The server took the mail.
    Accepted,
    /// Not now: the server said so (4xx), or could not be reached or talked to. The text says why.
    Later(String),
    /// The server refused this mail for good (5xx). The text says why.
    Refused(String),
}

/// What is stored about an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailSettled {
    /// It was sent. What was secret in it is forgotten.
    Sent,
    /// It is tried again.
    Again {
        /// When.
        due_at: Timestamp,
        /// Why it failed this time.
        problem: Box<str>,
    },
    /// It failed, and is kept for the operator.
    Failed {
        /// Why.
        problem: Box<str>,
    },
}

/// What becomes of a mail after an attempt. `attempts` failed before.
pub fn settle(attempts: u32, expires_at: Timestamp, outcome: MailOutcome, now: Timestamp) -> MailSettled {
    match outcome {
        MailOutcome::Accepted => MailSettled::Sent,
        MailOutcome::Refused(problem) => MailSettled::Failed { problem: shortened(&problem) },
        MailOutcome::Later(problem) => {
            let due_at = now.saturating_add(pause(attempts));
            let problem = shortened(&problem);
            if due_at < expires_at {
                MailSettled::Again { due_at, problem }
            } else {
                MailSettled::Failed { problem }
            }
        }
    }
}

fn pause(attempts: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(3_u32.saturating_pow(attempts)).min(LONGEST_PAUSE)
}

/// What a server said, as far as it is kept: another machine's text, so nothing in it is hidden.
fn shortened(problem: &str) -> Box<str> {
    let short: String = problem.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = short.chars().take(LONGEST_PROBLEM).collect();
    // A problem that says nothing is one all the same.
    if short.is_empty() { "no reason given".into() } else { visible(&short).into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn later(attempts: u32, life: u64) -> MailSettled {
        let expires_at = NOW.saturating_add(Duration::from_secs(life));
        settle(attempts, expires_at, MailOutcome::Later("450 greylisted".to_owned()), NOW)
    }

    #[test]
    fn pauses_grow_until_the_mail_is_over() {
        let due = |attempts, seconds| match later(attempts, 3600) {
            MailSettled::Again { due_at, problem } => {
                assert_eq!(&*problem, "450 greylisted");
                assert_eq!(due_at, NOW.saturating_add(Duration::from_secs(seconds)));
            }
            other => panic!("{other:?}"),
        };
        due(0, 10);
        due(1, 30);
        due(4, 810);
        due(5, 900);
        due(u32::MAX, 900);
        assert_eq!(later(5, 900), MailSettled::Failed { problem: "450 greylisted".into() });
        assert_eq!(later(0, 10), MailSettled::Failed { problem: "450 greylisted".into() });
    }

    #[test]
    fn what_is_refused_for_good_is_not_tried_again() {
        let refused = MailOutcome::Refused("550 no such\r\n user \u{202e}".to_owned());
        let settled = settle(0, NOW.saturating_add(Duration::from_secs(3600)), refused, NOW);
        assert_eq!(settled, MailSettled::Failed { problem: r"550 no such user \u{202e}".into() });
        let long = MailOutcome::Refused("x".repeat(10_000));
        let MailSettled::Failed { problem } = settle(0, NOW, long, NOW) else { panic!("it failed") };
        assert_eq!(problem.len(), LONGEST_PROBLEM);
    }

    #[test]
    fn what_was_taken_is_sent_however_late() {
        assert_eq!(settle(7, NOW, MailOutcome::Accepted, NOW), MailSettled::Sent);
    }
}
