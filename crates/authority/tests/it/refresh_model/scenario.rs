//! Which rules are checked in which world, and what an onlooker makes of each refresh.

use std::time::Duration;

use jeton_authority::refresh_token::{Decision, Presented, RefreshPolicy, RefreshState, Verdict};
use jeton_jose::Timestamp;

use super::world::{ABROAD, GRACE, HOME, Party, Row, Tab, Theft, Token, World, is_over, now};

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

    pub(crate) fn may_lose(&self, world: &World, answers: usize) -> bool {
        match self.client {
            Client::Careless => true,
            Client::Careful => usize::from(world.lost) + answers <= usize::from(self.excuses),
        }
    }

    pub(crate) fn lose(&self, world: &mut World, tab: usize) {
        world.tabs[tab] = Tab::IDLE;
        self.count_loss(world);
    }

    pub(crate) fn count_loss(&self, world: &mut World) {
        if self.client == Client::Careful {
            world.lost += 1;
        }
    }

    /// Presents a token and answers what the presenter is handed, if anything.
    pub(crate) fn present(&self, world: &mut World, token: Token, party: Party) -> Option<Token> {
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

    pub(crate) fn could_catch_up(&self, world: &World) -> bool {
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
