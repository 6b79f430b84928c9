//! What a device code does when it is exchanged for a grant: pure functions.

use jeton_jose::Timestamp;

use crate::grant::{NewGrant, OpenedGrant};
use crate::one_time::{self, CodeDecision, CodeState, CodeVerdict, Presentation};

/// What redeeming a device code comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceCodeDecision {
    /// What becomes of the code.
    pub code: CodeDecision,
    /// Whether the approval is taken back.
    pub takes_approval_back: bool,
}

/// Decides what presenting a device code does. One that nobody approved is worth nothing.
pub fn present(code: &CodeState, is_approved: bool, presentation: &Presentation) -> CodeVerdict {
    match one_time::present(code, presentation) {
        CodeVerdict::Redeem if !is_approved => CodeVerdict::Refuse,
        verdict => verdict,
    }
}

/// What becomes of a device code that is redeemed for a grant. Where the grant could not be opened, what failed once does not get better:
/// the code is not used, but nobody said yes any more. The client of a device knows no browser's session.
pub fn redeem(grant: &NewGrant, opened: Option<&OpenedGrant>, at: Timestamp) -> DeviceCodeDecision {
    let code = one_time::redeem_code(grant, opened, at);
    match opened {
        Some(_) => DeviceCodeDecision { code, takes_approval_back: false },
        None => DeviceCodeDecision { code: CodeDecision { used: None, ..code }, takes_approval_back: true },
    }
}
