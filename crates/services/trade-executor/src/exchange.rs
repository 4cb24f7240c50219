//! An intent as a call to the exchange.

use rec_domain::{
    IntentId, Timestamp,
    answer::{NotSent, Outcome},
    intent::{Action, Intent, OrderSpec},
};
use rec_kalshi::rest::{Client, NewOrder, Signature};

/// Sends `intent`, signed at `signed_at`, once, and says what became of it. Only an order is sent with a signature that
/// was made ahead.
pub(crate) async fn send(client: &Client, intent: &Intent, signature: Signature, signed_at: Timestamp) -> Outcome {
    match &intent.action {
        // It was sent before the desk knew of it, and is no intent that can be claimed.
        Action::Adopt(_) => {
            Outcome::NotSent { reason: NotSent::Unprepared { detail: "it was sent already".to_owned() } }
        }
        Action::Place(spec) => place(client, spec, intent.id, signature, signed_at).await,
        Action::Repeat { of, spec } => place(client, spec, *of, signature, signed_at).await,
        Action::Cancel { order, exchange_index, .. } => {
            match client.cancel_order(order, *exchange_index, signed_at).await {
                Ok(ack) => ack.outcome(),
                Err(failure) => failure.outcome(signed_at),
            }
        }
        Action::CreateGroup { exchange_index, limit, .. } => {
            match client.create_order_group(*limit, *exchange_index, signed_at).await {
                Ok(group) => Outcome::GroupCreated { group },
                Err(failure) => failure.outcome(signed_at),
            }
        }
        Action::TriggerGroup { group, exchange_index } => {
            done(client.trigger_order_group(group, *exchange_index, signed_at).await, signed_at)
        }
        Action::ResetGroup { group, exchange_index } => {
            done(client.reset_order_group(group, *exchange_index, signed_at).await, signed_at)
        }
    }
}

async fn place(
    client: &Client,
    spec: &OrderSpec,
    identity: IntentId,
    signature: Signature,
    signed_at: Timestamp,
) -> Outcome {
    let order = NewOrder::new(spec.clone(), identity.client_order_id());
    match client.create_order(&order, signature).await {
        Ok(ack) => ack.outcome(signed_at),
        Err(failure) => failure.outcome(signed_at),
    }
}

fn done(result: Result<(), rec_kalshi::rest::WriteFailure>, signed_at: Timestamp) -> Outcome {
    match result {
        Ok(()) => Outcome::Done,
        Err(failure) => failure.outcome(signed_at),
    }
}
