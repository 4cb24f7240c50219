//! One WebSocket connection of the exchange, without the socket: commands go in, frames come out.

mod command;
mod index_window;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use self::{command::Command, index_window::IndexWindow};
use crate::core::{
    Twin,
    output::{Channel, Output},
    series::Asset,
    wire::frames,
};

/// A frame for the client. Text frames end with a line break, as the exchange's do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The channel that it belongs to; `None` for answers to commands.
    pub channel: Option<Channel>,
    /// The text.
    pub text: String,
}

/// What a connection is subscribed to.
#[derive(Debug, Clone, Default)]
pub struct Session {
    subscriptions: Vec<Subscription>,
    next_sid: u64,
}

#[derive(Debug, Clone)]
struct Subscription {
    sid: u64,
    channel: Channel,
    /// `None` is all markets.
    markets: Option<BTreeSet<String>>,
    use_yes_price: bool,
    /// The number of the last frame.
    seq: u64,
    /// The indices that are followed, each with what this subscription has seen of it.
    indices: BTreeMap<Asset, IndexWindow>,
}

/// The exchange's error codes that the twin gives.
#[derive(Debug, Clone, Copy)]
enum ErrorCode {
    Process = 1,
    ParamsRequired = 2,
    ChannelsRequired = 3,
    SidsRequired = 4,
    UnknownCommand = 5,
    UnknownSid = 7,
    UnknownChannel = 8,
    OneSid = 12,
    UnsupportedAction = 13,
    TickerRequired = 14,
    ActionRequired = 15,
    IndexIdsRequired = 24,
}

impl ErrorCode {
    const fn message(self) -> &'static str {
        match self {
            Self::Process => "Unable to process message",
            Self::ParamsRequired => "Params required",
            Self::ChannelsRequired => "Channels required",
            Self::SidsRequired => "Subscription IDs required",
            Self::UnknownCommand => "Unknown command",
            Self::UnknownSid => "Unknown subscription ID",
            Self::UnknownChannel => "Unknown channel name",
            Self::OneSid => "Exactly one subscription ID is required",
            Self::UnsupportedAction => "Unsupported action",
            Self::TickerRequired => "Market Ticker required",
            Self::ActionRequired => "Action required",
            Self::IndexIdsRequired => "Index IDs required",
        }
    }
}

impl Session {
    /// Carries out a command of the client.
    pub fn command(&mut self, text: &str, twin: &Twin) -> Vec<Frame> {
        let Ok(command) = serde_json::from_str::<Command>(text.trim()) else {
            return vec![error(None, ErrorCode::Process)];
        };
        let id = command.id;
        let answer = match command.cmd.as_deref() {
            Some("subscribe") => self.subscribe(&command, twin),
            Some("unsubscribe") => self.unsubscribe(&command),
            Some("update_subscription") => self.update(&command, twin),
            Some("list_subscriptions") => Ok(vec![self.list(id)]),
            _ => Err(ErrorCode::UnknownCommand),
        };
        answer.unwrap_or_else(|code| vec![error(id, code)])
    }

    fn subscribe(&mut self, command: &Command, twin: &Twin) -> Result<Vec<Frame>, ErrorCode> {
        let params = command.params.as_ref().ok_or(ErrorCode::ParamsRequired)?;
        let names = params.channels.as_deref().filter(|names| !names.is_empty()).ok_or(ErrorCode::ChannelsRequired)?;
        let known: Option<Vec<Channel>> = names.iter().map(|name| Channel::named(name)).collect();
        let channels = known.ok_or(ErrorCode::UnknownChannel)?;
        let tickers = params.tickers();
        let indices = params.indices().unwrap_or_default();
        if channels.contains(&Channel::OrderbookDelta) && tickers.is_none() {
            return Err(ErrorCode::TickerRequired);
        }
        let mut sent = Vec::new();
        for channel in channels {
            let place = self.subscriptions.iter().position(|subscription| subscription.channel == channel);
            let place = match place {
                // A second subscribe to a channel adds to the first.
                Some(place) => {
                    if let Some(added) = &tickers {
                        self.subscriptions[place].add(added);
                    }
                    self.subscriptions[place].follow(&indices);
                    sent.push(self.subscriptions[place].confirm(command.id));
                    place
                }
                None => {
                    self.next_sid += 1;
                    let sid = self.next_sid;
                    let mut subscription = Subscription {
                        sid,
                        channel,
                        markets: tickers.clone().map(|tickers| tickers.into_iter().collect()),
                        use_yes_price: params.use_yes_price.unwrap_or(false),
                        seq: 0,
                        indices: BTreeMap::new(),
                    };
                    subscription.follow(&indices);
                    self.subscriptions.push(subscription);
                    let message = json!({ "channel": channel.name(), "sid": sid });
                    sent.push(answer(json!({ "type": "subscribed", "id": command.id, "msg": message }), twin));
                    self.subscriptions.len() - 1
                }
            };
            let wanted = tickers.clone().unwrap_or_default();
            let subscription = &mut self.subscriptions[place];
            sent.extend(subscription.initial(&wanted, params.send_initial_snapshot.unwrap_or(false), twin));
        }
        Ok(sent)
    }

    fn unsubscribe(&mut self, command: &Command) -> Result<Vec<Frame>, ErrorCode> {
        let params = command.params.as_ref().ok_or(ErrorCode::ParamsRequired)?;
        let sids = params.sids.as_deref().filter(|sids| !sids.is_empty()).ok_or(ErrorCode::SidsRequired)?;
        let mut sent = Vec::new();
        for sid in sids {
            let Some(place) = self.subscriptions.iter().position(|subscription| subscription.sid == *sid) else {
                return Err(ErrorCode::UnknownSid);
            };
            let mut gone = self.subscriptions.remove(place);
            let mut body = json!({ "id": command.id, "sid": sid, "type": "unsubscribed" });
            if gone.channel.is_numbered() {
                body["seq"] = json!(gone.next_seq());
            }
            sent.push(line(None, &body));
        }
        Ok(sent)
    }

    fn update(&mut self, command: &Command, twin: &Twin) -> Result<Vec<Frame>, ErrorCode> {
        let params = command.params.as_ref().ok_or(ErrorCode::ParamsRequired)?;
        let sid = match (params.sid, params.sids.as_deref()) {
            (Some(sid), None) => sid,
            (None, Some([sid])) => *sid,
            _ => return Err(ErrorCode::OneSid),
        };
        let place = self.subscriptions.iter().position(|subscription| subscription.sid == sid);
        let subscription = &mut self.subscriptions[place.ok_or(ErrorCode::UnknownSid)?];
        let action = params.action.as_deref().ok_or(ErrorCode::ActionRequired)?;
        if subscription.channel.is_of_an_index() {
            return subscription.update_indices(command.id, action, params.indices(), twin);
        }
        let tickers = params.tickers().ok_or(ErrorCode::TickerRequired)?;
        match action {
            "add_markets" => {
                subscription.add(&tickers);
                let mut sent = vec![subscription.confirm(command.id)];
                sent.extend(subscription.initial(&tickers, params.send_initial_snapshot.unwrap_or(false), twin));
                Ok(sent)
            }
            "delete_markets" => {
                if let Some(markets) = &mut subscription.markets {
                    markets.retain(|market| !tickers.contains(market));
                }
                Ok(vec![subscription.confirm(command.id)])
            }
            "get_snapshot" if subscription.channel == Channel::OrderbookDelta => {
                let mut sent = vec![subscription.confirm(command.id)];
                sent.extend(subscription.initial(&tickers, true, twin));
                Ok(sent)
            }
            _ => Err(ErrorCode::UnsupportedAction),
        }
    }

    fn list(&self, id: Option<i64>) -> Frame {
        let list: Vec<Value> = self
            .subscriptions
            .iter()
            .map(|subscription| json!({ "channel": subscription.channel.name(), "sid": subscription.sid }))
            .collect();
        line(None, &json!({ "type": "ok", "id": id, "msg": list }))
    }

    /// The frames that something that happened gives on this connection.
    pub fn on_output(&mut self, output: &Output, twin: &Twin) -> Vec<Frame> {
        self.subscriptions.iter_mut().filter_map(|subscription| subscription.frame(output, twin)).collect()
    }

    /// Whether it follows what may be lost in a mirror: books and summaries.
    #[must_use]
    pub fn follows_books(&self) -> bool {
        let is_of_books = |channel| matches!(channel, Channel::OrderbookDelta | Channel::Ticker);
        self.subscriptions.iter().any(|subscription| is_of_books(subscription.channel))
    }

    /// The frame after which the exchange drops a client that does not read.
    #[must_use]
    pub fn overflow() -> Frame {
        line(None, &json!({ "type": "error", "msg": { "code": 25, "msg": "Buffer overflow" } }))
    }
}

impl Subscription {
    fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    fn add(&mut self, tickers: &[String]) {
        if let Some(markets) = &mut self.markets {
            markets.extend(tickers.iter().cloned());
        }
    }

    /// Follows indices of channels that tell of them.
    fn follow(&mut self, indices: &[Asset]) {
        if self.channel.is_of_an_index() {
            for asset in indices {
                self.indices.entry(*asset).or_default();
            }
        }
    }

    fn update_indices(
        &mut self,
        id: Option<i64>,
        action: &str,
        indices: Option<Vec<Asset>>,
        twin: &Twin,
    ) -> Result<Vec<Frame>, ErrorCode> {
        match action {
            "subscribe_indices" => self.follow(&indices.ok_or(ErrorCode::IndexIdsRequired)?),
            "unsubscribe_indices" => {
                let gone = indices.ok_or(ErrorCode::IndexIdsRequired)?;
                self.indices.retain(|asset, _| !gone.contains(asset));
            }
            "indexlist" => {
                let known: Vec<&str> = twin.config().assets().map(Asset::index_id).collect();
                let seq = self.next_seq();
                let kind = format!("{}_indexlist", self.channel.name());
                let body =
                    json!({ "type": kind, "id": id, "sid": self.sid, "seq": seq, "msg": { "index_ids": known } });
                return Ok(vec![line(None, &body)]);
            }
            _ => return Err(ErrorCode::UnsupportedAction),
        }
        Ok(vec![self.confirm(id)])
    }

    /// The `ok` frame, which takes a number where the channel has numbers.
    fn confirm(&mut self, id: Option<i64>) -> Frame {
        let mut body = json!({ "type": "ok", "id": id, "sid": self.sid });
        if self.channel.is_numbered() {
            body["seq"] = json!(self.next_seq());
        }
        body["msg"] = if self.channel.is_of_an_index() {
            json!({ "index_ids": self.indices.keys().map(|asset| asset.index_id()).collect::<Vec<_>>() })
        } else {
            json!({ "market_tickers": self.markets })
        };
        line(None, &body)
    }

    /// What a subscriber gets before the first change: books always, summaries when asked for.
    fn initial(&mut self, tickers: &[String], summaries: bool, twin: &Twin) -> Vec<Frame> {
        let mut sent = Vec::new();
        for ticker in tickers {
            let market = twin.by_ticker.get(ticker.as_str()).and_then(|number| twin.markets.get(number));
            let Some(market) = market else { continue };
            match self.channel {
                // A book that is not known is told as soon as it is.
                Channel::OrderbookDelta if !market.has_known_book() => {}
                Channel::OrderbookDelta => {
                    let message = frames::orderbook_snapshot(market, self.use_yes_price);
                    sent.push(self.numbered("orderbook_snapshot", &message, twin));
                }
                Channel::Ticker if summaries => {
                    let message = frames::ticker(&market.ticker_view(twin.now()));
                    sent.push(self.numbered("ticker", &message, twin));
                }
                _ => {}
            }
        }
        sent
    }

    fn wants(&self, ticker: &str) -> bool {
        self.markets.as_ref().is_none_or(|markets| markets.contains(ticker))
    }

    fn frame(&mut self, output: &Output, twin: &Twin) -> Option<Frame> {
        let (kind, message) = match (self.channel, output) {
            (Channel::OrderbookDelta, Output::Book(change)) if self.wants(&change.market.ticker) => {
                ("orderbook_delta", frames::orderbook_delta(change, self.use_yes_price))
            }
            (Channel::OrderbookDelta, Output::Snapshot(number)) => {
                let market = twin.markets.get(number).filter(|market| self.wants(&market.name.ticker))?;
                ("orderbook_snapshot", frames::orderbook_snapshot(market, self.use_yes_price))
            }
            (Channel::Ticker, Output::Ticker(view)) if self.wants(&view.market.ticker) => {
                ("ticker", frames::ticker(view))
            }
            (Channel::Trade, Output::Trade(print)) if self.wants(&print.market.ticker) => {
                ("trade", frames::trade(print))
            }
            (Channel::Fill, Output::Fill(view)) if self.wants(&view.fill.ticker) => ("fill", frames::fill(view)),
            (Channel::UserOrders, Output::Order(order)) if self.wants(&order.ticker) => {
                ("user_order", frames::user_order(order, &twin.user_id()))
            }
            (Channel::MarketPositions, Output::Position(position)) if self.wants(&position.ticker) => {
                ("market_position", frames::market_position(position, &twin.user_id()))
            }
            (Channel::OrderGroupUpdates, Output::Group(change)) => ("order_group_updates", frames::group(change)),
            (Channel::MarketLifecycle, Output::Lifecycle(change)) => ("market_lifecycle_v2", frames::lifecycle(change)),
            (Channel::MarketLifecycle, Output::Event(event)) => ("event_lifecycle", frames::event_listed(event)),
            (Channel::IndexValue, Output::Index(print)) => {
                ("cfbenchmarks_value", self.indices.get_mut(&print.asset)?.message(*print))
            }
            (Channel::IndexValueSteady, Output::Steady(print)) if self.indices.contains_key(&print.asset) => {
                ("cfbenchmarks_value_5hz", frames::steady_index(print))
            }
            _ => return None,
        };
        Some(self.numbered(kind, &message, twin))
    }

    fn numbered(&mut self, kind: &str, message: &Value, twin: &Twin) -> Frame {
        let sent_at = twin.now().millis();
        let text = if self.channel.is_numbered() {
            let seq = self.next_seq();
            format!(
                r#"{{"type":"{kind}","sid":{},"seq":{seq},"sending_ts_ms":{sent_at},"msg":{message}}}{NEWLINE}"#,
                self.sid
            )
        } else {
            format!(r#"{{"type":"{kind}","sid":{},"sending_ts_ms":{sent_at},"msg":{message}}}{NEWLINE}"#, self.sid)
        };
        Frame { channel: Some(self.channel), text }
    }
}

const NEWLINE: char = '\n';

fn line(channel: Option<Channel>, body: &Value) -> Frame {
    Frame { channel, text: format!("{body}\n") }
}

fn answer(mut body: Value, twin: &Twin) -> Frame {
    body["sending_ts_ms"] = json!(twin.now().millis());
    line(None, &body)
}

fn error(id: Option<i64>, code: ErrorCode) -> Frame {
    let mut body = json!({ "type": "error", "msg": { "code": code as i64, "msg": code.message() } });
    if let Some(id) = id {
        body["id"] = json!(id);
    }
    line(None, &body)
}
