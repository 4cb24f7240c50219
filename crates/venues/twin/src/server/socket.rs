//! The exchange's WebSocket: frames out, commands in, a ping every ten seconds.

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use tokio::time::{MissedTickBehavior, interval};

use super::{exchange::Venue, listener::Cut};

/// Time between pings, of the wall.
const HEARTBEAT: Duration = Duration::from_secs(10);

pub(super) async fn run(mut socket: WebSocket, venue: Venue, cut: Cut) {
    let (number, mut frames) = venue.world.connect();
    let mut resets = venue.world.faults().resets();
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let sent = tokio::select! {
            frame = frames.recv() => match frame {
                Some(text) => socket.send(Message::Text(text.into())).await,
                None => break,
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    venue.world.command(number, text.as_str());
                    Ok(())
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => Ok(()),
            },
            _ = heartbeat.tick() => socket.send(Message::Ping("heartbeat".into())).await,
            () = venue.world.faults().until_down() => {
                cut.cut();
                break;
            }
            // Without a close frame: it is the connection that ends.
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
    venue.world.disconnect(number);
}
