//! The spot venues beside Coinbase over WebSocket: Kraken's and Bitstamp's protocols, each under its own path.

use std::time::Duration;

use axum::{
    extract::{
        ConnectInfo, State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    response::Response,
};
use tokio::time::{MissedTickBehavior, interval};

use super::{exchange::Venue, listener::Cut, spot::next_frame, world::Frames};
use crate::core::Venue as SpotVenue;

pub(super) async fn kraken(venue: State<Venue>, cut: ConnectInfo<Cut>, upgrade: WebSocketUpgrade) -> Response {
    open(SpotVenue::Kraken, venue, cut, upgrade)
}

pub(super) async fn bitstamp(venue: State<Venue>, cut: ConnectInfo<Cut>, upgrade: WebSocketUpgrade) -> Response {
    open(SpotVenue::Bitstamp, venue, cut, upgrade)
}

fn open(
    spot: SpotVenue,
    State(venue): State<Venue>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if venue.world.faults().is_down() {
        cut.cut();
    }
    upgrade.on_upgrade(move |socket| run(spot, socket, venue, cut))
}

async fn run(spot: SpotVenue, mut socket: WebSocket, venue: Venue, cut: Cut) {
    let mut feed: Option<(u64, Frames)> = None;
    let mut resets = venue.world.faults().resets();
    // One sign of life a second of market time, but at most ten a second of the wall's.
    let period = Duration::from_secs_f64((1.0 / venue.world.clock().origin().speed).clamp(0.1, 1.0));
    let mut quiet = interval(period);
    quiet.set_missed_tick_behavior(MissedTickBehavior::Delay);
    if let Some(text) = spot.greeting()
        && socket.send(Message::Text(text.into())).await.is_err()
    {
        return;
    }
    loop {
        let sent = tokio::select! {
            frame = next_frame(&mut feed) => match frame {
                Some(text) => {
                    quiet.reset();
                    socket.send(Message::Text(text.into())).await
                }
                None => break,
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    let answer = venue.world.read(|twin| spot.command(&text, twin.now()));
                    match answer.subscribed {
                        Some(true) if feed.is_none() => feed = Some(venue.world.connect_spot(spot)),
                        Some(false) => if let Some((number, _)) = feed.take() {
                            venue.world.disconnect(number);
                        },
                        _ => {}
                    }
                    socket.send(Message::Text(answer.text.into())).await
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => Ok(()),
            },
            _ = quiet.tick(), if feed.is_some() => match spot.sign_of_life() {
                Some(text) => socket.send(Message::Text(text.into())).await,
                None => Ok(()),
            },
            () = venue.world.faults().until_down() => {
                cut.cut();
                break;
            }
            _ = resets.changed() => {
                cut.cut();
                break;
            }
            () = venue.shutdown.cancelled() => {
                let _ = socket.send(Message::Close(None)).await;
                break;
            }
        };
        if sent.is_err() {
            break;
        }
    }
    if let Some((number, _)) = feed {
        venue.world.disconnect(number);
    }
}
