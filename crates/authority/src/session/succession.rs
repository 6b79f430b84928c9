//! The sessions of one browser in their order: each sign-in opens a session that takes the place of the one before.
//!
//! The answer that hands a browser its new secret may be lost. The browser then comes with the secret of a session that was
//! replaced, and signs in or out with it. What hangs on the session that it never heard of must not be left behind: it would
//! be in nobody's reach.

use jeton_jose::Timestamp;

use crate::{SessionId, UserId};

/// Of how many sessions in a row the answers may be lost. Whoever signs in more often than that without ever using what they
/// get is no browser, and walking the line stays cheaper than checking a password.
const LONGEST_LINE: usize = 256;

/// How a session stands among those of its browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionStanding {
    /// The session.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// The user's epoch that it holds for.
    pub epoch: u64,
    /// When it ends however often it is used.
    pub expires_at: Timestamp,
    /// Whether it has ended. One that was not used for too long has not.
    pub ended: bool,
    /// The session that took its place, if one did.
    pub replaced_by: Option<SessionId>,
    /// Whether anybody has come with its secret, so that a browser is known to have it.
    pub seen: bool,
}

/// What becomes of a session whose browser signs in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Succession {
    /// The same user: what came from it goes over to the new session.
    Inherited,
    /// Another user: it ends with its grants.
    Ended,
}

/// Decides what becomes of a session in whose place `by` signs in.
pub fn succeed(session: &SessionStanding, by: UserId) -> Succession {
    if session.user == by { Succession::Inherited } else { Succession::Ended }
}

/// The session that a browser's secret stands for when the browser signs in or out: the secret's own session until it ends,
/// however long it was not used. Where another session took its place, that one, as long as nobody has come with the secret of
/// that one. Once somebody has, the browser of the old secret is another.
///
/// # Errors
/// When `load` fails.
pub fn session_of_browser<E>(
    own: SessionStanding,
    load: impl FnMut(SessionId) -> Result<Option<SessionStanding>, E>,
) -> Result<Option<SessionStanding>, E> {
    last_of_line(own, load, |_, next| !next.seen)
}

/// The session that what came from `session` belongs to: itself until it ends, or the one of the same user that took its
/// place. So a code that waits to be redeemed survives a second sign-in.
///
/// # Errors
/// When `load` fails.
pub fn heir<E>(
    session: SessionStanding,
    load: impl FnMut(SessionId) -> Result<Option<SessionStanding>, E>,
) -> Result<Option<SessionStanding>, E> {
    last_of_line(session, load, |before, next| before.user == next.user)
}

fn last_of_line<E>(
    first: SessionStanding,
    mut load: impl FnMut(SessionId) -> Result<Option<SessionStanding>, E>,
    leads_on: impl Fn(&SessionStanding, &SessionStanding) -> bool,
) -> Result<Option<SessionStanding>, E> {
    let mut at = first;
    for _ in 0..=LONGEST_LINE {
        if !at.ended {
            return Ok(Some(at));
        }
        let Some(next) = at.replaced_by else { return Ok(None) };
        match load(next)? {
            Some(next) if leads_on(&at, &next) => at = next,
            _ => return Ok(None),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    const ADA: UserId = UserId::from_bytes([1; 16]);
    const BOB: UserId = UserId::from_bytes([2; 16]);

    fn id(number: usize) -> SessionId {
        SessionId::from_bytes((number as u128).to_be_bytes())
    }

    /// Sessions that replaced one another in this order; the last one has not ended.
    fn line(sessions: &[(UserId, bool)]) -> Vec<SessionStanding> {
        let standing = |(index, &(user, seen)): (usize, &(UserId, bool))| {
            let is_last = index + 1 == sessions.len();
            let replaced_by = (!is_last).then(|| id(index + 1));
            SessionStanding {
                id: id(index),
                user,
                epoch: 0,
                expires_at: Timestamp::MAX,
                ended: !is_last,
                replaced_by,
                seen,
            }
        };
        sessions.iter().enumerate().map(standing).collect()
    }

    fn found(
        line: &[SessionStanding],
        rule: impl Fn(
            SessionStanding,
            &dyn Fn(SessionId) -> Result<Option<SessionStanding>, Infallible>,
        ) -> Result<Option<SessionStanding>, Infallible>,
    ) -> Option<usize> {
        let load = |wanted| Ok(line.iter().find(|session| session.id == wanted).copied());
        let Ok(found) = rule(line[0], &load);
        found.map(|found| line.iter().position(|session| *session == found).expect("one of them"))
    }

    #[test]
    fn a_secret_stands_for_the_session_that_its_browser_never_heard_of_and_no_other() {
        let of_browser = |line: &[SessionStanding]| found(line, |own, load| session_of_browser(own, load));
        assert_eq!(of_browser(&line(&[(ADA, true)])), Some(0));
        assert_eq!(of_browser(&line(&[(ADA, true), (ADA, false)])), Some(1));
        assert_eq!(of_browser(&line(&[(ADA, true), (ADA, false), (ADA, false)])), Some(2));
        assert_eq!(of_browser(&line(&[(ADA, true), (BOB, false)])), Some(1));
        assert_eq!(of_browser(&line(&[(ADA, true), (ADA, true)])), None, "another browser has it");
        let mut signed_out = line(&[(ADA, true), (ADA, false)]);
        signed_out[1].ended = true;
        assert_eq!(of_browser(&signed_out), None);
    }

    #[test]
    fn what_came_from_a_session_goes_over_to_the_next_one_of_the_same_user() {
        let heir = |line: &[SessionStanding]| found(line, |session, load| heir(session, load));
        assert_eq!(heir(&line(&[(ADA, true)])), Some(0));
        assert_eq!(heir(&line(&[(ADA, true), (ADA, true), (ADA, false)])), Some(2));
        assert_eq!(heir(&line(&[(ADA, true), (BOB, true)])), None);
        assert_eq!(heir(&line(&[(ADA, true), (BOB, true), (ADA, true)])), None, "it ended when bob came");
    }

    #[test]
    fn a_line_is_walked_so_far_and_no_further() {
        let of_browser = |length| {
            let line = line(&vec![(ADA, false); length]);
            found(&line, |own, load| session_of_browser(own, load))
        };
        assert_eq!(of_browser(LONGEST_LINE + 1), Some(LONGEST_LINE));
        assert_eq!(of_browser(LONGEST_LINE + 2), None);
    }

    #[test]
    fn the_same_user_inherits_and_another_one_ends_the_session() {
        let session = line(&[(ADA, true)])[0];
        assert_eq!(succeed(&session, ADA), Succession::Inherited);
        assert_eq!(succeed(&session, BOB), Succession::Ended);
    }
}
