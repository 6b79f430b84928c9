//! The refresh rules: one pure function from (grant, its user's standing, presented token, time) to what happens.
//!
//! A refresh token names its grant's *generation*. The grant stores only the current one, so a spent token is known by
//! its number and nothing has to be remembered about it. The rules tell a retry (two tabs at once, a lost response, a
//! client that never stores the new token) from a replay (a copy in other hands): the first is answered with the same
//! successor, the second ends the grant.

use std::sync::Arc;

use jeton_jose::Timestamp;

use crate::audit::{Actor, AuditEvent, AuditRecord, AuditSubject};
use crate::client::Client;
use crate::grant::{Grant, RefreshState};
use crate::settings::RefreshPolicy;
use crate::user::UserStatus;
use crate::{GrantId, Network};

/// Advances in a row without an excuse after which the grant's excuses are forgotten.
///
/// A thief and a user who take turns never reach it: one of the two is always a generation behind.
pub const CLEAN_ADVANCES_TO_FORGIVE: u8 = 2;

/// What a genuine, unexpired refresh token says, who presents it, and from where.
#[derive(Debug, Clone)]
pub struct Presented {
    /// The generation it names.
    pub generation: u64,
    /// When it was minted.
    pub minted_at: Timestamp,
    /// The network of the request.
    pub network: Network,
    /// The client that presents it at the token endpoint; none at the token API, whose tokens name no client.
    pub client: Option<Arc<Client>>,
    /// Whether the request proved the key that the token is bound to.
    pub key: KeyProof,
}

impl Presented {
    /// A token of the token API.
    pub const fn new(generation: u64, minted_at: Timestamp, network: Network) -> Self {
        Self { generation, minted_at, network, client: None, key: KeyProof::None }
    }

    /// The token of a client.
    #[must_use]
    pub fn by(self, client: Arc<Client>, key: KeyProof) -> Self {
        Self { client: Some(client), key, ..self }
    }
}

/// Whether a request proved the key that its refresh token is bound to (DPoP, RFC 9449 §5; mutual TLS, RFC 8705 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyProof {
    /// No, or the token is bound to none.
    None,
    /// Yes. A thief of the token alone cannot.
    Proved,
}

/// What a refresh does to its grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What to answer.
    pub verdict: Verdict,
    /// The grant's state from now on. It differs from the state before only where something has to be written.
    pub state: RefreshState,
    /// The presented token was ahead of the store, which must have gone back in time (a failover, a restored backup).
    pub caught_up: bool,
    /// The grant that ends: to be written as revoked.
    pub ended: Option<GrantId>,
    /// What goes into the audit trail. No case has two records: a token ahead of the store is neither spent nor excused.
    pub audit: Option<AuditRecord>,
}

/// The answer to a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Within the grace: the current token again.
    StandStill,
    /// A spent token of a grant whose key was proved: the current token again.
    KeyHeld,
    /// The normal refresh: the next generation.
    Advance,
    /// The response before was lost: the current token again, and one excuse fewer.
    Excuse,
    /// The parent of a generation that was excused before: the current token again, and nothing counted.
    ExcuseAgain,
    /// A spent token was replayed: the grant ends.
    Revoke,
    /// Nothing is handed out and nothing changes.
    Refuse(RefreshRefusal),
}

/// How a token came to be handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefreshKind {
    /// The grant advanced.
    Advanced,
    /// The current token again, within the grace.
    StoodStill,
    /// The current token again, because the key was proved.
    KeyHeld,
    /// The current token again, because a response was lost.
    Excused,
    /// The presented token was ahead of the store, whatever followed.
    CaughtUp,
}

impl Decision {
    /// How the token of the decision comes to be handed out, if one is.
    pub const fn kind(&self) -> Option<RefreshKind> {
        Some(match self.verdict {
            Verdict::Revoke | Verdict::Refuse(_) => return None,
            _ if self.caught_up => RefreshKind::CaughtUp,
            Verdict::Advance => RefreshKind::Advanced,
            Verdict::StandStill => RefreshKind::StoodStill,
            Verdict::KeyHeld => RefreshKind::KeyHeld,
            Verdict::Excuse | Verdict::ExcuseAgain => RefreshKind::Excused,
        })
    }
}

/// Why a genuine refresh token gets nothing, although it ends nothing either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefreshRefusal {
    /// Another client than the grant's presents it.
    WrongClient,
    /// The grant is bound to a key that the request did not prove.
    KeyNotProved,
    /// The user is disabled.
    UserDisabled,
    /// The grant had been revoked before.
    Revoked,
    /// The grant is past its absolute lifetime.
    Expired,
    /// The client may not have any of what was granted any more.
    NothingPermitted,
}

/// Decides what the presentation of a genuine, unexpired refresh token does to its grant.
///
/// Generations are compared, never timestamps; time only bounds the grace. A clock that jumped back by less than the
/// grace is still within it, and one that jumped further is not, so no jump lengthens it without bound.
pub fn decide(
    grant: &Grant,
    user: UserStatus,
    presented: &Presented,
    now: Timestamp,
    policy: &RefreshPolicy,
) -> Decision {
    if let Some(refusal) = refusal(grant, user, presented, now) {
        let verdict = Verdict::Refuse(refusal);
        return Decision { verdict, state: grant.state, caught_up: false, ended: None, audit: None };
    }
    let caught_up = presented.generation > grant.state.generation;
    let known = if caught_up { taken_over(&grant.state, presented) } else { grant.state };
    let verdict = verdict(&known, grant.is_bound(), presented, now, policy);
    let event = match verdict {
        _ if caught_up => Some(AuditEvent::RefreshCaughtUp),
        Verdict::Excuse => Some(AuditEvent::RefreshExcused),
        Verdict::Revoke => Some(AuditEvent::RefreshReplayed),
        _ => None,
    };
    Decision {
        verdict,
        state: written(known, verdict, presented.network, now),
        caught_up,
        ended: (verdict == Verdict::Revoke).then_some(grant.id),
        audit: event.map(|event| {
            let subject = AuditSubject::user(grant.user).with_grant(grant.id);
            // The caller may be a thief. What is certain is what this rule did.
            AuditRecord::asked_from(presented.network, event, Actor::Authority, subject, now)
        }),
    }
}

/// What stands in the way before generations are looked at. Who may not use the token learns nothing of its grant.
fn refusal(grant: &Grant, user: UserStatus, presented: &Presented, now: Timestamp) -> Option<RefreshRefusal> {
    // The token API's grants have no client of their own, and the others are for the token endpoint, where the client has
    // to say or prove who it is.
    let rightful = match (&presented.client, &grant.detail) {
        (None, None) => true,
        (Some(client), Some(_)) => *client.id.as_str() == *grant.client,
        _ => false,
    };
    if !rightful {
        return Some(RefreshRefusal::WrongClient);
    }
    if grant.is_bound() && presented.key == KeyProof::None {
        return Some(RefreshRefusal::KeyNotProved);
    }
    if user == UserStatus::Disabled {
        return Some(RefreshRefusal::UserDisabled);
    }
    if grant.revoked_at.is_some() {
        return Some(RefreshRefusal::Revoked);
    }
    if now >= grant.expires_at {
        return Some(RefreshRefusal::Expired);
    }
    let client = presented.client.as_ref();
    client.filter(|client| client.lost_all_of(grant)).map(|_| RefreshRefusal::NothingPermitted)
}

/// The state that the store lost, as far as a token ahead of it tells.
fn taken_over(lost: &RefreshState, presented: &Presented) -> RefreshState {
    RefreshState {
        generation: presented.generation,
        minted_at: presented.minted_at,
        grace_from: Some(presented.minted_at),
        // The network went with the lost write too. Whoever holds the newest token is the best witness of it: else the
        // client's other tabs, which still hold the token before, would be taken for strangers within the grace.
        network: presented.network,
        excused: false,
        ..*lost
    }
}

/// The table of the rules, row by row. No token is ahead of `state` here.
fn verdict(
    state: &RefreshState,
    bound: bool,
    presented: &Presented,
    now: Timestamp,
    policy: &RefreshPolicy,
) -> Verdict {
    let in_grace = in_grace(state, now, policy);
    let at_home = presented.network.is_same_place_as(&state.network);
    match state.generation - presented.generation {
        // Whoever has the key is the client: the refusals before saw to it.
        1.. if bound => Verdict::KeyHeld,
        0 if in_grace => Verdict::StandStill,
        1 if in_grace && at_home => Verdict::StandStill,
        0 => Verdict::Advance,
        1 if policy.excuses == 0 => Verdict::Revoke,
        // The same parent teaches nothing new. Counted each time, a client that never stores the new token would run out.
        1 if state.excused => Verdict::ExcuseAgain,
        1 if state.excuses < policy.excuses => Verdict::Excuse,
        _ => Verdict::Revoke,
    }
}

/// The state that a verdict leaves.
fn written(state: RefreshState, verdict: Verdict, network: Network, now: Timestamp) -> RefreshState {
    let standing = RefreshState { grace_from: Some(now), network, ..state };
    match verdict {
        Verdict::Advance => {
            let clean = (state.clean + 1).min(CLEAN_ADVANCES_TO_FORGIVE);
            let excuses = if clean == CLEAN_ADVANCES_TO_FORGIVE { 0 } else { state.excuses };
            RefreshState {
                generation: state.generation + 1,
                minted_at: now,
                excuses,
                excused: false,
                clean,
                ..standing
            }
        }
        Verdict::Excuse => RefreshState { excuses: state.excuses + 1, excused: true, clean: 0, ..standing },
        Verdict::ExcuseAgain => standing,
        Verdict::StandStill | Verdict::KeyHeld | Verdict::Revoke | Verdict::Refuse(_) => state,
    }
}

fn in_grace(state: &RefreshState, now: Timestamp, policy: &RefreshPolicy) -> bool {
    state.grace_from.is_some_and(|from| now.unix().abs_diff(from.unix()) < policy.grace.as_secs())
}

#[cfg(test)]
mod tests;
