//! Market data: what comes from the exchange and the spot venue, and what the machines of feeds, books, chances, entries
//! and exits want done.

use rec_domain::{
    ClientOrderId, DecisionId, Service, TimeSpan,
    bus_event::BusEvent,
    command::{DeskCommand, DeskRequest, NotedRefusal},
};
use rec_engine::{
    account, book,
    desk::DeskInput,
    entry, exit,
    feed::{self, Candle},
    lifecycle, momentum, odds,
};
use rec_twin::core::{Output, Venue, output::LifecycleEvent};

use super::{
    event::{Event, Mail, Process},
    fault::FaultKind,
    line::Command,
    venue,
    world::{Asker, World},
};

/// How often the desk is told why nothing is entered, and how much at a time.
const REFUSALS_EVERY: TimeSpan = TimeSpan::from_seconds(5);
const REFUSALS_MOST: usize = 64;

impl World {
    pub(super) fn hear_one(&mut self, output: Output) {
        match output {
            Output::Book(change) => {
                if let Some(frame) = self.line.change(&change) {
                    self.market_event(Mail::Book(frame));
                }
            }
            Output::Ticker(view) => {
                if let Some(frame) = self.line.quote(&view, self.now) {
                    self.market_event(Mail::Book(frame));
                }
            }
            Output::Spot(tick) if tick.venue == Venue::Coinbase => {
                self.market_event(Mail::Feed(feed::Input::Spot { price: tick.price, observed_at: tick.at }));
            }
            Output::Index(print) => {
                self.last_index = print.value;
                self.index_prints += 1;
                self.market_event(Mail::Feed(feed::Input::Index { stamped_at: print.stamped, value: print.value }));
            }
            Output::Lifecycle(change) => {
                if let LifecycleEvent::Determined { .. } | LifecycleEvent::Settled { .. } = change.event {
                    self.doubt_result(&change);
                }
                if self.line.up {
                    let change = venue::lifecycle(&change, self.now);
                    self.market_event(Mail::Lifecycle(lifecycle::Input::Lifecycle(change)));
                }
            }
            Output::Fill(view) => {
                let named = view.client_order_id.clone().and_then(|id| ClientOrderId::new(id).intent());
                let own = named.is_some_and(|intent| intent.desk() == Some(self.memory.desk));
                self.watch.fill_made(&view.fill, own, &self.twin);
                self.trace(|| {
                    format!("exchange: fill {} {} at {}", view.fill.ticker, view.fill.count, view.fill.price)
                });
                self.report(&Output::Fill(view));
            }
            Output::Order(order) => {
                self.follower.told(&order);
                self.report(&Output::Order(order));
            }
            Output::Group(_) => self.report(&output),
            Output::Cash => self.money_moved_at = self.now,
            _ => {}
        }
    }

    /// The exchange's word on the account, over the socket.
    fn report(&mut self, output: &Output) {
        let Some(report) = venue::report(output).filter(|_| self.account_line_up) else { return };
        if self.fate.strikes(FaultKind::LostReport) {
            return;
        }
        let times = if self.fate.strikes(FaultKind::DoubledReport) { 2 } else { 1 };
        for _ in 0..times {
            let delay = TimeSpan::from_micros(self.fate.whole(5_000, 60_000));
            let input = account::Input::Reports { reports: vec![report.clone()] };
            self.post_later(delay, Mail::Account(input));
        }
    }

    /// An event on the bus or a frame: once, never or twice.
    pub(super) fn market_event(&mut self, mail: Mail) {
        if self.fate.strikes(FaultKind::LostEvent) {
            return;
        }
        if self.fate.strikes(FaultKind::DoubledEvent) {
            self.post(mail.clone());
        }
        self.post(mail);
    }

    pub(super) fn act_feed(&mut self, outputs: Vec<feed::Output>) {
        for output in outputs {
            match output {
                feed::Output::Spot(spot) => {
                    self.publish(&BusEvent::Spot(spot.clone()));
                    self.post(Mail::Momentum(momentum::Input::Spot(spot)));
                }
                feed::Output::Index(print) => self.publish(&BusEvent::Index(print)),
                feed::Output::FetchCandles { from, to } => {
                    let life = self.life(Process::Desk);
                    self.queue.put(self.now + TimeSpan::from_millis(80), Event::Candles { life, from, to });
                }
                feed::Output::Candles(candles) => self.post(Mail::Momentum(momentum::Input::Candles(candles))),
                feed::Output::Stale { source, stale, .. } => self.trace(|| format!("feed: {source:?} stale: {stale}")),
            }
        }
    }

    /// One-minute candles of the spot venue.
    pub(super) fn read_candles(&mut self, from: rec_domain::Timestamp, to: rec_domain::Timestamp) {
        let input = if self.fate.strikes(FaultKind::ReadFailed) {
            feed::Input::CandlesFailed
        } else {
            let minutes = self.twin.spot().minutes().filter(|bar| from <= bar.start && bar.start <= to);
            feed::Input::Candles(minutes.map(|bar| Candle { start: bar.start, close: bar.close }).collect())
        };
        self.post(Mail::Feed(input));
    }

    pub(super) fn act_momentum(&mut self, outputs: Vec<momentum::Output>) {
        for momentum::Output::Momentum(reading) in outputs {
            self.publish(&BusEvent::Momentum(reading));
        }
    }

    pub(super) fn act_book(&mut self, outputs: Vec<book::Output>) {
        for output in outputs {
            match Command::of(output) {
                Ok(command) => {
                    let (life, connection) = (self.life(Process::Desk), self.line.connection);
                    let event = Event::Command { life, connection, command };
                    self.queue.put(self.now + TimeSpan::from_millis(25), event);
                }
                Err(book::Output::Publish(tops)) => self.publish(&BusEvent::Books(tops)),
                Err(_reconnect) => self.cut_line(TimeSpan::from_seconds(1)),
            }
        }
    }

    /// The line for market data is gone, and stands again after a while.
    pub(super) fn cut_line(&mut self, away: TimeSpan) {
        self.line.disconnect();
        self.post(Mail::Book(book::Input::Disconnected));
        let life = self.life(Process::Desk);
        self.queue.put(self.now + away, Event::Connect { life });
    }

    pub(super) fn connect_line(&mut self) {
        if !self.line.up {
            self.line.connect();
            self.post(Mail::Book(book::Input::Connected));
        }
    }

    /// A command of the books reaches the exchange.
    pub(super) fn line_command(&mut self, connection: u64, command: Command) {
        if !self.line.up || self.line.connection != connection {
            return;
        }
        for frame in self.line.command(&self.twin, command) {
            self.market_event(Mail::Book(frame));
        }
    }

    pub(super) fn act_lifecycle(&mut self, outputs: Vec<lifecycle::Output>) {
        for output in outputs {
            match output {
                lifecycle::Output::Fetch => {
                    let life = self.life(Process::Desk);
                    self.queue.put(self.now + TimeSpan::from_millis(60), Event::Markets { life });
                }
                lifecycle::Output::Publish(markets) => {
                    for market in &markets {
                        if self.stored.get(&market.ticker).is_none_or(|known| known.close_time != market.close_time) {
                            self.stored.insert(market.ticker.clone(), market.clone());
                        }
                    }
                    self.publish(&BusEvent::Markets(markets));
                }
                lifecycle::Output::Wanted(tickers) => self.post(Mail::Book(book::Input::Wanted { tickers })),
                lifecycle::Output::Lifecycle(change) => self.publish(&BusEvent::Lifecycle(change)),
            }
        }
    }

    /// All markets of open and unopened events.
    pub(super) fn read_markets(&mut self) {
        let input = if self.fate.strikes(FaultKind::ReadFailed) {
            lifecycle::Input::FetchFailed
        } else {
            lifecycle::Input::Fetched(venue::markets(&self.twin))
        };
        self.post(Mail::Lifecycle(input));
    }

    pub(super) fn act_odds(&mut self, outputs: Vec<odds::Output>) {
        for output in outputs {
            match output {
                odds::Output::Strikes(table) => {
                    self.strikes_most = self.strikes_most.max(table.rows.len());
                    self.publish(&BusEvent::Strikes(table));
                }
                odds::Output::Rows(rows) => self.publish(&BusEvent::Rows(rows)),
            }
        }
    }

    pub(super) fn act_entry(&mut self, outputs: Vec<entry::Output>) {
        for output in outputs {
            match output {
                entry::Output::Request(request) => self.ask(Asker::Entry, *request),
                entry::Output::Status(status) => self.publish(&BusEvent::Entry(status)),
                entry::Output::RefusalChanged(noted) => self.note_refusal(*noted),
            }
        }
        self.hand_over_refusals();
    }

    fn note_refusal(&mut self, noted: NotedRefusal) {
        self.refusals.insert((noted.ticker.clone(), noted.side), noted);
    }

    fn hand_over_refusals(&mut self) {
        if self.refusals.is_empty() || self.now < self.refusals_told_at + REFUSALS_EVERY {
            return;
        }
        self.refusals_told_at = self.now;
        let mut refusals = Vec::new();
        while refusals.len() < REFUSALS_MOST
            && let Some((_, noted)) = self.refusals.pop_first()
        {
            refusals.push(noted);
        }
        let request = DeskRequest {
            decision: DecisionId::of(&format!("refusals:{}", self.now.micros())),
            requester: Service::AutoEntrySupervisor.name().to_owned(),
            command: DeskCommand::NoteRefusals { refusals },
        };
        self.hint(Mail::Desk(DeskInput::Request(request)));
    }

    pub(super) fn act_exit(&mut self, outputs: Vec<exit::Output>) {
        for output in outputs {
            match output {
                exit::Output::Request(request) => self.ask(Asker::Exit, *request),
                exit::Output::Alarm { trade, message, .. } => self.trace(|| format!("exit: trade {trade}: {message}")),
            }
        }
    }
}
