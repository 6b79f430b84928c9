//! What can happen in the modelled world, and what must hold in it.

use std::time::Duration;

use jeton_authority::refresh_token::{Decision, Presented, RefreshPolicy, RefreshState, Verdict};
use jeton_jose::Timestamp;
use stateright::{Model, Property};

use super::world::{
    ABROAD, EXCHANGE, GRACE, HOME, NOW, Party, Row, Tab, Theft, Token, World, is_over, long_ago, now,
};

/// Every answer within one grace carries the same token.
pub(crate) const ONE_TOKEN_A_GRACE: &str = "every answer within one grace carries the same token";
/// The grace never lengthens for free.
pub(crate) const GRACE_ENDS: &str = "a grace goes on past its end only by an excuse";
/// A replayed grandparent ends the grant at once.
pub(crate) const GRANDPARENT_ENDS_IT: &str = "a token two or more generations old is never answered with a token";
/// A client that loses no more answers than there are excuses is never signed out.
pub(crate) const HONEST_STAYS: &str = "an honest client is never signed out";
/// A thief and a user cannot both go on.
pub(crate) const NOT_BOTH: &str = "a thief and a user cannot both go on";

/// A set of refresh rules: the real one, or one that was broken on purpose.
pub(crate) type Rule = fn(&RefreshState, &Presented, Timestamp, &RefreshPolicy) -> Decision;

/// Whether there is a thief, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thief {
    Nobody,
    /// In the user's own network.
    Inside,
    /// In another network than the user ever is.
    Abroad,
}

/// What the client takes care of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    /// It loses no more answers than there are excuses, until two clean laps in a row make good for them. A tab that
    /// was answered has an access token that outlives the grace, and asks no sooner.
    Careful,
    /// Any number of answers are lost, and tabs ask whenever they like.
    Careless,
}

/// A choice of rules and of what may happen.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) rule: Rule,
    pub(crate) excuses: u8,
    pub(crate) tabs: usize,
    pub(crate) thief: Thief,
    pub(crate) client: Client,
    /// How often the store may lose its last write.
    pub(crate) failovers: u8,
    /// Whether the client may change its network.
    pub(crate) moves: bool,
    /// How many rounds a user and a thief may finish together.
    pub(crate) most_rounds: u8,
    /// Whether rounds also count where a thief inside refreshes within a grace of the user. The rules leave that open.
    pub(crate) rounds_where_they_meet: bool,
}

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

impl Scenario {
    fn policy(&self) -> RefreshPolicy {
        RefreshPolicy { grace: Duration::from_secs(GRACE.unsigned_abs()), excuses: self.excuses }
    }

    fn decide(&self, world: &World, token: Token, party: Party) -> Decision {
        let network = match (party, self.thief) {
            (Party::User, _) => world.place.network(),
            (Party::Thief, Thief::Abroad) => ABROAD,
            (Party::Thief, Thief::Inside | Thief::Nobody) => HOME,
        };
        let presented = Presented { generation: token.generation, minted_at: token.minted_at, network };
        (self.rule)(&world.row.state, &presented, now(), &self.policy())
    }

    fn may_lose(&self, world: &World, answers: usize) -> bool {
        match self.client {
            Client::Careless => true,
            Client::Careful => usize::from(world.lost) + answers <= usize::from(self.excuses),
        }
    }

    fn lose(&self, world: &mut World, tab: usize) {
        world.tabs[tab] = Tab::IDLE;
        self.count_loss(world);
    }

    fn count_loss(&self, world: &mut World) {
        if self.client == Client::Careful {
            world.lost += 1;
        }
    }

    /// Presents a token and answers what the presenter is handed, if anything.
    fn present(&self, world: &mut World, token: Token, party: Party) -> Option<Token> {
        if world.row.revoked {
            return None;
        }
        let decision = self.decide(world, token, party);
        let row = Row { state: decision.state, revoked: decision.verdict == Verdict::Revoke };
        if row != world.row {
            world.before = (world.failovers < self.failovers).then_some(world.row);
        }
        let spent = world.row.state.generation.saturating_sub(token.generation) >= 2;
        world.row = row;
        if row.revoked {
            return None;
        }
        let answer = Token { generation: row.state.generation, minted_at: row.state.minted_at };
        world.faults.grandparent_honoured |= spent;
        self.watch_grace(world, &decision, token, answer);
        if self.client == Client::Careful {
            count_clean_laps(world, decision.verdict);
        }
        if let Some(theft) = &mut world.theft {
            self.count_round(theft, party);
        }
        Some(answer)
    }

    /// Follows the grace as an onlooker sees it: it starts with each advance and each excuse, and until it is over
    /// every answer is the same.
    fn watch_grace(&self, world: &mut World, decision: &Decision, presented: Token, answer: Token) {
        if decision.caught_up {
            // The store lost the advance that this token came from. Its grace goes on where it was.
            world.grace = Some((presented, presented.minted_at));
        }
        let grace = world.grace.filter(|(_, from)| !is_over(*from));
        world.faults.forked |= grace.is_some_and(|(first, _)| first != answer);
        match decision.verdict {
            Verdict::Advance | Verdict::Excuse => world.grace = Some((answer, now())),
            Verdict::StandStill | Verdict::Revoke => world.faults.grace_stretched |= grace.is_none(),
        }
    }

    fn rounds_end_where_they_meet(&self) -> bool {
        self.thief == Thief::Inside && !self.rounds_where_they_meet
    }

    fn count_round(&self, theft: &mut Theft, party: Party) {
        let (mine, other) = match party {
            Party::User => (0, 1),
            Party::Thief => (1, 0),
        };
        if self.rounds_end_where_they_meet() && !is_over(theft.answered_at[other]) {
            // Who refreshes within the grace of the other, in the same network, looks like a second tab: that is left
            // to sender-constrained tokens. Rounds are counted where they do not meet.
            (theft.rounds, theft.done) = (0, [false; 2]);
        } else if !theft.done[mine] && is_over(theft.counted_at[mine]) {
            theft.done[mine] = true;
            theft.counted_at[mine] = now();
        }
        if theft.done == [true; 2] {
            theft.done = [false; 2];
            theft.rounds = (theft.rounds + 1).min(self.most_rounds + 1);
        }
        if self.rounds_end_where_they_meet() {
            theft.answered_at[mine] = now();
        }
    }

    /// The tokens that could be presented right now.
    fn presentable<'a>(&self, world: &'a World) -> impl Iterator<Item = (Token, Party)> + use<'a> {
        let tabs = world.tabs.iter().filter_map(|tab| match tab {
            Tab::Asking { copy, .. } => Some((*copy, Party::User)),
            Tab::Idle { .. } | Tab::Answered { .. } => None,
        });
        let live = !world.row.revoked;
        tabs.chain(world.theft.iter().map(|theft| (theft.token, Party::Thief))).filter(move |_| live)
    }

    /// Whether presenting some token right now would be decided like this.
    pub(crate) fn could(&self, world: &World, verdict: Verdict) -> bool {
        self.presentable(world).any(|(token, party)| self.decide(world, token, party).verdict == verdict)
    }

    fn could_catch_up(&self, world: &World) -> bool {
        self.presentable(world).any(|(token, party)| self.decide(world, token, party).caught_up)
    }
}

/// After two clean laps in a row the losses before them no longer count.
fn count_clean_laps(world: &mut World, verdict: Verdict) {
    match verdict {
        Verdict::Advance => world.clean = (world.clean + 1).min(2),
        Verdict::Excuse => world.clean = 0,
        Verdict::StandStill | Verdict::Revoke => return,
    }
    if world.clean == 2 {
        world.lost = 0;
    }
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
                    if self.client == Client::Careless || is_over(*answered_at) {
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
        // No exchange survives a move: what is on its way is lost first.
        if self.moves && world.tabs.iter().all(|tab| matches!(tab, Tab::Idle { .. })) {
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
                if answer.generation < world.stored.generation {
                    // It was overtaken by an answer of the next grace, which is lost by overwriting it.
                    self.count_loss(&mut world);
                }
                world.stored = answer;
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
            Property::sometimes("stands still", |me: &Self, world: &World| me.could(world, Verdict::StandStill)),
        ];
        if self.excuses > 0 {
            properties.push(Property::sometimes("excuses", |me: &Self, world: &World| me.could(world, Verdict::Excuse)));
        }
        if self.failovers > 0 {
            properties.push(Property::sometimes("catches up", |me: &Self, world: &World| me.could_catch_up(world)));
        }
        if self.thief == Thief::Nobody {
            properties.push(Property::always(HONEST_STAYS, |_, world: &World| !world.row.revoked));
        } else {
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
