//! The `desk` machine: risk gate, durable intents, the life of orders and trades, the ledger, and the comparison with
//! the exchange.
//!
//! A commit is an effect. Inputs are handled on a copy of the books, which gives rows and what is to be done once they
//! are committed; the books change only when the commit is known to have happened. One commit is in flight at a time,
//! inputs wait and are batched.
//!
//! | file | what it decides |
//! |---|---|
//! | [`machine`] | the queue, the batch, the commit in flight |
//! | [`books`] | what the desk knows |
//! | `draft` | a copy of the books with the rows that change it |
//! | `arming` | whether what increases exposure may be sent where money is real |
//! | `gate` | what may increase exposure |
//! | `risk` | what the caps are held against: equity, its peak, the day's result |
//! | `opening`, `closing`, `flattening` | requests to open, to close, and to close everything |
//! | `automation` | requests to change switches and strategy |
//! | `audit` | what people asked for |
//! | `clock` | a clock that cannot be trusted |
//! | `adopting` | orders that were sent without the desk in an emergency |
//! | `order_life`, `trade_life` | where orders and trades go from where they are |
//! | `answers` | what the executor said |
//! | `reports` | what the exchange said of orders |
//! | `repeating` | unknown closes that are sent again |
//! | `booking` | fills to trades and ledger |
//! | `settling` | settlements to trades and ledger |
//! | `flows` | deposits, withdrawals, transfers, interest and bound cash to the ledger |
//! | `late` | results that do not come |
//! | `groups` | the order groups |
//! | `adjusting` | differences that the operator explains |
//! | `reconciling` | the comparison with the exchange |
//! | `recovery` | the books that a desk starts with |
//! | `view` | the desk as others see it |

mod adjusting;
mod adopting;
mod answers;
mod arming;
mod audit;
mod automation;
mod booking;
pub mod books;
mod clock;
mod closing;
mod draft;
mod flattening;
mod flows;
mod gate;
mod groups;
pub mod input;
mod late;
pub mod machine;
mod opening;
mod order_life;
mod reconciling;
mod recovery;
mod repeating;
mod reports;
mod risk;
mod settling;
#[cfg(test)]
mod tests;
mod trade_life;
mod view;

pub use arming::CODES_WITHIN;
pub use books::{Books, Group, Identity};
pub use input::{DeskConfig, DeskInput, DeskOutput};
pub use machine::Desk;
pub use recovery::recovered_books;
pub use repeating::Repeats;
pub use risk::Risk;
