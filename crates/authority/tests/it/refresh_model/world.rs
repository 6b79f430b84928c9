//! The state of the modelled world, and how it is kept finite.
//!
//! Runs of the model have no end, so nothing in a state may grow. Two shifts see to that, and neither changes what the
//! rules can tell apart:
//!
//! - the clock stands at [`NOW`]; when a second passes, every remembered time moves one second back instead, and times
//!   that are a whole grace old stay there (the rules only ask whether a grace is over);
//! - the server stands at [`GENERATION`]; when it moves, every other generation moves by as much the other way, and
//!   those that are [`ANCIENT`] or more behind stay there (the rules treat them alike, and the few failovers of a run
//!   never bring them nearer than two).

use jeton_authority::Network;
use jeton_authority::grant::RefreshState;
use jeton_jose::Timestamp;

/// What the clock of the model always shows.
pub(crate) const NOW: i64 = 1_000_000;
/// The generation that the server always stands at.
pub(crate) const GENERATION: u64 = 100;
/// How far behind the server a generation may fall before the model forgets how far exactly.
pub(crate) const ANCIENT: u64 = 4;
/// The grace of the model, in seconds.
pub(crate) const GRACE: i64 = 3;
/// How long an exchange takes at most, from reading the stored token to storing the answer: less than half a grace.
pub(crate) const EXCHANGE: i64 = 1;

/// A refresh token, as far as the rules see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Token {
    pub(crate) generation: u64,
    pub(crate) minted_at: Timestamp,
}

/// How many tabs a client has at most.
pub(crate) const TABS: usize = 3;

/// One tab of the client. All tabs read and store the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Tab {
    /// Does nothing. It was answered last at that time.
    Idle { answered_at: Timestamp },
    /// Has read the stored token at `since` and holds this copy; the request is being made or is on its way.
    Asking { copy: Token, since: Timestamp },
    /// The server has answered; the answer is on its way.
    Answered { answer: Token, since: Timestamp },
}

impl Tab {
    /// A tab that has not been answered for a while.
    pub(crate) const IDLE: Self = Self::Idle { answered_at: Timestamp::from_unix(NOW - GRACE) };
}

/// Where the client is. The thief is either at its [`HOME`] or somewhere else altogether.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Home,
    Away,
}

/// The client's usual network.
pub(crate) const HOME: Network = Network::V4([192, 0, 2]);
/// Where the client goes when it moves.
pub(crate) const AWAY: Network = Network::V4([198, 51, 100]);
/// Where a thief outside the client's network sits.
pub(crate) const ABROAD: Network = Network::V4([203, 0, 113]);

impl Place {
    pub(crate) fn network(self) -> Network {
        match self {
            Self::Home => HOME,
            Self::Away => AWAY,
        }
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::Home => Self::Away,
            Self::Away => Self::Home,
        }
    }
}

/// A grant as the store holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    pub(crate) state: RefreshState,
    pub(crate) revoked: bool,
}

/// Who presents a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Party {
    User,
    Thief,
}

/// The thief, once a token was copied, and how the user and the thief have fared since.
///
/// A *round* is over when both of them were answered, each at least one grace after its part in the round before, and the
/// grant has advanced since then. Two parties that both go on finish one round after the other. While the grant stays at
/// one generation nobody goes on for long: the tokens of that generation and of its parent expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Theft {
    pub(crate) token: Token,
    pub(crate) rounds: u8,
    /// Who has done their part of this round: the user, the thief.
    pub(crate) done: [bool; 2],
    /// Whether the grant has advanced since the last round.
    pub(crate) advanced: bool,
    /// When each did their part of a round last.
    pub(crate) counted_at: [Timestamp; 2],
    /// When each was answered last.
    pub(crate) answered_at: [Timestamp; 2],
}

/// What went wrong, noted where it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Faults {
    /// Two answers of one grace carried different tokens.
    pub(crate) forked: bool,
    /// A token two or more generations old was answered with a token.
    pub(crate) grandparent_honoured: bool,
    /// A grace went on past its end without an excuse.
    pub(crate) grace_stretched: bool,
    /// A thief was answered with a token.
    pub(crate) thief_served: bool,
}

/// Everything that distinguishes one moment of a run from another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct World {
    /// What the store holds.
    pub(crate) row: Row,
    /// What it held before its last write, while a failover can still lose that write.
    pub(crate) before: Option<Row>,
    /// The token that the client has stored.
    pub(crate) stored: Token,
    pub(crate) tabs: [Tab; TABS],
    pub(crate) place: Place,
    pub(crate) theft: Option<Theft>,
    /// Answers that were lost since the last two clean laps in a row.
    pub(crate) lost: u8,
    /// Clean laps in a row, as an onlooker counts them.
    pub(crate) clean: u8,
    pub(crate) failovers: u8,
    /// The grace that an onlooker believes in: the token that its first answer carried, and when that was.
    pub(crate) grace: Option<(Token, Timestamp)>,
    pub(crate) faults: Faults,
}

/// The present.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix(NOW)
}

/// A time that is past every grace.
pub(crate) fn long_ago() -> Timestamp {
    Timestamp::from_unix(NOW - GRACE)
}

/// Whether `time` lies a whole grace or more back.
pub(crate) fn is_over(time: Timestamp) -> bool {
    time <= long_ago()
}

impl World {
    /// A client that has just signed in at home.
    pub(crate) fn signed_in() -> Self {
        let state = RefreshState { generation: GENERATION, ..RefreshState::opened(now(), HOME) };
        Self {
            row: Row { state, revoked: false },
            before: None,
            stored: Token { generation: state.generation, minted_at: state.minted_at },
            tabs: [Tab::IDLE; TABS],
            place: Place::Home,
            theft: None,
            lost: 0,
            clean: 0,
            failovers: 0,
            grace: None,
            faults: Faults::default(),
        }
    }

    /// Lets one second pass.
    pub(crate) fn tick(&mut self) {
        self.each_time(|time| *time = Timestamp::from_unix((time.unix() - 1).max(long_ago().unix())));
    }

    /// Moves every generation so that the server stands at [`GENERATION`] again, and forgets what cannot matter.
    pub(crate) fn normalise(&mut self) {
        let at = self.row.state.generation;
        let shift =
            |generation: &mut u64| *generation = (*generation + GENERATION - at).max(GENERATION - ANCIENT);
        shift(&mut self.row.state.generation);
        if let Some(before) = &mut self.before {
            shift(&mut before.state.generation);
        }
        self.each_token(|token| {
            shift(&mut token.generation);
            if token.generation == GENERATION - ANCIENT {
                token.minted_at = long_ago();
            }
        });
        // Neither tab is the first.
        self.tabs.sort_unstable();
        // A grace that is over tells nothing any more.
        if self.grace.is_some_and(|(_, from)| is_over(from)) {
            self.grace = None;
        }
    }

    fn each_token(&mut self, mut change: impl FnMut(&mut Token)) {
        change(&mut self.stored);
        for tab in &mut self.tabs {
            match tab {
                Tab::Idle { .. } => {}
                Tab::Asking { copy: token, .. } | Tab::Answered { answer: token, .. } => change(token),
            }
        }
        if let Some(theft) = &mut self.theft {
            change(&mut theft.token);
        }
        if let Some((token, _)) = &mut self.grace {
            change(token);
        }
    }

    fn each_time(&mut self, mut change: impl FnMut(&mut Timestamp)) {
        self.each_token(|token| change(&mut token.minted_at));
        for row in [Some(&mut self.row), self.before.as_mut()].into_iter().flatten() {
            change(&mut row.state.minted_at);
            row.state.grace_from.iter_mut().for_each(&mut change);
        }
        for tab in &mut self.tabs {
            match tab {
                Tab::Idle { answered_at: time }
                | Tab::Asking { since: time, .. }
                | Tab::Answered { since: time, .. } => change(time),
            }
        }
        if let Some(theft) = &mut self.theft {
            theft.counted_at.iter_mut().chain(&mut theft.answered_at).for_each(&mut change);
        }
        if let Some((_, from)) = &mut self.grace {
            change(from);
        }
    }
}
