//! What the book machine wants done.

use rec_domain::{Timestamp, bus_event::BusEvent};
use rec_engine::book::{BookMachine, Input, Output};
use rec_kalshi::ws::{Channel, Command};
use rec_runtime::{Effects, ServiceContext};
use tracing::warn;

use crate::line::Line;

/// Name of the health check on books that are known.
pub(crate) const BOOKS: &str = "books";

/// Carries out the book machine's outputs.
pub(crate) struct BookEffects {
    pub(crate) ctx: ServiceContext,
    pub(crate) line: Line,
}

impl Effects<BookMachine> for BookEffects {
    async fn act(&mut self, _now: Timestamp, outputs: Vec<Output>) -> anyhow::Result<Vec<Input>> {
        for output in outputs {
            let command = match output {
                Output::Subscribe { tickers } => {
                    Command::Subscribe { channels: vec![Channel::OrderBook], markets: tickers, indices: Vec::new() }
                }
                Output::AddMarkets { sid, tickers } => Command::AddMarkets { sid, markets: tickers },
                Output::DeleteMarkets { sid, tickers } => Command::DeleteMarkets { sid, markets: tickers },
                Output::RequestSnapshot { sid, tickers } => Command::GetSnapshot { sid, markets: tickers },
                Output::Reconnect { reason } => {
                    warn!(reason, "making a new connection for the books");
                    self.line.reconnect();
                    continue;
                }
                Output::Publish(tops) => {
                    let known = tops.iter().filter(|top| top.top.is_some()).count();
                    if known == 0 && !self.line.is_idle() {
                        self.ctx.health.fail(BOOKS, "no book is known");
                    } else {
                        self.ctx.health.beat(BOOKS);
                    }
                    self.ctx.publish(BusEvent::Books(tops));
                    continue;
                }
            };
            self.line.send(command);
        }
        Ok(Vec::new())
    }
}
