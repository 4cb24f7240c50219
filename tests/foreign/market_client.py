"""The foreign client with its clock set to the market's.

A script that imports this is called with: REST_URL WS_URL KEY_ID KEY_FILE MARKET_ORIGIN WALL_ORIGIN SPEED, then what is
its own. The two origins are those that `rec twin` prints. Requests are signed with the client's clock; everything else
of it is as published.
"""

import sys
import time
from datetime import datetime, timezone

REST_URL, WS_URL, KEY_ID, KEY_FILE, MARKET_ORIGIN, WALL_ORIGIN, SPEED, *REST = sys.argv[1:]


def instant(text):
    """Seconds since 1970 of an RFC 3339 time in UTC, which may have any number of decimals."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    start = datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return start.timestamp() + float("0." + (fraction or "0"))


_machine_time = time.time
time.time = lambda: instant(MARKET_ORIGIN) + (_machine_time() - instant(WALL_ORIGIN)) * float(SPEED)

from pykalshi import KalshiClient  # noqa: E402  (its clock is set first)


def client(key_id=KEY_ID):
    """A client with the key that was given, or with the key's file under another name."""
    return KalshiClient(api_key_id=key_id, private_key_path=KEY_FILE, api_base=REST_URL, max_retries=0)
