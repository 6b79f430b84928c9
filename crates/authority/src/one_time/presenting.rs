//! The effect of presenting an authorization code or a device code: one pure function.

use std::time::Duration;

use jeton_jose::Timestamp;

use crate::GrantId;

/// Who presents a code, as far as the request proves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presenter {
    /// The client that the code was issued to, with everything that the code is bound to: the redirect URI, the
    /// verifier, the key.
    Owner,
    /// Another client, or the right one without what the code is bound to: the code is in the wrong hands.
    Stranger,
    /// A public client presents the code of a confidential one. Anybody can send such a request, so it ends nothing:
    /// somebody who has merely seen a code must not be able to sign its user out.
    Anybody,
}

/// A presented code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presentation {
    /// Who presents it.
    pub by: Presenter,
    /// When it is presented.
    pub at: Timestamp,
    /// How long after its first use the same code from its owner is a retry: `refresh.grace`.
    pub grace: Duration,
}

/// The state of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeState {
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was used, if so.
    pub redeemed_at: Option<Timestamp>,
    /// The grant that it led to, if any.
    pub grant: Option<GrantId>,
}

/// The effect of presenting a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeVerdict {
    /// The code is redeemed now.
    Redeem,
    /// It was redeemed recently by the same owner: a retry, which ends nothing.
    Retry,
    /// It was redeemed before and may have been stolen: the grant that it led to ends (RFC 6749 §4.1.2).
    Replay,
    /// It expired before it was used.
    Expired,
    /// It is refused, and nothing changes.
    Refuse,
}

/// Decides the effect of presenting a code.
///
/// An unused code stays valid when a stranger presents it, so nobody can spoil it for its owner.
pub fn present(code: &CodeState, presentation: &Presentation) -> CodeVerdict {
    let Presentation { by, at, grace } = *presentation;
    match (code.redeemed_at, by) {
        (None, Presenter::Owner) if code.expires_at <= at => CodeVerdict::Expired,
        (None, Presenter::Owner) => CodeVerdict::Redeem,
        (None, _) | (Some(_), Presenter::Anybody) => CodeVerdict::Refuse,
        // In both directions, as the grace of refresh tokens: a clock that steps back a little changes nothing.
        (Some(used), Presenter::Owner) if at.unix().abs_diff(used.unix()) < grace.as_secs() => {
            CodeVerdict::Retry
        }
        (Some(_), _) => CodeVerdict::Replay,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USED: i64 = 1_000;

    fn decided(redeemed_at: Option<i64>, by: Presenter, at: i64, grace: u64) -> CodeVerdict {
        let code = CodeState {
            expires_at: Timestamp::from_unix(1_060),
            redeemed_at: redeemed_at.map(Timestamp::from_unix),
            grant: None,
        };
        let at = Timestamp::from_unix(at);
        present(&code, &Presentation { by, at, grace: Duration::from_secs(grace) })
    }

    #[test]
    fn a_used_code_of_its_owner_is_a_retry_within_the_grace_and_a_replay_after_it() {
        for (at, verdict) in [
            (USED, CodeVerdict::Retry),
            (USED + 29, CodeVerdict::Retry),
            (USED + 30, CodeVerdict::Replay),
            (USED + 86_400, CodeVerdict::Replay),
            (USED - 29, CodeVerdict::Retry),
            (USED - 30, CodeVerdict::Replay),
        ] {
            assert_eq!(decided(Some(USED), Presenter::Owner, at, 30), verdict, "at {at}");
        }
        assert_eq!(decided(Some(USED), Presenter::Owner, USED, 0), CodeVerdict::Replay, "without a grace");
    }

    #[test]
    fn a_used_code_in_the_wrong_hands_is_a_replay_at_once_but_not_where_anybody_could_say_so() {
        for at in [USED, USED + 600] {
            assert_eq!(decided(Some(USED), Presenter::Stranger, at, 30), CodeVerdict::Replay);
            assert_eq!(decided(Some(USED), Presenter::Anybody, at, 30), CodeVerdict::Refuse);
        }
    }

    #[test]
    fn an_unused_code_is_for_its_owner_alone_and_nobody_spoils_it() {
        assert_eq!(decided(None, Presenter::Owner, 1_059, 30), CodeVerdict::Redeem);
        assert_eq!(decided(None, Presenter::Owner, 1_060, 30), CodeVerdict::Expired);
        for by in [Presenter::Stranger, Presenter::Anybody] {
            assert_eq!(decided(None, by, 1_059, 30), CodeVerdict::Refuse);
        }
    }
}
