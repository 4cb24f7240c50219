//! A desk of mode `demo`, whose exchange is a twin: armed with a code, crashed, disarmed, flattened, killed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rec_domain::{TimeSpan, command::DeskReply, halt::HaltSource, refusal::RefusalCode};
use rustix::process::Signal;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use totp_rs::Totp;

use crate::support::{
    Apart,
    trading::{lasting, open, trade},
};

/// Longer than all of it takes.
const LASTS: TimeSpan = TimeSpan::from_minutes(3);

/// Whoever watches the machine from elsewhere: counts how often it is asked for.
async fn watcher() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let url = format!("http://{}/ping", listener.local_addr().expect("bound"));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = [0; 1_024];
            let _request = stream.read(&mut bytes).await;
            count.fetch_add(1, Ordering::SeqCst);
            let _gone = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
        }
    });
    (url, asked)
}

/// The code that the authenticator shows now.
fn code(totp: &Totp) -> String {
    #[expect(clippy::disallowed_methods, reason = "an authenticator has a clock of its own")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    totp.generate(now).to_string()
}

fn refused(reply: DeskReply) -> RefusalCode {
    match reply {
        DeskReply::Refused(refusal) => refusal.code,
        accepted @ DeskReply::Accepted { .. } => panic!("{accepted:?}"),
    }
}

#[tokio::test]
async fn a_desk_in_mode_demo_opens_only_while_armed_survives_a_crash_and_is_flattened_and_killed() {
    let (url, asked) = watcher().await;
    let Some(mut apart) = Apart::start_demo(&[("monitor.heartbeat_url", &url)]).await else { return };
    let exchange = apart.exchange();
    // The exchange keeps the time of day, and pauses as the real one.
    if !exchange.exchange_status().await.expect("the exchange answers").trading_active {
        return eprintln!("SKIPPED: it is Thursday between three and five, when the exchange pauses");
    }
    let markets = lasting(&exchange, &apart, LASTS).await;
    let [first, second, ..] = markets.as_slice() else { panic!("too few markets to trade: {markets:?}") };

    // Not armed, nothing is opened; and there is no arming without a second factor.
    assert_eq!(refused(apart.ask(open(&apart, first)).await), RefusalCode::Disarmed);
    let arm = ["arm", "--for", "1h", "--reason", "a test", "--code"];
    apart.command(&[&arm[..], &["000000"]].concat()).await.assert_failed(&["second factor", "rec arm enroll"]);
    let enrolled = apart.command(&["arm", "enroll"]).await;
    assert_eq!(enrolled.code, Some(0), "{enrolled:?}");
    let line = enrolled.out.lines().find(|line| line.starts_with("otpauth://")).expect("an address");
    let totp = Totp::from_url(line).expect("an authenticator reads it");

    // What has to be right is, once books and exchange were compared.
    apart.until("the doctor finds nothing", async |apart| apart.command(&["doctor"]).await.code == Some(0)).await;
    apart.command(&[&arm[..], &["000000"]].concat()).await.assert_refused(&["second_factor", "wrong"]);
    let typed = code(&totp);
    let armed = apart.command(&[&arm[..], &[typed.as_str()]].concat()).await;
    assert_eq!(armed.code, Some(0), "{armed:?}");
    apart.command(&[&arm[..], &[typed.as_str()]].concat()).await.assert_refused(&["second_factor", "used before"]);
    assert!(matches!(apart.ask(open(&apart, first)).await, DeskReply::Accepted { .. }));
    let held = async |apart: &Apart| trade(apart).await.is_some_and(|trade| trade.held().is_positive());
    apart.until("a contract is held", held).await;

    // A crash is survived once books and exchange agree again.
    apart.desk.signal(Signal::KILL);
    apart.desk.end(Duration::from_secs(10)).await;
    apart.start_again().await;
    apart.until("it is armed again", async |apart| apart.view().await.armed).await;
    assert!(matches!(apart.ask(open(&apart, second)).await, DeskReply::Accepted { .. }));

    // Disarmed, nothing is opened, and closing goes on.
    assert_eq!(apart.command(&["disarm"]).await.code, Some(0));
    assert_eq!(refused(apart.ask(open(&apart, second)).await), RefusalCode::Disarmed);
    let flattened = apart.command(&["flatten", "--reason", "enough"]).await;
    assert_eq!(flattened.code, Some(0), "{flattened:?}");
    let view = apart.view().await;
    assert!(view.trades.iter().all(|trade| !trade.held().is_positive()), "{:?}", view.trades);
    assert!(view.halts.iter().any(|halt| halt.source == HaltSource::Operator));
    apart.command(&["resume", "--reason", "back", "--order-group"]).await.assert_refused(&["no halt of order_group"]);
    assert_eq!(apart.command(&["resume", "--reason", "back"]).await.code, Some(0));

    // A kill goes to the guard and the desk.
    let killed = apart.command(&["kill", "--reason", "a test"]).await;
    assert_eq!(killed.code, Some(0), "{killed:?}");
    assert!(killed.out.contains("guard: entry group") && killed.out.contains("is tripped"), "{killed:?}");
    assert!(killed.out.contains("desk: entries are halted"), "{killed:?}");
    let tripped =
        async |apart: &Apart| apart.view().await.halts.iter().any(|halt| halt.source == HaltSource::OrderGroup);
    apart.until("the desk knows of it", tripped).await;
    apart.command(&["doctor"]).await.assert_failed(&["FAIL  halts"]);

    // The outside was told while all was well.
    assert!(asked.load(Ordering::SeqCst) >= 1);

    // Ended in order, an arming would be over; there is none here, and nothing opens after a start either.
    apart.desk.signal(Signal::INT);
    assert_eq!(apart.desk.end(Duration::from_secs(20)).await.code(), Some(0), "{}", apart.desk.complained());
}
