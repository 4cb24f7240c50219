//! The twin as a mirror: markets, books, trades, results and index are another exchange's, the account is the twin's own.
//!
//! What the other exchange shows comes in as [`Mirrored`] changes, in the order in which it was shown. Nothing goes back:
//! an order meets the depth that is displayed here when it has been on its way for [`FILL_DELAY`], and what it takes is
//! remembered until the displayed level changes. An order that rests fills only when a trade goes through its price; as
//! long as it rests, depth that would meet it is not displayed. Results and payments are the other exchange's.
//!
//! What a mirror cannot know: how the exchange would have answered to our orders, and who would have stepped back from
//! them. It fills a taker on what was displayed and a maker only where it cannot have been left out.

mod books;
mod depth;
mod input;
mod listing;
mod trades;

use rec_domain::{PriceGrid, TimeSpan};

use self::depth::Depth;
use crate::core::{
    Mutation, Twin,
    exchange::{Due, push_bounded},
    mutation::Applied,
    output::{IndexPrint, Output, SteadyPrint},
    underlying::PRINTS_KEPT,
};

pub use input::{ListedMarket, Mirrored};

/// From an order's arrival to the instant at which it meets what is displayed.
pub const FILL_DELAY: TimeSpan = TimeSpan::from_millis(250);
/// How long trading stays paused unless the pause is told again.
const PAUSE_HOLDS: TimeSpan = TimeSpan::from_seconds(60);

/// What a mirror knows of a market beyond what every twin does.
#[derive(Debug, Clone)]
pub struct MirroredMarket {
    /// The prices at which it takes orders.
    pub grid: PriceGrid,
    /// Whether its trading is suspended.
    pub suspended: bool,
    /// Whether it was paid.
    pub paid: bool,
    /// Whether its book is known.
    pub is_known: bool,
    pub(crate) depth: Depth,
}

/// What a mirrored change did, as far as whoever keeps a journal has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Effect {
    /// Whether a world that is rebuilt needs it: markets, results, fills. What books show is not of that kind.
    pub(crate) lasting: bool,
    /// Whether it cannot be true beside what was shown before, so that a book is unknown now.
    pub(crate) contradicts: bool,
}

const PASSING: Effect = Effect { lasting: false, contradicts: false };
const LASTING: Effect = Effect { lasting: true, contradicts: false };
const CONTRADICTING: Effect = Effect { lasting: false, contradicts: true };

impl Twin {
    /// How long an order is on its way before it meets the book. None where the book is the twin's own.
    #[must_use]
    pub const fn fill_delay(&self) -> TimeSpan {
        if self.config.mirror { FILL_DELAY } else { TimeSpan::ZERO }
    }

    /// Takes what the other exchange showed.
    pub(crate) fn mirror(&mut self, change: &Mirrored) -> Applied {
        let effect = match change {
            Mirrored::Market(listed) => self.mirror_market(listed),
            Mirrored::Strike { ticker, strike } => self.mirror_strike(ticker, *strike),
            Mirrored::Close { ticker, close } => self.mirror_close(ticker, *close),
            Mirrored::Grid { ticker, grid } => self.mirror_grid(ticker, grid),
            Mirrored::Suspended { ticker, suspended } => self.mirror_suspension(ticker, *suspended),
            Mirrored::Result { ticker, result } => self.mirror_result(ticker, *result, None),
            Mirrored::Paid { ticker } => self.mirror_payment(ticker),
            Mirrored::Book { ticker, bids, asks } => self.mirror_book(ticker, bids, asks),
            Mirrored::Level { ticker, side, price, delta } => self.mirror_level(ticker, *side, *price, *delta),
            Mirrored::BooksLost => self.lose_books(),
            Mirrored::Summary { ticker, last, volume } => self.mirror_summary(ticker, *last, *volume),
            Mirrored::Trade { ticker, trade_id, price, count, taker } => {
                self.mirror_trade(ticker, trade_id, *price, *count, *taker)
            }
            Mirrored::Index { asset, stamped, value } => {
                let print = IndexPrint { asset: *asset, stamped: *stamped, value: *value, received: self.now };
                if let Some(underlying) = self.underlyings.get_mut(asset)
                    && underlying.prints.back().is_none_or(|last| last.stamped < *stamped)
                {
                    push_bounded(&mut underlying.prints, print, PRINTS_KEPT);
                    self.outputs.push(Output::Index(print));
                }
                PASSING
            }
            Mirrored::Steady { asset, stamped, value } => {
                let print = SteadyPrint { asset: *asset, stamped: *stamped, value: *value, received: self.now };
                self.outputs.extend(self.underlyings.contains_key(asset).then_some(Output::Steady(print)));
                PASSING
            }
            Mirrored::Trading { active } => self.mirror_trading(*active),
        };
        let Effect { lasting, contradicts } = effect;
        Applied::Mirrored { lasting, contradicts }
    }

    fn mirror_trading(&mut self, active: bool) -> Effect {
        let was_paused = self.is_trading_paused();
        self.paused_until = (!active).then_some(self.now + PAUSE_HOLDS);
        if active || was_paused {
            return PASSING;
        }
        self.cancel_on_pause();
        LASTING
    }

    /// What a mirror does in each second; its prices come from elsewhere.
    pub(crate) fn mirror_second(&mut self) {
        self.schedule(self.now + TimeSpan::from_seconds(1), Due::Second);
        self.tell_tickers();
    }

    /// The books that a mutation may meet, as they are displayed: with them in its journal a mirror that is rebuilt fills
    /// the same orders with the same depth.
    #[must_use]
    pub fn books_met_by(&self, mutation: &Mutation) -> Vec<Mutation> {
        let tickers: Vec<&str> = match mutation {
            _ if !self.config.mirror => Vec::new(),
            Mutation::CreateOrder(order) => vec![&order.ticker],
            Mutation::CreateOrders(orders) => orders.iter().map(|order| order.ticker.as_str()).collect(),
            Mutation::AmendOrder(amend) => vec![&amend.ticker],
            _ => Vec::new(),
        };
        tickers.into_iter().filter_map(|ticker| self.displayed(ticker)).map(Mutation::Mirror).collect()
    }
}
