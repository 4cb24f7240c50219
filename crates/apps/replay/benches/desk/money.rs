//! Fills into trades and ledger, and an account that is compared as a whole. Every commit succeeds at once, so this is
//! what the machine costs; what the database costs stands in `docs/BENCHMARKS.md` by itself.

use divan::{Bencher, counter::ItemsCount};
use rec_domain::{
    BookSide, DeskId, ExchangeIndex, FillId, MarketTicker, Mode, Money, OrderId, Price, Quantity, TimeSpan, Timestamp,
    report::{FillReport, PositionReport, Report, Sweep},
    settings::AutomationSettings,
};
use rec_engine::{
    Machine,
    desk::{Books, Desk, DeskConfig, DeskInput, DeskOutput, Identity},
};

use crate::market::NOON;

const SHARD: ExchangeIndex = ExchangeIndex::new(2);
/// Fills of the account that is compared, and the markets that they are in.
const ACCOUNT: u32 = 100_000;
const MARKETS: u32 = 500;
/// Fills of one measurement of booking.
const BOOKED: u32 = 1_000;

/// The desk machine with a database that never fails.
struct Bench {
    desk: Desk,
    now: Timestamp,
    reports: i64,
}

impl Bench {
    fn new() -> Self {
        let identity = Identity { desk: DeskId::from_bits(7), mode: Mode::Twin, epoch: 1 };
        let books = Books::new(identity, AutomationSettings::default(), NOON);
        Self { desk: Desk::new(DeskConfig::default(), books), now: NOON, reports: 0 }
    }

    fn report(&mut self, report: Report) {
        self.reports += 1;
        let mut inputs = vec![DeskInput::Report { number: self.reports, report }];
        while let Some(input) = inputs.pop() {
            for output in self.desk.step(self.now, input) {
                if let DeskOutput::Commit(commit) = output {
                    inputs.push(DeskInput::Committed { number: commit.number });
                }
            }
        }
    }

    /// A complete reading of an account with these positions, in two and two alike.
    fn sweep(&mut self, bought: u32) {
        let began = self.now;
        self.now += TimeSpan::from_seconds(60);
        let each = i64::from(bought / MARKETS);
        let position = |market| PositionReport { ticker: ticker(market), position: Quantity::from_contracts(each) };
        let sweep = Sweep {
            started_at: began,
            as_of: began + TimeSpan::from_seconds(30),
            since: None,
            balances: vec![(SHARD, Money::from_dollars(100_000))],
            positions: (0..MARKETS).filter(|_market| each > 0).map(position).collect(),
            resting: Vec::new(),
            reserved: Vec::new(),
            flows: true,
            unreadable: vec![],
        };
        self.report(Report::Sweep(sweep));
    }
}

fn ticker(market: u32) -> MarketTicker {
    MarketTicker::new(format!("KXBTCD-26SEP2516-T{}.99", 97_000 + market))
}

/// One contract bought by hand, in each market in turn.
fn fill(number: u32) -> Report {
    Report::Fill(FillReport {
        fill_id: FillId::new(format!("fill-{number}")),
        order_id: OrderId::new(format!("order-{number}")),
        client_order_id: Some(rec_domain::ClientOrderId::new(format!("by hand {number}"))),
        ticker: ticker(number % MARKETS),
        exchange_index: SHARD,
        book_side: BookSide::Bid,
        price: Price::from_cents(40),
        quantity: Quantity::from_contracts(1),
        fee: Some(Money::from_micros(16_800)),
        is_taker: true,
        at: NOON,
    })
}

#[divan::bench(sample_count = 20)]
fn fills_booked(bencher: Bencher) {
    bencher
        .counter(ItemsCount::new(BOOKED))
        .with_inputs(|| {
            let mut bench = Bench::new();
            bench.sweep(0);
            (bench, (0..BOOKED).map(fill).collect::<Vec<_>>())
        })
        .bench_local_values(|(mut bench, fills)| {
            fills.into_iter().for_each(|fill| bench.report(fill));
            bench
        });
}

#[divan::bench(sample_count = 5)]
fn account_of_100_000_fills_booked_and_compared(bencher: Bencher) {
    bencher
        .counter(ItemsCount::new(ACCOUNT))
        .with_inputs(|| {
            let mut bench = Bench::new();
            bench.sweep(0);
            (bench, (0..ACCOUNT).map(fill).collect::<Vec<_>>())
        })
        .bench_local_values(|(mut bench, fills)| {
            fills.into_iter().for_each(|fill| bench.report(fill));
            bench.sweep(ACCOUNT);
            bench
        });
}

#[divan::bench(sample_count = 20)]
fn account_of_100_000_fills_compared(bencher: Bencher) {
    let mut bench = Bench::new();
    bench.sweep(0);
    (0..ACCOUNT).map(fill).for_each(|fill| bench.report(fill));
    bencher.bench_local(|| bench.sweep(ACCOUNT));
}
