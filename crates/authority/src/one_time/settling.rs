//! What becomes of a code that is presented, once it is known what presenting it does: pure functions.

use jeton_jose::Timestamp;

use super::{CodeState, CodeVerdict};
use crate::GrantId;
use crate::grant::{NewGrant, OpenedGrant};

/// The outcome of exchanging a code for a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeRedemption {
    /// The code is used, and the grant is open.
    Opened {
        /// [`Grant::sid`](crate::grant::Grant::sid), where it is another grant's identifier.
        sid: Option<GrantId>,
    },
    /// The code had been used a moment ago by the same owner, and nothing changed.
    Repeated {
        /// The grant that the code gave.
        grant: Option<GrantId>,
    },
    /// The code had been used before, and the grant that it gave ended with this call, if it had not before.
    Replayed {
        /// The grant that the code gave.
        grant: Option<GrantId>,
    },
    /// Its time is over.
    Expired,
    /// There is no such code for who presents it.
    Unknown,
    /// The user was disabled or deleted, their password changed, or their session ended, since the code was given.
    CredentialsChanged,
}

/// What presenting a code comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeDecision {
    /// What to answer.
    pub outcome: CodeRedemption,
    /// To be written where the code is used with this presentation.
    pub used: Option<UsedCode>,
    /// The grant that ends, recorded as [`AuditEvent::CodeReplayed`](crate::audit::AuditEvent::CodeReplayed).
    pub ends: Option<GrantId>,
}

/// A code that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedCode {
    /// When.
    pub at: Timestamp,
    /// The grant that it gave; none where that could not be opened.
    pub grant: Option<GrantId>,
}

/// What becomes of a code that opens no grant.
pub fn settle(code: &CodeState, verdict: CodeVerdict) -> CodeDecision {
    let grant = code.grant;
    let (outcome, ends) = match verdict {
        CodeVerdict::Retry => (CodeRedemption::Repeated { grant }, None),
        CodeVerdict::Replay => (CodeRedemption::Replayed { grant }, grant),
        CodeVerdict::Expired => (CodeRedemption::Expired, None),
        CodeVerdict::Redeem | CodeVerdict::Refuse => (CodeRedemption::Unknown, None),
    };
    CodeDecision { outcome, used: None, ends }
}

/// What becomes of a code that is redeemed for a grant. It is used though the grant could not be opened: what failed once does not get
/// better.
pub fn redeem_code(grant: &NewGrant, opened: Option<&OpenedGrant>, at: Timestamp) -> CodeDecision {
    let outcome = match opened {
        Some(opened) => CodeRedemption::Opened { sid: opened.sid },
        None => CodeRedemption::CredentialsChanged,
    };
    CodeDecision { outcome, used: Some(UsedCode { at, grant: opened.map(|_| grant.id) }), ends: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRANT: GrantId = GrantId::from_bytes([1; 16]);

    #[test]
    fn only_a_replay_ends_the_grant_that_a_code_gave() {
        let at = Timestamp::from_unix;
        let code = CodeState { expires_at: at(60), redeemed_at: Some(at(1)), grant: Some(GRANT) };
        for (verdict, outcome, ends) in [
            (CodeVerdict::Retry, CodeRedemption::Repeated { grant: Some(GRANT) }, None),
            (CodeVerdict::Replay, CodeRedemption::Replayed { grant: Some(GRANT) }, Some(GRANT)),
            (CodeVerdict::Expired, CodeRedemption::Expired, None),
            (CodeVerdict::Refuse, CodeRedemption::Unknown, None),
        ] {
            assert_eq!(settle(&code, verdict), CodeDecision { outcome, used: None, ends });
        }
    }
}
