//! The stream: one connection for all channels.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use anyhow::bail;
use rec_domain::{MarketTicker, SeriesTicker, market::LifecycleChange};
use rec_kalshi::ws::{Backoff, Channel, Command, Connection, Event, Frame, FrameKind, Observation, SequenceTracker};
use rec_twin::{
    core::{Mirrored, Series},
    server::MirrorFeed,
};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep_until},
};
use tracing::{info, warn};

use super::shown;

/// The channels that are followed market by market.
const OF_MARKETS: [Channel; 3] = [Channel::OrderBook, Channel::Ticker, Channel::Trade];

/// From a refusal until what was refused is asked for again: about the first pause, then longer up to the longest.
const RETRY_PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(30)];

/// Follows the stream of the mirrored exchange.
pub(super) struct Stream {
    connection: Connection,
    series: Vec<SeriesTicker>,
    feed: MirrorFeed,
    wanted: watch::Receiver<BTreeSet<MarketTicker>>,
    news: Arc<Notify>,
    /// The present connection; `None` while there is none.
    number: Option<u64>,
    numbers: SequenceTracker,
    /// Per channel of markets: its subscription, once confirmed, and the markets that it was asked for.
    asked: BTreeMap<&'static str, (Option<u64>, BTreeSet<MarketTicker>)>,
    /// Commands without an answer, by their numbers, and those that were refused.
    unanswered: BTreeMap<u64, Command>,
    refused: Vec<Command>,
    /// When what was refused is asked for again.
    retry_at: Option<Instant>,
    pauses: Backoff,
}

impl Stream {
    pub(super) fn new(
        connection: Connection,
        series: Vec<SeriesTicker>,
        feed: MirrorFeed,
        wanted: watch::Receiver<BTreeSet<MarketTicker>>,
        news: Arc<Notify>,
    ) -> Self {
        Self {
            connection,
            series,
            feed,
            wanted,
            news,
            number: None,
            numbers: SequenceTracker::default(),
            asked: BTreeMap::new(),
            unanswered: BTreeMap::new(),
            refused: Vec::new(),
            retry_at: None,
            pauses: Backoff::new(RETRY_PAUSES[0], RETRY_PAUSES[1]),
        }
    }

    /// Follows until it is dropped.
    pub(super) async fn run(mut self) -> anyhow::Result<()> {
        loop {
            tokio::select! {
                event = self.connection.events.recv() => match event {
                    Some(event) => self.take(event),
                    None => bail!("the stream of the mirrored exchange ended"),
                },
                changed = self.wanted.changed() => match changed {
                    Ok(()) => self.follow(),
                    Err(_ended) => bail!("the lists of the mirrored exchange are not read any more"),
                },
                () = at(self.retry_at) => self.ask_again(),
            }
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Connected { connection, .. } => {
                info!(connection, "the mirrored exchange is connected");
                self.number = Some(connection);
                self.numbers.reset();
                self.asked.clear();
                self.unanswered.clear();
                self.refused.clear();
                self.retry_at = None;
                let assets: BTreeSet<&str> = self
                    .series
                    .iter()
                    .filter_map(|series| Some(Series::named(series.as_str())?.asset().index_id()))
                    .collect();
                let indices: Vec<String> = assets.into_iter().map(str::to_owned).collect();
                for channel in [Channel::Lifecycle, Channel::Index, Channel::Index5Hz] {
                    let indices = if channel == Channel::Lifecycle { Vec::new() } else { indices.clone() };
                    self.send(Command::Subscribe { channels: vec![channel], markets: vec![], indices });
                }
                self.follow();
                // What was announced meanwhile is in the lists.
                self.news.notify_one();
            }
            Event::Disconnected { .. } => {
                self.number = None;
                self.feed.show(&[Mirrored::BooksLost]);
            }
            Event::Frame { frame, .. } => self.frame(&frame),
        }
    }

    fn frame(&mut self, frame: &Frame) {
        if self.number.is_none() {
            // The rest of a connection that was given up.
            return;
        }
        if let Observation::Gap { sid, expected, got } = self.numbers.observe(frame) {
            warn!(sid, expected, got, "the mirrored exchange's stream has a gap: it is connected anew");
            return self.begin_anew();
        }
        let answered = frame.id.and_then(|id| self.unanswered.remove(&id));
        match &frame.kind {
            FrameKind::Subscribed { channel } => {
                if let Some((sid, _)) = self.asked.get_mut(channel.as_str()) {
                    *sid = frame.sid;
                }
                if self.unanswered.is_empty() && self.refused.is_empty() {
                    self.pauses.reset();
                }
                self.follow();
            }
            FrameKind::Error(error) => {
                warn!(code = error.code, message = error.message, "the mirrored exchange refused or ended something");
                if error.ends_subscription() {
                    self.begin_anew();
                } else if let Some(command) = answered {
                    self.refuse(command);
                }
            }
            kind => {
                if let FrameKind::Lifecycle(update) = kind
                    && matches!(update.change, LifecycleChange::Created | LifecycleChange::Determined { .. })
                    && self.concerns(update.ticker.as_str())
                {
                    self.news.notify_one();
                }
                if let Some(change) = shown::frame(kind)
                    && !self.feed.show(&[change])
                {
                    warn!("the mirrored exchange's stream contradicts itself: it is connected anew");
                    self.begin_anew();
                }
            }
        }
    }

    /// What is shown is not known any more; another connection shows it whole.
    fn begin_anew(&mut self) {
        self.feed.show(&[Mirrored::BooksLost]);
        if let Some(number) = self.number.take() {
            let _gone_with_its_task = self.connection.commands.reconnect(number);
        }
    }

    /// Whether an announcement is of a mirrored series: the channel is the whole exchange's.
    fn concerns(&self, ticker: &str) -> bool {
        self.series.iter().any(|series| ticker.strip_prefix(series.as_str()).is_some_and(|rest| rest.starts_with('-')))
    }

    /// Asks for what is wanted and was not asked for, and gives up what is wanted no more.
    fn follow(&mut self) {
        let wanted = self.wanted.borrow_and_update().clone();
        if self.number.is_none() || wanted.is_empty() {
            return;
        }
        let mut commands = Vec::new();
        for channel in OF_MARKETS {
            match self.asked.get_mut(channel.name()) {
                None => {
                    self.asked.insert(channel.name(), (None, wanted.clone()));
                    let markets = wanted.iter().cloned().collect();
                    commands.push(Command::Subscribe { channels: vec![channel], markets, indices: vec![] });
                }
                // What changed meanwhile follows when it is confirmed.
                Some((None, _)) => {}
                Some((Some(sid), has)) => {
                    let added: Vec<_> = wanted.difference(has).cloned().collect();
                    let gone: Vec<_> = has.difference(&wanted).cloned().collect();
                    has.clone_from(&wanted);
                    if !added.is_empty() {
                        commands.push(Command::AddMarkets { sid: *sid, markets: added });
                    }
                    if !gone.is_empty() {
                        commands.push(Command::DeleteMarkets { sid: *sid, markets: gone });
                    }
                }
            }
        }
        commands.into_iter().for_each(|command| self.send(command));
    }

    /// Keeps a command that had no effect until it is time to ask again.
    fn refuse(&mut self, command: Command) {
        self.refused.push(command);
        self.retry_at.get_or_insert_with(|| Instant::now() + self.pauses.next_pause());
    }

    /// Asks for what was refused, as far as it is still wanted.
    fn ask_again(&mut self) {
        self.retry_at = None;
        for command in std::mem::take(&mut self.refused) {
            match command {
                Command::Subscribe { channels, .. } if channels.iter().any(|channel| OF_MARKETS.contains(channel)) => {
                    channels.iter().for_each(|channel| drop(self.asked.remove(channel.name())));
                }
                Command::AddMarkets { sid, markets } => {
                    let without = |has: &mut BTreeSet<_>| has.retain(|market| !markets.contains(market));
                    self.of_subscription(sid).map(without).unwrap_or_default();
                }
                Command::DeleteMarkets { sid, markets } => {
                    self.of_subscription(sid).map(|has| has.extend(markets)).unwrap_or_default();
                }
                other => self.send(other),
            }
        }
        self.follow();
    }

    /// The markets of a subscription.
    fn of_subscription(&mut self, sid: u64) -> Option<&mut BTreeSet<MarketTicker>> {
        self.asked.values_mut().find(|(confirmed, _)| *confirmed == Some(sid)).map(|(_, has)| has)
    }

    fn send(&mut self, command: Command) {
        let Some(number) = self.number else { return };
        match self.connection.commands.send(number, command.clone()) {
            Ok(id) => drop(self.unanswered.insert(id, command)),
            Err(error) => {
                warn!(%error, "a command to the mirrored exchange was dropped");
                self.refuse(command);
            }
        }
    }
}

/// Ends then; never without an instant.
async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
