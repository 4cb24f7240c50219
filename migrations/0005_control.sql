-- What steers the desk: halts, order groups, automation; what it decided and refused; how it compares.

CREATE TABLE desk.halts (
    id bigserial PRIMARY KEY,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    source text NOT NULL CHECK (source IN ('operator', 'failure', 'reconciliation', 'order_group', 'clock')),
    reason text NOT NULL,
    since timestamptz NOT NULL,
    cleared_at timestamptz,
    cleared_reason text,
    CHECK ((cleared_at IS NULL) = (cleared_reason IS NULL)),
    FOREIGN KEY (account, mode) REFERENCES desk.identity (account, mode)
);
-- At most one halt of each source is in force.
CREATE UNIQUE INDEX halts_in_force ON desk.halts (account, mode, source) WHERE cleared_at IS NULL;

CREATE TABLE desk.halt_events (
    id bigserial PRIMARY KEY,
    halt bigint NOT NULL REFERENCES desk.halts,
    at timestamptz NOT NULL,
    what text NOT NULL CHECK (what IN ('halted', 'resumed')),
    reason text NOT NULL
);

CREATE TABLE desk.order_groups (
    -- The newest group of a role and shard is the one in use.
    id bigserial PRIMARY KEY,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    role text NOT NULL CHECK (role IN ('entry', 'exit')),
    exchange_index integer NOT NULL,
    group_id text NOT NULL,
    tripped boolean NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (account, mode, role, exchange_index, group_id)
);

-- Switches and strategy; the newest row is in force.
CREATE TABLE desk.automation (
    id bigserial PRIMARY KEY,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    at timestamptz NOT NULL,
    settings jsonb NOT NULL
);

-- Answers to requests, for when they are repeated.
CREATE TABLE desk.decisions (
    decision uuid PRIMARY KEY,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    requester text NOT NULL,
    at timestamptz NOT NULL,
    reply jsonb NOT NULL
);
CREATE INDEX decisions_at ON desk.decisions (at);

-- One row for each run of refusals with the same reason in a market and side.
CREATE TABLE desk.refusals (
    id bigserial PRIMARY KEY,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    ticker text NOT NULL,
    side text NOT NULL CHECK (side IN ('yes', 'no')),
    -- Codes are added from time to time, so only their form is checked.
    code text NOT NULL CHECK (code ~ '^[a-z][a-z0-9_]*$'),
    message text NOT NULL,
    decision uuid NOT NULL,
    evidence jsonb NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    times bigint NOT NULL DEFAULT 1 CHECK (times > 0)
);
CREATE INDEX refusals_market_side ON desk.refusals (ticker, side, id DESC);
CREATE INDEX refusals_last_at ON desk.refusals (last_at);

CREATE TABLE desk.reconciliations (
    id bigserial PRIMARY KEY,
    account text NOT NULL DEFAULT desk.own_account(),
    mode text NOT NULL DEFAULT desk.own_mode(),
    at timestamptz NOT NULL,
    as_of timestamptz NOT NULL,
    books_changed_at timestamptz NOT NULL,
    clean boolean NOT NULL,
    differences jsonb NOT NULL
);
CREATE INDEX reconciliations_at ON desk.reconciliations (at);
