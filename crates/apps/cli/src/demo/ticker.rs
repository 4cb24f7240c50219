//! What the desk did, line by line, in market time.

use std::sync::Arc;

use rec_bus::Bus;
use rec_domain::{
    bus_event::{BusEvent, Topic},
    eastern,
    outbox::{DeskEvent, OutboxEvent},
};

use crate::steps::Steps;

/// Tells until it is dropped.
pub(super) async fn tell(bus: Arc<dyn Bus>, steps: Steps) {
    let mut events = bus.subscribe(&[Topic::Outbox]);
    loop {
        let delivery = events.recv().await;
        if let BusEvent::Outbox(event) = &*delivery.event
            && let Some(text) = line(event)
        {
            steps.line(&format!("{}  {text}", eastern::clock(event.at)));
        }
    }
}

fn line(event: &OutboxEvent) -> Option<String> {
    match &event.event {
        DeskEvent::Trade { trade, ticker, side, state, held, realised } => {
            Some(format!("trade {trade}  {ticker} {side}  {}  {held} held  {realised} realised", state.name()))
        }
        DeskEvent::Halted { source, reason } => Some(format!("HALT by {source}: {reason}")),
        DeskEvent::Resumed { source, reason } => Some(format!("resumed {source}: {reason}")),
        DeskEvent::CapsTightened { caps, reason } => Some(format!("caps lowered to {}: {reason}", caps.join(", "))),
        DeskEvent::Armed { until, reason } => Some(format!("armed until {}: {reason}", eastern::clock(*until))),
        DeskEvent::Disarmed { reason } => Some(format!("disarmed: {reason}")),
        DeskEvent::Flow { kind, stage, amount } => Some(format!("{} of {amount}: {}", kind.name(), stage.name())),
        DeskEvent::Adjusted { exchange_index, amount, reason } => {
            Some(format!("ADJUSTED {amount} on shard {exchange_index}: {reason}"))
        }
        DeskEvent::Disagreement { differences } => Some(format!("DISAGREEMENT {}", differences.join("; "))),
        DeskEvent::Order { .. } | DeskEvent::Fill { .. } | DeskEvent::Refused { .. } | DeskEvent::Automation { .. } => {
            None
        }
    }
}
