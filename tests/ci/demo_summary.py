"""Checks the summary that `rec demo --for ... --json` prints last: events settled, fills, books, health."""

import json
import sys

# The summary's names, in one place: `docs/OPERATIONS.md` describes them.
EVENTS_SETTLED = "events_settled"
FILLS = "fills"
LEDGER_AGREES = "ledger_agrees"
HEALTH = "health"
SERVICES = 13


def summary_in(text):
    """The last JSON object of the output: the whole of it, or its last line after lines of progress."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        lines = [line for line in text.splitlines() if line.startswith("{")]
        return json.loads(lines[-1]) if lines else None


def faults(summary):
    if not isinstance(summary, dict):
        yield "there is no summary"
        return
    for name in (EVENTS_SETTLED, FILLS):
        if not isinstance(summary.get(name), int) or summary[name] < 1:
            yield f"{name} is {summary.get(name)!r}, not at least 1"
    if summary.get(LEDGER_AGREES) is not True:
        yield f"{LEDGER_AGREES} is {summary.get(LEDGER_AGREES)!r}"
    health = summary.get(HEALTH)
    if not isinstance(health, dict) or len(health) != SERVICES:
        yield f"{HEALTH} does not name {SERVICES} services: {health!r}"
    else:
        for service, state in health.items():
            if state not in (True, "healthy"):
                yield f"{service} is {state!r}"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        text = file.read().split("\nunchanged: ")[0]
    found = list(faults(summary_in(text)))
    for fault in found:
        print(f"demo: {fault}", file=sys.stderr)
    if not found:
        print("demo: the summary is complete")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
