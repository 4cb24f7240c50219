//! Order groups: a limit on what may match within fifteen seconds.
//!
//! Not verified on the exchange: that what would exceed the limit is cut at it, that exactly reaching it does
//! not trip, and the word of the refusal in a tripped group.

use rec_domain::{Quantity, TimeSpan};

use crate::core::{
    account::Group,
    exchange::Twin,
    identity::{Kind, identity},
    mutation::{Applied, CreateGroup, GroupRef},
    output::{GroupChange, Output},
    rejection::Rejection,
    wallet::{SHARDS, Wallet},
};

/// The length of the rolling window.
const WINDOW: TimeSpan = TimeSpan::from_seconds(15);

impl Twin {
    pub(crate) fn create_group(&mut self, request: &CreateGroup) -> Result<Applied, Rejection> {
        let subaccount = request.subaccount.unwrap_or(0);
        if !SHARDS.contains(&request.exchange_index) || !self.account.has_subaccount(subaccount) {
            return Err(Rejection::bad_request("unknown exchange_index or subaccount"));
        }
        let number = self.next_number();
        let order_group_id = identity(self.config.seed, Kind::Group, number).to_string();
        let group = Group {
            order_group_id: order_group_id.clone(),
            wallet: Wallet::new(request.exchange_index, subaccount),
            limit: request.limit,
            triggered: false,
            window: std::collections::VecDeque::new(),
            orders: Vec::new(),
        };
        self.account.groups.insert(number, group);
        self.tell_group(number, "created", Some(request.limit));
        Ok(Applied::Group { order_group_id, exchange_index: request.exchange_index, subaccount })
    }

    pub(crate) fn limit_group(&mut self, group: &GroupRef, limit: Quantity) -> Result<Applied, Rejection> {
        let number = self.group_number(group)?;
        if let Some(group) = self.account.groups.get_mut(&number) {
            group.limit = limit;
        }
        self.tell_group(number, "limit_updated", Some(limit));
        if self.window_sum(number) > limit {
            self.trip(number);
        }
        Ok(Applied::Done)
    }

    pub(crate) fn trigger_group(&mut self, group: &GroupRef) -> Result<Applied, Rejection> {
        let number = self.group_number(group)?;
        self.trip(number);
        Ok(Applied::Done)
    }

    pub(crate) fn reset_group(&mut self, group: &GroupRef) -> Result<Applied, Rejection> {
        let number = self.group_number(group)?;
        if let Some(group) = self.account.groups.get_mut(&number) {
            group.triggered = false;
            group.window.clear();
        }
        self.tell_group(number, "reset", None);
        Ok(Applied::Done)
    }

    pub(crate) fn delete_group(&mut self, group: &GroupRef) -> Result<Applied, Rejection> {
        let number = self.group_number(group)?;
        self.cancel_group_orders(number);
        self.tell_group(number, "deleted", None);
        self.account.groups.remove(&number);
        Ok(Applied::Done)
    }

    /// The group that an order names, when it takes orders.
    pub(crate) fn group_for_order(
        &self,
        order_group_id: Option<&str>,
        wallet: Wallet,
    ) -> Result<Option<u64>, Rejection> {
        let Some(wanted) = order_group_id else { return Ok(None) };
        let mut groups = self.account.groups.iter();
        let found = groups.find(|(_, group)| group.order_group_id == wanted && group.wallet == wallet);
        let (number, group) = found.ok_or_else(Rejection::not_found)?;
        if group.triggered {
            return Err(Rejection::nested(400, "order_group_triggered", Some("reset the order group first")));
        }
        Ok(Some(*number))
    }

    fn group_number(&self, wanted: &GroupRef) -> Result<u64, Rejection> {
        let wallet = Wallet::new(wanted.exchange_index, wanted.subaccount.unwrap_or(0));
        let mut groups = self.account.groups.iter();
        let found = groups.find(|(_, group)| group.order_group_id == wanted.order_group_id && group.wallet == wallet);
        found.map(|(number, _)| *number).ok_or_else(Rejection::not_found)
    }

    /// Contracts that an order's group still lets match now; without a group there is no limit.
    pub(crate) fn group_allowance(&self, order: u64) -> Quantity {
        let group = self.account.orders.get(&order).and_then(|order| order.group);
        let Some((number, group)) = group.and_then(|number| Some((number, self.account.groups.get(&number)?))) else {
            return Quantity::from_units(i64::MAX);
        };
        if group.triggered {
            return Quantity::ZERO;
        }
        Quantity::from_units((group.limit - self.window_sum(number)).units().max(0))
    }

    fn window_sum(&self, group: u64) -> Quantity {
        let since = self.now - WINDOW;
        let window = self.account.groups.get(&group).map(|group| &group.window);
        window.into_iter().flatten().filter(|(at, _)| *at > since).map(|(_, count)| *count).sum()
    }

    /// Counts a match against its group.
    pub(crate) fn count_group_match(&mut self, group: Option<u64>, count: Quantity) {
        let (now, since) = (self.now, self.now - WINDOW);
        if let Some(group) = group.and_then(|number| self.account.groups.get_mut(&number)) {
            while group.window.front().is_some_and(|(at, _)| *at <= since) {
                group.window.pop_front();
            }
            group.window.push_back((now, count));
        }
    }

    /// Trips the group of an order that wanted more than its limit allows.
    pub(crate) fn trip_group_of(&mut self, order: u64) {
        if let Some(group) = self.account.orders.get(&order).and_then(|order| order.group) {
            self.trip(group);
        }
    }

    fn trip(&mut self, number: u64) {
        let Some(group) = self.account.groups.get_mut(&number) else { return };
        let was_triggered = std::mem::replace(&mut group.triggered, true);
        self.cancel_group_orders(number);
        if !was_triggered {
            self.tell_group(number, "triggered", None);
        }
    }

    fn cancel_group_orders(&mut self, number: u64) {
        let working: Vec<u64> = self.account.resting.iter().copied().collect();
        for order in working {
            if self.account.orders.get(&order).is_some_and(|order| order.group == Some(number)) {
                self.withdraw_order(order, "Decrease");
            }
        }
    }

    fn tell_group(&mut self, number: u64, event: &'static str, limit: Option<Quantity>) {
        let Some(group) = self.account.groups.get(&number) else { return };
        let (order_group_id, subaccount) = (group.order_group_id.clone(), group.wallet.subaccount);
        self.outputs.push(Output::Group(GroupChange { order_group_id, subaccount, event, limit, at: self.now }));
    }
}
