//! The two order groups of each shard: made before the first order, and their trips.

use rec_domain::{
    DecisionId, ExchangeIndex, Money, OrderGroupId, Quantity,
    answer::{Answer, Outcome},
    halt::HaltSource,
    intent::{Action, Effect, GroupRole},
    refusal::{Refusal, RefusalCode},
    report::GroupReport,
};

use super::{
    books::Group,
    draft::{Draft, NewIntent},
};

impl Draft<'_> {
    /// Sees to it that every shard on which something can be traded has its two groups.
    pub(super) fn ensure_groups(&mut self) {
        if self.books.groups_retry_at.is_some_and(|at| at > self.now) {
            return;
        }
        let mut shards: Vec<ExchangeIndex> = Vec::new();
        for market in self.books.markets.values().filter(|market| market.close_time > self.now) {
            if !shards.contains(&market.exchange_index) {
                shards.push(market.exchange_index);
            }
        }
        shards.sort_unstable();
        for exchange_index in shards {
            for role in [GroupRole::Entry, GroupRole::Exit] {
                let key = (exchange_index, role);
                let asked = self.books.group_intents.values().any(|asked| *asked == key);
                if self.books.groups.contains_key(&key) || asked {
                    continue;
                }
                let limit = self.group_limit(role);
                let decision = DecisionId::of(&format!(
                    "group:{}:{}:{exchange_index}:{}",
                    self.books.identity.epoch,
                    self.books.last_intent,
                    role.name()
                ));
                let action = Action::CreateGroup { role, exchange_index, limit };
                let reason = format!("the {} group of shard {exchange_index}", role.name());
                let intent = self.put_intent(administrative(action, decision, reason));
                self.books.group_intents.insert(intent, key);
            }
        }
    }

    /// Contracts that may be filled in any 15 seconds: what the caps allow to open in that time, and for exits four
    /// times all that can be open.
    fn group_limit(&self, role: GroupRole) -> Quantity {
        let caps = &self.config.caps;
        let per_order = caps.contracts_per_order.units();
        let orders = match role {
            GroupRole::Entry => i64::from(caps.orders_per_minute.div_ceil(4)),
            GroupRole::Exit => i64::from(caps.open_trades) * 4,
        };
        Quantity::from_units((per_order * orders.max(1)).clamp(100, 100_000_000))
    }

    pub(super) fn group_answer(&mut self, answer: &Answer, exchange_index: ExchangeIndex, role: GroupRole) {
        self.books.group_intents.remove(&answer.intent);
        match &answer.outcome {
            Outcome::GroupCreated { group } => {
                self.put_group(exchange_index, role, Group { group: group.clone(), tripped: false });
            }
            Outcome::Done => {
                if let Some(group) = self.books.groups.get(&(exchange_index, role)).cloned() {
                    self.put_group(exchange_index, role, Group { tripped: false, ..group });
                    if !self.books.groups.values().any(|group| group.tripped) {
                        self.resume(HaltSource::OrderGroup, "the groups were reset".to_owned());
                    }
                }
            }
            other => {
                // A group that was made without our knowing it holds no order: making another harms nothing.
                self.books.groups_retry_at = Some(self.now + self.config.retry_after);
                self.alarm(format!("the {} group of shard {exchange_index}: {other:?}", role.name()));
            }
        }
    }

    pub(super) fn group_report(&mut self, report: &GroupReport) {
        match report.event.as_str() {
            "triggered" => self.found_tripped(&report.group),
            "reset" => {
                if let Some((exchange_index, role, group)) = self.own_group(&report.group).filter(|(.., g)| g.tripped) {
                    self.put_group(exchange_index, role, Group { tripped: false, ..group });
                }
            }
            _ => {}
        }
    }

    /// One of the desk's groups takes no orders: somebody said so, or an order was refused for it. The report alone is
    /// not enough, since a trip while the desk was cut off is told to nobody.
    pub(super) fn found_tripped(&mut self, group: &OrderGroupId) {
        let Some((exchange_index, role, group)) = self.own_group(group).filter(|(.., group)| !group.tripped) else {
            return;
        };
        self.put_group(exchange_index, role, Group { tripped: true, ..group });
        let reason = format!("the {} group of shard {exchange_index} has tripped", role.name());
        self.alarm(reason.clone());
        self.halt(HaltSource::OrderGroup, reason);
    }

    fn own_group(&self, id: &OrderGroupId) -> Option<(ExchangeIndex, GroupRole, Group)> {
        let mut own = self.books.groups.iter().filter(|(_, group)| group.group == *id);
        own.next().map(|((exchange_index, role), group)| (*exchange_index, *role, group.clone()))
    }

    /// Resets what has tripped, on an operator's word and only when the books agree with the exchange.
    ///
    /// # Errors
    /// When there is no clean comparison.
    pub(super) fn reset_groups(&mut self, decision: DecisionId, reason: &str) -> Result<(), Refusal> {
        if !self.books.reconciliation.as_ref().is_some_and(|last| last.is_clean()) {
            return Err(Refusal::new(RefusalCode::Unreconciled, "books and exchange do not agree"));
        }
        let tripped: Vec<_> =
            self.books.groups.iter().filter(|(_, g)| g.tripped).map(|(key, g)| (*key, g.group.clone())).collect();
        if tripped.is_empty() {
            self.resume(HaltSource::OrderGroup, reason.to_owned());
        }
        for ((exchange_index, role), group) in tripped {
            let action = Action::ResetGroup { group, exchange_index };
            let intent = self.put_intent(administrative(action, decision, reason.to_owned()));
            self.books.group_intents.insert(intent, (exchange_index, role));
        }
        Ok(())
    }
}

const fn administrative(action: Action, decision: DecisionId, reason: String) -> NewIntent {
    NewIntent {
        action,
        effect: Effect::Administrative,
        trade: None,
        decision,
        reason,
        worst_case: Money::ZERO,
        send_by: None,
    }
}
