//! The graveyard: what went wrong in the system before this one and in other bots, played here, where it must go right.
//! `docs/GRAVEYARD.md` has the stories.
//!
//! | file | of what |
//! |---|---|
//! | `supervisors` | what the stories are played with: supervisors that look at a desk and ask it |
//! | `predecessor` | the faults of the system before this one |
//! | `lost_orders` | orders that were lost, or sent again |
//! | `exits` | positions that were closed twice, or not at all |
//! | `bookkeeping` | books that did not come from fills |
//! | `kill_switch` | a switch that did not stop |

mod bookkeeping;
mod exits;
mod kill_switch;
mod lost_orders;
mod predecessor;
mod supervisors;

use supervisors::{EntrySupervisor, ExitSupervisor};

use super::*;

impl Bench {
    /// Buys YES in the market, acknowledged and booked.
    fn holds(&mut self, contracts: i64) -> (IntentId, TradeId) {
        let (intent, trade) = self.open("holds", self.wanted(Side::Yes, contracts)).expect("admitted");
        self.acknowledge(intent, contracts);
        self.fill("held", intent, BookSide::Bid, 93, contracts);
        (intent, trade)
    }

    /// Nobody knows whether an order was taken.
    fn lose(&mut self, intent: IntentId) {
        self.answer(intent, Outcome::Unknown { reason: "connection lost".to_owned(), signed_at: self.now });
    }

    /// The same desk after a crash: what was committed, and nothing else.
    pub(super) fn restart(&mut self) {
        let mut books = self.desk.books().clone();
        books.identity.epoch += 1;
        (books.last_intent, books.last_commit) = (0, 0);
        self.desk = Desk::new(DeskConfig::default(), books);
    }

    fn net(&self) -> Quantity {
        self.desk.books().net_position(&MarketTicker::new(MARKET))
    }

    /// Orders placed so far, in order.
    fn placed(&self) -> Vec<(IntentId, rec_domain::intent::OrderSpec)> {
        let placed = self.intents().into_iter().filter_map(|intent| match intent.action {
            Action::Place(spec) => Some((intent.id, spec)),
            _ => None,
        });
        placed.collect()
    }

    fn closes(&self) -> Vec<(IntentId, rec_domain::intent::OrderSpec)> {
        self.placed().into_iter().filter(|(_, spec)| spec.reduce_only).collect()
    }
}
