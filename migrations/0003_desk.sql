-- Who the desk is, who leads it, what it consumed, what it decided to send, and what came back.

-- One row: a database belongs to one desk, one account and one mode.
CREATE TABLE desk.identity (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    -- 28 bits, drawn when the database was made; every intent carries them.
    desk_id integer NOT NULL CHECK (desk_id BETWEEN 0 AND 268435455),
    account text NOT NULL CHECK (account <> ''),
    mode text NOT NULL CHECK (mode IN ('twin', 'paper', 'demo', 'prod')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (account, mode)
);

-- Defaults of the columns that say whose a row is.
CREATE FUNCTION desk.own_account() RETURNS text LANGUAGE sql STABLE AS 'SELECT account FROM desk.identity';
CREATE FUNCTION desk.own_mode() RETURNS text LANGUAGE sql STABLE AS 'SELECT mode FROM desk.identity';

-- The lease: whoever holds it leads. Each acquisition raises the epoch, which fences off whoever led before.
CREATE TABLE desk.lease (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    epoch bigint NOT NULL CHECK (epoch BETWEEN 0 AND 4294967295),
    holder text,
    acquired_at timestamptz,
    expires_at timestamptz,
    -- Means nothing. Locking the row FOR SHARE needs the right to update some column, and this is the one that the
    -- executor may update.
    fence boolean NOT NULL DEFAULT false,
    CHECK ((holder IS NULL) = (expires_at IS NULL))
);
INSERT INTO desk.lease (epoch) VALUES (0);

-- Every transaction of the desk with the inputs that it consumed.
CREATE TABLE desk.commits (
    epoch bigint NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    at timestamptz NOT NULL,
    committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- As text: a replay compares bytes.
    inputs text[] NOT NULL,
    PRIMARY KEY (epoch, number),
    FOREIGN KEY (account, mode) REFERENCES desk.identity (account, mode)
);

-- How far inbox and answers are consumed.
CREATE TABLE desk.cursors (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    report bigint NOT NULL DEFAULT 0 CHECK (report >= 0),
    answer bigint NOT NULL DEFAULT 0 CHECK (answer >= 0)
);
INSERT INTO desk.cursors DEFAULT VALUES;

-- The exchange's word as it came. `id` is a cursor because writers of this table exclude one another.
CREATE TABLE desk.exchange_reports (
    id bigserial PRIMARY KEY,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    key text NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('order', 'fill', 'settlement', 'group', 'sweep')),
    body jsonb NOT NULL,
    received_at timestamptz NOT NULL,
    FOREIGN KEY (account, mode) REFERENCES desk.identity (account, mode)
);

CREATE TABLE desk.trades (
    id bigint PRIMARY KEY CHECK (id > 0),
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    origin text NOT NULL CHECK (origin IN ('auto', 'manual', 'foreign')),
    ticker text NOT NULL,
    event text NOT NULL,
    exchange_index integer NOT NULL,
    side text NOT NULL CHECK (side IN ('yes', 'no')),
    close_time timestamptz NOT NULL,
    state text NOT NULL
        CHECK (state IN ('opening', 'open', 'closing', 'expired', 'closed', 'settled', 'unfilled')),
    entered_e2 bigint NOT NULL CHECK (entered_e2 >= 0),
    entry_cost_micros bigint NOT NULL,
    exited_e2 bigint NOT NULL CHECK (exited_e2 >= 0),
    exit_proceeds_micros bigint NOT NULL,
    fees_micros bigint NOT NULL,
    open_cost_micros bigint NOT NULL,
    settlement_revenue_micros bigint NOT NULL,
    entry_probability_percent double precision,
    entry_reason text NOT NULL,
    exit_reason text,
    exit_attempts bigint NOT NULL CHECK (exit_attempts >= 0),
    last_exit_at timestamptz,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    FOREIGN KEY (account, mode) REFERENCES desk.identity (account, mode)
);
-- One entry: no second trade of a side while the first has not ended.
CREATE UNIQUE INDEX trades_one_open ON desk.trades (account, mode, ticker, side)
    WHERE state NOT IN ('closed', 'settled', 'unfilled');
CREATE INDEX trades_created_at ON desk.trades (created_at);
CREATE INDEX trades_close_time ON desk.trades (close_time);

CREATE TABLE desk.trade_events (
    id bigserial PRIMARY KEY,
    trade_id bigint NOT NULL REFERENCES desk.trades DEFERRABLE INITIALLY DEFERRED,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    at timestamptz NOT NULL,
    state text NOT NULL,
    held_e2 bigint NOT NULL,
    realised_micros bigint NOT NULL
);
CREATE INDEX trade_events_trade ON desk.trade_events (trade_id, id);

-- What the desk decided to send, durable before a byte leaves.
CREATE TABLE desk.intents (
    id uuid PRIMARY KEY,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    epoch bigint NOT NULL CHECK (epoch BETWEEN 0 AND 4294967295),
    created_at timestamptz NOT NULL,
    kind text NOT NULL CHECK (kind IN ('place', 'cancel', 'create_group', 'trigger_group', 'reset_group')),
    -- The whole action in the domain's form; an order's columns stand in desk.orders.
    action jsonb NOT NULL,
    effect text NOT NULL CHECK (effect IN ('increases', 'reduces', 'administrative')),
    trade_id bigint REFERENCES desk.trades DEFERRABLE INITIALLY DEFERRED,
    decision uuid NOT NULL,
    reason text NOT NULL,
    worst_case_micros bigint NOT NULL,
    send_by timestamptz,
    FOREIGN KEY (account, mode) REFERENCES desk.identity (account, mode)
);
CREATE INDEX intents_created_at ON desk.intents (created_at);
CREATE INDEX intents_decision ON desk.intents (decision);

-- The executor's right to send an intent, taken once.
CREATE TABLE desk.claims (
    intent uuid PRIMARY KEY REFERENCES desk.intents,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    signed_at timestamptz NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What became of intents. `id` is a cursor because writers of this table exclude one another.
CREATE TABLE desk.answers (
    id bigserial PRIMARY KEY,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    intent uuid NOT NULL REFERENCES desk.intents,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    outcome jsonb NOT NULL,
    -- The same answer appended twice, after a lost connection, stands once.
    UNIQUE (intent, at, kind)
);

CREATE TABLE desk.orders (
    intent uuid PRIMARY KEY REFERENCES desk.intents DEFERRABLE INITIALLY DEFERRED,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    trade_id bigint NOT NULL REFERENCES desk.trades DEFERRABLE INITIALLY DEFERRED,
    role text NOT NULL CHECK (role IN ('entry', 'exit')),
    ticker text NOT NULL,
    exchange_index integer NOT NULL,
    side text NOT NULL CHECK (side IN ('yes', 'no')),
    book_side text NOT NULL CHECK (book_side IN ('bid', 'ask')),
    -- Limit as YES price.
    price_e4 bigint NOT NULL CHECK (price_e4 BETWEEN 0 AND 10000),
    quantity_e2 bigint NOT NULL CHECK (quantity_e2 >= 0),
    time_in_force text NOT NULL
        CHECK (time_in_force IN ('immediate_or_cancel', 'good_till_canceled', 'fill_or_kill')),
    reduce_only boolean NOT NULL,
    group_id text NOT NULL,
    state text NOT NULL
        CHECK (state IN ('intended', 'working', 'unknown', 'executed', 'canceled', 'rejected', 'absent')),
    order_id text,
    acknowledged_e2 bigint NOT NULL CHECK (acknowledged_e2 >= 0),
    booked_e2 bigint NOT NULL CHECK (booked_e2 >= 0),
    signed_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    worst_case_micros bigint NOT NULL,
    note text,
    FOREIGN KEY (account, mode) REFERENCES desk.identity (account, mode)
);
-- One closer: no second order to close a trade while the first may still fill.
CREATE UNIQUE INDEX orders_one_close ON desk.orders (trade_id)
    WHERE role = 'exit' AND state IN ('intended', 'working', 'unknown');
CREATE INDEX orders_incomplete ON desk.orders (created_at)
    WHERE state IN ('intended', 'working', 'unknown') OR booked_e2 < acknowledged_e2;
CREATE INDEX orders_trade ON desk.orders (trade_id);
CREATE INDEX orders_created_at ON desk.orders (created_at);
CREATE UNIQUE INDEX orders_order_id ON desk.orders (account, mode, order_id) WHERE order_id IS NOT NULL;

-- Every change of an order.
CREATE TABLE desk.order_events (
    id bigserial PRIMARY KEY,
    intent uuid NOT NULL REFERENCES desk.orders DEFERRABLE INITIALLY DEFERRED,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    at timestamptz NOT NULL,
    state text NOT NULL,
    order_id text,
    acknowledged_e2 bigint NOT NULL,
    booked_e2 bigint NOT NULL,
    note text
);
CREATE INDEX order_events_intent ON desk.order_events (intent, id);

CREATE TABLE desk.fills (
    -- Booked once.
    fill_id text PRIMARY KEY,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    order_id text NOT NULL,
    -- Null for an order that this desk did not place.
    intent uuid REFERENCES desk.orders DEFERRABLE INITIALLY DEFERRED,
    trade_id bigint NOT NULL REFERENCES desk.trades DEFERRABLE INITIALLY DEFERRED,
    ticker text NOT NULL,
    side text NOT NULL CHECK (side IN ('yes', 'no')),
    book_side text NOT NULL CHECK (book_side IN ('bid', 'ask')),
    -- In terms of `side`.
    price_e4 bigint NOT NULL CHECK (price_e4 BETWEEN 0 AND 10000),
    quantity_e2 bigint NOT NULL CHECK (quantity_e2 > 0),
    fee_micros bigint NOT NULL,
    is_taker boolean NOT NULL,
    at timestamptz NOT NULL,
    FOREIGN KEY (account, mode) REFERENCES desk.identity (account, mode)
);
CREATE INDEX fills_trade ON desk.fills (trade_id);
CREATE INDEX fills_at ON desk.fills (at);

-- Fills whose order is not known yet.
CREATE TABLE desk.parked_fills (
    fill_id text PRIMARY KEY,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    body jsonb NOT NULL,
    parked_at timestamptz NOT NULL,
    -- When it was booked; such a row is history.
    unparked_at timestamptz
);
CREATE INDEX parked_fills_waiting ON desk.parked_fills (parked_at) WHERE unparked_at IS NULL;

-- Settlements that do not fit the books yet.
CREATE TABLE desk.parked_settlements (
    -- The report's key in the inbox.
    key text PRIMARY KEY,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    body jsonb NOT NULL,
    parked_at timestamptz NOT NULL,
    unparked_at timestamptz
);
CREATE INDEX parked_settlements_waiting ON desk.parked_settlements (parked_at) WHERE unparked_at IS NULL;

CREATE TABLE desk.settlements (
    id bigserial PRIMARY KEY,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    ticker text NOT NULL,
    trade_id bigint NOT NULL REFERENCES desk.trades DEFERRABLE INITIALLY DEFERRED,
    side text NOT NULL CHECK (side IN ('yes', 'no')),
    result text NOT NULL,
    quantity_e2 bigint NOT NULL CHECK (quantity_e2 >= 0),
    revenue_micros bigint NOT NULL,
    settled_at timestamptz NOT NULL,
    -- An amended result comes with another instant and is booked beside the first.
    UNIQUE (trade_id, settled_at),
    FOREIGN KEY (account, mode) REFERENCES desk.identity (account, mode)
);
CREATE INDEX settlements_settled_at ON desk.settlements (settled_at);
