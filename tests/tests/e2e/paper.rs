//! Paper: a desk on a twin that mirrors another exchange, which here is a twin too.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rec_domain::TimeSpan;
use rec_kalshi::{
    PrivateKey, Signer,
    rest::{Client, ClientConfig, FillsQuery, OrdersQuery, SettlementsQuery},
    rows::MarketRow,
};

use crate::support::{
    Apart, Place,
    trading::{lasting, opened},
};

/// From an entry to its payment: an hour of the market and what follows it, on a loaded machine.
const PAID_WITHIN: Duration = Duration::from_secs(180);

#[tokio::test]
async fn a_desk_on_a_mirror_trades_there_and_is_paid_by_the_results_of_what_is_mirrored() {
    let original = Place::for_commands();
    let mut playing = original.start(&["twin", "--speed", "60"]);
    let words = playing.await_said(|text| text.contains("desk ").then(|| text.to_owned())).await;
    let Some(mut paper) = Apart::start_on_a_mirror(&words, &original).await else { return };
    let (here, there) = (paper.exchange(), exchange_of(&original, &words, &paper));

    let market = lasting(&here, &paper, TimeSpan::from_minutes(5)).await.swap_remove(0);
    buy(&mut paper, &here, &market).await;

    let began = Instant::now();
    let paid = SettlementsQuery { ticker: Some(market.ticker.clone()), ..SettlementsQuery::default() };
    let settled = loop {
        let settled = here.settlements(&paid).all().await.expect("the mirror answers");
        if let Some(settled) = settled.into_iter().next() {
            break settled;
        }
        assert!(began.elapsed() < PAID_WITHIN, "{}", paper.twin.complained());
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let theirs = there.market(&market.ticker).await.expect("the original answers");
    assert_eq!(theirs.result.as_deref(), Some(settled.result.as_str()), "the result is the original's");
    paper
        .until("books and mirror agree after the payment", async |paper| {
            let view = paper.view().await;
            let balance = here.balance(None).await.expect("the mirror answers");
            let agrees = |(shard, cash): &(_, _)| view.cash.iter().any(|(ours, has)| ours == shard && has == cash);
            view.trades.is_empty()
                && view.reconciliation.is_some_and(|last| last.is_clean() && last.as_of > last.books_changed_at)
                && balance.shards.iter().filter(|(_, cash)| cash.is_positive()).all(agrees)
        })
        .await;

    assert!(there.orders(&OrdersQuery::default()).all().await.expect("the original answers").is_empty());
    let untouched = there.balance(None).await.expect("the original answers");
    assert_eq!(untouched.cash, rec_domain::Money::from_dollars(5_000), "nothing was ever ordered there");
}

/// Buys one contract at whatever is displayed.
async fn buy(paper: &mut Apart, exchange: &Client, market: &MarketRow) {
    opened(paper, market).await;
    let mine = FillsQuery { ticker: Some(market.ticker.clone()), ..FillsQuery::default() };
    paper
        .until("it is filled on what is displayed", async |_| {
            !exchange.fills(&mine).all().await.expect("the mirror answers").is_empty()
        })
        .await;
}

/// The original, with its own key.
fn exchange_of(original: &Place, words: &str, paper: &Apart) -> Client {
    let keys = original.state().join("credentials/twin");
    let id = std::fs::read_to_string(keys.join("read.id")).expect("the twin made it");
    let key = PrivateKey::from_pem_file(&keys.join("read.pem")).expect("a key");
    let signer = Arc::new(Signer::new(id.trim(), key));
    let url = words.split_whitespace().find(|word| word.starts_with("http://")).expect("rec twin says it");
    Client::new(ClientConfig::new(url), Some(signer), paper.clock()).expect("a client")
}
