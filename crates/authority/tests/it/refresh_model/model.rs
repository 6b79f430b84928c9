//! What can happen in the modelled world, and what must hold in it.

use jeton_authority::refresh_token::Verdict;
use jeton_jose::Timestamp;
use stateright::{Model, Property};

use super::scenario::{Binding, Client, Scenario, Thief};
use super::world::{EXCHANGE, NOW, Party, Tab, Theft, Token, World, is_over, long_ago, now};

/// Every answer within one grace carries the same token.
pub(crate) const ONE_TOKEN_A_GRACE: &str = "every answer within one grace carries the same token";
/// The grace never lengthens for free.
pub(crate) const GRACE_ENDS: &str = "a grace goes on past its end only by an excuse";
/// A replayed grandparent ends the grant at once.
pub(crate) const GRANDPARENT_ENDS_IT: &str =
    "a token two or more generations old is never answered with a token";
/// A client that loses no more answers than there are excuses is never signed out.
pub(crate) const HONEST_STAYS: &str = "an honest client is never signed out";
/// A thief and a user cannot both go on.
pub(crate) const NOT_BOTH: &str = "a thief and a user cannot both go on";
/// Who stole a token of a bound grant has nothing.
pub(crate) const KEY_NEEDED: &str = "a thief without the key is never answered with a token";

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// A tab reads the stored token, to refresh.
    Ask(usize),
    /// The request of a tab never arrives.
    LoseRequest(usize),
    /// The request of a tab is decided and committed.
    Refresh(usize),
    /// The answer to a tab never arrives.
    LoseAnswer(usize),
    /// A tab gets its answer and stores it.
    Store(usize),
    /// The server dies after it committed and before it replied, and starts again.
    Crash,
    /// The server goes on from a copy that lacks the last write.
    FailOver,
    /// The client changes its network.
    Move,
    /// The thief copies what the client has stored.
    Steal,
    /// The thief refreshes, and keeps what it gets.
    RefreshAsThief,
    /// A second passes.
    Tick,
}

impl Model for Scenario {
    type State = World;
    type Action = Event;

    fn init_states(&self) -> Vec<World> {
        vec![World::signed_in()]
    }

    fn actions(&self, world: &World, events: &mut Vec<Event>) {
        let answered = world.tabs.iter().filter(|tab| matches!(tab, Tab::Answered { .. })).count();
        for (number, tab) in world.tabs.iter().enumerate().rev().take(self.tabs) {
            match tab {
                Tab::Idle { answered_at } => {
                    if self.client != Client::Careful || is_over(*answered_at) {
                        events.push(Event::Ask(number));
                    }
                }
                Tab::Asking { .. } => events.extend([Event::LoseRequest(number), Event::Refresh(number)]),
                Tab::Answered { answer, .. } => {
                    let lossless = answer.generation >= world.stored.generation;
                    if lossless || self.may_lose(world, 1) {
                        events.push(Event::Store(number));
                    }
                    if self.may_lose(world, 1) {
                        events.push(Event::LoseAnswer(number));
                    }
                }
            }
        }
        if answered > 0 && self.may_lose(world, answered) {
            events.push(Event::Crash);
        }
        if world.before.is_some() {
            events.push(Event::FailOver);
        }
        // No exchange survives a move: what is on its way is lost first. A client that stores no answer loses none.
        let at_rest = || world.tabs.iter().all(|tab| matches!(tab, Tab::Idle { .. }));
        if self.moves && (self.client == Client::Forgetful || at_rest()) {
            events.push(Event::Move);
        }
        if self.thief != Thief::Nobody {
            events.push(if world.theft.is_none() { Event::Steal } else { Event::RefreshAsThief });
        }
        // A client that would wait longer gives up: it has lost its answer.
        let ends = |since: Timestamp| since.unix() <= NOW - EXCHANGE;
        let waiting = world.tabs.iter().any(|tab| match tab {
            Tab::Idle { .. } => false,
            Tab::Asking { since, .. } | Tab::Answered { since, .. } => ends(*since),
        });
        if !waiting {
            events.push(Event::Tick);
        }
    }

    fn next_state(&self, last: &World, event: Event) -> Option<World> {
        let mut world = last.clone();
        match event {
            Event::Ask(tab) => world.tabs[tab] = Tab::Asking { copy: world.stored, since: now() },
            Event::LoseRequest(tab) => world.tabs[tab] = Tab::IDLE,
            Event::Refresh(tab) => {
                let Tab::Asking { copy, since } = world.tabs[tab] else { return None };
                let answer = self.present(&mut world, copy, Party::User);
                world.tabs[tab] = answer.map_or(Tab::IDLE, |answer| Tab::Answered { answer, since });
            }
            Event::LoseAnswer(tab) => self.lose(&mut world, tab),
            Event::Store(tab) => {
                let Tab::Answered { answer, .. } = world.tabs[tab] else { return None };
                if self.client != Client::Forgetful && answer.generation < world.stored.generation {
                    // It was overtaken by an answer of the next grace, which is lost by overwriting it.
                    self.count_loss(&mut world);
                }
                if self.client != Client::Forgetful {
                    world.stored = answer;
                }
                let answered_at = if self.client == Client::Careful { now() } else { long_ago() };
                world.tabs[tab] = Tab::Idle { answered_at };
            }
            Event::Crash => {
                for tab in 0..world.tabs.len() {
                    match world.tabs[tab] {
                        Tab::Answered { .. } => self.lose(&mut world, tab),
                        Tab::Asking { .. } => world.tabs[tab] = Tab::IDLE,
                        Tab::Idle { .. } => {}
                    }
                }
            }
            Event::FailOver => {
                world.row = world.before.take()?;
                world.failovers += 1;
                world.clean = 0;
                let state = &world.row.state;
                let token = Token { generation: state.generation, minted_at: state.minted_at };
                world.grace = state.grace_from.map(|from| (token, from));
            }
            Event::Move => world.place = world.place.other(),
            Event::Steal => {
                world.theft = Some(Theft {
                    token: world.stored,
                    rounds: 0,
                    done: [false; 2],
                    advanced: true,
                    counted_at: [long_ago(); 2],
                    answered_at: [long_ago(); 2],
                });
            }
            Event::RefreshAsThief => {
                let token = world.theft.as_ref()?.token;
                let answer = self.present(&mut world, token, Party::Thief)?;
                world.theft.as_mut()?.token = answer;
            }
            Event::Tick => world.tick(),
        }
        world.normalise();
        (world != *last).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always(ONE_TOKEN_A_GRACE, |_, world: &World| !world.faults.forked),
            Property::always(GRACE_ENDS, |_, world: &World| !world.faults.grace_stretched),
            Property::always(GRANDPARENT_ENDS_IT, |_, world: &World| !world.faults.grandparent_honoured),
            Property::sometimes("advances", |me: &Self, world: &World| me.could(world, Verdict::Advance)),
        ];
        let bound = matches!(self.binding, Binding::Bound(_));
        let stores = self.client != Client::Forgetful;
        if stores || !bound {
            properties.push(Property::sometimes("stands still", |me: &Self, world: &World| {
                me.could(world, Verdict::StandStill)
            }));
        }
        if self.excuses > 0 && !bound {
            properties.push(Property::sometimes("excuses", |me: &Self, world: &World| {
                me.could(world, Verdict::Excuse)
            }));
        }
        if self.failovers > 0 && stores {
            properties
                .push(Property::sometimes("catches up", |me: &Self, world: &World| me.could_catch_up(world)));
        }
        if self.excuses > 0 && !bound && !stores {
            properties.push(Property::sometimes("excuses again", |me: &Self, world: &World| {
                me.could(world, Verdict::ExcuseAgain)
            }));
        }
        if bound || self.thief == Thief::Nobody {
            properties.push(Property::always(HONEST_STAYS, |_, world: &World| !world.row.revoked));
        }
        if bound {
            properties.extend([
                Property::always(KEY_NEEDED, |_, world: &World| !world.faults.thief_served),
                Property::sometimes("answers a spent token", |me: &Self, world: &World| {
                    me.could(world, Verdict::KeyHeld)
                }),
            ]);
        } else if self.thief != Thief::Nobody {
            properties.extend([
                Property::always(NOT_BOTH, |me: &Self, world: &World| {
                    world.theft.is_none_or(|theft| theft.rounds <= me.most_rounds)
                }),
                Property::sometimes("revokes", |me: &Self, world: &World| me.could(world, Verdict::Revoke)),
                // Else the bound above would be generous, and a rule could get worse unnoticed.
                Property::sometimes("reaches the most rounds", |me: &Self, world: &World| {
                    world.theft.is_some_and(|theft| theft.rounds == me.most_rounds)
                }),
            ]);
        }
        properties
    }
}
