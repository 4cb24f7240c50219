//! An operator who opens and closes trades without end.

use std::{sync::Arc, time::Duration};

use rec_api::{DeskApi as _, HttpDesk};
use rec_domain::{
    Clock, DecisionId, Price, Quantity, SeriesTicker, Side,
    command::{CloseRequest, DeskCommand, DeskReply, DeskRequest, OpenRequest},
    desk_view::DeskView,
    trade::{Origin, TradeState},
};
use rec_e2e::{dice::Dice, split::SplitDesk};
use rec_kalshi::rest::{Client, MarketsQuery};
use tokio::{sync::watch, task::JoinHandle};

/// Between two requests.
const PAUSE: Duration = Duration::from_millis(150);

/// What was asked and accepted.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    pub(crate) opened: u64,
    pub(crate) closed: u64,
    pub(crate) refused: u64,
    /// Requests without an answer, since the process that answers was killed or was not there.
    pub(crate) unanswered: u64,
}

/// What the operator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Orders,
    Waits,
    Ends,
}

/// It goes on until it is ended.
pub(crate) struct Load {
    work: JoinHandle<Orders>,
    does: watch::Sender<Does>,
}

struct Operator {
    api: HttpDesk,
    exchange: Client,
    clock: Arc<dyn Clock>,
    dice: Dice,
    orders: Orders,
}

impl Load {
    /// Begins to ask.
    pub(crate) fn begin(desk: &SplitDesk, seed: u64) -> Self {
        let (does, told) = watch::channel(Does::Orders);
        let operator = Operator {
            api: desk.api(),
            exchange: desk.exchange(),
            clock: desk.clock(),
            dice: Dice::new(seed),
            orders: Orders::default(),
        };
        Self { work: tokio::spawn(operator.work(told)), does }
    }

    /// Nothing is asked for a while: books are compared when nothing is under way.
    pub(crate) fn wait(&self) {
        self.does.send_replace(Does::Waits);
    }

    /// It goes on.
    pub(crate) fn go_on(&self) {
        self.does.send_replace(Does::Orders);
    }

    /// Ends it, and gives what was asked.
    pub(crate) async fn end(self) -> Orders {
        self.does.send_replace(Does::Ends);
        self.work.await.expect("it does not panic")
    }
}

impl Operator {
    async fn work(mut self, told: watch::Receiver<Does>) -> Orders {
        loop {
            tokio::time::sleep(PAUSE).await;
            let does = *told.borrow();
            match does {
                Does::Orders => {}
                Does::Waits => continue,
                Does::Ends => return self.orders,
            }
            let Ok(view) = self.api.view().await else {
                self.orders.unanswered += 1;
                continue;
            };
            if self.dice.below(3) == 0 {
                self.close_one(&view).await;
            } else {
                self.open_one().await;
            }
        }
    }

    async fn close_one(&mut self, view: &DeskView) {
        let open: Vec<_> = view.trades.iter().filter(|trade| trade.state == TradeState::Open).collect();
        let Some(trade) = self.any(&open) else { return };
        let close = CloseRequest {
            trade: trade.id,
            limit: Price::from_cents(1),
            origin: Origin::Manual,
            reason: "a test".to_owned(),
            decided_at: self.clock.now(),
        };
        self.orders.closed += u64::from(self.ask(DeskCommand::Close(close)).await);
    }

    /// Buys what somebody offers, on either side, so that fills come at once.
    async fn open_one(&mut self) {
        let query = MarketsQuery { series: Some(SeriesTicker::new("KXBTCD")), ..MarketsQuery::default() };
        let Ok(rows) = self.exchange.markets(&query).all().await else { return };
        let side = if self.dice.below(2) == 0 { Side::Yes } else { Side::No };
        let offers: Vec<_> = rows
            .iter()
            .filter_map(|row| Some((row, row.top.ask_of(side)?.price)))
            .filter(|(_, ask)| (Price::from_cents(5)..=Price::from_cents(95)).contains(ask))
            .collect();
        let Some((row, ask)) = self.any(&offers) else { return };
        let open = OpenRequest {
            ticker: row.ticker.clone(),
            side,
            quantity: Quantity::from_contracts(1),
            limit: *ask,
            origin: Origin::Manual,
            probability_percent: None,
            reason: "a test".to_owned(),
            decided_at: self.clock.now(),
            evidence: "{}".to_owned(),
        };
        self.orders.opened += u64::from(self.ask(DeskCommand::Open(open)).await);
    }

    async fn ask(&mut self, command: DeskCommand) -> bool {
        let decision = DecisionId::from_uuid(uuid::Uuid::new_v4());
        let reply = self.api.request(DeskRequest { decision, requester: "operator".to_owned(), command }).await;
        match reply {
            Ok(DeskReply::Accepted { .. }) => return true,
            Ok(DeskReply::Refused(_)) => self.orders.refused += 1,
            Err(_) => self.orders.unanswered += 1,
        }
        false
    }

    fn any<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let number = u64::try_from(of.len()).ok().filter(|number| *number > 0)?;
        of.get(usize::try_from(self.dice.below(number)).ok()?)
    }
}
