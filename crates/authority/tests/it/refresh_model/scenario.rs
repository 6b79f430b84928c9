//! Which rules are checked in which world, and what an onlooker makes of each refresh.

use std::sync::Arc;
use std::time::Duration;

use jeton_authority::client::{Client as Application, ClientPolicy, NewClient};
use jeton_authority::grant::{Grant, GrantDetail};
use jeton_authority::refresh_token::{Decision, KeyProof, Presented, Verdict};
use jeton_authority::settings::RefreshPolicy;
use jeton_authority::user::UserStatus;
use jeton_authority::{GrantId, UserId};
use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;

use super::world::{ABROAD, GRACE, HOME, Party, Row, Tab, Theft, Token, World, is_over, now};

/// A set of refresh rules: the real one, or one that was broken on purpose.
pub(crate) type Rule = fn(&Grant, UserStatus, &Presented, Timestamp, &RefreshPolicy) -> Decision;

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
    /// It never stores an answer, asks whenever it likes, and may change its network while it waits.
    Forgetful,
}

/// Whether the grant is bound to a key, which the client proves with each request and a thief cannot.
#[derive(Debug, Clone)]
pub(crate) enum Binding {
    /// A grant of the token API: whoever holds a token uses it.
    Unbound,
    /// A grant of this application, bound to its DPoP key.
    Bound(Arc<Application>),
}

impl Binding {
    pub(crate) fn bound() -> Self {
        let metadata = r#"{"redirect_uris":["https://app.example/"],"token_endpoint_auth_method":"none"}"#;
        let application = Application::new(NewClient {
            id: ClientId::parse("phone").expect("an identifier"),
            metadata: serde_json::from_str(metadata).expect("metadata"),
            policy: ClientPolicy::default(),
            secret: None,
            registration_token: None,
            created_at: now(),
        });
        Self::Bound(Arc::new(application.expect("an application")))
    }

    /// The grant as the rules see it.
    fn grant(&self, row: &Row) -> Grant {
        let (client, detail) = match self {
            Self::Unbound => ("".into(), None),
            Self::Bound(application) => {
                let detail = GrantDetail::from_json(r#"{"auth_time":1000000,"jkt":"thumbprint"}"#);
                (application.id.as_str().into(), detail.map(Box::new))
            }
        };
        Grant {
            id: GrantId::from_bytes([1; 16]),
            sid: None,
            user: UserId::from_bytes([2; 16]),
            client,
            scope: jeton_oauth::Scope::default(),
            detail,
            state: row.state,
            expires_at: Timestamp::MAX,
            revoked_at: row.revoked.then(now),
        }
    }

    fn presented(&self, presented: Presented, party: Party) -> Presented {
        match (self, party) {
            (Self::Unbound, _) => presented,
            (Self::Bound(application), Party::User) => {
                presented.by(Arc::clone(application), KeyProof::Proved)
            }
            (Self::Bound(application), Party::Thief) => presented.by(Arc::clone(application), KeyProof::None),
        }
    }
}

/// A choice of rules and of what may happen.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) rule: Rule,
    pub(crate) excuses: u8,
    pub(crate) tabs: usize,
    pub(crate) thief: Thief,
    pub(crate) client: Client,
    pub(crate) binding: Binding,
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
        let presented = Presented::new(token.generation, token.minted_at, network);
        let presented = self.binding.presented(presented, party);
        let grant = self.binding.grant(&world.row);
        (self.rule)(&grant, UserStatus::Active, &presented, now(), &self.policy())
    }

    pub(crate) fn may_lose(&self, world: &World, answers: usize) -> bool {
        match self.client {
            Client::Careless | Client::Forgetful => true,
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
        let decision = self.decide(world, token, party);
        let row = Row { state: decision.state, revoked: world.row.revoked || decision.ended.is_some() };
        if row != world.row {
            world.before = (world.failovers < self.failovers).then_some(world.row);
        }
        let spent = world.row.state.generation.saturating_sub(token.generation) >= 2;
        world.row = row;
        if matches!(decision.verdict, Verdict::Revoke | Verdict::Refuse(_)) {
            return None;
        }
        let answer = Token { generation: row.state.generation, minted_at: row.state.minted_at };
        world.faults.grandparent_honoured |= spent && decision.verdict != Verdict::KeyHeld;
        world.faults.thief_served |= party == Party::Thief;
        self.watch_grace(world, &decision, token, answer);
        if self.client == Client::Careful {
            count_clean_laps(world, decision.verdict);
        }
        if let Some(theft) = &mut world.theft {
            self.count_round(theft, party, decision.verdict);
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
            Verdict::Advance | Verdict::Excuse | Verdict::ExcuseAgain => world.grace = Some((answer, now())),
            Verdict::StandStill => world.faults.grace_stretched |= grace.is_none(),
            Verdict::KeyHeld | Verdict::Revoke | Verdict::Refuse(_) => {}
        }
    }

    fn rounds_end_where_they_meet(&self) -> bool {
        self.thief == Thief::Inside && !self.rounds_where_they_meet
    }

    fn count_round(&self, theft: &mut Theft, party: Party, verdict: Verdict) {
        theft.advanced |= verdict == Verdict::Advance;
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
        if theft.done == [true; 2] && theft.advanced {
            (theft.done, theft.advanced) = ([false; 2], false);
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
        Verdict::Excuse | Verdict::ExcuseAgain => world.clean = 0,
        Verdict::StandStill | Verdict::KeyHeld | Verdict::Revoke | Verdict::Refuse(_) => return,
    }
    if world.clean == 2 {
        world.lost = 0;
    }
}
