"""Whether the twin's answers and frames obey the exchange's specification files.

usage: schema.py, the arguments that market_client.py names, then OPENAPI_FILE ASYNCAPI_FILE

Every operation of the specification is either tried here or listed in exceptions.toml as not served; every answer and
frame is checked against its schema; what differs on purpose is listed there with its reason. A difference that is not
listed fails, and so does a listed one that does not exist any more.
"""

import asyncio
import json
import sys
import time
import tomllib
import uuid
from fnmatch import fnmatchcase
from pathlib import Path

import market_client  # the client's clock is set before the client is imported
import websockets

from specification import Specification

CRYPTO_SHARD = 2
FRAMES_WITHIN_SECONDS = 120
# So many frames of each kind are checked: a busy machine has to keep up with an hour that passes in a minute.
CHECKED_OF_A_KIND = 200
# Frames of which at least one has to come while the script runs.
AWAITED = {
    "subscribed", "unsubscribed", "ok", "error", "orderbook_snapshot", "orderbook_delta", "ticker", "trade", "fill",
    "user_order", "market_position", "order_group_updates", "market_lifecycle_v2", "event_lifecycle",
    "cfbenchmarks_value", "cfbenchmarks_value_5hz", "cfbenchmarks_value_indexlist",
}  # fmt: skip


class Checked:
    """Requests by the foreign client, each answer held against the specification."""

    def __init__(self, specification):
        self.specification = specification
        self.client = market_client.client()
        self.tried = set()
        self.differences = set()
        self.count = 0

    def ask(self, method, path, body=None, expect=(200, 201, 204)):
        data = {} if body is None else {"data": json.dumps(body)}
        for _attempt in range(50):
            answer = self.client._request(method, path, **data)
            if answer.status_code != 429:
                break
            time.sleep(0.2)
        value = answer.json() if answer.content else None
        template = self.specification.operation_of(method, path)
        self.tried.add(f"{method} {template}")
        self.differences.update(self.specification.check_answer(method, path, answer.status_code, value))
        self.count += 1
        if answer.status_code not in expect:
            if method == "GET":
                self.differences.add(f"GET {template}: answered {answer.status_code}")
                return {}
            sys.exit(f"FAILED: {method} {path} answered {answer.status_code}: {answer.text}")
        return value


def reads(checked):
    """Everything that is read without anything being traded. Gives a market that is quoted on both sides."""
    ask = checked.ask
    for path in ["status", "schedule", "user_data_timestamp"]:
        ask("GET", f"/exchange/{path}")
    ask("GET", "/series?category=Crypto")
    ask("GET", "/series/KXBTCD")
    ask("GET", "/series/fee_changes")
    ask("GET", "/events/fee_changes")
    events = ask("GET", "/events?series_ticker=KXBTCD&status=open&with_nested_markets=true")["events"]
    event = min(events, key=lambda event: event["markets"][0]["close_time"])
    ticker = event["event_ticker"]
    ask("GET", f"/events/{ticker}?with_nested_markets=true")
    markets = ask("GET", f"/markets?event_ticker={ticker}&limit=200")["markets"]
    market = min(markets, key=lambda market: abs(float(market["yes_bid_dollars"]) - 0.5))
    name = market["ticker"]
    ask("GET", f"/markets/{name}")
    ask("GET", f"/markets/{name}/orderbook?depth=5")
    ask("GET", f"/markets/orderbooks?tickers={name}")
    ask("GET", f"/markets/trades?ticker={name}&limit=10")
    end = int(time.time())
    span = f"start_ts={end - 3600}&end_ts={end}&period_interval=1"
    ask("GET", f"/series/KXBTCD/markets/{name}/candlesticks?{span}")
    ask("GET", f"/series/KXBTCD/events/{ticker}/candlesticks?{span}")
    ask("GET", f"/markets/candlesticks?market_tickers={name}&{span}")
    ask("GET", "/historical/cutoff")
    settled = ask("GET", "/historical/markets?limit=5").get("markets", [])
    for old in settled[:1]:
        ask("GET", f"/historical/markets/{old['ticker']}")
        ask("GET", f"/historical/markets/{old['ticker']}/candlesticks?{span}")
    ask("GET", "/historical/markets/KXBTCD-20JAN0101-T1/candlesticks?" + span, expect=(404,))
    ask("GET", "/historical/markets/KXBTCD-20JAN0101-T1", expect=(404,))
    for path in ["trades", "orders", "fills", "positions"]:
        ask("GET", f"/historical/{path}?limit=5")
    ask("GET", "/account/limits")
    ask("GET", "/account/endpoint_costs")
    ask("GET", "/portfolio/balance")
    for path in ["positions", "fills", "orders", "settlements", "deposits", "withdrawals"]:
        ask("GET", f"/portfolio/{path}?limit=5")
    return market


def orders(checked, market):
    """Every request that changes something."""
    ask = checked.ask
    create = "/portfolio/events/orders"
    shard = f"exchange_index={CRYPTO_SHARD}"

    def order(**differences):
        return {
            "ticker": market["ticker"], "client_order_id": str(uuid.uuid4()), "side": "bid", "count": "3.00",
            "price": "0.0100", "time_in_force": "good_till_canceled", "self_trade_prevention_type": "taker_at_cross",
            "exchange_index": CRYPTO_SHARD, **differences,
        }  # fmt: skip

    group = ask(
        "POST", "/portfolio/order_groups/create", {"contracts_limit_fp": "50.00", "exchange_index": CRYPTO_SHARD}
    )["order_group_id"]
    resting = order(order_group_id=group)
    resting_id = ask("POST", create, resting)["order_id"]
    ask("POST", create, resting, expect=(409,))
    ask("POST", create, order(price="0.0150"), expect=(400,))
    await_(lambda: ask("GET", f"/portfolio/orders/{resting_id}", expect=(200, 404)).get("order"), "the order is read")
    ask("GET", f"/portfolio/orders/{resting_id}/queue_position")
    ask("GET", f"/portfolio/orders/queue_positions?market_tickers={market['ticker']}")
    ask("GET", "/portfolio/summary/total_resting_order_value")
    ask("GET", f"/portfolio/order_groups?{shard}")
    ask("GET", f"/portfolio/order_groups/{group}?{shard}")
    ask("PUT", f"/portfolio/order_groups/{group}/limit?{shard}", {"contracts_limit_fp": "60.00"})
    amend = {"ticker": market["ticker"], "side": "bid", "price": "0.0200", "count": "2.00", "exchange_index": CRYPTO_SHARD}
    ask("POST", f"{create}/{resting_id}/amend", amend)
    ask("POST", f"{create}/{resting_id}/decrease", {"reduce_by": "1.00", "exchange_index": CRYPTO_SHARD})
    ask("DELETE", f"{create}/{resting_id}?{shard}")
    ask("DELETE", f"{create}/{resting_id}?{shard}", expect=(404,))
    ask("PUT", f"/portfolio/order_groups/{group}/trigger?{shard}", {})
    ask("PUT", f"/portfolio/order_groups/{group}/reset?{shard}", {})
    ask("DELETE", f"/portfolio/order_groups/{group}?{shard}")
    batch = ask("POST", f"{create}/batched", {"orders": [order(), order(price="0.0150")]})["orders"]
    rested = [{"order_id": one["order_id"], "exchange_index": CRYPTO_SHARD} for one in batch if one.get("order_id")]
    ask("DELETE", f"{create}/batched", {"orders": rested})
    ask("POST", create, order(price="0.9900", time_in_force="immediate_or_cancel", count="1.00"))
    account = ask("POST", "/portfolio/subaccounts", {"exchange_index": CRYPTO_SHARD})["subaccount_number"]
    ask(
        "POST",
        "/portfolio/subaccounts/transfer",
        {"client_transfer_id": str(uuid.uuid4()), "from_subaccount": 0, "to_subaccount": account,
         "amount_cents": 500, "exchange_index": CRYPTO_SHARD},
    )  # fmt: skip
    ask("PUT", "/portfolio/subaccounts/netting", {"subaccount_number": account, "enabled": False})
    for path in ["balances", "transfers", "netting"]:
        ask("GET", f"/portfolio/subaccounts/{path}")
    ask("GET", "/api_keys")
    transfer = ask(
        "POST",
        "/portfolio/intra_exchange_instance_transfer",
        {"source": "event_contract", "destination": "event_contract", "amount": 10_000,
         "source_exchange_shard": CRYPTO_SHARD, "destination_exchange_shard": 0},
    )["transfer_id"]  # fmt: skip
    path = f"/portfolio/intra_exchange_instance_transfers/{transfer}"
    await_(lambda: ask("GET", path, expect=(200, 404)).get("transfer"), "the transfer is read")
    ask("GET", "/portfolio/intra_exchange_instance_transfers")
    ask("GET", "/portfolio/target_balance_allocation")
    shares = [{"exchange_index": CRYPTO_SHARD, "percent": 90}, {"exchange_index": 0, "percent": 10}]
    ask("POST", "/portfolio/target_balance_allocation", {"allocations": shares})
    await_(lambda: ask("GET", "/portfolio/fills?limit=5").get("fills"), "the fill is read")
    for path in ["positions", "orders"]:
        ask("GET", f"/portfolio/{path}?limit=5")


def await_(found, what):
    deadline = time.monotonic() + FRAMES_WITHIN_SECONDS
    while not found():
        if time.monotonic() > deadline:
            sys.exit(f"FAILED: {what}, but not within {FRAMES_WITHIN_SECONDS} s")
        time.sleep(0.2)


async def stream(checked, market, work):
    """Follows every channel while `work` runs, until each awaited frame came."""
    headers = checked.client.feed()._auth_headers()
    seen = {}
    async with websockets.connect(market_client.WS_URL, additional_headers=headers, max_size=None) as socket:
        commands = [
            {"channels": ["orderbook_delta", "ticker", "trade"], "market_tickers": [market["ticker"]]},
            {"channels": ["fill", "user_orders", "market_positions", "order_group_updates", "market_lifecycle_v2"]},
            {"channels": ["cfbenchmarks_value"], "index_ids": ["BRTI"]},
            {"channels": ["cfbenchmarks_value_5hz"], "index_ids": ["BRTI"]},
            {"channels": ["no such channel"]},
        ]
        for number, params in enumerate(commands, start=1):
            await socket.send(json.dumps({"id": number, "cmd": "subscribe", "params": params}))
        working = asyncio.get_running_loop().run_in_executor(None, work)
        deadline = time.monotonic() + FRAMES_WITHIN_SECONDS
        sids = {}
        asked = False
        while time.monotonic() < deadline and (not working.done() or AWAITED - seen.keys()):
            try:
                frame = json.loads(await asyncio.wait_for(socket.recv(), 1))
            except TimeoutError:
                continue
            seen[frame.get("type")] = seen.get(frame.get("type"), 0) + 1
            if seen[frame.get("type")] <= CHECKED_OF_A_KIND:
                checked.differences.update(checked.specification.check_frame(frame))
            if frame.get("type") == "subscribed":
                sids[frame["msg"]["channel"]] = frame["msg"]["sid"]
            if not asked and len(sids) == 10:
                asked = True
                index_list = {"sids": [sids["cfbenchmarks_value"]], "action": "indexlist"}
                snapshot = {"sids": [sids["orderbook_delta"]], "market_tickers": [market["ticker"]]}
                await socket.send(json.dumps({"id": 10, "cmd": "update_subscription", "params": index_list}))
                await socket.send(
                    json.dumps({"id": 11, "cmd": "update_subscription", "params": {**snapshot, "action": "add_markets"}})
                )
                await socket.send(
                    json.dumps({"id": 12, "cmd": "unsubscribe", "params": {"sids": [sids["cfbenchmarks_value_5hz"]]}})
                )
        await working
    missing = AWAITED - seen.keys()
    if missing:
        sys.exit(f"FAILED: no frame of {', '.join(sorted(missing))} came; there were {seen}")
    return seen


def main():
    openapi_file, asyncapi_file = market_client.REST
    checked = Checked(Specification(openapi_file, asyncapi_file))
    listed = tomllib.loads((Path(__file__).parent / "exceptions.toml").read_text(encoding="utf-8"))
    market = reads(checked)
    seen = asyncio.run(stream(checked, market, lambda: orders(checked, market)))

    allowed = {one["difference"]: set() for one in listed["difference"]}
    not_served = {operation for one in listed["not_served"] for operation in one["operations"]}
    problems = []
    for difference in sorted(checked.differences):
        patterns = [pattern for pattern in allowed if fnmatchcase(difference, pattern)]
        for pattern in patterns:
            allowed[pattern].add(difference)
        if not patterns:
            problems.append(f"not listed: {difference}")
    problems += [f"listed, and not so: {pattern}" for pattern, found in allowed.items() if not found]
    problems += [f"neither tried nor listed: {one}" for one in sorted(checked.specification.operations() - checked.tried - not_served)]
    problems += [f"listed as not served, and tried: {one}" for one in sorted(not_served & checked.tried)]
    problems += [f"listed as not served, and no operation: {one}" for one in sorted(not_served - checked.specification.operations())]
    if problems:
        sys.exit("FAILED:\n" + "\n".join(problems))
    frames = sum(min(count, CHECKED_OF_A_KIND) for count in seen.values())
    print(f"{checked.count} answers to {len(checked.tried)} operations and {frames} frames of "
          f"{len(seen)} kinds obey the specification, {len(allowed)} listed differences apart")  # fmt: skip


if __name__ == "__main__":
    main()
