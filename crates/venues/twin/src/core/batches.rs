//! Several orders or cancels in one request. Each is carried out by itself, in the order in which they stand.

use crate::core::{
    exchange::Twin,
    mutation::{CancelAnswer, CancelOrder, CreateOrder, OrderAnswer},
    rejection::Rejection,
};

impl Twin {
    pub(crate) fn create_orders(
        &mut self,
        orders: &[CreateOrder],
    ) -> Vec<Result<OrderAnswer, (Option<String>, Rejection)>> {
        let mut place =
            |order: &CreateOrder| self.create_order(order).map_err(|refused| (order.client_order_id.clone(), refused));
        orders.iter().map(&mut place).collect()
    }

    pub(crate) fn cancel_orders(&mut self, cancels: &[CancelOrder]) -> Vec<Result<CancelAnswer, (String, Rejection)>> {
        let mut cancel =
            |cancel: &CancelOrder| self.cancel_order(cancel).map_err(|refused| (cancel.order_id.clone(), refused));
        cancels.iter().map(&mut cancel).collect()
    }
}
