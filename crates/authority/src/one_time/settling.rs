//! What happens to a presented code, once the effect of presenting it is known: pure functions.

use jeton_jose::Timestamp;

use super::{CodeState, CodeVerdict};
use crate::GrantId;
use crate::grant::{NewGrant, OpenedGrant};

/// The outcome of exchanging a code for a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeRedemption {
    /// The code is redeemed, and the grant exists.
    Opened {
        /// [`Grant::sid`](crate::grant::Grant::sid), if it is another grant's identifier.
        sid: Option<GrantId>,
    },
    /// The same owner redeemed the code recently; nothing changed.
    Repeated {
        /// The grant that the code led to.
        grant: Option<GrantId>,
    },
    /// The code was redeemed before. The grant that it led to has ended with this call, unless it had ended before.
    Replayed {
        /// The grant that the code led to.
        grant: Option<GrantId>,
    },
    /// The code has expired.
    Expired,
    /// There is no such code for this caller.
    Unknown,
    /// Since the code was issued, the user was disabled or deleted, the password was changed, or the session ended.
    CredentialsChanged,
}

/// The result of presenting a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeDecision {
    /// The result for the caller.
    pub outcome: CodeRedemption,
    /// What to write if the code is redeemed now.
    pub used: Option<UsedCode>,
    /// The grant that ends, recorded as [`AuditEvent::CodeReplayed`](crate::audit::AuditEvent::CodeReplayed).
    pub ends: Option<GrantId>,
}

/// A redeemed code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedCode {
    /// When it was redeemed.
    pub at: Timestamp,
    /// The grant that it led to; `None` if the grant could not be created.
    pub grant: Option<GrantId>,
}

/// What happens to a code that creates no grant.
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

/// What happens to a code that is redeemed for a grant. It counts as redeemed even if the grant could not be created,
/// because that failure is permanent.
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
