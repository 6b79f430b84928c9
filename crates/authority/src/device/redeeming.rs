//! Exchanging a device code for a grant: pure functions.

use jeton_jose::Timestamp;

use crate::grant::{NewGrant, OpenedGrant};
use crate::one_time::{self, CodeDecision, CodeState, CodeVerdict, Presentation};

/// The result of redeeming a device code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceCodeDecision {
    /// What happens to the code.
    pub code: CodeDecision,
    /// Whether the approval is withdrawn.
    pub takes_approval_back: bool,
}

/// Decides the result of presenting a device code. A code that nobody approved is worthless.
pub fn present(code: &CodeState, is_approved: bool, presentation: &Presentation) -> CodeVerdict {
    match one_time::present(code, presentation) {
        CodeVerdict::Redeem if !is_approved => CodeVerdict::Refuse,
        verdict => verdict,
    }
}

/// What happens to a device code that is redeemed for a grant. If the grant could not be created, that failure is
/// permanent: the code is not used, but the approval no longer counts. A device's client has no browser session.
pub fn redeem(grant: &NewGrant, opened: Option<&OpenedGrant>, at: Timestamp) -> DeviceCodeDecision {
    let code = one_time::redeem_code(grant, opened, at);
    match opened {
        Some(_) => DeviceCodeDecision { code, takes_approval_back: false },
        None => DeviceCodeDecision { code: CodeDecision { used: None, ..code }, takes_approval_back: true },
    }
}

/// Whether a device code can be marked as exchanged although it gave no grant. One that waits for its user's decision is worthless
/// afterwards, too.
pub fn can_be_spent(code: &CodeState, now: Timestamp) -> bool {
    code.redeemed_at.is_none() && code.expires_at > now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_spent_once_and_in_time() {
        let at = Timestamp::from_unix;
        let code = |redeemed_at| CodeState { expires_at: at(60), redeemed_at, grant: None };
        assert!(can_be_spent(&code(None), at(59)) && !can_be_spent(&code(None), at(60)));
        assert!(!can_be_spent(&code(Some(at(1))), at(2)));
    }
}
