//! One connection to the server, from its first message to its loss.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use async_nats::{Client, ConnectOptions, Event, Subscriber};
use futures_util::{StreamExt as _, stream};
use rec_domain::{Service, bus_event::BusEvent};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval, timeout},
};
use tracing::{debug, warn};

use super::{
    Link, NatsOptions,
    bridge::{Bridge, Outgoing},
    gap::{Arrival, Gaps},
    wire,
};
use crate::{Bus as _, LocalBus, latest};

/// How long one attempt to connect may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// How often a silent server is asked whether it is there; two unanswered questions end the connection.
const PING_EVERY: Duration = Duration::from_secs(1);
/// Messages that may wait to be written, and to be read from one publisher.
const MOST_UNWRITTEN: usize = 256;
const MOST_UNREAD: usize = 1_024;
/// How often those who asked for the newest states are answered, all of them together.
const ANSWER_EVERY: Duration = Duration::from_millis(50);
/// How often publishers are asked for theirs at most.
const ASK_EVERY: Duration = Duration::from_millis(250);

/// A connection.
pub(super) struct Session {
    client: Client,
    events: mpsc::Receiver<Event>,
}

impl Session {
    /// Connects. The client is not left to connect again by itself: it would send what has grown old meanwhile.
    pub(super) async fn open(options: &NatsOptions) -> Result<Self, String> {
        let (told, events) = mpsc::channel(16);
        let mut connect = ConnectOptions::new()
            .name(&options.name)
            .no_echo()
            .ignore_discovered_servers()
            .max_reconnects(1)
            .connection_timeout(CONNECT_WITHIN)
            .ping_interval(PING_EVERY)
            .client_capacity(MOST_UNWRITTEN)
            .subscription_capacity(MOST_UNREAD)
            .event_callback(move |event| {
                let told = told.clone();
                async move {
                    // When sixteen wait, the loss of the connection is among them or will be noticed by its silence.
                    let _full = told.try_send(event);
                }
            });
        if let Some((user, password)) = &options.login {
            connect = connect.user_and_password(user.clone(), password.expose());
        }
        match timeout(CONNECT_WITHIN * 2, connect.connect(options.url.as_str())).await {
            Ok(Ok(client)) => Ok(Self { client, events }),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_elapsed) => Err("no answer".to_owned()),
        }
    }

    /// Sends and receives until the connection is lost, and says why it was.
    pub(super) async fn serve(self, bridge: &mut Bridge) -> String {
        let Self { client, events } = self;
        let Bridge { options, local, link, outgoing, gaps } = bridge;
        let options: &NatsOptions = options;
        let sending = Sending { client: &client, options, local, link, outgoing };
        let receiving = Receiving { client: &client, options, local, link, gaps, to_ask: BTreeSet::new() };
        tokio::select! {
            why = lost(events) => why,
            ended = sending.serve() => ended.err().unwrap_or_else(|| "it does not take messages".to_owned()),
            ended = receiving.serve() => ended.err().unwrap_or_else(|| "it gives no messages".to_owned()),
        }
    }
}

/// Waits until the connection is lost.
async fn lost(mut events: mpsc::Receiver<Event>) -> String {
    loop {
        match events.recv().await {
            Some(Event::Connected) => {}
            // Seen by the gap in the publisher's count.
            Some(Event::SlowConsumer(_)) => debug!("events come faster than they are taken"),
            Some(Event::ServerError(error)) => warn!(%error, "the bus complains"),
            Some(Event::Disconnected) | None => return "the connection broke".to_owned(),
            Some(other) => return other.to_string(),
        }
    }
}

async fn subscribe(client: &Client, subject: String) -> Result<Subscriber, String> {
    client.subscribe(subject).await.map_err(|error| error.to_string())
}

/// What this process publishes.
struct Sending<'a> {
    client: &'a Client,
    options: &'a NatsOptions,
    local: &'a Arc<LocalBus>,
    link: &'a Link,
    outgoing: &'a mut Outgoing,
}

impl Sending<'_> {
    async fn serve(mut self) -> Result<(), String> {
        let publishers = self.options.publishers();
        let mut questions = Vec::new();
        for from in &publishers {
            let from = *from;
            let asked = subscribe(self.client, wire::ask_subject(&self.options.prefix, from)).await?;
            questions.push(asked.map(move |_empty| from));
        }
        let mut questions = stream::select_all(questions);
        self.outgoing.hold_waiting();
        while let Some(happening) = self.outgoing.held.front().cloned() {
            self.send(&happening).await?;
            self.outgoing.held.pop_front();
        }
        let mut owed: BTreeSet<Service> = publishers.clone();
        let mut answer = interval(ANSWER_EVERY);
        answer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                delivery = self.outgoing.events.recv() => {
                    if delivery.missed > 0 {
                        self.link.counts().dropped.fetch_add(delivery.missed, Ordering::Relaxed);
                        owed.clone_from(&publishers);
                    }
                    self.send(&delivery.event).await?;
                }
                Some(from) = questions.next() => {
                    owed.insert(from);
                }
                _ = answer.tick(), if !owed.is_empty() => {
                    for from in std::mem::take(&mut owed) {
                        self.send_newest(from).await?;
                    }
                }
            }
        }
    }

    /// Sends every newest state of a publisher.
    async fn send_newest(&mut self, from: Service) -> Result<(), String> {
        for feed in self.options.publishes.iter().filter(|feed| feed.from == from && latest::is_state(feed.topic)) {
            if let Some(event) = self.local.latest(feed.topic) {
                self.send(&event).await?;
            }
        }
        Ok(())
    }

    /// Sends one event; one that is larger than the server allows is counted and left out.
    async fn send(&mut self, event: &BusEvent) -> Result<(), String> {
        let topic = event.topic();
        let Some(from) = self.options.publisher(topic) else { return Ok(()) };
        let count = self.outgoing.numbers.entry(topic).or_default();
        let message =
            wire::Message { run: self.outgoing.run, number: *count + 1, sent_at: (self.options.now)(), event };
        let payload = serde_json::to_vec(&message).map_err(|error| format!("{topic:?} cannot be written: {error}"))?;
        let (size, most) = (payload.len(), self.client.max_payload());
        if size > most {
            warn!(?topic, size, most, "too large for the bus: raise max_payload of the NATS server");
            self.link.counts().too_large.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        let subject = wire::event_subject(&self.options.prefix, from, topic);
        self.client.publish(subject, payload.into()).await.map_err(|error| error.to_string())?;
        // Counted only now, so that what was left out is no gap to those who receive.
        *count += 1;
        self.link.counts().sent.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// What this process is fed with from elsewhere.
struct Receiving<'a> {
    client: &'a Client,
    options: &'a NatsOptions,
    local: &'a Arc<LocalBus>,
    link: &'a Link,
    gaps: &'a mut Gaps,
    to_ask: BTreeSet<Service>,
}

impl Receiving<'_> {
    async fn serve(mut self) -> Result<(), String> {
        let sources = self.options.sources();
        if sources.is_empty() {
            return std::future::pending().await;
        }
        let mut feeds = Vec::new();
        for from in &sources {
            feeds.push(subscribe(self.client, wire::all_events_of(&self.options.prefix, *from)).await?);
        }
        self.to_ask = sources;
        let mut feeds = stream::select_all(feeds);
        let mut ask = interval(ASK_EVERY);
        ask.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = feeds.next() => match message {
                    Some(message) => self.take(&message),
                    None => return Ok(()),
                },
                _ = ask.tick(), if !self.to_ask.is_empty() => {
                    for from in std::mem::take(&mut self.to_ask) {
                        let subject = wire::ask_subject(&self.options.prefix, from);
                        self.client.publish(subject, Vec::new().into()).await.map_err(|error| error.to_string())?;
                    }
                }
            }
        }
    }

    fn take(&mut self, message: &async_nats::Message) {
        let counts = self.link.counts();
        let Some((from, topic)) = wire::of_subject(&self.options.prefix, &message.subject) else {
            counts.unreadable.fetch_add(1, Ordering::Relaxed);
            return;
        };
        if !self.options.is_wanted(from, topic) {
            return;
        }
        let read = match wire::read(&message.payload) {
            Ok(read) if read.event.topic() == topic => read,
            other => {
                let error = other.err().map_or_else(|| "it is of another topic".to_owned(), |error| error.to_string());
                warn!(%from, ?topic, error, "a message cannot be read: do all processes run the same release?");
                counts.unreadable.fetch_add(1, Ordering::Relaxed);
                return;
            }
        };
        counts.received.fetch_add(1, Ordering::Relaxed);
        let lag = (self.options.now)().since(read.sent_at).micros();
        counts.lag_micros.store(u64::try_from(lag).unwrap_or(0), Ordering::Relaxed);
        match self.gaps.arrive(topic, read.run, read.number) {
            Arrival::Again => return,
            Arrival::Next => {}
            Arrival::After(missed) => {
                counts.missed.fetch_add(missed, Ordering::Relaxed);
                self.to_ask.insert(from);
            }
        }
        self.local.publish(read.event);
    }
}
