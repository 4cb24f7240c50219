//! Which commands and subscriptions on the present connection are whose.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rec_domain::MarketTicker;
use rec_kalshi::ws::{Channel, Command, CommandError, CommandSender};
use tracing::warn;

/// The connection as both machines' effects and the stream see it. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    commands: CommandSender,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// The present connection; `None` while there is none.
    connection: Option<u64>,
    book_sid: Option<u64>,
    ticker: Ticker,
    /// Commands on the lifecycle channel and the tickers'; every other one is the books'. Bounded by the markets.
    others: BTreeSet<u64>,
    wanted: BTreeSet<MarketTicker>,
    /// Whether the markets have been listed at all.
    listed: bool,
}

/// The subscription of the ticker channel, which only confirms what the books say.
#[derive(Debug, Default)]
enum Ticker {
    #[default]
    None,
    Asked(BTreeSet<MarketTicker>),
    Active {
        sid: u64,
        has: BTreeSet<MarketTicker>,
    },
}

/// Whose an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Books,
    Others,
}

impl Line {
    pub(crate) fn new(commands: CommandSender) -> Self {
        Self { commands, state: Arc::default() }
    }

    /// A connection stands: subscribes what does not depend on markets. Each channel goes by itself, so that a refusal
    /// of one is not a refusal of all.
    pub(crate) fn connected(&self, connection: u64) {
        let mut state = self.lock();
        let wanted = std::mem::take(&mut state.wanted);
        *state = State { connection: Some(connection), wanted, listed: state.listed, ..State::default() };
        let lifecycle = Command::Subscribe { channels: vec![Channel::Lifecycle], markets: vec![], indices: vec![] };
        self.send_other(&mut state, lifecycle);
        self.follow(&mut state);
    }

    pub(crate) fn disconnected(&self) {
        let mut state = self.lock();
        let wanted = std::mem::take(&mut state.wanted);
        *state = State { wanted, listed: state.listed, ..State::default() };
    }

    /// The markets were listed; what is wanted of them follows.
    pub(crate) fn listed(&self) {
        self.lock().listed = true;
    }

    /// Whether nothing is to be heard on a connection that stands, since no listed market is open or about to open.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.lock();
        state.connection.is_some() && state.listed && state.wanted.is_empty()
    }

    /// Sends a command on the books; without a connection there is nothing to command.
    pub(crate) fn send(&self, command: Command) {
        let connection = self.lock().connection;
        if let Some(connection) = connection {
            note(self.commands.send(connection, command));
        }
    }

    /// Asks for a new connection.
    pub(crate) fn reconnect(&self) {
        let connection = self.lock().connection;
        if let Some(connection) = connection {
            note(self.commands.reconnect(connection));
        }
    }

    /// The markets whose tickers are wanted from now on.
    pub(crate) fn want(&self, tickers: BTreeSet<MarketTicker>) {
        let mut state = self.lock();
        state.wanted = tickers;
        self.follow(&mut state);
    }

    /// The ticker channel is subscribed.
    pub(crate) fn ticker_subscribed(&self, sid: u64) {
        let mut state = self.lock();
        if let Ticker::Asked(has) = std::mem::take(&mut state.ticker) {
            state.ticker = Ticker::Active { sid, has };
        }
        self.follow(&mut state);
    }

    /// The book channel is subscribed.
    pub(crate) fn books_subscribed(&self, sid: u64) {
        self.lock().book_sid = Some(sid);
    }

    /// Whether a subscription is the books'.
    pub(crate) fn is_books(&self, sid: u64) -> bool {
        self.lock().book_sid == Some(sid)
    }

    /// Whose the command or subscription of an error is.
    pub(crate) fn owner(&self, id: Option<u64>, sid: Option<u64>) -> Owner {
        let state = self.lock();
        let books = match (id, sid) {
            (Some(id), _) => !state.others.contains(&id),
            (None, Some(sid)) => state.book_sid == Some(sid),
            (None, None) => false,
        };
        if books { Owner::Books } else { Owner::Others }
    }

    fn follow(&self, state: &mut State) {
        if state.connection.is_none() {
            return;
        }
        let commands = match &mut state.ticker {
            Ticker::None if state.wanted.is_empty() => Vec::new(),
            Ticker::None => {
                state.ticker = Ticker::Asked(state.wanted.clone());
                let markets = state.wanted.iter().cloned().collect();
                vec![Command::Subscribe { channels: vec![Channel::Ticker], markets, indices: vec![] }]
            }
            // What changed meanwhile follows when it is answered.
            Ticker::Asked(_) => Vec::new(),
            Ticker::Active { sid, has } => {
                let added: Vec<_> = state.wanted.difference(has).cloned().collect();
                let dropped: Vec<_> = has.difference(&state.wanted).cloned().collect();
                has.clone_from(&state.wanted);
                [
                    (!added.is_empty()).then_some(Command::AddMarkets { sid: *sid, markets: added }),
                    (!dropped.is_empty()).then_some(Command::DeleteMarkets { sid: *sid, markets: dropped }),
                ]
                .into_iter()
                .flatten()
                .collect()
            }
        };
        for command in commands {
            self.send_other(state, command);
        }
    }

    fn send_other(&self, state: &mut State, command: Command) {
        let Some(connection) = state.connection else { return };
        if let Some(id) = note(self.commands.send(connection, command)) {
            state.others.insert(id);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A command that did not get through is one that is not answered; the machines ask again. While the service ends the
/// connection is gone before them.
fn note<T>(sent: Result<T, CommandError>) -> Option<T> {
    match sent {
        Ok(sent) => Some(sent),
        Err(CommandError::Ended) => None,
        Err(error @ CommandError::Full) => {
            warn!(%error, "a command was dropped");
            None
        }
    }
}
