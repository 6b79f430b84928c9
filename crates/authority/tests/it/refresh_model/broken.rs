//! Rules that were broken on purpose, one each. The checker has to find what goes wrong under each of them.

use std::time::Duration;

use jeton_authority::refresh_token::{Decision, Presented, RefreshPolicy, RefreshState, Verdict, decide};
use jeton_jose::Timestamp;

/// A token two generations old is excused like one that is one generation old.
pub(crate) fn excuses_the_grandparent(
    grant: &RefreshState,
    presented: &Presented,
    now: Timestamp,
    policy: &RefreshPolicy,
) -> Decision {
    let mut presented = *presented;
    if grant.generation.checked_sub(presented.generation) == Some(2) {
        presented.generation += 1;
    }
    decide(grant, &presented, now, policy)
}

/// Standing still starts the grace anew.
pub(crate) fn lets_the_grace_slide(
    grant: &RefreshState,
    presented: &Presented,
    now: Timestamp,
    policy: &RefreshPolicy,
) -> Decision {
    let mut decision = decide(grant, presented, now, policy);
    if decision.verdict == Verdict::StandStill {
        decision.state.grace_from = Some(now);
    }
    decision
}

/// Lost responses are excused without end.
pub(crate) fn counts_no_excuses(
    grant: &RefreshState,
    presented: &Presented,
    now: Timestamp,
    policy: &RefreshPolicy,
) -> Decision {
    decide(&RefreshState { excuses: 0, ..*grant }, presented, now, policy)
}

/// One clean advance is enough to get all excuses back.
pub(crate) fn forgives_after_one_clean_advance(
    grant: &RefreshState,
    presented: &Presented,
    now: Timestamp,
    policy: &RefreshPolicy,
) -> Decision {
    let mut decision = decide(grant, presented, now, policy);
    if decision.verdict == Verdict::Advance {
        decision.state.excuses = 0;
    }
    decision
}

/// The current token always advances, however young it is.
pub(crate) fn advances_within_the_grace(
    grant: &RefreshState,
    presented: &Presented,
    now: Timestamp,
    policy: &RefreshPolicy,
) -> Decision {
    let ungraceful = RefreshPolicy { grace: Duration::ZERO, ..*policy };
    let current = presented.generation >= grant.generation;
    decide(grant, presented, now, if current { &ungraceful } else { policy })
}

/// The grace holds wherever the request comes from.
pub(crate) fn grants_the_grace_to_strangers(
    grant: &RefreshState,
    presented: &Presented,
    now: Timestamp,
    policy: &RefreshPolicy,
) -> Decision {
    let neighbour = Presented { network: grant.network, ..*presented };
    let decision = decide(grant, &neighbour, now, policy);
    if decision.verdict == Verdict::StandStill { decision } else { decide(grant, presented, now, policy) }
}

/// A token that is ahead of the store is taken for a forgery.
pub(crate) fn refuses_to_catch_up(
    grant: &RefreshState,
    presented: &Presented,
    now: Timestamp,
    policy: &RefreshPolicy,
) -> Decision {
    if presented.generation > grant.generation {
        return Decision { verdict: Verdict::Revoke, state: *grant, caught_up: false };
    }
    decide(grant, presented, now, policy)
}

/// Catching up leaves the network as the store has it from before the write that was lost.
pub(crate) fn catches_up_in_the_old_network(
    grant: &RefreshState,
    presented: &Presented,
    now: Timestamp,
    policy: &RefreshPolicy,
) -> Decision {
    let mut decision = decide(grant, presented, now, policy);
    if decision.caught_up && decision.verdict == Verdict::StandStill {
        decision.state.network = grant.network;
    }
    decision
}
