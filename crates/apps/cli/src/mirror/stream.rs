//! The stream: one connection for all channels.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use anyhow::bail;
use rec_domain::{MarketTicker, SeriesTicker, market::LifecycleChange};
use rec_kalshi::ws::{Channel, Command, Connection, Event, Frame, FrameKind, Observation, SequenceTracker};
use rec_twin::{
    core::{Mirrored, Series},
    server::MirrorFeed,
};
use tokio::sync::{Notify, watch};
use tracing::{info, warn};

use super::shown;

/// The channels that are followed market by market.
const OF_MARKETS: [Channel; 3] = [Channel::OrderBook, Channel::Ticker, Channel::Trade];

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
}

impl Stream {
    pub(super) fn new(
        connection: Connection,
        series: Vec<SeriesTicker>,
        feed: MirrorFeed,
        wanted: watch::Receiver<BTreeSet<MarketTicker>>,
        news: Arc<Notify>,
    ) -> Self {
        let (numbers, asked) = (SequenceTracker::default(), BTreeMap::new());
        Self { connection, series, feed, wanted, news, number: None, numbers, asked }
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
        if let Observation::Gap { sid, expected, got } = self.numbers.observe(frame) {
            warn!(sid, expected, got, "the mirrored exchange's stream has a gap: it is connected anew");
            return self.begin_anew();
        }
        if self.number.is_none() {
            // The rest of a connection that was given up.
            return;
        }
        match &frame.kind {
            FrameKind::Subscribed { channel } => {
                if let Some((sid, _)) = self.asked.get_mut(channel.as_str()) {
                    *sid = frame.sid;
                }
                self.follow();
            }
            FrameKind::Error(error) => {
                warn!(code = error.code, message = error.message, "the mirrored exchange refused or ended something");
                if error.ends_subscription() {
                    self.begin_anew();
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

    fn send(&self, command: Command) {
        if let Some(number) = self.number
            && let Err(error) = self.connection.commands.send(number, command)
        {
            warn!(%error, "a command to the mirrored exchange was dropped");
        }
    }
}
