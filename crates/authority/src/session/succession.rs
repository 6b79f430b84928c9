//! The successive sessions of one browser: each sign-in creates a session that replaces the previous one.
//!
//! The response with a browser's new secret may be lost. The browser then presents the secret of a replaced session,
//! and signs in or out with it. The grants of the session that the browser never learned of must not be left behind,
//! because nothing could end them.

use jeton_jose::Timestamp;

use crate::{SessionId, UserId};

/// For how many successive sessions the responses may be lost. A client that signs in more often without ever using
/// the result is not a browser, and following the chain stays cheaper than verifying a password.
const LONGEST_LINE: usize = 256;

/// The state of a session among those of its browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionStanding {
    /// The session.
    pub id: SessionId,
    /// The user.
    pub user: UserId,
    /// The user's epoch for which it is valid.
    pub epoch: u64,
    /// When it expires, however often it is used.
    pub expires_at: Timestamp,
    /// Whether it has ended. A session that is idle for too long has not.
    pub ended: bool,
    /// The session that replaced it, if there is one.
    pub replaced_by: Option<SessionId>,
    /// Whether its secret has ever been presented, so that the browser is known to have it.
    pub seen: bool,
}

/// What happens to a session when its browser signs in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Succession {
    /// The same user: its grants move to the new session.
    Inherited,
    /// Another user: it ends with its grants.
    Ended,
}

/// Decides what happens to a session that is replaced by a sign-in of `by`.
pub fn succeed(session: &SessionStanding, by: UserId) -> Succession {
    if session.user == by { Succession::Inherited } else { Succession::Ended }
}

/// The session that a browser's secret stands for when the browser signs in or out. It is the secret's own session
/// until that ends, however long it was idle. If it was replaced, it is the replacement, as long as nobody has
/// presented the replacement's secret. After that, the old secret belongs to another browser.
///
/// # Errors
/// `load` fails.
pub fn session_of_browser<E>(
    own: SessionStanding,
    load: impl FnMut(SessionId) -> Result<Option<SessionStanding>, E>,
) -> Result<Option<SessionStanding>, E> {
    last_of_line(own, load, |_, next| !next.seen)
}

/// The session that the grants of `session` belong to: itself until it ends, or the session of the same user that
/// replaced it. So a code that is not redeemed yet survives a second sign-in.
///
/// # Errors
/// `load` fails.
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

    /// Sessions that replaced each other in this order; the last one has not ended.
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
