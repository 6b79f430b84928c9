//! The refresh rules, model-checked: the server's own `decide` in a world where things go wrong in every order.
//!
//! The world holds a client with several tabs that share one stored token and coordinate nothing, a thief who copied that
//! token, answers that are lost or arrive late, a server that dies between commit and reply, a store that loses its last
//! write, and time. Every interleaving is tried, for runs of any length (`world.rs` says how that stays finite).
//!
//! "A client that stores what it gets, and loses no more answers than there are excuses, is never signed out" takes care
//! to say exactly. Here:
//!
//! - an exchange, from reading the stored token to storing the answer, takes less than half a grace, or its answer
//!   counts as lost; a request that the client gave up does not arrive afterwards;
//! - an answer that is overtaken by one of the next grace and then overwrites it counts as a lost one;
//! - a tab that was answered asks again no sooner than a grace later, since its access token outlives the grace;
//! - a change of network cuts off the exchanges that are under way;
//! - two clean laps in a row make good for all answers lost before.

mod broken;
mod model;
mod scenario;
mod world;

use jeton_authority::refresh_token::decide;
use stateright::{Checker, HasDiscoveries, Model};

use self::model::{GRACE_ENDS, GRANDPARENT_ENDS_IT, HONEST_STAYS, NOT_BOTH, ONE_TOKEN_A_GRACE};
use self::scenario::{Binding, Client, Rule, Scenario, Thief};

/// A careful client with two tabs, in a world without thieves.
fn honest() -> Scenario {
    Scenario {
        rule: decide,
        excuses: 3,
        tabs: 2,
        thief: Thief::Nobody,
        client: Client::Careful,
        binding: Binding::Unbound,
        failovers: 0,
        moves: true,
        most_rounds: 0,
        rounds_where_they_meet: false,
    }
}

/// A client that never stores the new token, with two tabs and a changing network, in a world without thieves.
fn forgetful() -> Scenario {
    Scenario { client: Client::Forgetful, ..honest() }
}

/// A careless client with two tabs whose grant is bound to its key.
fn bound() -> Scenario {
    Scenario { client: Client::Careless, binding: Binding::bound(), excuses: 0, ..honest() }
}

/// A careless client with one tab, and a thief somewhere else.
fn robbed_from_abroad() -> Scenario {
    Scenario {
        tabs: 1,
        thief: Thief::Abroad,
        client: Client::Careless,
        moves: false,
        most_rounds: 5,
        ..honest()
    }
}

/// The same with a thief in the client's own network.
fn robbed_from_inside() -> Scenario {
    Scenario { thief: Thief::Inside, most_rounds: 4, ..robbed_from_abroad() }
}

/// Checks that everything holds, and that everything interesting is reached.
fn holds(scenario: Scenario) {
    scenario.checker().threads(2).spawn_bfs().join().assert_properties();
}

/// Checks that the property fails, in this scenario and under these rules.
fn fails(property: &'static str, rule: Rule, scenario: Scenario) {
    let checker = Scenario { rule, ..scenario }
        .checker()
        .finish_when(HasDiscoveries::AnyOf([property].into()))
        .spawn_bfs()
        .join();
    assert!(
        checker.discovery(property).is_some(),
        "the checker found no run in which this fails: {property}"
    );
}

#[test]
fn an_honest_client_is_never_signed_out() {
    holds(honest());
}

#[test]
fn without_excuses_a_client_that_loses_nothing_is_never_signed_out() {
    holds(Scenario { excuses: 0, tabs: 3, ..honest() });
}

#[test]
fn a_store_that_loses_its_last_write_signs_nobody_out() {
    holds(Scenario { failovers: 2, moves: false, ..honest() });
    holds(Scenario { failovers: 2, excuses: 1, tabs: 1, ..honest() });
    holds(Scenario { failovers: 1, excuses: 1, ..honest() });
}

#[test]
fn a_client_that_never_stores_the_new_token_is_never_signed_out() {
    holds(forgetful());
    holds(Scenario { excuses: 1, failovers: 2, ..forgetful() });
    holds(Scenario { excuses: 1, tabs: 3, ..forgetful() });
}

/// Not without excuses, whatever is lost or never stored, in the grace or long after it.
#[test]
fn a_client_that_proves_its_key_is_never_signed_out_and_who_stole_its_token_gets_nothing() {
    holds(bound());
    holds(Scenario { client: Client::Forgetful, ..bound() });
    holds(Scenario { failovers: 1, moves: false, ..bound() });
    holds(Scenario { thief: Thief::Abroad, tabs: 1, ..bound() });
    holds(Scenario { thief: Thief::Inside, tabs: 1, excuses: 3, ..bound() });
}

/// Without a lost answer there is nothing to excuse, even where the client's tabs move on while the store goes back.
#[test]
fn tabs_that_race_after_a_failover_need_no_excuse() {
    holds(Scenario { excuses: 0, tabs: 3, failovers: 1, ..honest() });
}

/// Refreshing in step with the user from elsewhere takes an excuse for nearly every generation.
#[test]
fn a_thief_abroad_and_a_user_cannot_both_go_on() {
    holds(robbed_from_abroad());
    holds(Scenario { excuses: 0, most_rounds: 1, moves: true, ..robbed_from_abroad() });
    holds(Scenario { excuses: 1, most_rounds: 3, tabs: 2, ..robbed_from_abroad() });
}

/// A failover may bring back the excuses that a thief has used up, and even the grant; that doubles the rounds, at most.
#[test]
fn a_failover_only_puts_off_the_end_of_a_theft() {
    holds(Scenario { excuses: 1, most_rounds: 6, failovers: 1, ..robbed_from_abroad() });
    holds(Scenario { excuses: 0, most_rounds: 2, failovers: 1, ..robbed_from_inside() });
}

#[test]
fn a_thief_inside_and_a_user_who_do_not_meet_within_a_grace_cannot_both_go_on() {
    holds(robbed_from_inside());
    holds(Scenario { excuses: 1, most_rounds: 2, tabs: 2, ..robbed_from_inside() });
    holds(Scenario { excuses: 0, most_rounds: 1, moves: true, ..robbed_from_inside() });
}

#[test]
fn excusing_the_grandparent_is_found_out() {
    fails(GRANDPARENT_ENDS_IT, broken::excuses_the_grandparent, robbed_from_abroad());
    fails(NOT_BOTH, broken::excuses_the_grandparent, robbed_from_abroad());
}

#[test]
fn a_grace_that_slides_for_free_is_found_out() {
    fails(GRACE_ENDS, broken::lets_the_grace_slide, honest());
    fails(GRACE_ENDS, broken::lets_the_grace_slide, robbed_from_abroad());
}

#[test]
fn counting_no_excuses_is_found_out() {
    fails(NOT_BOTH, broken::counts_no_excuses, robbed_from_abroad());
    fails(NOT_BOTH, broken::counts_no_excuses, robbed_from_inside());
}

#[test]
fn counting_each_presentation_of_one_parent_is_found_out() {
    fails(HONEST_STAYS, broken::counts_each_presentation, forgetful());
}

#[test]
fn ending_a_bound_grant_by_its_parent_is_found_out() {
    fails(HONEST_STAYS, broken::ends_a_bound_grant_by_its_parent, bound());
    let lenient = Scenario { excuses: 3, ..bound() };
    fails(HONEST_STAYS, broken::ends_a_bound_grant_by_its_parent, lenient);
}

#[test]
fn giving_excuses_back_after_one_clean_advance_is_found_out() {
    fails(NOT_BOTH, broken::forgives_after_one_clean_advance, robbed_from_abroad());
    fails(NOT_BOTH, broken::forgives_after_one_clean_advance, robbed_from_inside());
}

#[test]
fn advancing_within_the_grace_is_found_out() {
    fails(ONE_TOKEN_A_GRACE, broken::advances_within_the_grace, honest());
    fails(HONEST_STAYS, broken::advances_within_the_grace, Scenario { tabs: 3, ..honest() });
}

#[test]
fn a_grace_for_every_network_is_found_out() {
    fails(NOT_BOTH, broken::grants_the_grace_to_strangers, robbed_from_abroad());
}

#[test]
fn refusing_to_catch_up_is_found_out() {
    fails(HONEST_STAYS, broken::refuses_to_catch_up, Scenario { failovers: 1, ..honest() });
}

#[test]
fn staying_in_the_old_network_when_catching_up_is_found_out() {
    let scenario = Scenario { excuses: 0, tabs: 3, failovers: 1, ..honest() };
    fails(HONEST_STAYS, broken::catches_up_in_the_old_network, scenario);
}

/// What the rules leave open, kept here so that it is known: a lost answer is retried at the very end of the grace while
/// two more tabs read the old token and the new one, and the new one wins. Single-flight refresh in the client closes it.
#[test]
fn three_uncoordinated_tabs_and_a_lost_answer_can_lose_the_session() {
    fails(HONEST_STAYS, decide, Scenario { tabs: 3, ..honest() });
}

/// What the rules leave open: a thief in the user's own network who refreshes within each grace looks like a second tab.
/// Sender-constrained tokens close it.
#[test]
fn a_thief_in_the_users_network_who_keeps_the_grace_is_not_noticed() {
    let scenario = Scenario { most_rounds: 8, ..robbed_from_inside() };
    fails(NOT_BOTH, decide, Scenario { rounds_where_they_meet: true, ..scenario });
}
