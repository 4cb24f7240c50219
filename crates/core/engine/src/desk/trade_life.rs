//! The life of a trade. Where it is follows from what it holds and what is under way; only its payment and what comes
//! after its end need to be told. `docs/LIFECYCLE.md` shows the whole of it, and a test holds the page to this file.

use rec_domain::trade::TradeState;

/// What a trade's state follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TradeFacts {
    /// Contracts are held.
    pub(super) held: bool,
    /// An order that opens is not complete.
    pub(super) opening: bool,
    /// An order that closes is not complete.
    pub(super) closing: bool,
    /// Contracts were ever bought.
    pub(super) entered: bool,
    /// The market has closed.
    pub(super) market_closed: bool,
}

impl TradeFacts {
    /// The state of a trade that has not ended, or goes on.
    pub(super) const fn state(self) -> TradeState {
        match (self.held, self.opening, self.closing) {
            (false, false, false) if !self.entered => TradeState::Unfilled,
            (false, false, false) => TradeState::Closed,
            (true, ..) if self.market_closed => TradeState::Expired,
            (_, _, true) => TradeState::Closing,
            (true, _, false) => TradeState::Open,
            (false, true, false) => TradeState::Opening,
        }
    }
}

/// What happens to a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TradeInput {
    /// Something of it changed, or time has passed.
    Looked,
    /// A fill of one of its orders, or of a hand, is booked to it.
    Filled,
    /// One of its orders turns out not to have ended.
    Revived,
    /// Its market pays it.
    Paid,
}

/// Where a trade goes from `state` by `input`, given what holds of it now.
pub(super) const fn next(state: TradeState, input: TradeInput, facts: TradeFacts) -> TradeState {
    match (state, input) {
        (_, TradeInput::Paid) | (TradeState::Settled, _) => TradeState::Settled,
        (TradeState::Unfilled | TradeState::Closed, TradeInput::Looked) => state,
        _ => facts.state(),
    }
}
