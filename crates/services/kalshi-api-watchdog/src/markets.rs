//! What the lifecycle machine wants done.

use std::sync::Arc;

use rec_domain::{Timestamp, bus_event::BusEvent, market::Market};
use rec_engine::{
    book,
    lifecycle::{Input, LifecycleMachine, Output},
};
use rec_runtime::{Effects, ServiceContext};
use tokio::sync::{mpsc, watch};
use tracing::warn;

use crate::{discovery::Discovery, line::Line};

/// Name of the health check on reading the exchange's lists.
pub(crate) const MARKETS: &str = "markets";

/// Carries out the lifecycle machine's outputs.
pub(crate) struct MarketEffects {
    pub(crate) ctx: ServiceContext,
    pub(crate) discovery: Arc<Discovery>,
    pub(crate) inputs: mpsc::Sender<Input>,
    pub(crate) books: mpsc::Sender<book::Input>,
    pub(crate) line: Line,
    pub(crate) archive: watch::Sender<Vec<Market>>,
}

impl Effects<LifecycleMachine> for MarketEffects {
    async fn act(&mut self, _now: Timestamp, outputs: Vec<Output>) -> anyhow::Result<Vec<Input>> {
        for output in outputs {
            match output {
                Output::Fetch => self.fetch(),
                Output::Publish(markets) => {
                    self.line.listed();
                    self.archive.send_replace(markets.clone());
                    self.ctx.publish(BusEvent::Markets(markets));
                }
                Output::Wanted(tickers) => {
                    self.line.want(tickers.clone());
                    // The book machine waits for nobody, so this waits only for it.
                    let _it_has_ended_and_so_do_we = self.books.send(book::Input::Wanted { tickers }).await;
                }
                Output::Lifecycle(change) => self.ctx.publish(BusEvent::Lifecycle(change)),
            }
        }
        Ok(Vec::new())
    }
}

impl MarketEffects {
    fn fetch(&self) {
        let (discovery, inputs, health) = (Arc::clone(&self.discovery), self.inputs.clone(), self.ctx.health.clone());
        tokio::spawn(async move {
            let input = match discovery.markets().await {
                Ok(markets) => {
                    health.beat_with(MARKETS, format!("{} listed", markets.len()));
                    Input::Fetched(markets)
                }
                Err(error) => {
                    warn!(%error, "the markets were not read");
                    health.fail(MARKETS, error.to_string());
                    Input::FetchFailed
                }
            };
            let _the_machine_has_ended = inputs.send(input).await;
        });
    }
}
