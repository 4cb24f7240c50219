//! What the machines want done.

use rec_domain::{Timestamp, bus_event::BusEvent, eastern};
use rec_engine::{
    feed::{self, FeedMachine, Source},
    momentum::{self, MomentumMachine},
};
use rec_runtime::{Effects, ServiceContext};
use rec_spot::SpotClient;
use tokio::sync::mpsc;
use tracing::{info, warn};

use crate::{archive::Archive, spot};

/// Name of the health check on accepted spot prices.
pub(crate) const SPOT: &str = "spot prices";
/// Name of the health check on accepted index prints.
pub(crate) const INDEX: &str = "index prints";
/// Name of the health check on momentum that has a score.
pub(crate) const MOMENTUM: &str = "momentum";

/// Carries out the feed's outputs.
pub(crate) struct FeedEffects {
    pub(crate) ctx: ServiceContext,
    pub(crate) candles: SpotClient,
    pub(crate) product: String,
    pub(crate) inputs: mpsc::Sender<feed::Input>,
    pub(crate) momentum: mpsc::Sender<momentum::Input>,
    pub(crate) archive: Archive,
}

impl Effects<FeedMachine> for FeedEffects {
    async fn act(&mut self, _now: Timestamp, outputs: Vec<feed::Output>) -> anyhow::Result<Vec<feed::Input>> {
        for output in outputs {
            match output {
                feed::Output::Spot(price) => {
                    self.ctx.health.beat(SPOT);
                    self.archive.tick(&price);
                    self.ctx.publish(BusEvent::Spot(price.clone()));
                    self.measure(momentum::Input::Spot(price)).await;
                }
                feed::Output::Index(print) => {
                    self.ctx.health.beat(INDEX);
                    self.archive.print(print);
                    self.ctx.publish(BusEvent::Index(print));
                }
                feed::Output::FetchCandles { from, to } => self.fetch_candles(from, to),
                feed::Output::Candles(candles) => self.measure(momentum::Input::Candles(candles)).await,
                feed::Output::Stale { source, stale: true, last_at } => {
                    let check = if source == Source::Spot { SPOT } else { INDEX };
                    let last = last_at.map(eastern::date_and_clock);
                    warn!(check, last, "stale");
                    self.ctx.health.fail(check, format!("stale; last at {}", last.as_deref().unwrap_or("no time")));
                }
                feed::Output::Stale { source, stale: false, .. } => info!(?source, "fresh again"),
            }
        }
        Ok(Vec::new())
    }
}

impl FeedEffects {
    /// The momentum machine takes its inputs without waiting for anybody, so this waits only for it.
    async fn measure(&self, input: momentum::Input) {
        let _it_has_ended_and_so_do_we = self.momentum.send(input).await;
    }

    fn fetch_candles(&self, from: Timestamp, to: Timestamp) {
        let (client, product, inputs) = (self.candles.clone(), self.product.clone(), self.inputs.clone());
        tokio::spawn(async move {
            let input = spot::candles(&client, &product, from, to).await;
            let _the_feed_has_ended = inputs.send(input).await;
        });
    }
}

/// Carries out momentum's outputs.
pub(crate) struct MomentumEffects {
    pub(crate) ctx: ServiceContext,
    pub(crate) archive: Archive,
}

impl Effects<MomentumMachine> for MomentumEffects {
    async fn act(&mut self, _now: Timestamp, outputs: Vec<momentum::Output>) -> anyhow::Result<Vec<momentum::Input>> {
        for momentum::Output::Momentum(reading) in outputs {
            match reading.score_percent {
                Some(_score) => self.ctx.health.beat(MOMENTUM),
                None => self.ctx.health.fail(MOMENTUM, "no price to compare with"),
            }
            self.archive.reading(&reading);
            self.ctx.publish(BusEvent::Momentum(reading));
        }
        Ok(Vec::new())
    }
}
