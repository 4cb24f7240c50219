//! Who waits for the answer to which request.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use rec_api::desk::Reply;
use rec_domain::{DecisionId, command::DeskReply};

/// Requests whose answer somebody waits for. Bounded by the queue of calls: each caller waits with a deadline.
#[derive(Debug, Clone, Default)]
pub(crate) struct Replies(Arc<Mutex<HashMap<DecisionId, Vec<Reply<DeskReply>>>>>);

impl Replies {
    pub(crate) fn wait(&self, decision: DecisionId, reply: Reply<DeskReply>) {
        self.lock().entry(decision).or_default().push(reply);
    }

    pub(crate) fn answer(&self, decision: DecisionId, answer: &DeskReply) {
        let waiting = self.lock().remove(&decision).unwrap_or_default();
        for reply in waiting {
            reply.send(answer.clone());
        }
    }

    /// Tells everyone who waits that the outcome is not known: the desk starts again from the database.
    pub(crate) fn give_up(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<DecisionId, Vec<Reply<DeskReply>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
