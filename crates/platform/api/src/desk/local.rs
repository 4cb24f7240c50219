//! The local form: a bounded channel with a reply for each call.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use rec_domain::{
    Service, TimeSpan,
    command::{DeskReply, DeskRequest},
    desk_view::DeskView,
};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::timeout,
};

use super::DeskApi;
use crate::{ApiError, http::DEFAULT_DEADLINE};

/// A call as trade-manager's shell takes it.
#[derive(Debug)]
pub enum DeskCall {
    /// A request, to be answered once it is committed or refused.
    Request {
        /// What is asked.
        request: Box<DeskRequest>,
        /// Where the answer goes.
        reply: Reply<DeskReply>,
    },
    /// The desk as it stands, to be answered.
    View {
        /// Where the answer goes.
        reply: Reply<Box<DeskView>>,
    },
    /// The inbox has news.
    InboxHint,
    /// The executor has answered.
    AnswersHint,
    /// Where the exchange's clock is.
    ExchangeClock {
        /// How far ahead of ours; behind when negative.
        ahead: TimeSpan,
    },
}

/// Where the answer to a call goes. Dropping it unanswered tells the caller that the outcome is not known.
#[derive(Debug)]
pub struct Reply<T>(oneshot::Sender<T>);

impl<T> Reply<T> {
    /// Answers. Nobody may be waiting any more, which changes nothing: the answer stands in the database.
    pub fn send(self, answer: T) {
        let _nobody_waits = self.0.send(answer);
    }
}

#[derive(Debug, Default)]
struct Hints {
    inbox: AtomicBool,
    answers: AtomicBool,
    exchange_clock: Mutex<Option<TimeSpan>>,
    given: Notify,
}

/// The callers' end.
#[derive(Debug, Clone)]
pub struct LocalDesk {
    calls: mpsc::Sender<DeskCall>,
    hints: Arc<Hints>,
    deadline: Duration,
}

/// trade-manager's end.
#[derive(Debug)]
pub struct DeskInbox {
    calls: mpsc::Receiver<DeskCall>,
    hints: Arc<Hints>,
}

/// Both ends of a channel in which up to `capacity` calls wait; hints take no place.
#[must_use]
pub fn channel(capacity: usize) -> (LocalDesk, DeskInbox) {
    let (sender, receiver) = mpsc::channel(capacity.max(1));
    let hints = Arc::new(Hints::default());
    let desk = LocalDesk { calls: sender, hints: Arc::clone(&hints), deadline: DEFAULT_DEADLINE };
    (desk, DeskInbox { calls: receiver, hints })
}

impl DeskInbox {
    /// The next call, hints first; `None` when every caller is gone. Cancelling the wait loses nothing.
    pub async fn recv(&mut self) -> Option<DeskCall> {
        loop {
            if let Some(hint) = self.hints.take() {
                return Some(hint);
            }
            tokio::select! {
                call = self.calls.recv() => return call,
                () = self.hints.given.notified() => {}
            }
        }
    }

    /// The next call if it is there already, hints first.
    pub fn try_recv(&mut self) -> Option<DeskCall> {
        self.hints.take().or_else(|| self.calls.try_recv().ok())
    }
}

impl Hints {
    fn take(&self) -> Option<DeskCall> {
        if self.answers.swap(false, Ordering::AcqRel) {
            Some(DeskCall::AnswersHint)
        } else if self.inbox.swap(false, Ordering::AcqRel) {
            Some(DeskCall::InboxHint)
        } else {
            let ahead = self.exchange_clock.lock().unwrap_or_else(PoisonError::into_inner).take();
            ahead.map(|ahead| DeskCall::ExchangeClock { ahead })
        }
    }
}

impl LocalDesk {
    /// The same with another deadline.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    async fn ask<T>(&self, call: DeskCall, answer: oneshot::Receiver<T>) -> Result<T, ApiError> {
        let service = Service::TradeManager;
        let gone = || ApiError::Unreachable { service, detail: "it has ended".to_owned() };
        // A call that never got into the queue certainly had no effect, which the caller should know.
        let permit = match timeout(self.deadline, self.calls.reserve()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_closed)) => return Err(gone()),
            Err(_elapsed) => {
                let detail = format!("{} calls wait already", self.calls.max_capacity());
                return Err(ApiError::Refused { service, status: 503, detail });
            }
        };
        permit.send(call);
        match timeout(self.deadline, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_dropped)) => Err(ApiError::BadAnswer { service, detail: "it ended before it answered".to_owned() }),
            Err(_elapsed) => Err(ApiError::Timeout {
                service,
                deadline_ms: u64::try_from(self.deadline.as_millis()).unwrap_or(u64::MAX),
            }),
        }
    }

    fn hint(&self, leave: impl FnOnce(&Hints)) -> Result<(), ApiError> {
        if self.calls.is_closed() {
            return Err(ApiError::Unreachable { service: Service::TradeManager, detail: "it has ended".to_owned() });
        }
        leave(&self.hints);
        self.hints.given.notify_one();
        Ok(())
    }
}

#[async_trait]
impl DeskApi for LocalDesk {
    async fn request(&self, request: DeskRequest) -> Result<DeskReply, ApiError> {
        let (sender, answer) = oneshot::channel();
        self.ask(DeskCall::Request { request: Box::new(request), reply: Reply(sender) }, answer).await
    }

    async fn view(&self) -> Result<Box<DeskView>, ApiError> {
        let (sender, answer) = oneshot::channel();
        self.ask(DeskCall::View { reply: Reply(sender) }, answer).await
    }

    async fn inbox_hint(&self) -> Result<(), ApiError> {
        self.hint(|hints| hints.inbox.store(true, Ordering::Release))
    }

    async fn answers_hint(&self) -> Result<(), ApiError> {
        self.hint(|hints| hints.answers.store(true, Ordering::Release))
    }

    async fn exchange_clock(&self, ahead: TimeSpan) -> Result<(), ApiError> {
        self.hint(|hints| {
            hints.exchange_clock.lock().unwrap_or_else(PoisonError::into_inner).replace(ahead);
        })
    }
}
