//! The desk wants the account to be read now, as when it does not know what became of an order. A wish may be lost:
//! the account is read at its own time in any case, and the machine bounds how often it is.

use std::time::Duration;

use rec_engine::account::Input;
use rec_store::{Database, Hint, Hints, StoreError};
use tokio::sync::mpsc;
use tracing::debug;

/// How long one wait for a wish takes.
const WAIT: Duration = Duration::from_secs(30);
/// Pause before the database is asked again after a failure.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Feeds the machine with the desk's wishes, until the machine ends.
pub(crate) async fn listen(database: &Database, inputs: &mpsc::Sender<Input>) {
    let mut hints = None;
    while !inputs.is_closed() {
        match next(database, &mut hints).await {
            Ok(true) => {
                let _the_machine_has_ended = inputs.send(Input::Hint).await;
            }
            Ok(false) => {}
            Err(error) => {
                debug!(%error, "no wishes are heard");
                hints = None;
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    }
}

async fn next(database: &Database, hints: &mut Option<Hints>) -> Result<bool, StoreError> {
    match hints {
        Some(hints) => hints.wait(WAIT).await,
        None => {
            *hints = Some(database.listen(Hint::Sweep).await?);
            // What was wished for before is not known, so it counts as a wish.
            Ok(true)
        }
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::{Mode, Service};
    use rec_store::{Role, testing::TestDatabase};

    use super::*;

    #[tokio::test]
    async fn a_wish_of_the_desk_reaches_the_machine() {
        let Some((test, _desk)) = TestDatabase::of_mode(Mode::Twin).await else { return };
        let database = test.open(Role::Service(Service::KalshiAccountSync)).await;
        let desk = test.open(Role::Service(Service::TradeManager)).await.desk();
        let (inputs, mut received) = mpsc::channel(4);
        let listening = tokio::spawn(async move { listen(&database, &inputs).await });
        let heard = async |received: &mut mpsc::Receiver<Input>| {
            tokio::time::timeout(Duration::from_secs(20), received.recv()).await.expect("in time")
        };
        assert_eq!(heard(&mut received).await, Some(Input::Hint), "it listens now");
        desk.request_sweep().await.expect("told");
        assert_eq!(heard(&mut received).await, Some(Input::Hint));
        listening.abort();
    }
}
