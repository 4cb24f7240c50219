//! The ticket of an order to open by hand.

use askama::Template;
use axum::{
    Extension, Form,
    extract::{Query, State, rejection::FormRejection},
    http::StatusCode,
    response::Response,
};
use rec_domain::{MarketTicker, Quantity, Side, command::DeskCommand};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Frame,
    answer::{self, Again},
    html,
    ticket::{BY_HAND, Problems, limit, note},
};
use crate::{
    app::Shared,
    security::LoggedIn,
    view::opening::{OpeningView, Wanted, request},
};

/// The longest ticker.
const LONGEST_TICKER: usize = 64;

#[derive(Template)]
#[template(path = "opening.html")]
struct OpeningPage<'a> {
    frame: Frame,
    ticket: OpeningView,
    decision: Uuid,
    reason: &'a str,
    problems: Problems,
}

/// What is wanted, so far.
#[derive(Deserialize)]
pub(crate) struct OpeningQuery {
    ticker: String,
    side: Side,
    contracts: Option<String>,
    limit: Option<String>,
}

/// The ticket as it was sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpeningForm {
    decision: Uuid,
    ticker: String,
    side: Side,
    contracts: String,
    limit: String,
    reason: String,
}

/// `GET /open`.
pub(crate) async fn show(
    State(app): State<Shared>,
    Extension(who): Extension<LoggedIn>,
    Query(query): Query<OpeningQuery>,
) -> Response {
    let OpeningQuery { ticker, side, contracts, limit } = query;
    let wanted = Wanted { ticker: MarketTicker::new(ticker), side, contracts, limit };
    page(&app, &who, StatusCode::OK, (&wanted, BY_HAND), Uuid::new_v4(), Problems::default())
}

/// `POST /open`.
pub(crate) async fn submit(
    State(app): State<Shared>,
    Extension(who): Extension<LoggedIn>,
    form: Result<Form<OpeningForm>, FormRejection>,
) -> Response {
    let form = match form {
        Ok(Form(form)) if is_ticker(&form.ticker) => form,
        Ok(_) => return answer::problem(StatusCode::UNPROCESSABLE_ENTITY, "ticker", "this is no market's ticker"),
        Err(rejection) => return answer::problem(rejection.status(), "unreadable", &rejection.body_text()),
    };
    let contracts = form.contracts.trim().parse::<Quantity>().ok().filter(|contracts| contracts.is_positive());
    let contracts = contracts.ok_or("name a number of contracts above 0, with at most two decimals");
    let (limit, reason) = (limit(&form.limit), note(&form.reason));
    let ticker = MarketTicker::new(form.ticker.clone());
    let (Ok(contracts), Ok(limit), Ok(reason)) = (contracts, limit, reason.clone()) else {
        let problems = Problems { contracts: contracts.err(), limit: limit.err(), reason: reason.err() };
        let (contracts, limit) = (Some(form.contracts), Some(form.limit));
        let wanted = Wanted { ticker, side: form.side, contracts, limit };
        let shown = (&wanted, form.reason.as_str());
        return page(&app, &who, StatusCode::UNPROCESSABLE_ENTITY, shown, form.decision, problems);
    };
    // Nothing that changes by itself is looked at here: a repeated ticket must reach the desk, which knows its answer.
    let now = (app.now)();
    let open = app.hub.read(|live| request(live, now, (ticker, form.side), (contracts, limit), reason));
    let again = Again {
        action: "/open".to_owned(),
        fields: vec![
            ("decision", form.decision.to_string()),
            ("ticker", form.ticker),
            ("side", form.side.to_string()),
            ("contracts", form.contracts),
            ("limit", form.limit),
            ("reason", form.reason),
        ],
    };
    answer::ask(&app, &who, form.decision, DeskCommand::Open(open), again).await
}

fn page(
    app: &Shared,
    who: &LoggedIn,
    status: StatusCode,
    (wanted, reason): (&Wanted, &str),
    decision: Uuid,
    problems: Problems,
) -> Response {
    let now = (app.now)();
    let ticket = app.hub.read(|live| OpeningView::of(wanted, live, &app.setting.limits, now));
    html(status, &OpeningPage { frame: Frame::new(app, who, ""), ticket, decision, reason, problems })
}

fn is_ticker(text: &str) -> bool {
    let fits = (1..=LONGEST_TICKER).contains(&text.len());
    fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}
