//! `rec flatten --emergency`: sells what the account holds with nothing but the key.
//!
//! Each order is written down before it leaves and has its identity from there, so that being killed at any point, or
//! started twice, sends nothing under two identities: what has no outcome is sent again as it was, and the exchange
//! takes an identity once. Every order only reduces, so a position that was read too early costs a refused order.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rec_api::{
    emergency::{EmergencyJournal, Line},
    guard::Remembered,
};
use rec_config::Config;
use rec_domain::{
    BookSide, OrderGroupId, Price, PriceGrid, Quantity, Side, Timestamp,
    answer::Outcome,
    emergency::EmergencyOrder,
    intent::{OrderSpec, TimeInForce},
};
use rec_kalshi::{
    rest::{Client, NewOrder, PositionsQuery},
    rows::PositionRow,
};
use rec_runtime::Clocks;

use super::kill;
use crate::say;

/// Between two rounds.
const PAUSE: Duration = Duration::from_secs(1);

/// What is wanted.
pub(super) struct Wanted {
    /// Why.
    pub(super) reason: String,
    /// The least to accept, as price of each position's side.
    pub(super) worst: Price,
    /// How long it tries.
    pub(super) within: Duration,
}

/// Sells what the account holds; how many markets it still holds something in at the end.
pub(super) async fn flatten(config: &Config, wanted: &Wanted) -> anyhow::Result<usize> {
    // So that nothing is bought back meanwhile. Whatever comes of it, selling goes on.
    if let Err(error) = kill::kill(config, &wanted.reason, false).await {
        say::complain(&format!("entries could not be stopped: {error:#}"));
    }
    let clocks = Clocks::of(&config.clock);
    let exchange = kill::exchange(config)?;
    let Some(journal) = EmergencyJournal::open(&config.state_dir).context("the journal of the emergency")? else {
        bail!("another `rec flatten --emergency` runs for {}", config.state_dir.display());
    };
    let desk = Remembered::load(&config.state_dir).ok().flatten().and_then(|known| known.desk);
    if desk.is_none() {
        say::complain("the guard remembers no desk here: a desk will book these orders as made by hand");
    }
    let mut seller = Seller { client: exchange.client(), clocks, journal, wanted };
    seller.journal.begin(seller.clocks.now(), desk).context("the journal of the emergency")?;
    seller.finish_what_was_begun().await?;
    let (began, since) = (Instant::now(), seller.clocks.now());
    loop {
        let (as_of, positions) = match seller.positions().await {
            Ok(read) => read,
            Err(error) if began.elapsed() < wanted.within => {
                say::complain(&format!("the positions cannot be read: {error:#}"));
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        if positions.is_empty() && as_of < since {
            // What was bought just before is not in it yet: an account is not taken for flat from an old reading.
            if began.elapsed() >= wanted.within {
                bail!("the exchange's readings end at {as_of}: whether something is held now is not known");
            }
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        if positions.is_empty() {
            seller.journal.append(Line::Ended).context("the journal of the emergency")?;
            say::say("the account holds nothing");
            return Ok(0);
        }
        if began.elapsed() >= wanted.within {
            for row in &positions {
                say::complain(&format!("{}: {} still held", row.ticker, row.position));
            }
            return Ok(positions.len());
        }
        for row in &positions {
            seller.sell(row).await?;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

struct Seller<'a> {
    client: &'a Client,
    clocks: Clocks,
    journal: EmergencyJournal,
    wanted: &'a Wanted,
}

impl Seller<'_> {
    /// Orders of which nobody knows whether they were taken are sent again as they were.
    async fn finish_what_was_begun(&mut self) -> anyhow::Result<()> {
        let open = |order: &EmergencyOrder| matches!(order.outcome, None | Some(Outcome::Unknown { .. }));
        for order in self.journal.orders().into_iter().filter(open) {
            self.send(&order).await?;
        }
        Ok(())
    }

    /// What the account holds, in markets of every shard, and up to when that is complete at least.
    async fn positions(&self) -> anyhow::Result<(Timestamp, Vec<PositionRow>)> {
        let as_of = self.client.user_data_timestamp().await?;
        let mut rows = self.client.positions(&PositionsQuery::default()).all().await?;
        rows.retain(|row| !row.position.is_zero());
        Ok((as_of, rows))
    }

    async fn sell(&mut self, row: &PositionRow) -> anyhow::Result<()> {
        // Without the market's grid the orderable whole cents have to do.
        let market = self.client.market(&row.ticker).await;
        let grid = market.as_ref().map_or_else(|_unreadable| PriceGrid::linear_cent(), |market| market.grid.clone());
        let Some(spec) = closing(row, &grid, self.wanted.worst) else {
            say::complain(&format!("{}: there is no orderable price", row.ticker));
            return Ok(());
        };
        let order = EmergencyOrder {
            id: self.journal.next_id(),
            spec,
            planned_at: self.clocks.now(),
            reason: self.wanted.reason.clone(),
            outcome: None,
        };
        self.journal.append(Line::Planned(order.clone())).context("nothing is sent that was not written down")?;
        self.send(&order).await
    }

    async fn send(&mut self, order: &EmergencyOrder) -> anyhow::Result<()> {
        let signed_at = self.clocks.now();
        let new = NewOrder::new(order.spec.clone(), order.id.client_order_id());
        let outcome = match self.client.create_order(&new, signed_at).await {
            Ok(taken) => taken.outcome(signed_at),
            Err(failure) => failure.outcome(signed_at),
        };
        say::say(&format!("{} {} {}: {}", order.spec.ticker, order.spec.side, order.spec.quantity, words(&outcome)));
        let line = Line::Outcome { id: order.id, outcome };
        self.journal.append(line).context("what became of an order cannot be written down")
    }
}

/// The order that closes a position at `worst` or better; none where no price is orderable.
fn closing(row: &PositionRow, grid: &PriceGrid, worst: Price) -> Option<OrderSpec> {
    let side = if row.position.is_positive() { Side::Yes } else { Side::No };
    let yes_limit = side.convert_price(worst);
    let price = match side.closing_book_side() {
        BookSide::Ask => grid.round_up(yes_limit).or_else(|| grid.highest()),
        BookSide::Bid => grid.round_down(yes_limit).or_else(|| grid.lowest()),
    }?;
    Some(OrderSpec {
        ticker: row.ticker.clone(),
        exchange_index: row.exchange_index,
        side,
        book_side: side.closing_book_side(),
        price,
        quantity: Quantity::from_units(row.position.units().abs()),
        time_in_force: TimeInForce::ImmediateOrCancel,
        reduce_only: true,
        // Without the desk nobody knows the group for exits, and a tripped one would refuse it.
        group: OrderGroupId::new(""),
    })
}

fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Acknowledged { filled, .. } => format!("{filled} sold"),
        Outcome::AlreadyExists { .. } => "the exchange has this order already".to_owned(),
        Outcome::Rejected { code, message, .. } => format!("refused: {code} {message}"),
        Outcome::Unknown { reason, .. } => format!("nobody knows whether it was taken: {reason}"),
        other => format!("not sent: {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::{ExchangeIndex, MarketTicker};

    use super::*;

    fn held(contracts: i64) -> PositionRow {
        PositionRow {
            ticker: MarketTicker::new("KXBTCD-26SEP2516-T92799.99"),
            exchange_index: ExchangeIndex::new(2),
            position: Quantity::from_contracts(contracts),
            exposure: None,
            realized: None,
            fees: None,
            updated_at: None,
        }
    }

    #[test]
    fn yes_is_sold_and_no_is_bought_back_at_the_worst_price_and_only_ever_reduced() {
        let grid = PriceGrid::linear_cent();
        for (contracts, book_side, yes_cents) in [(12, BookSide::Ask, 3), (-12, BookSide::Bid, 97)] {
            let order = closing(&held(contracts), &grid, Price::from_cents(3)).expect("orderable");
            assert_eq!((order.book_side, order.price), (book_side, Price::from_cents(yes_cents)));
            assert_eq!(order.quantity, Quantity::from_contracts(12));
            assert!(order.reduce_only && order.time_in_force == TimeInForce::ImmediateOrCancel);
        }
        let below_the_grid = closing(&held(1), &grid, Price::from_units(1)).expect("orderable");
        assert_eq!(below_the_grid.price, Price::from_cents(1));
    }
}
