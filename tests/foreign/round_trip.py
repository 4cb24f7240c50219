"""A round trip on the twin with a client of the exchange that this project did not write.

usage: round_trip.py and the arguments that market_client.py names

Each step prints a line; the first that fails ends the script with what it found.
"""

import queue
import sys
import time
import uuid
from decimal import Decimal

import market_client  # the client's clock is set before the client is imported

from pykalshi.enums import MarketStatus, OrderStatus, SelfTradePrevention, TimeInForce
from pykalshi.exceptions import AuthenticationError, KalshiAPIError, ResourceNotFoundError
from pykalshi.feed import (
    FillMessage,
    OrderbookDeltaMessage,
    OrderbookSnapshotMessage,
    TickerMessage,
    UserOrderMessage,
)

FRAME_WITHIN_SECONDS = 20
CRYPTO_SHARD = 2


def say(step, **facts):
    print(step, " ".join(f"{name}={value}" for name, value in facts.items()), flush=True)


def check(condition, what, value=None):
    if not condition:
        sys.exit(f"FAILED: {what}: {value!r}")


class Frames:
    """The messages of a feed by channel; each has to be one that the client's own types can read."""

    def __init__(self, feed, channels):
        self.queues = {channel: queue.Queue() for channel in channels}
        for channel, messages in self.queues.items():
            feed.on(channel, messages.put)

    def await_one(self, channel, kind, wanted=lambda message: True):
        deadline = time.monotonic() + FRAME_WITHIN_SECONDS
        while True:
            try:
                message = self.queues[channel].get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                sys.exit(f"FAILED: no {kind.__name__} came over {channel} in {FRAME_WITHIN_SECONDS} s")
            check(not isinstance(message, dict), f"a frame of {channel} does not fit the client's types", message)
            if isinstance(message, kind) and wanted(message):
                return message


def log_in():
    client = market_client.client()
    balance = cash(client)
    check(balance > 100, "the account has money", balance)
    cents = client.portfolio.get_balance().balance
    check(cents == int(balance * 100), "whole cents are the balance without its fraction", cents)
    stranger = market_client.client(key_id=str(uuid.uuid4()))
    try:
        stranger.portfolio.get_balance()
        sys.exit("FAILED: an unknown key was let in")
    except AuthenticationError:
        pass
    check(client.exchange.get_status().trading_active, "the exchange trades")
    say("log in", balance=balance)
    return client


def cash(client):
    """The balance to its last digit, of which the client's own type keeps whole cents only."""
    return Decimal(client.get("/portfolio/balance")["balance_dollars"])


def choose_market(client):
    """A market that is quoted on both sides near the middle, so that a limit far away rests."""
    series = client.get_series("KXBTCD")
    check(series.ticker == "KXBTCD", "the series is read", series)
    events = client.get_events(series_ticker="KXBTCD", status=MarketStatus.OPEN)
    check(len(events) > 0, "there are open events", events)
    markets = client.get_markets(event_ticker=events[0].event_ticker, limit=200)
    check(len(markets) > 10, "an event has strikes", markets)

    def distance(market):
        return abs(Decimal(market.yes_bid_dollars or "0") - Decimal("0.5"))

    market = min(markets, key=distance)
    book = market.get_orderbook()
    check(book.orderbook.yes_dollars and book.orderbook.no_dollars, "the book has both sides", book)
    again = client.get_market(market.ticker)
    check(again.ticker == market.ticker, "one market is read as in the list", again)
    say("list and book", event=events[0].event_ticker, market=market.ticker, bid=market.yes_bid_dollars)
    return market


def rest_and_cancel(client, market, frames):
    name = str(uuid.uuid4())
    order = client.portfolio.place_order(
        market.ticker,
        book_side="bid",
        price_dollars="0.01",
        count_fp="3.00",
        client_order_id=name,
        post_only=True,
        self_trade_prevention=SelfTradePrevention.CANCEL_INCOMING,
    )
    check(order.status == OrderStatus.RESTING, "an order far from the market rests", order)
    frames.await_one("user_orders", UserOrderMessage, lambda message: message.order_id == order.order_id)
    resting = await_order(client, order.order_id, OrderStatus.RESTING)
    check(resting.remaining_count_fp == "3.00" and resting.book_side.value == "bid", "the order as sent", resting)
    check(any(row.order_id == order.order_id for row in client.portfolio.get_orders(ticker=market.ticker)), "listed")
    try:
        client.portfolio.place_order(
            market.ticker, book_side="bid", price_dollars="0.01", count_fp="3.00", client_order_id=name
        )
        sys.exit("FAILED: one client order id made two orders")
    except KalshiAPIError as error:
        check(error.status_code == 409, "the second order of one id is a conflict", error)
    # Without a shard a cancel goes to shard 0, and crypto trades on shard 2; the client's own method names none.
    try:
        order.cancel()
        sys.exit("FAILED: an order of another shard was found without naming the shard")
    except ResourceNotFoundError:
        pass
    answer = client.delete(f"/portfolio/events/orders/{order.order_id}?exchange_index={CRYPTO_SHARD}")
    check(answer["order_id"] == order.order_id and answer["reduced_by"] == "3.00", "the cancel is answered", answer)
    frames.await_one(
        "user_orders",
        UserOrderMessage,
        lambda message: message.order_id == order.order_id and message.status == "canceled",
    )
    await_order(client, order.order_id, OrderStatus.CANCELED)
    say("order and cancel", order=order.order_id)


def await_order(client, order_id, status):
    """The order once the reads have caught up: they may lag behind what was answered."""
    deadline = time.monotonic() + FRAME_WITHIN_SECONDS
    while True:
        try:
            order = client.portfolio.get_order(order_id)
            if order.status == status:
                return order
        except KalshiAPIError as error:
            check(error.status_code == 404, "an order can be read", error)
            order = None
        check(time.monotonic() < deadline, f"order {order_id} is {status} when read", order)
        time.sleep(0.1)


def fill(client, market, frames):
    before = cash(client)
    order = client.portfolio.place_order(
        market.ticker,
        book_side="bid",
        price_dollars="0.99",
        count_fp="2.00",
        client_order_id=str(uuid.uuid4()),
        time_in_force=TimeInForce.IOC,
    )
    check(order.status == OrderStatus.EXECUTED, "an order through the book is filled", order)
    heard = frames.await_one("fill", FillMessage, lambda message: message.order_id == order.order_id)
    check(heard.book_side == "bid" and heard.is_taker, "the fill's direction", heard)
    await_order(client, order.order_id, OrderStatus.EXECUTED)
    deadline = time.monotonic() + FRAME_WITHIN_SECONDS
    while True:
        fills = [row for row in client.portfolio.get_fills(ticker=market.ticker) if row.order_id == order.order_id]
        if sum(Decimal(row.count_fp) for row in fills) == 2:
            break
        check(time.monotonic() < deadline, "the fills are listed", fills)
        time.sleep(0.1)
    cost = sum(Decimal(row.count_fp) * Decimal(row.yes_price_dollars) + Decimal(row.fee_cost_dollars) for row in fills)
    positions = [row for row in client.portfolio.get_positions() if row.ticker == market.ticker]
    check(len(positions) == 1 and Decimal(positions[0].position_fp) == 2, "the position is held", positions)
    after = cash(client)
    check(before - after == cost, "the balance pays price and fee, to the last digit", (before, after, cost))
    say("fill", contracts="2.00", cost=cost)


def stream(client, market):
    feed = client.feed()
    feed._ws_url = market_client.WS_URL  # the client knows only the exchange's own hosts
    frames = Frames(feed, ["ticker", "orderbook_delta", "fill", "user_orders"])
    feed.subscribe("ticker", market_ticker=market.ticker)
    feed.subscribe("orderbook_delta", market_ticker=market.ticker)
    feed.subscribe("fill")
    feed.subscribe("user_orders")
    feed.start()
    check(feed.is_connected, "the stream is connected")
    snapshot = frames.await_one("orderbook_delta", OrderbookSnapshotMessage)
    check(snapshot.market_ticker == market.ticker, "the snapshot is of the market", snapshot)
    frames.await_one("orderbook_delta", OrderbookDeltaMessage)
    frames.await_one("ticker", TickerMessage)
    say("stream", market=market.ticker)
    return feed, frames


def main():
    with log_in() as client:
        market = choose_market(client)
        feed, frames = stream(client, market)
        try:
            rest_and_cancel(client, market, frames)
            fill(client, market, frames)
        finally:
            feed.stop()
    say("round trip done")


if __name__ == "__main__":
    main()
