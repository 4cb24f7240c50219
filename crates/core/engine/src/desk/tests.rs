//! Promises of the desk, each shown on the machine alone: commits succeed or fail as the test says.

use rec_domain::{
    BookSide, ClientOrderId, DecisionId, DeskId, EventTicker, ExchangeIndex, FillId, IntentId, MarketTicker, Mode,
    Money, OrderGroupId, OrderId, Price, PriceGrid, Quantity, SeriesTicker, Side, TimeSpan, Timestamp, TradeId,
    UsdPrice,
    answer::{Answer, ClaimRefusal, NotSent, Outcome},
    command::{Adjustment, CloseRequest, DeskCommand, DeskReply, DeskRequest, OpenRequest},
    fee::{FeeKind, FeeSchedule, Liquidity},
    halt::HaltSource,
    intent::{Action, GroupRole, Intent},
    ledger::{Account, Posting, PostingKind},
    market::{Collateral, Market, MarketStatus, StrikeRule},
    order::OrderState,
    refusal::RefusalCode,
    report::{FillReport, GroupReport, OrderReport, PositionReport, Report, ReportedStatus, SettlementReport, Sweep},
    row::{Commit, Row},
    settings::AutomationSettings,
    trade::{Origin, TradeState},
};

mod adopting;
mod amending;
mod arming;
mod bench;
mod caps;
mod cases;
mod commits;
mod comparing;
mod control;
mod degraded;
mod entries;
mod first_start;
mod flows;
mod graveyard;
mod groups;
mod lifecycle;
mod reallocating;
mod repeating;
mod trades;
mod unbooked;
mod unknown;
mod wrong;

use self::bench::*;
use super::{Books, Desk, DeskConfig, DeskInput, DeskOutput, Identity, machine::QUEUE_BOUND};
use crate::Machine;
