//! The connection for market data: which books are subscribed, and the numbers of their frames.

use std::{collections::HashMap, sync::Arc};

use rec_domain::{BookSide, MarketTicker, Timestamp};
use rec_engine::book::{Input, Levels, Output};
use rec_twin::core::{
    Twin,
    output::{BookChange, TickerView},
};

/// A command on the connection.
#[derive(Debug)]
pub(super) enum Command {
    Subscribe(Vec<MarketTicker>),
    Add(u64, Vec<MarketTicker>),
    Delete(u64, Vec<MarketTicker>),
    Snapshot(u64, Vec<MarketTicker>),
}

impl Command {
    /// The command that an output of the book machine is; `None` for what is none.
    pub(super) fn of(output: Output) -> Result<Self, Output> {
        Ok(match output {
            Output::Subscribe { tickers } => Self::Subscribe(tickers),
            Output::AddMarkets { sid, tickers } => Self::Add(sid, tickers),
            Output::DeleteMarkets { sid, tickers } => Self::Delete(sid, tickers),
            Output::RequestSnapshot { sid, tickers } => Self::Snapshot(sid, tickers),
            other @ (Output::Reconnect { .. } | Output::Publish(_)) => return Err(other),
        })
    }
}

/// The connection as the exchange has it.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Counts connections: what was meant for an earlier one is not heard.
    pub(super) connection: u64,
    pub(super) up: bool,
    sid: Option<u64>,
    subscriptions: u64,
    seq: u64,
    markets: HashMap<Arc<str>, MarketTicker>,
}

impl Line {
    /// The connection is gone.
    pub(super) fn disconnect(&mut self) {
        self.up = false;
        self.sid = None;
        self.markets.clear();
    }

    /// A new connection stands.
    pub(super) fn connect(&mut self) {
        self.disconnect();
        self.up = true;
        self.connection += 1;
    }

    /// Carries a command out; what the exchange says to it.
    pub(super) fn command(&mut self, twin: &Twin, command: Command) -> Vec<Input> {
        let mut frames = Vec::new();
        match command {
            Command::Subscribe(tickers) => {
                self.subscriptions += 1;
                (self.sid, self.seq) = (Some(self.subscriptions), 0);
                self.markets.clear();
                frames.push(Input::Subscribed { sid: self.subscriptions });
                self.add(twin, &tickers, &mut frames);
            }
            Command::Add(sid, tickers) if self.sid == Some(sid) => {
                frames.extend(self.acknowledge());
                self.add(twin, &tickers, &mut frames);
            }
            Command::Delete(sid, tickers) if self.sid == Some(sid) => {
                self.markets.retain(|_, ticker| !tickers.contains(ticker));
                frames.extend(self.acknowledge());
            }
            Command::Snapshot(sid, tickers) if self.sid == Some(sid) => self.show(twin, &tickers, &mut frames),
            _ => frames.push(Input::SubscriptionLost),
        }
        frames
    }

    fn add(&mut self, twin: &Twin, tickers: &[MarketTicker], frames: &mut Vec<Input>) {
        self.markets.extend(tickers.iter().map(|ticker| (Arc::from(ticker.as_str()), ticker.clone())));
        self.show(twin, tickers, frames);
    }

    fn show(&mut self, twin: &Twin, tickers: &[MarketTicker], frames: &mut Vec<Input>) {
        let Some(sid) = self.sid else { return };
        for ticker in tickers {
            let followed = self.markets.contains_key(ticker.as_str());
            let Some(market) = twin.market(ticker.as_str()).filter(|_| followed) else { continue };
            let levels = |side: BookSide| -> Levels {
                market.book.levels(side).iter().map(|(price, level)| (*price, level.total())).collect()
            };
            self.seq += 1;
            frames.push(Input::Snapshot {
                sid,
                seq: self.seq,
                ticker: ticker.clone(),
                bids: levels(BookSide::Bid),
                asks: levels(BookSide::Ask),
                at: twin.now(),
                received_at: twin.now(),
            });
        }
    }

    fn acknowledge(&mut self) -> Option<Input> {
        self.seq += 1;
        self.sid.map(|sid| Input::Acknowledged { sid, seq: self.seq })
    }

    /// A change as a frame, if its market is subscribed.
    pub(super) fn change(&mut self, change: &BookChange) -> Option<Input> {
        let ticker = self.markets.get(&change.market.ticker)?.clone();
        let sid = self.sid?;
        self.seq += 1;
        Some(Input::Delta {
            sid,
            seq: self.seq,
            ticker,
            book_side: change.side,
            price: change.price,
            delta: change.delta,
            at: change.at,
            received_at: change.at,
        })
    }

    /// A summary as a frame, if its market is subscribed.
    pub(super) fn quote(&self, view: &TickerView, received_at: Timestamp) -> Option<Input> {
        let ticker = self.markets.get(&view.market.ticker)?.clone();
        let (bid, ask) = (view.bid.map(|(price, _)| price), view.ask.map(|(price, _)| price));
        Some(Input::Quote { ticker, bid, ask, received_at })
    }
}
