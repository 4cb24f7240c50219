//! For looking at the page by eye.
//!
//! `REC_SAMPLE_ADDRESS=127.0.0.1:3999 cargo test -p rec-main-app sample_desk -- --ignored --nocapture` serves a desk
//! that moves, until it is stopped, and prints log-in links; `REC_SAMPLE=halted` or `empty` serves another one.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use rec_domain::{TimeSpan, Timestamp, UsdPrice};

use super::support::{desk_at, events};
use crate::{live::Live, sample, view::Moment};

/// The same desk as if it stood so now, at another price.
fn moved(live: &Live, now: Moment, tick: i64) -> Live {
    let by = now.market.since(sample::moment().market);
    let shift = |at: &mut Timestamp| *at += by;
    let mut live = live.clone();
    if let Some(spot) = &mut live.spot {
        spot.value += UsdPrice::from_cents((tick * 7_919) % 4_001 - 2_000);
        shift(&mut spot.observed_at);
        shift(&mut spot.received_at);
    }
    if let Some(print) = &mut live.index {
        shift(&mut print.stamped_at);
        shift(&mut print.received_at);
    }
    if let Some(reading) = &mut live.momentum {
        shift(&mut reading.at);
    }
    for book in live.books.values_mut() {
        shift(&mut book.observed_at);
    }
    if let Some(table) = &mut live.strikes {
        shift(&mut table.at);
        table.rows.iter_mut().filter_map(|row| row.book_at.as_mut()).for_each(shift);
    }
    live
}

#[tokio::test]
#[ignore = "serves a page to look at until it is stopped"]
async fn sample_desk() {
    let address = std::env::var("REC_SAMPLE_ADDRESS").unwrap_or_else(|_unset| "127.0.0.1:3999".to_owned());
    let live = match std::env::var("REC_SAMPLE").as_deref() {
        Ok("halted") => sample::halted(),
        Ok("empty") => Live::default(),
        _ => sample::live(),
    };
    let began = tokio::time::Instant::now();
    let now = Arc::new(move || {
        let elapsed = TimeSpan::from_micros(i64::try_from(began.elapsed().as_micros()).unwrap_or(i64::MAX));
        let Moment { market, wall, speed } = sample::moment();
        Moment { market: market + TimeSpan::from_micros(elapsed.micros() * 30), wall: wall + elapsed, speed }
    });
    let desk = desk_at(&live, None, now);
    for _ in 0..20 {
        println!("http://{address}/login?token={}", desk.link().expose());
    }
    let app = Arc::clone(&desk.app);
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(250));
        for tick in 0.. {
            ticks.tick().await;
            let now = (app.now)();
            for event in events(&moved(&live, now, tick)) {
                app.hub.apply(&event, now);
            }
            app.hub.publish(&app.setting, now);
        }
    });
    let listener = tokio::net::TcpListener::bind(address).await.expect("a free address");
    let service = desk.router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).await.expect("served");
}
