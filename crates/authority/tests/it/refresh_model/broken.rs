//! Rules that were broken on purpose, one each. The checker has to find what goes wrong under each of them.

use std::time::Duration;

use jeton_authority::grant::Grant;
use jeton_authority::grant::RefreshState;
use jeton_authority::refresh_token::{Decision, KeyProof, Presented, Verdict, decide};
use jeton_authority::settings::RefreshPolicy;
use jeton_authority::user::UserStatus;
use jeton_jose::Timestamp;

/// The same grant in another state.
fn at(grant: &Grant, state: RefreshState) -> Grant {
    Grant { state, ..grant.clone() }
}

/// A token two generations old is excused like one that is one generation old.
pub(crate) fn excuses_the_grandparent(
    grant: &Grant,
    user: UserStatus,
    presented: &Presented,
    now: Timestamp,
    policy: &RefreshPolicy,
) -> Decision {
    let mut presented = presented.clone();
    if grant.state.generation.checked_sub(presented.generation) == Some(2) {
        presented.generation += 1;
    }
    decide(grant, user, &presented, now, policy)
}

/// Standing still starts the grace anew.
pub(crate) fn lets_the_grace_slide(
    grant: &Grant,
    user: UserStatus,
    presented: &Presented,
    now: Timestamp,
    policy: &RefreshPolicy,
) -> Decision {
    let mut decision = decide(grant, user, presented, now, policy);
    if decision.verdict == Verdict::StandStill {
        decision.state.grace_from = Some(now);
    }
    decision
}

/// Lost responses are excused without end.
pub(crate) fn counts_no_excuses(
    grant: &Grant,
    user: UserStatus,
    presented: &Presented,
    now: Timestamp,
    policy: &RefreshPolicy,
) -> Decision {
    decide(
        &at(grant, RefreshState { excuses: 0, excused: false, ..grant.state }),
        user,
        presented,
        now,
        policy,
    )
}

/// One clean advance is enough to get all excuses back.
pub(crate) fn forgives_after_one_clean_advance(
    grant: &Grant,
    user: UserStatus,
    presented: &Presented,
    now: Timestamp,
    policy: &RefreshPolicy,
) -> Decision {
    let mut decision = decide(grant, user, presented, now, policy);
    if decision.verdict == Verdict::Advance {
        decision.state.excuses = 0;
    }
    decision
}

/// The current token always advances, however young it is.
pub(crate) fn advances_within_the_grace(
    grant: &Grant,
    user: UserStatus,
    presented: &Presented,
    now: Timestamp,
    policy: &RefreshPolicy,
) -> Decision {
    let ungraceful = RefreshPolicy { grace: Duration::ZERO, ..*policy };
    let current = presented.generation >= grant.state.generation;
    decide(grant, user, presented, now, if current { &ungraceful } else { policy })
}

/// The grace holds wherever the request comes from.
pub(crate) fn grants_the_grace_to_strangers(
    grant: &Grant,
    user: UserStatus,
    presented: &Presented,
    now: Timestamp,
    policy: &RefreshPolicy,
) -> Decision {
    let neighbour = Presented { network: grant.state.network, ..presented.clone() };
    let decision = decide(grant, user, &neighbour, now, policy);
    if decision.verdict == Verdict::StandStill {
        decision
    } else {
        decide(grant, user, presented, now, policy)
    }
}

/// A token that is ahead of the store is taken for a forgery.
pub(crate) fn refuses_to_catch_up(
    grant: &Grant,
    user: UserStatus,
    presented: &Presented,
    now: Timestamp,
    policy: &RefreshPolicy,
) -> Decision {
    if presented.generation > grant.state.generation {
        let (state, ended) = (grant.state, Some(grant.id));
        return Decision { verdict: Verdict::Revoke, state, caught_up: false, ended, audit: None };
    }
    decide(grant, user, presented, now, policy)
}

/// Catching up leaves the network as the store has it from before the write that was lost.
pub(crate) fn catches_up_in_the_old_network(
    grant: &Grant,
    user: UserStatus,
    presented: &Presented,
    now: Timestamp,
    policy: &RefreshPolicy,
) -> Decision {
    let mut decision = decide(grant, user, presented, now, policy);
    if decision.caught_up && decision.verdict == Verdict::StandStill {
        decision.state.network = grant.state.network;
    }
    decision
}

/// Each presentation of the same parent is counted, not each generation that needed an excuse.
pub(crate) fn counts_each_presentation(
    grant: &Grant,
    user: UserStatus,
    presented: &Presented,
    now: Timestamp,
    policy: &RefreshPolicy,
) -> Decision {
    decide(&at(grant, RefreshState { excused: false, ..grant.state }), user, presented, now, policy)
}

/// A spent token ends a grant whose key was proved, as it ends others.
pub(crate) fn ends_a_bound_grant_by_its_parent(
    grant: &Grant,
    user: UserStatus,
    presented: &Presented,
    now: Timestamp,
    policy: &RefreshPolicy,
) -> Decision {
    let mut unbound = grant.clone();
    if presented.key == KeyProof::Proved
        && let Some(detail) = &mut unbound.detail
    {
        detail.jkt = None;
    }
    decide(&unbound, user, presented, now, policy)
}
